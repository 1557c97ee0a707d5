/**
 * Abuse limits: Cloudflare's rate-limiting binding where one is bound, else a count in this isolate's memory. It only counts;
 * who is charged, and for what, is decided by the exchange.
 */
import { LIMIT_ENTRIES_MAX, LIMIT_WINDOW_MS } from "../limits.ts";
import { BoundedMap } from "./memory.ts";

export interface Limiter {
  /** Counts one for this key; false when that was one too many. */
  charge(key: string): Promise<boolean>;
  /** Whether this isolate saw the key go over its limit in the current window. Counts nothing. */
  isOver(key: string): boolean;
  /**
   * Takes a place among this key's requests that are under way in this isolate, of which there are never more than may be
   * charged in a window: what is charged at its end could else be begun without end. Undefined when none is free.
   */
  enter(key: string): Leave | undefined;
}

/** Gives the place back; more than once does nothing. */
export type Leave = () => void;

export interface LimiterOptions {
  readonly binding: RateLimit | undefined;
  /** In memory, per window of LIMIT_WINDOW_MS. With a binding its own numbers hold. */
  readonly perWindow: number;
  readonly now: () => number;
}

interface Window {
  readonly startedAt: number;
  count: number;
  over: boolean;
}

export function createLimiter({ binding, perWindow, now }: LimiterOptions): Limiter {
  const windows = new BoundedMap<Window>(LIMIT_ENTRIES_MAX);
  const underWay = new Map<string, number>();
  const windowOf = (key: string): Window => {
    const held = windows.get(key);
    if (held && now() - held.startedAt < LIMIT_WINDOW_MS) return held;
    const fresh = { startedAt: now(), count: 0, over: false };
    windows.set(key, fresh);
    return fresh;
  };
  return {
    async charge(key) {
      const window = windowOf(key);
      window.count += 1;
      // A limiter that fails must not become an outage: the count in memory stands in.
      const bound = await binding?.limit({ key }).catch(() => undefined);
      if (bound ? !bound.success : window.count > perWindow) window.over = true;
      return !window.over;
    },
    isOver(key) {
      const held = windows.get(key);
      return held !== undefined && now() - held.startedAt < LIMIT_WINDOW_MS && held.over;
    },
    enter(key) {
      const others = underWay.get(key) ?? 0;
      if (others >= perWindow) return undefined;
      underWay.set(key, others + 1);
      let left = false;
      return () => {
        const present = underWay.get(key) ?? 0;
        if (left) return;
        left = true;
        if (present > 1) underWay.set(key, present - 1);
        else underWay.delete(key);
      };
    },
  };
}

/** An address as a key: IPv4 whole, IPv6 by its /64, since one subscriber holds all of that. */
export function addressKey(address: string | null): string {
  if (address === null) return "unknown";
  if (!address.includes(":")) return address;
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
  if (mapped?.[1]) return mapped[1];
  const [head = "", tail] = address.toLowerCase().split("::", 2);
  const left = head === "" ? [] : head.split(":");
  const right = tail === undefined || tail === "" ? [] : tail.split(":");
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array.from({ length: zeros }, () => "0"), ...right];
  return `${groups
    .slice(0, 4)
    .map((group) => group.replace(/^0+(?=.)/, ""))
    .join(":")}::/64`;
}
