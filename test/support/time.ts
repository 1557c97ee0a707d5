// Waits that cost no time. Once nothing is going on but waiting, the next timer goes off at once, and they go off in order: a call
// that hangs is given up after its four seconds as in production, in no time. The limits are the real ones, and how busy the machine
// is plays no part. What a world's clock shows is another matter: only a test moves that.

import { env } from "cloudflare:workers";
import { AUDIT_BUCKET } from "./bucket.ts";

interface Timer {
  readonly at: number;
  readonly goOff: () => void;
}

type Handler = Parameters<typeof setTimeout>[0];
type Method = (...given: unknown[]) => unknown;

const realTimeout = globalThis.setTimeout;
/** Turns of the event loop without any work, until it counts as waiting: a stream takes some between two chunks. */
const QUIET_TURNS = 8;

class SkippedTime {
  #now = 0;
  #next = 1;
  readonly #timers = new Map<number, Timer>();
  /** Operations of the platform that are under way: they take real time, and no timer may overtake them. */
  #working = 0;
  #quiet = 0;
  #isPumping = false;
  readonly #restore: (() => void)[] = [];

  /** How much time the timers have let pass, in ms. */
  get elapsedMs(): number {
    return this.#now;
  }

  start(): void {
    const later = (handler: Handler, milliseconds = 0, ...given: unknown[]) =>
      this.#set(milliseconds, () => typeof handler === "function" && Reflect.apply(handler, undefined, given));
    const timeout = (milliseconds: number): AbortSignal => {
      const controller = new AbortController();
      this.#set(milliseconds, () => controller.abort(new DOMException("The operation timed out", "TimeoutError")));
      return controller.signal;
    };
    // Node's types ask for more than either runtime's timers are used for here.
    this.#replace(globalThis, {
      setTimeout: later as Method,
      clearTimeout: (id: unknown) => this.#timers.delete(Number(id)),
    });
    this.#replace(AbortSignal, { timeout: timeout as Method });
    // What measures the time that is left must see it pass.
    this.#replace(performance, { now: () => this.#now });
    this.#watch(crypto.subtle, [
      "decrypt",
      "digest",
      "encrypt",
      "exportKey",
      "generateKey",
      "importKey",
      "sign",
      "verify",
    ]);
    this.#watch(env.STS_CACHE, ["delete", "get", "list", "put"]);
    this.#watch(AUDIT_BUCKET, ["get", "list", "put"]);
  }

  /** Once no operation of the platform is under way: a write that a test did not wait for must not reach the next one. */
  async idle(): Promise<void> {
    while (this.#working > 0) await new Promise((resolve) => realTimeout(resolve, 0));
  }

  stop(): void {
    for (const restore of this.#restore.splice(0)) restore();
    this.#timers.clear();
  }

  #set(milliseconds: number, goOff: () => void): number {
    const id = this.#next++;
    this.#timers.set(id, { at: this.#now + milliseconds, goOff });
    this.#stir();
    return id;
  }

  #stir(): void {
    this.#quiet = 0;
    if (this.#isPumping) return;
    this.#isPumping = true;
    realTimeout(() => this.#pump(), 0);
  }

  #pump(): void {
    this.#quiet = this.#working > 0 ? 0 : this.#quiet + 1;
    if (this.#quiet >= QUIET_TURNS) this.#goOff();
    this.#isPumping = this.#timers.size > 0;
    if (this.#isPumping) realTimeout(() => this.#pump(), 0);
  }

  /** All that are due first. */
  #goOff(): void {
    this.#quiet = 0;
    const first = Math.min(...[...this.#timers.values()].map(({ at }) => at));
    this.#now = Math.max(this.#now, first);
    for (const [id, { at, goOff }] of [...this.#timers]) {
      if (at > this.#now) continue;
      this.#timers.delete(id);
      queueMicrotask(goOff);
    }
  }

  #watch(target: object, names: readonly string[]): void {
    const methods = new Map<string, unknown>(names.map((name) => [name, Reflect.get(target, name)]));
    const watched = [...methods].map(([name, method]) => [
      name,
      (...given: unknown[]) => this.#work(target, method as Method, given),
    ]);
    this.#replace(target, Object.fromEntries(watched));
  }

  async #work(target: object, method: Method, given: readonly unknown[]): Promise<unknown> {
    this.#working += 1;
    try {
      return await Reflect.apply(method, target, given);
    } finally {
      this.#working -= 1;
      this.#stir();
    }
  }

  #replace(target: object, methods: Readonly<Record<string, Method>>): void {
    for (const [name, method] of Object.entries(methods)) {
      const own = Object.getOwnPropertyDescriptor(target, name);
      Object.defineProperty(target, name, { value: method, configurable: true, writable: true });
      this.#restore.push(() => {
        if (own) Object.defineProperty(target, name, own);
        else Reflect.deleteProperty(target, name);
      });
    }
  }
}

/** The one of this isolate: setup.ts starts and stops it around each file. */
export const time = new SkippedTime();
