// Who is heard: signatures, forms, limits, and that nothing is done for anybody else.

import { beforeEach, describe, expect, it } from "vitest";
import { appKeys } from "../emulators/core/keys.ts";
import { reset } from "../support/storage.ts";
import {
  CHAINGUARD,
  createWebhookWorld,
  delivery,
  headOf,
  hmac,
  pullRequest,
  repositoryJson,
  SECRET,
  type Sending,
} from "../support/webhook-world.ts";

beforeEach(() => reset());

const BAD_POLICY = { [`${CHAINGUARD}/ci.sts.yaml`]: "issuer: https://x.example\n" };

/** A delivery that would make a failing run, if it were heard. */
async function waiting(variables: Readonly<Record<string, unknown>> = {}) {
  const made = await createWebhookWorld({ variables });
  const { network, owner, repository } = made;
  const base = headOf(made, repository);
  const { sha } = network.github.commit(repository, { branch: "topic", files: BAD_POLICY });
  const payload = pullRequest(repositoryJson(owner, "app"), base, sha);
  network.forgetCalls();
  return { ...made, payload, send: (sending: Sending = {}) => made.send("pull_request", payload, sending) };
}

const UNAUTHORIZED = { code: 16, message: "Unauthorized", details: [] };

describe("a signed delivery", () => {
  it("is acknowledged with its id, and worked on", async () => {
    const { send, onlyRun } = await waiting();
    const { status, body } = await send({ delivery: "72d3162e-cc78-11e3-81ab-4c9367dc0958" });
    expect(status).toBe(202);
    expect(body).toEqual({ delivery: "72d3162e-cc78-11e3-81ab-4c9367dc0958", request_id: body.request_id });
    expect(onlyRun().conclusion).toBe("failure");
  });

  it.each([
    ["the first of two", "old-secret,new-secret", "old-secret"],
    ["the second of two", "old-secret,new-secret", "new-secret"],
  ])("counts by %s while secrets are rotated", async (_name, secrets, secret) => {
    const { send, runs } = await waiting({ GITHUB_WEBHOOK_SECRET: secrets });
    expect((await send({ secret })).status).toBe(202);
    expect(runs().length).toBe(1);
  });

  it("has its content type in any case and with parameters", async () => {
    const { send } = await waiting();
    const sent = await send({ headers: { "Content-Type": "Application/JSON; charset=utf-8" } });
    expect(sent.status).toBe(202);
  });
});

describe("nobody else is heard", () => {
  const body = '{"zen":"x"}';

  it.each([
    ["without a signature", { headers: { "X-Hub-Signature-256": null } }],
    ["with another secret", { secret: "guessed" }],
    ["with an empty secret", { headers: { "X-Hub-Signature-256": "sha256=" } }],
    ["with a signature in capitals", { headers: { "X-Hub-Signature-256": `sha256=${"A".repeat(64)}` } }],
    ["with a signature that is cut", { headers: { "X-Hub-Signature-256": `sha256=${"a".repeat(63)}` } }],
    ["with a signature of zeros", { headers: { "X-Hub-Signature-256": `sha256=${"0".repeat(64)}` } }],
    ["with a body that was changed", { sent: "{}" }],
    ["for no App", { appId: null }],
    ["for an App that is not ours", { appId: "8" }],
    ["for what is no id", { appId: "7 " + "x" }],
    ["for a repository's hook of the same id", { headers: { "X-GitHub-Hook-Installation-Target-Type": "repository" } }],
  ] satisfies [string, Sending][])("%s", async (_name, sending) => {
    const { send, network, runs } = await waiting();
    const answer = await send(sending);
    expect(answer.status).toBe(401);
    const { request_id: _, ...said } = answer.body;
    expect(said).toEqual(UNAUTHORIZED);
    expect(network.calls).toEqual([]);
    expect(runs()).toEqual([]);
  });

  it("with SHA-1 alone, however right", async () => {
    const { send, payload } = await waiting();
    const sha1 = `sha1=${await hmac(SECRET, JSON.stringify(payload), "SHA-1")}`;
    const answer = await send({ headers: { "X-Hub-Signature-256": null, "X-Hub-Signature": sha1 } });
    expect(answer.status).toBe(401);
  });

  it("with two signatures, one of them right", async () => {
    const { worker } = await waiting();
    const request = await delivery("ping", body);
    request.headers.append("X-Hub-Signature-256", `sha256=${"0".repeat(64)}`);
    expect((await worker.fetch(request)).status).toBe(401);
  });

  it("with a body of which the end is missing", async () => {
    const { send, payload } = await waiting();
    expect((await send({ sent: JSON.stringify(payload).slice(0, -2) })).status).toBe(401);
  });

  it("with a body that breaks off while it comes", async () => {
    const { worker } = await waiting();
    const signed = await delivery("ping", body);
    let begun = false;
    const stream = new ReadableStream({
      pull(controller) {
        if (begun) return controller.error(new Error("gone"));
        begun = true;
        controller.enqueue(new TextEncoder().encode(body));
      },
    });
    const request = new Request(signed.url, { method: "POST", headers: signed.headers, body: stream });
    expect((await worker.fetch(request)).status).toBe(401);
  });
});

describe("several Apps", () => {
  async function two() {
    const { privateKeyPem: privateKey } = await appKeys();
    const made = await waiting({
      GITHUB_APP_ID: undefined,
      GITHUB_APPS: JSON.stringify([
        { id: 7, privateKey, webhookSecret: "secret-of-7" },
        { id: 8, privateKey, webhookSecret: ["secret-of-8"], owners: ["somebody"] },
      ]),
    });
    return made;
  }

  it("each have their own secret", async () => {
    const { send } = await two();
    expect((await send({ appId: "7", secret: "secret-of-7" })).status).toBe(202);
    expect((await send({ appId: "7", secret: "secret-of-8" })).status).toBe(401);
  });

  it("each speak for their own owners only", async () => {
    const { send, network, worker } = await two();
    expect((await send({ appId: "8", secret: "secret-of-8" })).status).toBe(204);
    const stranger = pullRequest(repositoryJson("Somebody", "app"), "a".repeat(40), "b".repeat(40));
    const theirs = await delivery("pull_request", stranger, { appId: "7", secret: "secret-of-7" });
    expect((await worker.fetch(theirs)).status).toBe(204);
    expect(network.calls).toEqual([]);
    const own = await delivery("pull_request", stranger, { appId: "8", secret: "secret-of-8" });
    expect((await worker.fetch(own)).status).toBe(202);
  });
});

describe("a delivery is refused", () => {
  it("503 without a secret, naming the variable", async () => {
    const { send } = await waiting({ GITHUB_WEBHOOK_SECRET: undefined });
    const { status, body } = await send();
    expect([status, body.reason]).toEqual([503, "misconfigured"]);
    expect(body.message).toContain("GITHUB_WEBHOOK_SECRET");
  });

  it.each(["application/x-www-form-urlencoded", "text/plain", "application/jsonp", null])("415 as %s", async (type) => {
    const { send, network } = await waiting();
    expect((await send({ headers: { "Content-Type": type ?? "" } })).status).toBe(415);
    expect(network.calls).toEqual([]);
  });

  it.each([
    ["no JSON", "pull_request", "{"],
    ["no object", "push", "[]"],
    ["null", "push", "null"],
    ["bytes that are no UTF-8", "push", Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
    ["an event without its fields", "push", "{}"],
    ["an event without an action", "pull_request", '{"pull_request":{}}'],
    ["a pull request without its commit", "pull_request", '{"action":"opened","pull_request":{"head":{}}}'],
  ])("400 for %s", async (_name, event, payload) => {
    const { worker, network } = await waiting();
    expect((await worker.fetch(await delivery(event, payload))).status).toBe(400);
    expect(network.calls).toEqual([]);
  });

  it.each([
    ["X-GitHub-Delivery", null],
    ["X-GitHub-Delivery", "a b"],
    ["X-GitHub-Event", null],
    ["X-GitHub-Event", "__proto__x/"],
  ])("400 with %s %s", async (name, value) => {
    const { send } = await waiting();
    expect((await send({ headers: { [name]: value } })).status).toBe(400);
  });

  const FOREIGN = {
    "an owner that climbs": { owner: { login: "../.." }, name: "app" },
    "a repository that climbs": { owner: { login: "acme" }, name: ".." },
    "a repository with a query": { owner: { login: "acme" }, name: "a?b" },
    "no text": { owner: { login: 7 }, name: "app" },
  };
  it.each(Object.entries(FOREIGN))("400 for %s in the event", async (_name, repository) => {
    const { worker, network } = await waiting();
    const payload = pullRequest(repository, "a".repeat(40), "b".repeat(40));
    expect((await worker.fetch(await delivery("pull_request", payload))).status).toBe(400);
    expect(network.calls).toEqual([]);
  });

  it.each(["main", "A".repeat(40), "a".repeat(39), `${"a".repeat(40)}/..`])("400 for the commit %s", async (sha) => {
    const { worker, owner } = await waiting();
    const payload = pullRequest(repositoryJson(owner, "app"), "a".repeat(40), sha);
    expect((await worker.fetch(await delivery("pull_request", payload))).status).toBe(400);
  });

  it("405 by another method", async () => {
    const { worker } = await waiting();
    const answer = await worker.fetch(new Request("https://sts.example.com/webhook"));
    expect([answer.status, answer.headers.get("Allow")]).toEqual([405, "POST"]);
  });
});

describe("the caller's limit", () => {
  const from = (address: string) => ({ "CF-Connecting-IP": address });

  it("is charged for bad signatures, and judged before the body is read", async () => {
    const { send, worker } = await waiting();
    for (let i = 0; i < 60; i += 1) {
      expect((await send({ secret: "guessed", headers: from("192.0.2.1") })).status).toBe(401);
    }
    const over = await send({ secret: "guessed", headers: from("192.0.2.1") });
    expect([over.status, over.headers.get("Retry-After")]).toEqual([429, "60"]);
    let isRead = false;
    const signed = await delivery("ping", "{}", { headers: from("192.0.2.1") });
    const body = new ReadableStream(
      {
        pull(controller) {
          isRead = true;
          controller.close();
        },
      },
      { highWaterMark: 0 },
    );
    const answer = await worker.fetch(new Request(signed.url, { method: "POST", headers: signed.headers, body }));
    expect([answer.status, isRead]).toEqual([429, false]);
    expect((await send({ headers: from("192.0.2.2") })).status).toBe(202);
  });

  it("is counted apart for Apps that are not ours, which make GitHub's own servers send what fails", async () => {
    const { send } = await waiting();
    for (let i = 0; i < 61; i += 1) await send({ appId: "666", headers: from("192.0.2.1") });
    expect((await send({ appId: "666", headers: from("192.0.2.1") })).status).toBe(429);
    expect((await send({ headers: from("192.0.2.1") })).status).toBe(202);
  });

  it("is not charged for good deliveries", async () => {
    const { worker } = await waiting();
    const send = async () => worker.fetch(await delivery("ping", "{}", { headers: from("192.0.2.1") }));
    for (let i = 0; i < 70; i += 1) expect((await send()).status).toBe(204);
  });
});

describe("a delivery that is sent again", () => {
  it("gives no second verdict, in this isolate or another", async () => {
    const { send, runs, isolate } = await waiting();
    await send({ delivery: "one" });
    expect((await send({ delivery: "one" })).status).toBe(202);
    expect((await send({ delivery: "one", worker: isolate() })).status).toBe(202);
    expect(runs().length).toBe(1);
  });

  it("is worked on when it failed before", async () => {
    const { send, network, runs, outcome } = await waiting();
    network.fault({ route: "gh.compare", kind: "status", status: 500 });
    await send({ delivery: "one" });
    expect([outcome(), runs()[0]?.title]).toEqual(["failed", "Trust policies could not be checked"]);
    network.clearFaults();
    await send({ delivery: "one" });
    expect([outcome(), runs()[1]?.title]).toEqual(["reported", "Invalid: 2 errors"]);
  });

  it("cannot keep another delivery out by its id, which is not signed", async () => {
    const { send, worker, owner, runs } = await waiting();
    const old = pullRequest(repositoryJson(owner, "app"), "a".repeat(40), "b".repeat(40), "reopened");
    await worker.fetch(await delivery("pull_request", old, { delivery: "one" }));
    await send({ delivery: "one" });
    expect(runs().length).toBe(1);
  });
});

describe("owners", () => {
  it("that the deployment does not serve are not heard", async () => {
    const { send, network } = await waiting({ ALLOWED_OWNERS: "somebody-else" });
    expect((await send()).status).toBe(204);
    expect(network.calls).toEqual([]);
  });

  it("that it serves are, in any case", async () => {
    const made = await waiting();
    const worker = made.isolate({ ALLOWED_OWNERS: `somebody ${made.owner.toUpperCase()}` });
    expect((await made.send({ worker })).status).toBe(202);
  });

  it("that it serves are heard of when something of theirs becomes somebody else's", async () => {
    const made = await waiting();
    const worker = made.isolate({ ALLOWED_OWNERS: made.owner });
    const from = { organization: { login: made.owner } };
    const moved = {
      action: "transferred",
      repository: repositoryJson("stranger", "app"),
      changes: { owner: { from } },
    };
    expect((await worker.fetch(await delivery("repository", moved))).status).toBe(202);
  });
});
