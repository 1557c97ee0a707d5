/** A binding of the platform that hangs may hold nobody: every use of one has a time of its own. */

/** Settles as the work does. Rejects once its time is over; the work itself is left behind. */
export function withinTime<T>(work: Promise<T>, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("out of time")), timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
