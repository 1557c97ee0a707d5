// What is asked of KV in one go, over the real namespace.

import { beforeEach, describe, expect, it } from "vitest";
import { KvStore } from "../../worker/store/kv.ts";
import { KvBatch } from "../../worker/store/kv-batch.ts";
import { watchedKv } from "../support/kv.ts";
import { reset } from "../support/storage.ts";

beforeEach(() => reset());

async function open() {
  const kv = watchedKv();
  const failures: string[] = [];
  const store = new KvStore({ kv: kv.binding, onFailure: (operation) => failures.push(operation) });
  for (const value of ["a", "b"]) await store.put(value, { json: JSON.stringify(value), readAt: 1 }, 60_000);
  return { kv, failures, store };
}

describe("what is asked of KV in one go", () => {
  it("is one operation; whoever asks later asks anew", async () => {
    const { store, kv } = await open();
    const batch = new KvBatch(store);
    const read = await Promise.all(["a", "nobody", "b"].map((tuple) => batch.get(tuple)));
    expect(read).toEqual([{ value: "a", readAt: 1 }, "none", { value: "b", readAt: 1 }]);
    expect(await batch.get("b")).toEqual({ value: "b", readAt: 1 });
    expect(kv.reads).toEqual([3, 1]);
  });

  it("has failed as a whole where KV does not answer, and is counted once", async () => {
    const { kv, store, failures } = await open();
    const batch = new KvBatch(store);
    kv.fail = "get";
    expect(await Promise.all(["a", "b"].map((tuple) => batch.get(tuple)))).toEqual(["failed", "failed"]);
    expect(failures).toEqual(["get"]);
    kv.fail = "nothing";
    expect(await batch.get("a")).toEqual({ value: "a", readAt: 1 });
  });

  it("is read key by key where a namespace knows no other way", async () => {
    const { kv } = await open();
    let lists = 0;
    const single = (...[asked, type]: Parameters<typeof kv.binding.get>) => {
      if (typeof asked === "string") return kv.binding.get(asked, type);
      lists += 1;
      throw new Error("405 Method Not Allowed");
    };
    // The overloads are the platform's.
    const batch = new KvBatch(new KvStore({ kv: { ...kv.binding, get: single } as typeof kv.binding }));
    for (const _ of [1, 2]) {
      expect(await Promise.all(["a", "nobody"].map((tuple) => batch.get(tuple)))).toEqual([
        { value: "a", readAt: 1 },
        "none",
      ]);
    }
    expect(lists).toBe(1);
  });

  it("never gives a value that lies under another's key", async () => {
    const { store, kv } = await open();
    const [ofA] = kv.puts;
    await store.put("victim", { json: "1", readAt: 1 }, 60_000);
    const ofVictim = kv.puts.at(-1)?.key ?? "";
    await kv.binding.put(ofVictim, ofA?.value ?? "");
    const batch = new KvBatch(store);
    expect(await Promise.all(["a", "victim"].map((tuple) => batch.get(tuple)))).toEqual([
      { value: "a", readAt: 1 },
      "none",
    ]);
  });
});
