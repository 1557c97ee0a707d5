/**
 * Waiting for what another request is about to settle, by a timer of this request's own: on Workers no request may await what another
 * one started.
 */
import { pause } from "./pause.ts";

/** The first thing that is found; undefined when there is none after all waits. */
export async function soon<T>(
  look: () => T | undefined | Promise<T | undefined>,
  waitsMs: readonly number[],
): Promise<T | undefined> {
  for (const waitMs of waitsMs) {
    const found = await look();
    if (found !== undefined) return found;
    await pause(waitMs);
  }
  return look();
}
