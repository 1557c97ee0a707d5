// The tiered cache, bounded fetch and limiter by themselves, over real KV.

import { reset } from "cloudflare:test";
import { env } from "cloudflare:workers";
import { beforeEach, describe, expect, it } from "vitest";
import { TieredCache } from "../../worker/store/cache.ts";
import { boundedFetch } from "../../worker/store/fetch.ts";
import { KvStore } from "../../worker/store/kv.ts";
import { addressKey, Limiter } from "../../worker/store/limiter.ts";
import { PendingWrites } from "../../worker/store/pending-writes.ts";

beforeEach(() => reset());

interface Setting {
  now: number;
  kv?: KVNamespace;
  failures?: string[];
  maxEntries?: number;
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
    maxBytes: 1_000_000,
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

describe("the bounded fetch", () => {
  const request = new Request("https://x.example/");
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
      () =>
        new Response(
          new ReadableStream({
            pull: (stream) => stream.error(new Error("cut")),
          }),
        ),
      { kind: "failure", failure: "cut" },
    ],
    [
      "a body that never ends",
      () => new Response(new ReadableStream({ pull: () => new Promise<void>(() => undefined) })),
      { kind: "failure", failure: "timeout" },
    ],
  ])("settles %s", async (_name, answer, expected) => {
    expect(await boundedFetch(async () => answer(), request, bounds)).toMatchObject(expected as object);
  });

  it("stops reading an endless body at the cap", async () => {
    let pulled = 0;
    const endless = new ReadableStream<Uint8Array>({
      pull(stream) {
        pulled += 1;
        stream.enqueue(new Uint8Array(4));
      },
    });
    const answer = await boundedFetch(async () => new Response(endless), request, bounds);
    expect(answer).toEqual({ kind: "failure", failure: "too_large" });
    expect(pulled).toBeLessThan(10);
  });

  const parts: [string, (stream: ReadableStreamDefaultController<Uint8Array>) => unknown, string, string][] = [
    ["cut", (stream) => stream.error(new Error("cut")), "cut", "01234"],
    ["stalled", () => new Promise<void>(() => undefined), "timeout", "01234"],
    ["endless", (stream) => stream.enqueue(new TextEncoder().encode("56789")), "too_large", "0123456789"],
  ];
  it.each(parts)(
    "hands out what came of a body that is %s, to whoever has to undo it",
    async (_, then, failure, came) => {
      const body = () => {
        let sent = false;
        return new ReadableStream<Uint8Array>({
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
    let asked = 0;
    const fetcher = async () => {
      asked += 1;
      return new Response("");
    };
    const answer = await boundedFetch(fetcher, request, { ...bounds, signal: AbortSignal.abort() });
    expect(answer).toEqual({ kind: "failure", failure: "timeout" });
    expect(asked).toBe(0);
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
