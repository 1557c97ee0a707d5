/**
 * One after the other within this isolate: GitHub tells of one commit by several events at the same time, and each would make a
 * check run. No promise is shared (Workers forbids it): whoever waits looks again, by its own timer.
 */
import { WEBHOOK_END_MAX_MS, WEBHOOK_TURN_MAX_MS, WEBHOOK_TURN_POLL_MS } from "../limits.ts";
import type { BoundedMap } from "../store/memory.ts";

export async function inTurn<T>(
  underway: BoundedMap<number>,
  key: string,
  now: () => number,
  work: () => Promise<T>,
): Promise<T> {
  const isTaken = () => {
    const startedAt = underway.get(key);
    return startedAt !== undefined && now() - startedAt < WEBHOOK_END_MAX_MS;
  };
  for (let waited = 0; isTaken() && waited < WEBHOOK_TURN_MAX_MS; waited += WEBHOOK_TURN_POLL_MS) {
    await new Promise((resolve) => setTimeout(resolve, WEBHOOK_TURN_POLL_MS));
  }
  underway.set(key, now());
  try {
    return await work();
  } finally {
    underway.delete(key);
  }
}
