import { base64url } from "jose";
import { describe, expect, it } from "vitest";
import { ALGORITHMS } from "../../policies/algorithms.ts";
import { keysFor, usableKeys } from "../../worker/oidc/jwk.ts";

const RSA = { kty: "RSA", n: base64url.encode(new Uint8Array(256).fill(0xff)), e: "AQAB" };
const P256 = {
  kty: "EC",
  crv: "P-256",
  x: base64url.encode(new Uint8Array(32).fill(9)),
  y: base64url.encode(new Uint8Array(32).fill(9)),
};
const ED = { kty: "OKP", crv: "Ed25519", x: P256.x };

describe("the usable ones among published keys", () => {
  it("are taken, whatever stands beside them", () => {
    expect(usableKeys([{ kty: "oct", k: "x" }, RSA, null, ED]).map((key) => key.kind)).toEqual(["RSA", "Ed25519"]);
  });
});

describe("the keys to try", () => {
  const key = (kid: string | undefined, over: object = {}) => ({
    ...RSA,
    ...(kid === undefined ? {} : { kid }),
    ...over,
  });
  const rs256 = ALGORITHMS.get("RS256");
  const kids = (published: readonly unknown[], kid?: string): (string | undefined)[] =>
    rs256 ? keysFor(usableKeys(published), rs256, kid).map((usable) => usable.kid) : [];

  it("with a kid are those of that kid", () => {
    expect(kids([key("a"), key("b"), key(undefined), key("A")], "a")).toEqual(["a"]);
    expect(kids([key("a"), key(undefined)], "b")).toEqual([]);
    expect(kids([key("a"), key("a", { e: "Aw" })], "a")).toEqual(["a", "a"]);
  });

  it("are of the right kind and for this algorithm", () => {
    expect(kids([{ ...P256, kid: "a" }, key("a", { alg: "PS256" }), key("a", { alg: "RS512" })], "a")).toEqual([]);
    expect(kids([key("a", { alg: "RS256" }), key("b", { alg: "rs256" }), key("c")])).toEqual(["a", "c"]);
  });

  it.each(["EdDSA", "Ed25519"])("are those of Ed25519 under either of its names: %s", (name) => {
    const algorithm = ALGORITHMS.get(name);
    const published = usableKeys(["EdDSA", "Ed25519"].map((alg) => ({ ...ED, alg, kid: alg })));
    expect(algorithm && keysFor(published, algorithm, undefined).map(({ kid }) => kid)).toEqual(["EdDSA", "Ed25519"]);
  });

  it("without a kid are the first four that fit", () => {
    expect(kids([{ ...ED, kid: "ed" }, ...["a", "b", "c", "d", "e"].map((kid) => key(kid))])).toEqual([
      "a",
      "b",
      "c",
      "d",
    ]);
  });
});
