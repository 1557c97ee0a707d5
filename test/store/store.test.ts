// The tiered cache, bounded fetch and limiter by themselves, over real KV.

import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { MEMORY_SHARES_BYTES } from "../../worker/limits.ts";
import { TieredCache } from "../../worker/store/cache.ts";
import { Deadline } from "../../worker/store/deadline.ts";
import { boundedFetch, type Fetched, type Late } from "../../worker/store/fetch.ts";
import { KvStore } from "../../worker/store/kv.ts";
import { addressKey, Limiter } from "../../worker/store/limiter.ts";
import { BoundedMap } from "../../worker/store/memory.ts";
import { pause } from "../../worker/store/pause.ts";
import { PendingWrites } from "../../worker/store/pending-writes.ts";
import { reset } from "../support/storage.ts";

beforeEach(() => reset());

interface Setting {
  now: number;
  kv?: KVNamespace;
  failures?: string[];
  maxEntries?: number;
  maxBytes?: number;
  kind?: string;
  apiHost?: string;
}

function cacheOf(setting: Setting): TieredCache<string> {
  return new TieredCache<string>({
    kind: setting.kind ?? "word",
    apiHost: setting.apiHost ?? "api.github.com",
    kv: new KvStore({ kv: setting.kv ?? env.STS_CACHE, onFailure: (operation) => setting.failures?.push(operation) }),
    now: () => setting.now,
    maxEntries: setting.maxEntries ?? 10,
    maxBytes: setting.maxBytes ?? 1_000_000,
    keepMs: 3_600_000,
    encode: (value) => ({ word: value }),
    decode: (stored) =>
      typeof stored === "object" && stored !== null && "word" in stored && typeof stored.word === "string"
        ? stored.word
        : undefined,
    isNegative: (value) => value === "none",
  });
}

describe("the tiered cache", () => {
  it("keeps in memory at once, and in KV only when the writes are carried out", async () => {
    const setting = { now: 1_000 };
    const writes = new PendingWrites();
    const here = cacheOf(setting);
    here.put(["a"], { value: "x", readAt: 900 }, writes);
    expect(here.peek(["a"])).toEqual({ value: "x", readAt: 900 });
    expect(await cacheOf(setting).get(["a"])).toBeUndefined();
    await writes.carryOut("verified");
    expect(await cacheOf(setting).get(["a"])).toEqual({ value: "x", readAt: 900 });
  });

  it("asks KV again after a minute, and takes the later reading", async () => {
    const setting = { now: 0 };
    const writes = new PendingWrites();
    const here = cacheOf(setting);
    const there = cacheOf(setting);
    here.put(["a"], { value: "old", readAt: 0 }, writes);
    there.put(["a"], { value: "new", readAt: 30_000 }, writes);
    await writes.carryOut("verified");
    setting.now = 59_999;
    expect(await here.get(["a"])).toMatchObject({ value: "old" });
    setting.now = 60_000;
    expect(here.peek(["a"])).toBeUndefined();
    expect(await here.get(["a"])).toMatchObject({ value: "new" });
  });

  it("never lets an older reading in KV replace a later one in memory", async () => {
    const setting = { now: 0 };
    const writes = new PendingWrites();
    const [here, there] = [cacheOf(setting), cacheOf(setting)];
    there.put(["a"], { value: "old", readAt: 0 }, writes);
    await writes.carryOut("verified");
    here.put(["a"], { value: "new", readAt: 5 }, undefined);
    setting.now = 60_000;
    expect(await here.get(["a"])).toMatchObject({ value: "new" });
  });

  it("takes a value under another key, of another kind, host or shape for a miss", async () => {
    const setting = { now: 0 };
    const writes = new PendingWrites();
    cacheOf(setting).put(["victim"], { value: "x", readAt: 0 }, writes);
    await writes.carryOut("verified");
    const { keys } = await env.STS_CACHE.list();
    const [stored] = keys;
    expect(stored?.name).toMatch(/^v2:[0-9a-f]{64}$/);
    const text = (await env.STS_CACHE.get(stored?.name ?? "")) ?? "";
    cacheOf(setting).put(["attacker"], { value: "y", readAt: 0 }, writes);
    await writes.carryOut("verified");
    const other = (await env.STS_CACHE.list()).keys.find(({ name }) => name !== stored?.name);
    await env.STS_CACHE.put(other?.name ?? "", text);
    expect(await cacheOf(setting).get(["attacker"])).toBeUndefined();
    expect(await cacheOf({ now: 0, kind: "other" }).get(["victim"])).toBeUndefined();
    expect(await cacheOf({ now: 0, apiHost: "ghes.example" }).get(["victim"])).toBeUndefined();
    await env.STS_CACHE.put(stored?.name ?? "", text.replace('"word"', '"letter"'));
    expect(await cacheOf(setting).get(["victim"])).toBeUndefined();
    await env.STS_CACHE.put(stored?.name ?? "", "no JSON");
    expect(await cacheOf(setting).get(["victim"])).toBeUndefined();
  });

  it("takes a failing KV for a miss, and counts it", async () => {
    const failures: string[] = [];
    const broken = {
      get: async () => {
        throw new Error("down");
      },
      put: async () => {
        throw new Error("down");
      },
    };
    // Only these two methods of KV are ever used.
    const setting = { now: 0, kv: broken as unknown as KVNamespace, failures };
    const writes = new PendingWrites();
    const here = cacheOf(setting);
    expect(await here.get(["a"])).toBeUndefined();
    here.put(["a"], { value: "x", readAt: 0 }, writes);
    await writes.carryOut("verified");
    expect(await here.get(["a"])).toMatchObject({ value: "x" });
    expect(failures).toEqual(["get", "put"]);
  });

  it("is bounded, and a flood of negative entries pushes out no positive one", async () => {
    const setting = { now: 0, maxEntries: 3 };
    const here = cacheOf(setting);
    here.put(["kept"], { value: "x", readAt: 0 }, undefined);
    for (let i = 0; i < 10; i++) here.put(["flood", String(i)], { value: "none", readAt: 0 }, undefined);
    expect(here.peek(["kept"])).toMatchObject({ value: "x" });
    expect(here.peek(["flood", "6"])).toBeUndefined();
    expect(here.peek(["flood", "9"])).toMatchObject({ value: "none" });
    here.put(["flood", "9"], { value: "there", readAt: 1 }, undefined);
    expect(here.peek(["flood", "9"])).toMatchObject({ value: "there" });
  });
});

describe("what is void", () => {
  /** As a webhook, or a 404, would leave it; `inKv` undefined: KV does not answer. */
  const voidFrom = (state: { known: number; inKv: number | undefined }) => ({
    known: () => state.known,
    latest: async () => (state.inKv === undefined ? undefined : Math.max(state.known, state.inKv)),
  });

  async function kept(setting: Setting, readAt = 100): Promise<TieredCache<string>> {
    const writes = new PendingWrites();
    cacheOf(setting).put(["a"], { value: "x", readAt }, writes);
    await writes.carryOut("verified");
    return cacheOf(setting);
  }

  it.each([
    ["as this isolate knows", { known: 101, inKv: 0 }, undefined],
    ["as KV says", { known: 0, inKv: 101 }, undefined],
    ["or may be, as KV does not answer", { known: 0, inKv: undefined }, undefined],
    ["no more, as it was read since", { known: 100, inKv: 100 }, { value: "x" }],
  ])("%s", async (_, state, found) => {
    const cache = await kept({ now: 0 });
    const read = await cache.get(["a"], voidFrom(state));
    expect(read === undefined ? read : { value: read.value }).toEqual(found);
  });

  it("in memory as well, held or not", async () => {
    const setting = { now: 0 };
    const cache = await kept(setting);
    const state = { known: 0, inKv: 0 };
    expect(await cache.get(["a"], voidFrom(state))).toMatchObject({ value: "x" });
    state.known = 101;
    expect(cache.peek(["a"], voidFrom(state))).toBeUndefined();
    setting.now = 60_000;
    state.known = 0;
    state.inKv = 101;
    expect(await cache.get(["a"], voidFrom(state))).toBeUndefined();
  });

  it("by what came while KV was asked, and nothing covers what memory learned meanwhile", async () => {
    const setting: Setting = { now: 0 };
    let answer = () => {};
    const gate = new Promise<void>((resolve) => {
      answer = resolve;
    });
    const kv = env.STS_CACHE;
    await kept(setting);
    const slowly = { get: (key: string) => gate.then(() => kv.get(key, "json")), put: kv.put.bind(kv) };
    // Only these two methods of KV are ever used.
    const cache = cacheOf({ ...setting, kv: slowly as unknown as KVNamespace });
    const state = { known: 0, inKv: 0 };
    const [voided, covered] = [cache.get(["a"], voidFrom(state)), cache.get(["a"])];
    state.known = 101;
    cache.put(["a"], { value: "newer", readAt: 200 }, undefined);
    answer();
    expect(await voided).toMatchObject({ value: "newer" });
    expect(await covered).toMatchObject({ value: "newer" });
    expect(cache.peek(["a"])).toMatchObject({ value: "newer" });
  });

  it("by what this isolate learned after KV was asked", async () => {
    const setting = { now: 0 };
    const cache = await kept(setting);
    const state = { known: 0, inKv: 0 };
    const reading = cache.get(["a"], voidFrom(state));
    state.known = 101;
    expect(await reading).toBeUndefined();
    expect(cache.peek(["a"])).toBeUndefined();
  });

  it("is neither kept nor written, however late the write is", async () => {
    const setting = { now: 0 };
    const state = { known: 101, inKv: 0 };
    const writes = new PendingWrites();
    const cache = cacheOf(setting);
    cache.put(["a"], { value: "x", readAt: 100 }, writes, { voidBefore: voidFrom(state) });
    expect(cache.peek(["a"])).toBeUndefined();
    state.known = 0;
    cache.put(["a"], { value: "x", readAt: 100 }, writes, { voidBefore: voidFrom(state) });
    state.known = 101;
    await writes.carryOut("verified");
    expect((await env.STS_CACHE.list()).keys).toEqual([]);
  });
});

describe("writes that wait", () => {
  it.each([
    ["anyone", ["anyone"]],
    ["verified", ["anyone", "verified"]],
    ["owner", ["anyone", "verified", "owner"]],
  ] as const)("are carried out for %s as far as that caller may cause them", async (by, expected) => {
    const writes = new PendingWrites();
    const done: string[] = [];
    for (const origin of ["anyone", "verified", "owner"] as const) {
      writes.add(async (who) => {
        expect(who).toBe(by);
        done.push(origin);
      }, origin);
    }
    writes.add(async () => {
      throw new Error("one that fails holds up no other");
    }, "anyone");
    await writes.carryOut(by);
    await writes.carryOut("owner");
    expect(done).toEqual(expected);
  });
});

describe("memory", () => {
  it("is bounded in bytes, and keeps nothing that is larger than all of it", () => {
    const map = new BoundedMap<string>(100, { maxBytes: 10, of: (value) => value.length });
    expect(map.set("a", "1234")).toEqual([]);
    expect(map.set("b", "1234")).toEqual([]);
    map.get("a");
    expect(map.set("c", "1234")).toEqual(["1234"]);
    expect([map.get("a"), map.get("b"), map.get("c"), map.bytes]).toEqual(["1234", undefined, "1234", 8]);
    expect(map.set("c", "12345678901")).toEqual(["12345678901"]);
    expect([map.get("c"), map.bytes]).toEqual([undefined, 4]);
    map.set("a", "1");
    expect(map.bytes).toBe(1);
    map.delete("a");
    map.delete("a");
    expect([map.bytes, map.size]).toEqual([0, 0]);
  });

  it("of a cache holds large entries up to its share, whatever their count", () => {
    const setting = { now: 0, maxEntries: 1_000, maxBytes: 200_000 };
    const cache = cacheOf(setting);
    for (let i = 0; i < 50; i++) cache.put([String(i)], { value: "x".repeat(5_000), readAt: 0 }, undefined);
    const left = Array.from({ length: 50 }, (_, i) => cache.peek([String(i)])).filter(Boolean).length;
    // Half of it for what is there; four bytes for a character.
    expect(left).toBeLessThanOrEqual(5);
    expect(left).toBeGreaterThan(2);
    expect(cache.peek(["49"])).toBeDefined();
  });

  it("lets go of what is older than it is ever kept", () => {
    const setting = { now: 0 };
    const cache = cacheOf(setting);
    cache.put(["old"], { value: "x", readAt: 0 }, undefined);
    setting.now = 3_600_000;
    cache.put(["new"], { value: "x", readAt: setting.now }, undefined);
    setting.now = 0;
    expect(cache.peek(["old"])).toBeUndefined();
  });

  it("of all caches together is 32 MiB", () => {
    const shares = Object.values(MEMORY_SHARES_BYTES).reduce((sum, share) => sum + share, 0);
    expect(shares).toBe(32 * 1024 * 1024);
  });
});

describe("KV that hangs", () => {
  const never = () => new Promise<never>(() => undefined);
  const failures: string[] = [];
  // Only these two methods of KV are ever used.
  const store = new KvStore({
    kv: { get: never, put: never } as unknown as KVNamespace,
    onFailure: (operation) => failures.push(operation),
  });

  it("has failed after a time of its own", async () => {
    expect(await store.get("tuple")).toBe("failed");
    expect(await store.put("tuple", { json: "1", readAt: 0 }, 60_000)).toBe(false);
    expect(failures).toEqual(["get", "put"]);
  });
});

describe("the bounded fetch", () => {
  const request = { url: "https://x.example/" };
  const bounds = { timeoutMs: 50, maxBytes: 10 };

  it.each<[string, () => Response | Promise<Response>, unknown]>([
    ["a good answer", () => new Response("0123456789"), { kind: "response", status: 200 }],
    ["no body", () => new Response(null, { status: 204 }), { kind: "response", status: 204 }],
    ["a redirect, not followed", () => new Response(null, { status: 301 }), { kind: "response", status: 301 }],
    ["a body over the cap", () => new Response("0123456789a"), { kind: "failure", failure: "too_large" }],
    ["no connection", () => Promise.reject(new TypeError("x")), { kind: "failure", failure: "network" }],
    ["no answer in time", () => new Promise<Response>(() => undefined), { kind: "failure", failure: "timeout" }],
    [
      "a body that ends early",
      () => new Response(new ReadableStream({ type: "bytes", pull: (stream) => stream.error(new Error("cut")) })),
      { kind: "failure", failure: "cut" },
    ],
    [
      "a body that never ends",
      () => new Response(new ReadableStream({ type: "bytes", pull: () => new Promise<void>(() => undefined) })),
      { kind: "failure", failure: "timeout" },
    ],
  ])("settles %s", async (_name, answer, expected) => {
    expect(await boundedFetch(async () => answer(), request, bounds)).toMatchObject(expected as object);
  });

  it("stops reading an endless body at the cap", async () => {
    let pulled = 0;
    const endless = new ReadableStream({
      type: "bytes",
      pull(stream) {
        pulled += 1;
        stream.enqueue(new Uint8Array(4));
      },
    });
    const answer = await boundedFetch(async () => new Response(endless), request, bounds);
    expect(answer).toEqual({ kind: "failure", failure: "too_large" });
    expect(pulled).toBeLessThan(10);
  });

  it.each([{}, ...["44001", "0", "-1", "many"].map((length) => ({ "Content-Length": length }))])(
    "puts a body together from whatever pieces it comes in: %j",
    async (headers) => {
      const sizes = [1, 16_384, 2, 20_000, 7_614];
      const pieces = sizes.map((size, index) => new Uint8Array(size).fill(index + 1));
      const whole = pieces.flatMap((piece) => [...piece]);
      const body = new ReadableStream({
        type: "bytes",
        pull(stream) {
          const piece = pieces.shift();
          if (piece) stream.enqueue(piece);
          else stream.close();
        },
      });
      const wide = { ...bounds, maxBytes: 44_001 };
      const fetched = await boundedFetch(async () => new Response(body, { headers }), request, wide);
      expect(fetched.kind === "response" && [...fetched.body]).toEqual(whole);
    },
  );

  it.each([
    ["takes a body for whole once it is as long as was announced", {}, "response"],
    [
      "waits for the end of one that is coded, whose announced length is another",
      { "Content-Encoding": "gzip" },
      "failure",
    ],
    ["waits for the end of one that is not as long yet", { "Content-Length": "6" }, "failure"],
  ])("%s", async (_, headers, kind) => {
    const unended = new ReadableStream({
      type: "bytes",
      start: (stream) => stream.enqueue(new TextEncoder().encode("01234")),
    });
    const answer = new Response(unended, { headers: { "Content-Length": "5", ...headers } });
    expect(await boundedFetch(async () => answer, request, bounds)).toMatchObject({ kind });
  });

  const parts: [string, (stream: ReadableByteStreamController) => unknown, string, string][] = [
    ["cut", (stream) => stream.error(new Error("cut")), "cut", "01234"],
    ["stalled", () => new Promise<void>(() => undefined), "timeout", "01234"],
    ["endless", (stream) => stream.enqueue(new TextEncoder().encode("56789")), "too_large", "0123456789"],
  ];
  it.each(parts)(
    "hands out what came of a body that is %s, to whoever has to undo it",
    async (_, then, failure, came) => {
      const body = () => {
        let sent = false;
        return new ReadableStream({
          type: "bytes",
          async pull(stream) {
            if (sent) return void (await then(stream));
            sent = true;
            stream.enqueue(new TextEncoder().encode("01234"));
          },
        });
      };
      const fetched = await boundedFetch(async () => new Response(body()), request, { ...bounds, keepPart: true });
      expect(fetched).toMatchObject({ kind: "failure", failure });
      expect("part" in fetched && new TextDecoder().decode(fetched.part)).toBe(came);
      expect(await boundedFetch(async () => new Response(body()), request, bounds)).toEqual({
        kind: "failure",
        failure,
      });
    },
  );

  it("ends with the caller's deadline, and asks nobody after it", async () => {
    const asked: Request[] = [];
    const fetcher = (request: Request) => new Promise<Response>(() => asked.push(request));
    const deadline = new Deadline(20);
    for (const _ of ["while it hangs", "afterwards"]) {
      const answer = await boundedFetch(fetcher, request, { ...bounds, deadline });
      expect(answer).toEqual({ kind: "failure", failure: "timeout" });
      expect(deadline.leftMs).toBe(0);
      expect(asked.map(({ signal }) => signal.aborted)).toEqual([true]);
    }
  });

  const lateness: [string, number, string][] = [
    ["is heard of", 60, "response"],
    ["is given up at last", 1_000, "timeout"],
  ];
  it.each(lateness)("leaves a call whose answer must be undone alone until it %s", async (_, answerMs, outcome) => {
    const asked: Request[] = [];
    const fetcher = async (sent: Request) => {
      asked.push(sent);
      await pause(answerMs);
      return new Response("late");
    };
    const heard: Promise<Fetched>[] = [];
    const late: Late = { maxMs: 100, hear: (fetched) => heard.push(fetched) };
    const answer = await boundedFetch(fetcher, request, { ...bounds, late });
    expect([answer, asked[0]?.signal.aborted]).toEqual([{ kind: "failure", failure: "timeout" }, false]);
    const [fetched] = await Promise.all(heard);
    expect(fetched?.kind === "failure" ? fetched.failure : fetched?.kind).toBe(outcome);
    expect(asked.map(({ signal }) => signal.aborted)).toEqual([outcome === "timeout"]);
  });
});

describe("the limiter", () => {
  it("counts in memory by window, and looks without counting", async () => {
    const clock = { now: 0 };
    const limiter = new Limiter({ binding: undefined, perWindow: 2, now: () => clock.now });
    expect([await limiter.consume("a"), await limiter.consume("a"), limiter.isOver("a")]).toEqual([true, true, false]);
    expect([await limiter.consume("a"), limiter.isOver("a"), limiter.isOver("b")]).toEqual([false, true, false]);
    clock.now = 60_000;
    expect([limiter.isOver("a"), await limiter.consume("a")]).toEqual([false, true]);
  });

  it("leaves the numbers to a binding, and counts by itself when that fails", async () => {
    const said = [{ success: true }, { success: false }];
    const binding = { limit: async () => said.shift() ?? Promise.reject(new Error("down")) };
    const limiter = new Limiter({ binding, perWindow: 100, now: () => 0 });
    expect([await limiter.consume("a"), await limiter.consume("a")]).toEqual([true, false]);
    expect(await limiter.consume("b")).toBe(true);
  });

  const broken: readonly (readonly [string, () => Promise<RateLimitOutcome>])[] = [
    ["hangs", () => new Promise(() => undefined)],
    ["fails", () => Promise.reject(new Error("down"))],
    [
      "throws",
      () => {
        throw new Error("down");
      },
    ],
  ];

  it.each(broken)("counts by itself when the binding %s", async (_how, limit) => {
    const limiter = new Limiter({ binding: { limit }, perWindow: 1, now: () => 0 });
    expect([await limiter.consume("a"), await limiter.consume("a"), limiter.isOver("a")]).toEqual([true, false, true]);
  });

  it("gives each place back once, whoever asks for it twice", () => {
    const limiter = new Limiter({ binding: undefined, perWindow: 2, now: () => 0 });
    const first = limiter.acquire("a");
    const second = limiter.acquire("a");
    expect([first, second, limiter.acquire("a"), limiter.acquire("b")].map((place) => place !== undefined)).toEqual([
      true,
      true,
      false,
      true,
    ]);
    first?.();
    first?.();
    expect(limiter.acquire("a")).toBeDefined();
    expect(limiter.acquire("a")).toBeUndefined();
  });

  it.each([
    ["192.0.2.7", "192.0.2.7"],
    ["2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"],
    ["2001:DB8:1:2::9", "2001:db8:1:2::/64"],
    ["2001:db8::1", "2001:db8:0:0::/64"],
    ["2001:0db8:0001:0002::", "2001:db8:1:2::/64"],
    ["::1", "0:0:0:0::/64"],
    ["::ffff:192.0.2.7", "192.0.2.7"],
    [null, "unknown"],
    ["x".repeat(46), "unknown"],
  ])("keys %s as %s", (address, key) => {
    expect(addressKey(address)).toBe(key);
  });
});
