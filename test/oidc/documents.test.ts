import { beforeAll, describe, expect, it } from "vitest";
import { DISCOVERY_MAX_BYTES, JWKS_MAX_BYTES, JWKS_MAX_KEYS } from "../../worker/limits.ts";
import type { Route } from "../support/network.ts";
import { discoveryOf, keySetOf } from "../support/network.ts";
import { cut, endless, moved, status, text } from "../support/routes.ts";
import { goodPayload, ISSUER, makeSigner, NOW_SECONDS, type Signer, sign } from "../support/signer.ts";
import type { VerifierWorld } from "./verifier.ts";
import { createVerifierWorld, refusalOf, step } from "./verifier.ts";

const DISCOVERY = discoveryOf(ISSUER);
const KEYS = keySetOf(ISSUER);
const FETCHED = [DISCOVERY, KEYS];
// Long-lived, so that it is never the token that runs out here.
const payload = goodPayload({ exp: NOW_SECONDS + 10 * 24 * 3600 });

let old: Signer;
let oldToken: string;

beforeAll(async () => {
  old = await makeSigner("ES256", "old");
  oldToken = await sign(old, payload);
});

function worldWith(...keys: readonly unknown[]): VerifierWorld {
  const world = createVerifierWorld();
  world.network.publish(ISSUER, keys);
  return world;
}

const far = "https://far.example.test/x";

type Trouble = readonly [about: string, route: Route | object, refusal: string, asked: readonly string[]];

const discoveryWith = (over: object): object => ({ issuer: ISSUER, jwks_uri: KEYS, ...over });

const DISCOVERY_TROUBLE: readonly Trouble[] = [
  ["404", status(404), "issuer_invalid: discovery: status 404", [DISCOVERY]],
  ["401", status(401), "issuer_invalid: discovery: status 401", [DISCOVERY]],
  ["201", status(201), "issuer_invalid: discovery: status 201", [DISCOVERY]],
  ["304", () => new Response(null, { status: 304 }), "issuer_invalid: discovery: status 304", [DISCOVERY]],
  ["429", status(429), "issuer_unreachable: discovery: status 429", [DISCOVERY]],
  ["500", status(500), "issuer_unreachable: discovery: status 500", [DISCOVERY, DISCOVERY]],
  ["503", status(503), "issuer_unreachable: discovery: status 503", [DISCOVERY, DISCOVERY]],
  ["a cut body", () => cut(), "issuer_unreachable: discovery: cut", [DISCOVERY, DISCOVERY]],
  ["silence", () => new Promise<Response>(() => undefined), "issuer_unreachable: discovery: timeout", [DISCOVERY]],
  ["a slow body", () => endless(undefined), "issuer_unreachable: discovery: timeout", [DISCOVERY]],
  [
    "an endless body",
    () => endless(new Uint8Array(4096).fill(0x20)),
    "issuer_invalid: discovery: too large",
    [DISCOVERY],
  ],
  ["a byte too much", text(" ".repeat(DISCOVERY_MAX_BYTES + 1)), "issuer_invalid: discovery: too large", [DISCOVERY]],
  ["no body", text(""), "issuer_invalid: discovery: not JSON", [DISCOVERY]],
  ["HTML", text("<html>"), "issuer_invalid: discovery: not JSON", [DISCOVERY]],
  [
    "bytes that are not UTF-8",
    () => new Response(Uint8Array.of(0x22, 0xff, 0x22)),
    "issuer_invalid: discovery: not JSON",
    [DISCOVERY],
  ],
  ["a list", [], "issuer_invalid: discovery is not a JSON object", [DISCOVERY]],
  ["null", text("null"), "issuer_invalid: discovery is not a JSON object", [DISCOVERY]],
  ["no issuer", discoveryWith({ issuer: undefined }), "issuer_invalid: discovery names another issuer", [DISCOVERY]],
  [
    "another issuer",
    discoveryWith({ issuer: `${ISSUER}b` }),
    "issuer_invalid: discovery names another issuer",
    [DISCOVERY],
  ],
  [
    "its issuer with a slash",
    discoveryWith({ issuer: `${ISSUER}/` }),
    "issuer_invalid: discovery names another issuer",
    [DISCOVERY],
  ],
  [
    "its issuer in capitals",
    discoveryWith({ issuer: ISSUER.toUpperCase() }),
    "issuer_invalid: discovery names another issuer",
    [DISCOVERY],
  ],
  [
    "its issuer with a port",
    discoveryWith({ issuer: ISSUER.replace(".test", ".test:443") }),
    "issuer_invalid: discovery names another issuer",
    [DISCOVERY],
  ],
  [
    "its issuer in a list",
    discoveryWith({ issuer: [ISSUER] }),
    "issuer_invalid: discovery names another issuer",
    [DISCOVERY],
  ],
  ["no jwks_uri", discoveryWith({ jwks_uri: undefined }), "issuer_invalid: discovery names no key set", [DISCOVERY]],
  ["jwks_uri a list", discoveryWith({ jwks_uri: [KEYS] }), "issuer_invalid: discovery names no key set", [DISCOVERY]],
  [
    "algorithms as text",
    discoveryWith({ id_token_signing_alg_values_supported: "ES256" }),
    "issuer_invalid: discovery has a wrong list of algorithms",
    [DISCOVERY],
  ],
  ["a redirect elsewhere", moved(far), "issuer_invalid: discovery: redirected too often or elsewhere", [DISCOVERY]],
  [
    "a redirect to loopback",
    moved("http://127.0.0.1/x"),
    "issuer_invalid: discovery: redirected too often or elsewhere",
    [DISCOVERY],
  ],
  [
    "a redirect to http",
    moved(DISCOVERY.replace("https", "http")),
    "issuer_invalid: discovery: redirected too often or elsewhere",
    [DISCOVERY],
  ],
  [
    "a redirect to another port",
    moved("https://issuer.example.test:8443/x"),
    "issuer_invalid: discovery: redirected too often or elsewhere",
    [DISCOVERY],
  ],
  [
    "a redirect with userinfo",
    moved("https://user@issuer.example.test/x"),
    "issuer_invalid: discovery: redirected too often or elsewhere",
    [DISCOVERY],
  ],
  [
    "a redirect to a file",
    moved("file:///etc/passwd"),
    "issuer_invalid: discovery: redirected too often or elsewhere",
    [DISCOVERY],
  ],
  [
    "a redirect to nowhere",
    () => new Response(null, { status: 302 }),
    "issuer_invalid: discovery: redirected too often or elsewhere",
    [DISCOVERY],
  ],
  [
    "a redirect that no URL is",
    moved("https://["),
    "issuer_invalid: discovery: redirected too often or elsewhere",
    [DISCOVERY],
  ],
  [
    "a redirect in a circle",
    moved(DISCOVERY),
    "issuer_invalid: discovery: redirected too often or elsewhere",
    [DISCOVERY, DISCOVERY, DISCOVERY],
  ],
];

const KEY_SET_TROUBLE: readonly Trouble[] = [
  ["404", status(404), "signature_invalid: key set: status 404", FETCHED],
  ["429", status(429), "issuer_unreachable: key set: status 429", FETCHED],
  ["500", status(500), "issuer_unreachable: key set: status 500", [...FETCHED, KEYS]],
  ["a cut body", () => cut(), "issuer_unreachable: key set: cut", [...FETCHED, KEYS]],
  ["silence", () => new Promise<Response>(() => undefined), "issuer_unreachable: key set: timeout", FETCHED],
  ["a slow body", () => endless(undefined), "issuer_unreachable: key set: timeout", FETCHED],
  ["1 MiB of keys", text(" ".repeat(1024 * 1024)), "signature_invalid: key set: too large", FETCHED],
  ["a byte too much", text(" ".repeat(JWKS_MAX_BYTES + 1)), "signature_invalid: key set: too large", FETCHED],
  ["HTML", text("<html>"), "signature_invalid: key set: not JSON", FETCHED],
  ["a list", [], "signature_invalid: key set is not a JSON object with keys", FETCHED],
  ["no keys", {}, "signature_invalid: key set is not a JSON object with keys", FETCHED],
  ["keys by name", { keys: { old: {} } }, "signature_invalid: key set is not a JSON object with keys", FETCHED],
  ["an empty list of keys", { keys: [] }, "signature_invalid: key set has no usable key", FETCHED],
  [
    "keys of no use",
    { keys: [{ kty: "oct", k: "AAAA" }, null] },
    "signature_invalid: key set has no usable key",
    FETCHED,
  ],
  ["a redirect elsewhere", moved(far), "signature_invalid: key set: redirected too often or elsewhere", FETCHED],
  [
    "a redirect to loopback",
    moved("http://[::1]/x"),
    "signature_invalid: key set: redirected too often or elsewhere",
    FETCHED,
  ],
];

describe("trouble with an issuer has its own reason and a bounded number of calls", () => {
  it.each(DISCOVERY_TROUBLE)("discovery: %s", async (_about, route, refusal, asked) => {
    const world = createVerifierWorld({ timeoutMs: 60 });
    world.network.publish(ISSUER, [old.publicJwk]);
    world.network.answer(DISCOVERY, route);
    expect(await refusalOf(world, oldToken)).toBe(refusal);
    expect(world.network.urls()).toEqual(asked);
  });

  it.each(KEY_SET_TROUBLE)("key set: %s", async (_about, route, refusal, asked) => {
    const world = createVerifierWorld({ timeoutMs: 60 });
    world.network.publish(ISSUER, [old.publicJwk]);
    world.network.answer(KEYS, route);
    expect(await refusalOf(world, oldToken)).toBe(refusal);
    expect(world.network.urls()).toEqual(asked);
  });

  it.each([
    "file:///etc/passwd",
    "http://issuer.example.test/keys",
    "https://127.0.0.1/keys",
    "https://169.254.169.254/keys",
    "https://[::1]/keys",
    "https://keys.internal/",
    "https://sts.example.test/keys",
    "/keys",
    "",
  ])("jwks_uri %s is not asked", async (uri) => {
    const world = createVerifierWorld();
    world.network.publish(ISSUER, [old.publicJwk], { jwks_uri: uri });
    expect(await refusalOf(world, oldToken)).toBe("signature_invalid: key set: address may not be fetched");
    expect(world.network.urls()).toEqual([DISCOVERY]);
  });

  it.each([
    "https://10.0.0.1/a",
    "https://[fd00::1]/a",
    "https://127.0.0.1/a",
    "https://issuer.internal/a",
    "https://issuer.local",
    "https://a.localhost",
    "https://sts.example.test",
    "https://STS.example.test:8443/a",
    "http://localhost:8080/a",
    "http://127.0.0.1:8080/a",
  ])("issuer %s is not asked", async (issuer) => {
    const world = createVerifierWorld();
    expect(await refusalOf(world, await sign(old, { ...payload, iss: issuer }))).toBe(
      "issuer_invalid: discovery: address may not be fetched",
    );
    expect(world.network.urls()).toEqual([]);
  });

  it("201 keys are too many, 200 are not", async () => {
    const world = createVerifierWorld();
    const others = Array.from({ length: JWKS_MAX_KEYS - 1 }, (_, at) => ({ kty: "x", kid: `other-${at}` }));
    world.network.publish(ISSUER, [...others, old.publicJwk]);
    expect(await refusalOf(world, oldToken)).toBe("accepted");
    const crowded = createVerifierWorld();
    crowded.network.publish(ISSUER, [{ kty: "x" }, ...others, old.publicJwk]);
    expect(await refusalOf(crowded, oldToken)).toBe("signature_invalid: key set has more than 200 keys");
  });

  it("one bad answer is made up for by the retry", async () => {
    for (const first of [status(500), () => cut(), () => Promise.reject(new TypeError("reset"))]) {
      const world = createVerifierWorld();
      world.network.publish(ISSUER, [old.publicJwk]);
      const good = world.network.answerAt(KEYS) ?? status(404);
      let asked = 0;
      world.network.answer(KEYS, (request: Request) => (asked++ === 0 ? first(request) : good(request)));
      expect(await step(world, oldToken)).toEqual(["accepted", [...FETCHED, KEYS]]);
    }
  });

  it("two redirects within the origin are followed, by any status, each judged", async () => {
    for (const code of [301, 302, 303, 307, 308]) {
      const world = createVerifierWorld();
      world.network.publish(ISSUER, [old.publicJwk]);
      const good = world.network.answerAt(DISCOVERY) ?? status(404);
      const [one, two] = ["https://issuer.example.test/one", "https://issuer.example.test/two?x=y"];
      world.network.answer(DISCOVERY, moved("/one", code));
      world.network.answer(one, moved(two, code));
      world.network.answer(two, good);
      expect(await step(world, oldToken)).toEqual(["accepted", [DISCOVERY, one, two, KEYS]]);
    }
  });

  it("keys may lie on another host", async () => {
    const world = createVerifierWorld();
    world.network.publish(ISSUER, [old.publicJwk], { jwks_uri: far });
    world.network.answer(far, { keys: [old.publicJwk] });
    expect(await step(world, oldToken)).toEqual(["accepted", [DISCOVERY, far]]);
  });

  it("a final slash of the issuer is not doubled", async () => {
    const world = createVerifierWorld();
    world.network.publish(ISSUER, [old.publicJwk], { issuer: `${ISSUER}/` });
    const token = await sign(old, { ...payload, iss: `${ISSUER}/` });
    expect(await step(world, token)).toEqual(["accepted", FETCHED]);
  });

  it("loopback and http work where they are allowed", async () => {
    const world = createVerifierWorld({ allowLoopback: true });
    const issuer = "http://127.0.0.1:9000/a";
    world.network.publish(issuer, [old.publicJwk]);
    expect(await step(world, await sign(old, { ...payload, iss: issuer }))).toEqual([
      "accepted",
      [discoveryOf(issuer), keySetOf(issuer)],
    ]);
  });

  it("what is asked carries nothing of the caller's", async () => {
    const world = worldWith(old.publicJwk);
    const requests: Request[] = [];
    const good = world.network.answerAt(DISCOVERY) ?? status(404);
    world.network.answer(DISCOVERY, (request: Request) => {
      requests.push(request);
      return good(request);
    });
    await step(world, oldToken);
    expect(requests.map(({ method, redirect, headers }) => [method, redirect, [...headers.keys()]])).toEqual([
      ["GET", "manual", ["accept", "user-agent"]],
    ]);
  });
});
