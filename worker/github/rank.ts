/**
 * Rendezvous hashing: which App keeps the check runs of a workload. GitHub lets only the App that made a check run change it, so
 * the choice must be the same in every isolate without a store. Pure: no I/O, no clock, no memory.
 */
import type { App } from "./app-jwt.ts";

/** What a choice of App sticks to. */
export interface StickyKey {
  /** Compared without case, as GitHub compares names. */
  readonly scope: string;
  readonly identity: string;
  readonly subject: string;
}

/**
 * All of the Apps in the order in which this key takes them, whatever order they come in. Without one App the others keep their
 * order, so only the keys that were its own move on.
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
