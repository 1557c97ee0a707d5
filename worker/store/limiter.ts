/**
 * Abuse limits: Cloudflare's rate-limiting binding where one is bound, else a count in this isolate's memory. It only counts;
 * who is charged, and for what, is decided by the exchange.
 */
import { LIMIT_ENTRIES_MAX, LIMIT_WINDOW_MS, LIMITER_TIMEOUT_MS } from "../limits.ts";
import { BoundedMap } from "./memory.ts";
import type { Release } from "./room.ts";
import { withinTime } from "./within-time.ts";

export interface LimiterOptions {
  readonly binding?: RateLimit | undefined;
  /** In memory, per window of LIMIT_WINDOW_MS. With a binding its own numbers hold. */
  readonly perWindow: number;
  /** Places in flight, as many as `perWindow` by default. */
  readonly inFlightMax?: number;
  /** Ms since the epoch. */
  readonly now: () => number;
}

interface Window {
  readonly startedAt: number;
  count: number;
  over: boolean;
}

/** One per isolate and kind of limit. */
export class Limiter {
  readonly #options: LimiterOptions;
  readonly #windows = new BoundedMap<Window>(LIMIT_ENTRIES_MAX);
  readonly #inFlight = new Map<string, number>();

  constructor(options: LimiterOptions) {
    this.#options = options;
  }

  /** Counts one for this key; false when that was one too many. */
  async consume(key: string): Promise<boolean> {
    const { binding, perWindow, now } = this.#options;
    const window = this.#current(key) ?? { startedAt: now(), count: 0, over: false };
    this.#windows.set(key, window);
    window.count += 1;
    const outcome = binding && (await ask(binding, key));
    if (outcome ? !outcome.success : window.count > perWindow) window.over = true;
    return !window.over;
  }

  /** Whether this isolate saw the key go over its limit in the current window. Counts nothing. */
  isOver(key: string): boolean {
    return this.#current(key)?.over ?? false;
  }

  /** How much this isolate counted in the current window. */
  count(key: string): number {
    return this.#current(key)?.count ?? 0;
  }

  /** The same, and what is in flight. */
  load(key: string): number {
    return this.count(key) + (this.#inFlight.get(key) ?? 0);
  }

  /**
   * Takes a place among this key's requests in flight in this isolate: what is charged at its end could else be begun without end.
   * Undefined when none is free.
   */
  acquire(key: string): Release | undefined {
    const { perWindow, inFlightMax = perWindow } = this.#options;
    const others = this.#inFlight.get(key) ?? 0;
    if (others >= inFlightMax) return undefined;
    this.#inFlight.set(key, others + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      const present = this.#inFlight.get(key) ?? 0;
      if (present > 1) this.#inFlight.set(key, present - 1);
      else this.#inFlight.delete(key);
    };
  }

  #current(key: string): Window | undefined {
    const held = this.#windows.get(key);
    return held && this.#options.now() - held.startedAt < LIMIT_WINDOW_MS ? held : undefined;
  }
}

/** A binding that fails or hangs must not become an outage: undefined then, and the count in memory stands in. */
async function ask(binding: RateLimit, key: string): Promise<RateLimitOutcome | undefined> {
  try {
    return await withinTime(binding.limit({ key }), LIMITER_TIMEOUT_MS);
  } catch {
    return undefined;
  }
}

/** Of an IPv6 address with an IPv4 tail (RFC 4291 section 2.2). */
const ADDRESS_MAX_CHARACTERS = 45;

/** An address as a key: IPv4 whole, IPv6 by its /64, since one subscriber holds all of that. */
export function addressKey(address: string | null): string {
  if (address === null || address.length > ADDRESS_MAX_CHARACTERS) return "unknown";
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
