/** Reads of KV that are asked for in one go, as one operation of KV's. One per exchange: no two requests may wait for the same promise. */
import type { KvRead, KvStore } from "./kv.ts";

/** Whatever keys are read by. */
export type KvReader = Pick<KvStore, "get">;

export class KvBatch implements KvReader {
  readonly #kv: Pick<KvStore, "getAll">;
  #tuples: string[] = [];
  #reading: Promise<readonly KvRead[]> | undefined;

  constructor(kv: Pick<KvStore, "getAll">) {
    this.#kv = kv;
  }

  async get(tuple: string): Promise<KvRead> {
    const index = this.#tuples.push(tuple) - 1;
    this.#reading ??= this.#readAll();
    return (await this.#reading)[index] ?? "failed";
  }

  async #readAll(): Promise<readonly KvRead[]> {
    // Whoever asks before anybody waits is part of it.
    await undefined;
    const tuples = this.#tuples;
    this.#tuples = [];
    this.#reading = undefined;
    return this.#kv.getAll(tuples);
  }
}
