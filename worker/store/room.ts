/**
 * Room for bodies of which nobody knows yet who sent them: counted by what they announce, before a byte is read. Per isolate; no
 * clock. Whoever finds none is told at once, so that a body that never ends keeps nobody waiting.
 */

export interface RoomBounds {
  /** All bodies together. */
  readonly maxBytes: number;
  /** What bodies above some size may take of it: small ones always find room beside them. */
  readonly large?: { readonly aboveBytes: number; readonly maxBytes: number };
  readonly maxBytesPerCaller: number;
  readonly maxBodiesPerCaller: number;
}

/** Gives the place back; more than once does nothing. */
export type Release = () => void;

interface Held {
  bodies: number;
  bytes: number;
}

export class Room {
  readonly #bounds: RoomBounds;
  readonly #callers = new Map<string, Held>();
  #bytes = 0;
  #largeBytes = 0;

  constructor(bounds: RoomBounds) {
    this.#bounds = bounds;
  }

  /** Undefined when there is none. */
  acquire(caller: string, bytes: number): Release | undefined {
    const { maxBytes, large: ofLarge, maxBytesPerCaller, maxBodiesPerCaller } = this.#bounds;
    const held = this.#callers.get(caller) ?? { bodies: 0, bytes: 0 };
    const large = ofLarge && bytes > ofLarge.aboveBytes ? bytes : 0;
    if (held.bodies >= maxBodiesPerCaller || held.bytes + bytes > maxBytesPerCaller) return undefined;
    if (this.#bytes + bytes > maxBytes) return undefined;
    if (ofLarge && this.#largeBytes + large > ofLarge.maxBytes) return undefined;
    this.#add(caller, held, { bodies: 1, bytes, large });
    let isReleased = false;
    return () => {
      if (isReleased) return;
      isReleased = true;
      this.#add(caller, held, { bodies: -1, bytes: -bytes, large: -large });
    };
  }

  #add(caller: string, held: Held, by: Held & { readonly large: number }): void {
    held.bodies += by.bodies;
    held.bytes += by.bytes;
    this.#bytes += by.bytes;
    this.#largeBytes += by.large;
    if (held.bodies === 0) this.#callers.delete(caller);
    else this.#callers.set(caller, held);
  }
}
