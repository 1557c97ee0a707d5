// What Workers KV and R2 hold in tests.

import { reset as resetAwake } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { AUDIT_BUCKET } from "./bucket.ts";

/**
 * Empties them. The test runner's own `reset` passes over a namespace that nobody has asked for ten seconds, as it is asleep then: on
 * a busy machine a test file can take that long to load, and would find what the one before has stored.
 */
export async function reset(): Promise<void> {
  while (await holdsAnything()) await resetAwake();
}

async function holdsAnything(): Promise<boolean> {
  const [{ keys }, { objects }] = await Promise.all([
    env.STS_CACHE.list({ limit: 1 }),
    AUDIT_BUCKET.list({ limit: 1 }),
  ]);
  return keys.length + objects.length > 0;
}
