import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { ALL_ALGORITHMS, ISSUER, join } from "../support/signer.ts";
import { makeValid, type Valid } from "./mutations.ts";
import type { VerifierWorld } from "./verifier.ts";
import { createVerifierWorld, outcomeOf, read } from "./verifier.ts";

/** Few by default; `npm run fuzz` asks for 100,000. */
const RUNS = Number(import.meta.env.VITE_FUZZ_RUNS ?? 500);

let world: VerifierWorld;
let valid: readonly Valid[];

beforeAll(async () => {
  world = createVerifierWorld();
  const made = await Promise.all(ALL_ALGORITHMS.map(makeValid));
  // Half of the issuer's keys say which algorithm they are for; all have the same kid, so that every one that fits is tried.
  const keys = made.map(({ signer }, at) => ({ ...signer.publicJwk, ...(at % 2 === 0 ? { alg: undefined } : {}) }));
  world.network.publish(ISSUER, keys, { id_token_signing_alg_values_supported: ALL_ALGORITHMS });
  // RS and PS keys are tried four at a time at most, so only tokens that are accepted as they are may count.
  const outcomes = await Promise.all(made.map(({ token }) => outcomeOf(world, token)));
  valid = made.filter((_, at) => outcomes[at] === "accepted");
});

const character = fc.constantFrom(..."ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/ \n\0");
const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const which = fc.nat({ max: 1_000 });

/** What to do to a token's text: where, and with what. */
type Edit = (text: string, others: readonly string[]) => string;

const edits: fc.Arbitrary<Edit> = fc.oneof(
  fc.tuple(share, character).map(
    ([at, c]): Edit =>
      (text) =>
        splice(text, at, 1, c),
  ),
  fc.tuple(share, character).map(
    ([at, c]): Edit =>
      (text) =>
        splice(text, at, 0, c),
  ),
  fc.tuple(share, fc.nat({ max: 40 })).map(
    ([at, length]): Edit =>
      (text) =>
        splice(text, at, length, ""),
  ),
  fc.tuple(share, share).map(
    ([at, from]): Edit =>
      (text) =>
        splice(text, at, 0, text.slice(index(text, from))),
  ),
  fc.tuple(which, fc.nat({ max: 2 })).map(
    ([other, part]): Edit =>
      (text, others) =>
        withPart(text, part, others[other % others.length] ?? ""),
  ),
  fc.tuple(share, fc.string({ maxLength: 20, unit: "binary" })).map(
    ([at, more]): Edit =>
      (text) =>
        splice(text, at, 0, more),
  ),
  fc.constant<Edit>((text) => text.toUpperCase()),
  fc.constant<Edit>((text) => text.split(".").reverse().join(".")),
);

const index = (text: string, at: number): number => Math.floor(at * (text.length + 1));
const splice = (text: string, at: number, length: number, more: string): string =>
  text.slice(0, index(text, at)) + more + text.slice(index(text, at) + length);

function withPart(text: string, part: number, other: string): string {
  const parts = text.split(".");
  parts[part] = other.split(".")[part] ?? "";
  return parts.join(".");
}

const claim = fc.constantFrom(
  "iss",
  "sub",
  "aud",
  "exp",
  "nbf",
  "iat",
  "alg",
  "kid",
  "typ",
  "crit",
  "b64",
  "jwk",
  "__proto__",
  "constructor",
  "toString",
);

/** Another header or payload under the signature of the old one. */
const rewritten: fc.Arbitrary<(valid: Valid) => string> = fc
  .tuple(fc.boolean(), fc.dictionary(fc.oneof(claim, fc.string()), fc.jsonValue({ maxDepth: 3 }), { maxKeys: 4 }))
  .map(
    ([inHeader, over]) =>
      ({ header, payload, signature }: Valid) =>
        join(inHeader ? { ...header, ...over } : header, inHeader ? payload : { ...payload, ...over }, signature),
  );

const hostile: fc.Arbitrary<(valid: Valid, others: readonly string[]) => string> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc
      .array(edits, { minLength: 1, maxLength: 4 })
      .map(
        (list) => (own: Valid, others: readonly string[]) => list.reduce((text, edit) => edit(text, others), own.token),
      ),
  },
  { weight: 2, arbitrary: rewritten },
  { weight: 1, arbitrary: fc.string({ maxLength: 200 }).map((text) => () => text) },
);

it("starts from tokens that are accepted, of every kind of key", () => {
  expect(valid.map(({ signer }) => signer.alg)).toEqual(
    expect.arrayContaining(["RS256", "PS256", "ES256", "ES384", "ES512", "EdDSA"]),
  );
});

it(`accepts none of ${RUNS} changed tokens whose signed bytes differ, and never throws`, async () => {
  const others = valid.map(({ token }) => token);
  const signedTexts = new Set(valid.map(({ input }) => input));
  const count = new Map<string, number>();
  await fc.assert(
    fc.asyncProperty(which, hostile, async (own, change) => {
      const origin = valid[own % valid.length];
      if (!origin) throw new Error("there is no valid token to start from");
      const token = change(origin, others);
      const outcome = await outcomeOf(world, token);
      count.set(outcome, (count.get(outcome) ?? 0) + 1);
      // An outage would be a 5xx, and no token can cause one: but for a changed issuer, of whom an exchange would ask nothing, and
      // the fourth unknown key id, as the issuer was asked for new keys often enough.
      if (outcome === "issuer_unreachable") {
        const { issuer, header } = read(token, world.clock.now);
        expect([issuer, header.kid]).not.toEqual([ISSUER, origin.signer.kid]);
      }
      if (outcome === "accepted") expect(signedTexts).toContain(token.slice(0, token.lastIndexOf(".")));
    }),
    { numRuns: RUNS },
  );
  // A run that never gets as far as a signature, or to the syntax, has tried nothing.
  expect([...count.keys()]).toEqual(expect.arrayContaining(["signature_invalid", "token_malformed"]));
}, 600_000);
