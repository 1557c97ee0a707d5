/**
 * Which of several Apps serves an owner: by what GitHub's rate-limit headers said last, kept in this isolate's memory. The
 * choice itself is pure functions of plain data.
 */
import { QUOTA_STALE_MS } from "../limits.ts";
import { BoundedMap } from "../store/memory.ts";
import type { App } from "./app-jwt.ts";
import { wholeNumber } from "./reply.ts";

const QUOTA_ENTRIES_MAX = 1_000;

/** What is known of one App's rate limit at one owner's installation. */
export interface Quota {
  /** Requests left, when last told. */
  readonly remaining?: number;
  readonly sampledAt: number;
  /** When a told count ceases to mean anything: GitHub's hour is over. */
  readonly resetAt: number;
  /** GitHub asked to be left alone until then; in ms, 0 if not. */
  readonly limitedUntil: number;
}

export interface Pool {
  /** The Apps that serve this owner, best first. Each call gives unmeasured Apps their turn. */
  appsFor(owner: string): readonly App[];
  /** Reads the rate-limit headers of an answer to an installation's token. */
  tap(appId: string, owner: string, headers: Headers): void;
  /** GitHub answered a limit to this App. */
  limited(appId: string, owner: string, retryAfterSeconds: number): void;
}

export function createPool(apps: readonly App[], now: () => number): Pool {
  const quotas = new BoundedMap<Quota>(QUOTA_ENTRIES_MAX);
  const keyOf = (appId: string, owner: string) => JSON.stringify([appId, owner.toLowerCase()]);
  let turn = 0;
  return {
    appsFor(owner) {
      turn = (turn + 1) % 1_000_000;
      return orderApps(appsOf(apps, owner), (app) => quotas.get(keyOf(app.id, owner)), { now: now(), turn });
    },
    tap(appId, owner, headers) {
      const remaining = wholeNumber(headers.get("x-ratelimit-remaining"));
      const reset = wholeNumber(headers.get("x-ratelimit-reset"));
      if (remaining === undefined || reset === undefined) return;
      const limitedUntil = quotas.get(keyOf(appId, owner))?.limitedUntil ?? 0;
      quotas.set(keyOf(appId, owner), { remaining, sampledAt: now(), resetAt: reset * 1000, limitedUntil });
    },
    limited(appId, owner, retryAfterSeconds) {
      const known = quotas.get(keyOf(appId, owner)) ?? { sampledAt: 0, resetAt: 0 };
      quotas.set(keyOf(appId, owner), { ...known, limitedUntil: now() + retryAfterSeconds * 1000 });
    },
  };
}

/** Apps that name the owner; only if none does, Apps that name nobody. Pure. */
export function appsOf(apps: readonly App[], owner: string): readonly App[] {
  const wanted = owner.toLowerCase();
  const named = apps.filter((app) => app.owners.includes(wanted));
  return named.length > 0 ? named : apps.filter((app) => app.owners.length === 0);
}

/**
 * Best first. Limited Apps last, soonest free first. If every other App has a fresh sample: by what is left (octo-sts's floors
 * sort by the same number, so they would change nothing); with a sample missing nobody can compare, so they take turns. Pure.
 */
export function orderApps(
  apps: readonly App[],
  quotaOf: (app: App) => Quota | undefined,
  { now, turn }: { readonly now: number; readonly turn: number },
): readonly App[] {
  const limitedUntil = (app: App) => quotaOf(app)?.limitedUntil ?? 0;
  const free = apps.filter((app) => limitedUntil(app) <= now);
  const limited = apps.filter((app) => limitedUntil(app) > now).sort((a, b) => limitedUntil(a) - limitedUntil(b));
  const left = free.map((app) => ({ app, remaining: remainingOf(quotaOf(app), now) }));
  if (left.some(({ remaining }) => remaining === undefined)) return [...rotate(free, turn), ...limited];
  const best = left.sort((a, b) => (b.remaining ?? 0) - (a.remaining ?? 0)).map(({ app }) => app);
  return [...best, ...limited];
}

function remainingOf(quota: Quota | undefined, now: number): number | undefined {
  if (quota === undefined || now - quota.sampledAt >= QUOTA_STALE_MS || now >= quota.resetAt) return undefined;
  return quota.remaining;
}

function rotate<T>(items: readonly T[], turn: number): readonly T[] {
  const start = items.length === 0 ? 0 : turn % items.length;
  return [...items.slice(start), ...items.slice(0, start)];
}
