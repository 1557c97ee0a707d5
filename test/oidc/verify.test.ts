import { base64url, SignJWT } from "jose";
import { beforeAll, describe, expect, it } from "vitest";
import { ALGORITHMS } from "../../policies/algorithms.ts";
import { parsePolicy } from "../../policies/parse.ts";
import {
  ISSUER_KEYS_FRESH_MS,
  ISSUER_NEGATIVE_MS,
  ISSUER_REFETCH_WINDOW_MS,
  ISSUER_REFETCHES_MAX,
} from "../../worker/limits.ts";
import { discoveryOf, keySetOf } from "../support/network.ts";
import {
  ALL_ALGORITHMS,
  goodPayload,
  ISSUER,
  join,
  makeSigner,
  NOW,
  NOW_SECONDS,
  part,
  type Signer,
  sign,
  utf8,
} from "../support/signer.ts";
import { concat, reversed, toBytes } from "./numbers.ts";
import type { VerifierWorld } from "./verifier.ts";
import { createVerifierWorld, outcomeOf, read, refusalOf, step } from "./verifier.ts";

const NO_KEY = "signature_invalid: no key fits";
const NO_MATCH = "signature_invalid: signature does not match";
const LENGTH = "signature_invalid: signature has a length that its algorithm never has";
const NOT_ADVERTISED = "signature_invalid: the issuer does not sign with this algorithm";

let rsa: Signer;
let ec: Signer;
let ed: Signer;
let stranger: Signer;

beforeAll(async () => {
  [rsa, ec, ed, stranger] = await Promise.all([
    makeSigner("RS256", "rsa"),
    makeSigner("ES256", "ec"),
    makeSigner("EdDSA", "ed"),
    makeSigner("ES256", "stranger"),
  ]);
});

function worldWith(keys: readonly unknown[], algorithms?: readonly string[]): VerifierWorld {
  const world = createVerifierWorld();
  world.network.publish(ISSUER, keys, { id_token_signing_alg_values_supported: algorithms ?? ALL_ALGORITHMS });
  return world;
}

const withoutAlg = ({ publicJwk }: Signer): object => ({ ...publicJwk, alg: undefined });

describe("a verified token", () => {
  it("is its payload, claim by claim, under the brand", async () => {
    const payload = { ...goodPayload(), nested: { a: [1, "x"] }, constructor: "x" };
    const token = read(await sign(ec, payload));
    expect(await worldWith([ec.publicJwk]).verifier.verify(token, { known: false })).toEqual({
      ok: true,
      value: { claims: payload, token, provenBy: "issuer" },
    });
  });

  it.each(["typ", "kid"])("needs no %s in its header", async (name) => {
    const token = await sign(ec, goodPayload(), { [name]: undefined });
    expect(await outcomeOf(worldWith([ec.publicJwk]), token)).toBe("accepted");
  });

  it("may be signed by any of several keys of one kid", async () => {
    const world = worldWith([{ ...stranger.publicJwk, kid: "ec" }, { ...rsa.publicJwk, kid: "ec" }, ec.publicJwk]);
    expect(await outcomeOf(world, await sign(ec))).toBe("accepted");
  });

  it.each(["EdDSA", "Ed25519"])(
    "may be signed with Ed25519 by either name, as the key and the issuer may say %s",
    async (alg) => {
      const world = worldWith([{ ...ed.publicJwk, alg }], [alg]);
      for (const own of ["EdDSA", "Ed25519"]) {
        expect(await outcomeOf(world, await sign(ed, goodPayload(), { alg: own }))).toBe("accepted");
      }
    },
  );

  it("may be signed by one RSA key in several ways, where neither key nor issuer forbids it", async () => {
    const world = worldWith([withoutAlg(rsa)]);
    for (const alg of ["RS256", "PS512", "RS384", "PS256"]) {
      expect(await outcomeOf(world, await sign(rsa, goodPayload(), { alg }, { alg }))).toBe("accepted");
    }
  });

  it("without kid is tried against four keys and not against the fifth", async () => {
    const others = await Promise.all(Array.from({ length: 4 }, (_, at) => makeSigner("ES256", `other-${at}`)));
    const keys = others.map((signer) => signer.publicJwk);
    const token = await sign(ec, goodPayload(), { kid: undefined });
    expect(await refusalOf(worldWith([...keys.slice(0, 3), rsa.publicJwk, ec.publicJwk]), token)).toBe("accepted");
    expect(await refusalOf(worldWith([...keys, ec.publicJwk]), token)).toBe(NO_MATCH);
  });

  it("by RSA of 4096 bits is accepted, a key of 2048 bits beside it or not", async () => {
    const big = await makeSigner("PS512", "big", { modulusLength: 4096 });
    expect(
      await refusalOf(worldWith([{ ...rsa.publicJwk, kid: "big", alg: "PS512" }, big.publicJwk]), await sign(big)),
    ).toBe("accepted");
  });
});

describe("keys and tokens that do not belong together", () => {
  type Case = readonly [about: string, make: () => Promise<string>, keys: () => readonly unknown[], refusal: string];
  const cases: readonly Case[] = [
    ["an unknown kid", () => sign(stranger), () => [ec.publicJwk], NO_KEY],
    ["a kid that differs in case", () => sign(ec, goodPayload(), { kid: "EC" }), () => [ec.publicJwk], NO_KEY],
    ["a kid that looks like a path", () => sign(ec, goodPayload(), { kid: "../../ec" }), () => [ec.publicJwk], NO_KEY],
    ["a kid named __proto__", () => sign(ec, goodPayload(), { kid: "__proto__" }), () => [ec.publicJwk], NO_KEY],
    ["a kid, where the key has none", () => sign(ec), () => [{ ...ec.publicJwk, kid: undefined }], NO_KEY],
    [
      "a stranger's key under a known kid",
      () => sign(stranger, goodPayload(), { kid: "ec" }),
      () => [ec.publicJwk],
      NO_MATCH,
    ],
    [
      "a stranger's key without kid",
      () => sign(stranger, goodPayload(), { kid: undefined }),
      () => [ec.publicJwk],
      NO_MATCH,
    ],
    [
      "the stranger's key in the header",
      () => sign(stranger, goodPayload(), { kid: "ec", jwk: stranger.publicJwk }),
      () => [ec.publicJwk],
      NO_MATCH,
    ],
    [
      "an address of keys in the header",
      () => sign(stranger, goodPayload(), { jku: "https://far.example.test", x5u: "https://far.example.test" }),
      () => [ec.publicJwk],
      NO_KEY,
    ],
    [
      "ES256 under the kid of an RSA key",
      () => sign(ec, goodPayload(), { kid: "rsa" }),
      () => [withoutAlg(rsa)],
      NO_KEY,
    ],
    ["RS256 under the kid of an EC key", () => sign(rsa, goodPayload(), { kid: "ec" }), () => [withoutAlg(ec)], NO_KEY],
    ["EdDSA under the kid of an EC key", () => sign(ed, goodPayload(), { kid: "ec" }), () => [withoutAlg(ec)], NO_KEY],
    [
      "PS256 with a key for RS256",
      () => sign(rsa, goodPayload(), { alg: "PS256" }, { alg: "PS256" }),
      () => [rsa.publicJwk],
      NO_KEY,
    ],
    [
      "RS512 with a key for RS256",
      () => sign(rsa, goodPayload(), { alg: "RS512" }, { alg: "RS512" }),
      () => [rsa.publicJwk],
      NO_KEY,
    ],
    ["a key for encryption", () => sign(ec), () => [{ ...ec.publicJwk, use: "enc" }, rsa.publicJwk], NO_KEY],
    [
      "a key that may only encrypt",
      () => sign(rsa),
      () => [{ ...rsa.publicJwk, key_ops: ["encrypt"] }, ec.publicJwk],
      NO_KEY,
    ],
    [
      "a key published with its private half",
      () => sign(ec),
      () => [{ ...ec.publicJwk, d: ec.privateJwk.d }, rsa.publicJwk],
      NO_KEY,
    ],
    [
      "a point beside the curve",
      () => sign(ec),
      () => [{ ...ec.publicJwk, x: ec.publicJwk.y, y: ec.publicJwk.x }],
      NO_MATCH,
    ],
    ["a curve that is not the key's", () => sign(ec), () => [{ ...ec.publicJwk, crv: "P-384" }, rsa.publicJwk], NO_KEY],
  ];

  it.each(cases)("%s", async (_about, make, keys, refusal) => {
    expect(await refusalOf(worldWith(keys()), await make())).toBe(refusal);
  });

  it("a key of 1024 bits is no key", async () => {
    const algorithm = {
      name: "RSASSA-PKCS1-v1_5",
      hash: "SHA-256",
      modulusLength: 1024,
      publicExponent: Uint8Array.of(1, 0, 1),
    };
    const pair = await crypto.subtle.generateKey(algorithm, true, ["sign", "verify"]);
    if (!("privateKey" in pair)) throw new Error("not a key pair");
    const input = `${part({ alg: "RS256", kid: "small" })}.${part(goodPayload())}`;
    const signature = new Uint8Array(await crypto.subtle.sign(algorithm.name, pair.privateKey, utf8(input)));
    const exported = await crypto.subtle.exportKey("jwk", pair.publicKey);
    const published = { kty: "RSA", kid: "small", ...("n" in exported ? { n: exported.n, e: exported.e } : {}) };
    const world = worldWith([published, rsa.publicJwk]);
    expect(await refusalOf(world, `${input}.${base64url.encode(signature)}`)).toBe(LENGTH);
    expect(await refusalOf(world, `${input}.${base64url.encode(concat(new Uint8Array(128), signature))}`)).toBe(NO_KEY);
  });
});

describe("algorithm confusion", () => {
  it("HS256 with the public key as its secret is refused before anything is asked", async () => {
    const world = worldWith([rsa.publicJwk]);
    const secrets = [JSON.stringify(rsa.publicJwk), rsa.publicJwk.n ?? "", "-----BEGIN PUBLIC KEY-----\n"];
    for (const secret of secrets) {
      const token = await new SignJWT(goodPayload())
        .setProtectedHeader({ alg: "HS256", kid: "rsa" })
        .sign(utf8(secret.padEnd(32)));
      expect(await step(world, token)).toEqual(["token_unsupported", []]);
    }
  });

  it("an algorithm that the issuer does not advertise is refused", async () => {
    const token = await sign(ec);
    expect(await refusalOf(worldWith([ec.publicJwk], ["RS256", "ES384"]), token)).toBe(NOT_ADVERTISED);
    expect(await refusalOf(worldWith([ec.publicJwk], ["es256"]), token)).toBe(NOT_ADVERTISED);
  });

  it.each<readonly [string, object]>([
    ["nothing", { id_token_signing_alg_values_supported: undefined }],
    ["null", { id_token_signing_alg_values_supported: null }],
    ["an empty list", { id_token_signing_alg_values_supported: [] }],
    ["nothing of ours", { id_token_signing_alg_values_supported: ["none", "HS256", 7] }],
  ])("an issuer that advertises %s signs with RS256 alone", async (_about, discovery) => {
    const world = createVerifierWorld();
    world.network.publish(ISSUER, [rsa.publicJwk, ec.publicJwk], discovery);
    expect(await refusalOf(world, await sign(rsa))).toBe("accepted");
    expect(await refusalOf(world, await sign(ec))).toBe(NOT_ADVERTISED);
  });

  it("a length that the algorithm never has needs no key to be refused", async () => {
    const world = worldWith([ec.publicJwk]);
    for (const [alg, bytes] of [
      ["ES256", 70],
      ["ES256", 63],
      ["ES384", 64],
      ["ES512", 131],
      ["EdDSA", 65],
      ["RS256", 255],
      ["PS512", 1025],
    ] as const) {
      expect(await refusalOf(world, join({ alg }, goodPayload(), new Uint8Array(bytes).fill(1)))).toBe(LENGTH);
    }
    expect(world.network.urls()).toEqual([]);
  });
});

describe("Ed25519 keys of small order", () => {
  const neutral = reversed(toBytes(1n, 32));

  it("would let anybody sign, and are no keys", async () => {
    const token = join({ alg: "EdDSA", kid: "ed" }, goodPayload(), concat(neutral, new Uint8Array(32)));
    const weak = { kty: "OKP", crv: "Ed25519", x: base64url.encode(neutral), kid: "ed", alg: "EdDSA" };
    expect(await refusalOf(worldWith([weak, rsa.publicJwk]), token)).toBe(NO_KEY);
    const inline = await createVerifierWorld().verifier.verifyInline(read(token), { keys: [weak] });
    expect(inline).toEqual({
      ok: false,
      denial: { reason: "signature_invalid", known: false, problem: "no key fits" },
    });
  });
});

describe("one issuer and another", () => {
  const other = "https://issuer.example.test/b";

  it("do not share keys, not even by kid", async () => {
    const world = worldWith([ec.publicJwk]);
    world.network.publish(other, [{ ...stranger.publicJwk, kid: "ec" }]);
    const own = await sign(stranger, goodPayload({ iss: other }), { kid: "ec" });
    expect(await refusalOf(world, own)).toBe("accepted");
    expect(await refusalOf(world, await sign(stranger, goodPayload(), { kid: "ec" }))).toBe(NO_MATCH);
    expect(await refusalOf(world, await sign(ec, goodPayload({ iss: other })))).toBe(NO_MATCH);
  });

  it.each([
    "https://issuer.example.test/a/",
    "https://issuer.example.test:443/a",
    "https://ISSUER.example.test/a",
    "HTTPS://issuer.example.test/a",
    "https://issuer.example.test./a",
    "https://issuer.example.test/%61",
    "https://issuer.example.test/A",
  ])("differ when they are spelled differently: %s", async (spelling) => {
    const world = worldWith([ec.publicJwk]);
    expect(await outcomeOf(world, await sign(ec))).toBe("accepted");
    // Whatever the other spelling leads to, the document there names the issuer that it is.
    for (const url of [
      discoveryOf(spelling.replace(/\/$/, "")),
      new URL(discoveryOf(spelling.replace(/\/$/, ""))).href,
    ]) {
      world.network.answer(url, { issuer: ISSUER, jwks_uri: keySetOf(ISSUER) });
    }
    expect(await refusalOf(world, await sign(ec, goodPayload({ iss: spelling })))).toBe(
      "issuer_invalid: discovery names another issuer",
    );
  });

  it.each([
    "https://issuer.example.test/b/../a",
    "https://issuer.example.test/./a",
    "https://issuer.example.test/b/%2e%2e/a",
    "https://a@issuer.example.test/a",
  ])("cannot be reached by %s", async (spelling) => {
    expect(await step(worldWith([ec.publicJwk]), await sign(ec, goodPayload({ iss: spelling })))).toEqual([
      "issuer_malformed",
      [],
    ]);
  });
});

it("an issuer beside the token that was not signed for it is refused", async () => {
  const other = "https://issuer.example.test/b";
  const world = worldWith([ec.publicJwk]);
  world.network.publish(other, [ec.publicJwk]);
  const token = { ...read(await sign(ec)), issuer: other };
  expect(await world.verifier.verify(token, { known: true })).toEqual({
    ok: false,
    denial: { reason: "signature_invalid", known: true, problem: "token is of another issuer" },
  });
});

it("what was read of another token does not count for this one, though both are well signed", async () => {
  const world = worldWith([ec.publicJwk]);
  const other = read(await sign(ec, goodPayload({ sub: "repo:evil/x" })));
  const token = { ...read(await sign(ec)), payload: other.payload };
  expect(await world.verifier.verify(token, { known: true })).toEqual({
    ok: false,
    denial: { reason: "signature_invalid", known: true, problem: "token is of another issuer" },
  });
});

describe("keys of a policy", () => {
  const inline = async (token: string, keys: readonly unknown[]) => {
    const world = createVerifierWorld();
    const verified = await world.verifier.verifyInline(read(token), { keys });
    expect(world.network.urls()).toEqual([]);
    return verified.ok ? "accepted" : verified.denial;
  };
  const refused = (problem: string) => ({ reason: "signature_invalid", known: false, problem });

  it("verify by themselves, with nothing fetched", async () => {
    for (const signer of [rsa, ec, ed]) expect(await inline(await sign(signer), [withoutAlg(signer)])).toBe("accepted");
  });

  it.each([...ALGORITHMS.keys()])("verify %s, as they stand in a policy that names it", async (alg) => {
    const signer = await makeSigner(alg === "Ed25519" ? "EdDSA" : alg);
    const text = `{"issuer": "${ISSUER}", "subject": "x", "permissions": {"contents": "read"}, "jwks": ${JSON.stringify(
      {
        keys: [{ ...signer.publicJwk, alg }],
      },
    )}}`;
    const parsed = parsePolicy(text, { kind: "repository", owner: "acme" });
    if (!parsed.ok) throw new Error(JSON.stringify(parsed.diagnostics));
    const token = await sign(signer, goodPayload(), { alg });
    expect(await inline(token, parsed.value.document.jwks?.keys ?? [])).toBe("accepted");
  });

  it("are the only ones that verify", async () => {
    expect(await inline(await sign(ec), [stranger.publicJwk])).toEqual(refused("no key fits"));
    expect(await inline(await sign(ec), [{ ...stranger.publicJwk, kid: "ec" }])).toEqual(
      refused("signature does not match"),
    );
    expect(await inline(await sign(ec), [])).toEqual(refused("no key fits"));
  });

  it("do not get into the issuer's cache, nor its keys into theirs", async () => {
    const world = worldWith([ec.publicJwk]);
    const own = read(await sign(stranger, goodPayload(), { kid: "ec" }));
    const policyKeys = { keys: [{ ...stranger.publicJwk, kid: "ec" }] };
    expect((await world.verifier.verifyInline(own, policyKeys)).ok).toBe(true);
    expect((await world.verifier.verify(own, { known: false })).ok).toBe(false);
    expect((await world.verifier.verify(read(await sign(ec)), { known: false })).ok).toBe(true);
    expect((await world.verifier.verifyInline(read(await sign(ec)), policyKeys)).ok).toBe(false);
  });
});

describe("time", () => {
  it("that passes while keys are fetched counts", async () => {
    const world = worldWith([ec.publicJwk]);
    const keys = world.network.answerAt(keySetOf(ISSUER));
    world.network.answer(keySetOf(ISSUER), (request: Request) => {
      world.clock.now += 5_000;
      return keys?.(request) ?? new Response(null, { status: 404 });
    });
    const token = read(await sign(ec, goodPayload({ exp: NOW_SECONDS + 4 })));
    expect(await world.verifier.verify(token, { known: true })).toEqual({
      ok: false,
      denial: { reason: "token_expired", seconds: 1, serverTime: NOW_SECONDS + 5 },
    });
  });

  it("that passed between reading and verifying counts for inline keys too", async () => {
    const world = createVerifierWorld();
    const token = read(await sign(ec), NOW);
    world.clock.now += 301_000;
    expect(await world.verifier.verifyInline(token, { keys: [ec.publicJwk] })).toMatchObject({
      denial: { reason: "token_expired" },
    });
  });
});

describe("warmth", () => {
  it("says whether the issuer would be asked, and asks nobody", async () => {
    const world = worldWith([ec.publicJwk], ["ES256"]);
    const payload = goodPayload({ exp: NOW_SECONDS + 90_000 });
    const [known, unknown, elsewhere, hopeless] = [
      read(await sign(ec, payload)),
      read(await sign(stranger, payload)),
      read(await sign(rsa, payload, { kid: undefined })),
      read(join({ alg: "ES256" }, payload, "AAAA")),
    ];
    const warmth = () =>
      Promise.all([known, unknown, elsewhere, hopeless].map((token) => world.verifier.needsNoFetch(token)));

    expect(await warmth()).toEqual([false, false, false, true]);
    await world.verifier.verify(known, { known: true });
    world.network.forgetCalls();
    expect(await warmth()).toEqual([true, false, false, true]);
    for (let i = 0; i < ISSUER_REFETCHES_MAX; i++) await world.verifier.verify(unknown, { known: true });
    world.network.forgetCalls();
    expect(await warmth()).toEqual([true, true, true, true]);
    world.clock.now += ISSUER_REFETCH_WINDOW_MS;
    expect(await warmth()).toEqual([true, false, false, true]);
    world.clock.now += ISSUER_KEYS_FRESH_MS;
    expect(await warmth()).toEqual([false, false, false, true]);
    expect(world.network.urls()).toEqual([]);
  });

  it("holds while a failure is remembered", async () => {
    const world = createVerifierWorld();
    const token = read(await sign(ec, goodPayload({ exp: NOW_SECONDS + 90_000 })));
    await world.verifier.verify(token, { known: true });
    expect(await world.verifier.needsNoFetch(token)).toBe(true);
    world.clock.now += ISSUER_NEGATIVE_MS;
    expect(await world.verifier.needsNoFetch(token)).toBe(false);
  });
});

describe("imported keys", () => {
  it("are imported once, whatever the number of tokens", async () => {
    const world = worldWith([ec.publicJwk, rsa.publicJwk]);
    const own = crypto.subtle.importKey;
    let imports = 0;
    const token = await sign(ec);
    crypto.subtle.importKey = ((...args: Parameters<typeof own>) => {
      imports++;
      return own.apply(crypto.subtle, args);
    }) as typeof own;
    try {
      for (let at = 0; at < 5; at++) expect(await outcomeOf(world, token)).toBe("accepted");
    } finally {
      crypto.subtle.importKey = own;
    }
    expect(imports).toBe(1);
  });
});
