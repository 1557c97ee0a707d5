// Bodies of which nobody knows yet who sent them: bounded, proven before anybody looks at them, and never waited for without end.

import { beforeEach, describe, expect, it } from "vitest";
import { Room } from "../../worker/store/room.ts";
import { readSigned } from "../../worker/webhook/receipt.ts";
import { reset } from "../support/storage.ts";
import { bytesOf, createWebhookWorld, delivery, hmac, SECRET, type Sending } from "../support/webhook-world.ts";

beforeEach(() => reset());

const MAX = 25 * 1024 * 1024;
describe("a body", () => {
  const padded = (length: number) => `{"zen":"${"x".repeat(length - 10)}"}`;
  const ping = async (sending: Sending & { readonly body?: string } = {}) =>
    delivery("ping", sending.body ?? "{}", sending);

  it("may have what GitHub sends at most, 25 MiB", async () => {
    const { worker } = await createWebhookWorld();
    expect((await worker.fetch(await ping({ body: padded(MAX) }))).status).toBe(204);
  });

  it.each([
    ["says nothing of its length", null, 411],
    ["says it in words", "ten", 411],
    ["says it twice", "2, 2", 411],
    ["says a negative one", "-1", 411],
    ["announces too much", String(MAX + 1), 413],
  ])("is not read when it %s", async (_name, length, status) => {
    const { worker } = await createWebhookWorld();
    const signed = await ping({ headers: { "Content-Length": length } });
    let isRead = false;
    const pull = () => {
      isRead = true;
    };
    const body = new ReadableStream({ pull }, { highWaterMark: 0 });
    const answer = await worker.fetch(new Request(signed.url, { method: "POST", headers: signed.headers, body }));
    expect([answer.status, isRead]).toEqual([status, false]);
  });

  it("is read no further than it announced", async () => {
    const { worker } = await createWebhookWorld();
    const signed = await ping();
    let sent = 0;
    const endless = new ReadableStream({
      pull(controller) {
        sent += 1024;
        controller.enqueue(new Uint8Array(1024));
      },
    });
    const request = new Request(signed.url, { method: "POST", headers: signed.headers, body: endless });
    expect((await worker.fetch(request)).status).toBe(401);
    expect(sent).toBeLessThan(16 * 1024);
  });

  it("is given up when it does not come in time", async () => {
    const stalled = new ReadableStream<Uint8Array>({ start: (controller) => controller.enqueue(bytesOf("{")) });
    const signature = await hmac(SECRET, "{}");
    const expected = { bytes: 2, signature, secrets: [SECRET], timeoutMs: 20 };
    expect(await readSigned(stalled, expected)).toBe("late");
  });

  it("is not handed on before it is proven, by any of the secrets that is one", async () => {
    const read = async (sent: string, { signed = sent, secret = SECRET } = {}) => {
      const signature = await hmac(secret, signed);
      const expected = { bytes: 9, signature, secrets: ["", "x", SECRET], timeoutMs: 5_000 };
      return readSigned(new Blob([sent]).stream(), expected);
    };
    expect(await read("añb")).toEqual(bytesOf("añb"));
    expect(await read("añb", { secret: "x" })).toEqual(bytesOf("añb"));
    expect(await read("a", { signed: "b" })).toBe("unsigned");
    expect(await read("a", { secret: "y" })).toBe("unsigned");
    expect(await read("longer than announced")).toBe("unsigned");
  });

  it("is proven by the HMAC of RFC 4231, however it is cut", async () => {
    const signature = "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843";
    const text = "what do ya want for nothing?";
    const body = new ReadableStream<Uint8Array>({
      start(controller) {
        for (const character of text) controller.enqueue(bytesOf(character));
        controller.close();
      },
    });
    const expected = { bytes: text.length, signature, secrets: ["Jefe"], timeoutMs: 5_000 };
    expect(await readSigned(body, expected)).toEqual(bytesOf(text));
  });
});

describe("bodies that never end", () => {
  const from = (address: string) => ({ "CF-Connecting-IP": address });

  it("of one address leave room for others, and are refused beyond their places", async () => {
    const { worker } = await createWebhookWorld();
    const controllers: ReadableStreamDefaultController<Uint8Array>[] = [];
    const signed = await delivery("ping", "{}", { headers: { ...from("192.0.2.1"), "Content-Length": "1000" } });
    const stalled = () => {
      const body = new ReadableStream({ start: (controller) => void controllers.push(controller) });
      return worker.fetch(new Request(signed.url, { method: "POST", headers: signed.headers, body }));
    };
    const answers = Array.from({ length: 200 }, stalled);
    const refused = await Promise.all(answers.slice(50));
    expect(new Set(refused.map(({ status }) => status))).toEqual(new Set([503]));
    expect(refused[0]?.headers.get("Retry-After")).toBe("5");
    expect((await worker.fetch(await delivery("ping", "{}", { headers: from("192.0.2.2") }))).status).toBe(204);
    for (const controller of controllers) controller.close();
    expect((await Promise.all(answers.slice(0, 50))).map(({ status }) => status)).toEqual(Array(50).fill(401));
    expect((await worker.fetch(await delivery("ping", "{}", { headers: from("192.0.2.1") }))).status).toBe(204);
  });
});

describe("room", () => {
  const room = () =>
    new Room({ maxBytes: 100, large: { aboveBytes: 10, maxBytes: 60 }, maxBytesPerCaller: 50, maxBodiesPerCaller: 3 });

  it("is bounded for all together, for large ones, and for a caller", () => {
    const made = room();
    expect(made.acquire("a", 51)).toBeUndefined();
    expect(made.acquire("a", 30)).toBeTypeOf("function");
    expect(made.acquire("a", 30)).toBeUndefined();
    expect(made.acquire("b", 30)).toBeTypeOf("function");
    expect(made.acquire("c", 30)).toBeUndefined();
    for (const caller of ["d", "e", "f", "g"]) expect(made.acquire(caller, 10)).toBeTypeOf("function");
    expect(made.acquire("h", 1)).toBeUndefined();
  });

  it("is bounded by the number of a caller's bodies", () => {
    const made = room();
    for (let i = 0; i < 3; i += 1) expect(made.acquire("a", 1)).toBeTypeOf("function");
    expect(made.acquire("a", 1)).toBeUndefined();
    expect(made.acquire("b", 1)).toBeTypeOf("function");
  });

  it("is given back once", () => {
    const made = room();
    const release = made.acquire("a", 50);
    expect(made.acquire("a", 1)).toBeUndefined();
    release?.();
    release?.();
    expect(made.acquire("a", 50)).toBeTypeOf("function");
    expect(made.acquire("a", 1)).toBeUndefined();
  });
});
