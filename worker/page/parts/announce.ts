/** Tells readers of screens what changed where they are not; others see it by themselves. */
export function announce(text: string): void {
  const region = document.getElementById("announcement");
  // The same words again would be no change, and nothing would be read.
  if (region !== null) region.textContent = region.textContent === text ? `${text}\u00a0` : text;
}
