/**
 * Which of several Apps serves an owner: by what GitHub's rate-limit headers said last, kept in this isolate's memory, or by
 * rendezvous hashing, where the choice must be the same in every isolate. The choice itself is pure functions of plain data.
 */
import { QUOTA_RESERVE, QUOTA_STALE_MS } from "../limits.ts";
import { BoundedMap } from "../store/memory.ts";
import type { App } from "./app.ts";
import { wholeNumber } from "./response.ts";

const QUOTA_ENTRIES_MAX = 1_000;

/** What is known of one App's rate limit at one owner's installation. */
export interface Quota {
  /** Requests left, when last told. */
  readonly remaining?: number;
  /** Requests in an hour. */
  readonly limit?: number;
  readonly sampledAt: number;
  /** When a told count ceases to mean anything: GitHub's hour is over. */
  readonly resetAt: number;
  /** GitHub asked to be left alone until then; in ms, 0 if not. */
  readonly limitedUntil: number;
}

/** In memory only: what another isolate was told is not known here. */
export class Pool {
  readonly #apps: readonly App[];
  readonly #now: () => number;
  readonly #quotas = new BoundedMap<Quota>(QUOTA_ENTRIES_MAX);
  #turn = 0;

  constructor(apps: readonly App[], now: () => number) {
    this.#apps = apps;
    this.#now = now;
  }

  /** The Apps that serve this owner, best first. Each call gives unmeasured Apps their turn. */
  appsFor(owner: string): readonly App[] {
    this.#turn = (this.#turn + 1) % 1_000_000;
    const quotaOf = (app: App) => this.#quotas.get(keyOf(app.id, owner));
    return orderApps(appsOf(this.#apps, owner), quotaOf, { now: this.#now(), turn: this.#turn });
  }

  appsOf(owner: string): readonly App[] {
    return appsOf(this.#apps, owner);
  }

  /** What was last told, as long as it means anything. */
  quotaOf(appId: string, owner: string): Quota | undefined {
    const quota = this.#quotas.get(keyOf(appId, owner));
    return quota && this.#now() < quota.resetAt ? quota : undefined;
  }

  /** Reads the rate-limit headers of a response to an installation's token. */
  tap(appId: string, owner: string, headers: Headers): void {
    const remaining = wholeNumber(headers.get("x-ratelimit-remaining"));
    const reset = wholeNumber(headers.get("x-ratelimit-reset"));
    // GraphQL has a limit of its own, which says nothing of the others.
    if (remaining === undefined || reset === undefined || (headers.get("x-ratelimit-resource") ?? "core") !== "core")
      return;
    const key = keyOf(appId, owner);
    const limitedUntil = this.#quotas.get(key)?.limitedUntil ?? 0;
    const limit = wholeNumber(headers.get("x-ratelimit-limit"));
    const sample = { remaining, sampledAt: this.#now(), resetAt: reset * 1000, limitedUntil };
    this.#quotas.set(key, limit === undefined ? sample : { ...sample, limit });
  }

  /** Whether no App has more left at this owner than what is kept for the owner's own. Until the hour is over it gets no more. */
  isScarceFor(owner: string): boolean {
    const serving = this.appsOf(owner);
    return serving.length > 0 && serving.every(({ id }) => isScarce(this.#quotas.get(keyOf(id, owner)), this.#now()));
  }

  /** GitHub answered a limit to this App. */
  limited(appId: string, owner: string, retryAfterSeconds: number): void {
    const known = this.#quotas.get(keyOf(appId, owner)) ?? { sampledAt: 0, resetAt: 0 };
    this.#quotas.set(keyOf(appId, owner), { ...known, limitedUntil: this.#now() + retryAfterSeconds * 1000 });
  }
}

function isScarce(quota: Quota | undefined, now: number): boolean {
  if (quota?.remaining === undefined || quota.limit === undefined || now >= quota.resetAt) return false;
  return quota.remaining < quota.limit * QUOTA_RESERVE;
}

const keyOf = (appId: string, owner: string): string => JSON.stringify([appId, owner.toLowerCase()]);

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

/** What a choice of App sticks to. */
export interface StickyKey {
  /** Compared without case, as GitHub compares names. */
  readonly scope: string;
  readonly identity: string;
  readonly subject: string;
}

/**
 * Rendezvous hashing: which App keeps the check runs of a workload, as GitHub lets only the App that made a check run change it.
 * All of the Apps in the order in which this key takes them, whatever order they come in. Without one App the others keep their
 * order, so only the keys that were its own move on. Pure.
 */
export function rank(apps: readonly App[], key: StickyKey): readonly App[] {
  const weigh = (app: App) => hash(JSON.stringify([app.id, key.scope.toLowerCase(), key.identity, key.subject]));
  return apps
    .map((app) => ({ app, weight: weigh(app) }))
    .sort((a, b) => b.weight - a.weight || (a.app.id < b.app.id ? -1 : 1))
    .map(({ app }) => app);
}

/** FNV-1a over UTF-8, then MurmurHash3's finaliser, as FNV alone barely mixes its last bytes into the high bits. */
function hash(text: string): number {
  let state = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) state = Math.imul(state ^ byte, 0x01000193);
  state = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
  state = Math.imul(state ^ (state >>> 13), 0xc2b2ae35);
  return (state ^ (state >>> 16)) >>> 0;
}
