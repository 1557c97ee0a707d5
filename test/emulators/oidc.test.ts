// The emulated issuers: documents, keys that come and go, tokens good and spoiled.

import { createLocalJWKSet, decodeProtectedHeader, type JSONWebKeySet, jwtVerify } from "jose";
import { describe, expect, it } from "vitest";
import { fromBase64Url } from "./core/base64.ts";
import { createIssuers, type Issuer, type IssuersOptions } from "./oidc.ts";

const BASE = "https://issuers.example";
const CLAIMS = { sub: "me", aud: "sts.example" };

function world(options: Partial<IssuersOptions> = {}) {
  const clock = { now: Date.now() };
  const issuers = createIssuers({ base: BASE, now: () => clock.now, ...options });
  return { issuers, clock, ci: issuers.issuer("ci", { keys: ["rsa", "ec", "ec384", "ec521", "ed"] }) };
}

/** The verified claims, by the keys that the issuer publishes; null when none verifies. */
async function verified(issuer: Issuer, token: string): Promise<unknown> {
  const keys = (await issuer.jwks()).keys.map(({ alg: _alg, ...key }) => key); // one RSA key serves six algorithms here
  const set = createLocalJWKSet({ keys } as JSONWebKeySet); // kty is there: the keys are exported ones
  return jwtVerify(token, set).then(
    ({ payload }) => payload,
    () => null,
  );
}

function payloadText(token: string): string {
  return new TextDecoder().decode(fromBase64Url(token.split(".")[1] ?? ""));
}

describe("documents", () => {
  it("are discovery and keys below the issuer's path, and 404 elsewhere", async () => {
    const { issuers } = world();
    const discovery = await (await issuers.fetch(`${BASE}/ci/.well-known/openid-configuration`)).json();
    expect(discovery).toMatchObject({ issuer: `${BASE}/ci`, jwks_uri: `${BASE}/ci/jwks` });
    const jwks = await issuers.fetch(`${BASE}/ci/jwks`);
    expect(jwks.status).toBe(200);
    expect((await issuers.fetch(`${BASE}/nobody/jwks`)).status).toBe(404);
    expect((await issuers.fetch(`${BASE}/ci/other`)).status).toBe(404);
    expect(issuers.calls.map((call) => call.route)).toEqual(["oidc.discovery", "oidc.jwks", "oidc.jwks", "oidc.other"]);
  });

  it("come for every path when issuers are made on demand, and for the base itself", async () => {
    const { issuers } = world({ onDemand: true });
    const anyone = await issuers.fetch(`${BASE}/a/b/.well-known/openid-configuration`);
    expect(await anyone.json()).toMatchObject({ issuer: `${BASE}/a/b` });
    const root = await issuers.fetch(`${BASE}/.well-known/openid-configuration`);
    expect(await root.json()).toMatchObject({ issuer: BASE });
  });

  it("say what they are told to say", async () => {
    const { issuers, ci } = world();
    issuers.issuer("ci", {
      disc_iss: "https://else",
      jwks_uri: "https://keys",
      algs: ["RS256"],
      no_kid: true,
      extra_keys: 3,
    });
    expect(ci.discovery()).toMatchObject({
      issuer: "https://else",
      jwks_uri: "https://keys",
      id_token_signing_alg_values_supported: ["RS256"],
    });
    expect((await ci.jwks()).keys.map((key) => key.kid)).toEqual([
      "other-0",
      "other-1",
      "other-2",
      ...Array(5).fill(undefined),
    ]);
  });

  it("hold no private members", async () => {
    const { ci } = world();
    for (const key of (await ci.jwks()).keys)
      expect(Object.keys(key).filter((name) => /^(d|p|q|dp|dq|qi|k)$/.test(name))).toEqual([]);
  });
});

describe("tokens", () => {
  it.each("RS256 RS384 RS512 PS256 PS384 PS512 ES256 ES384 ES512 EdDSA".split(" "))("verify with %s", async (alg) => {
    const { ci, clock } = world();
    const nowS = Math.floor(clock.now / 1000);
    const token = await ci.sign(CLAIMS, { alg });
    expect(decodeProtectedHeader(token).alg).toBe(alg);
    expect(await verified(ci, token)).toEqual({ iss: ci.url, ...CLAIMS, iat: nowS, exp: nowS + 600 });
  });

  it("carry times, header and claims as asked; null leaves out", async () => {
    const { ci, clock } = world();
    const nowS = Math.floor(clock.now / 1000);
    const options = { exp: -60, iat: -120, nbf: 5, kid: "", header: { typ: null, x: 1 } };
    const token = await ci.sign({ ...CLAIMS, iss: "https://else", aud: null }, options);
    expect(decodeProtectedHeader(token)).toEqual({ alg: "RS256", x: 1 });
    expect(JSON.parse(payloadText(token))).toEqual({
      iss: "https://else",
      sub: "me",
      iat: nowS - 120,
      exp: nowS - 60,
      nbf: nowS + 5,
    });
  });

  it("of one issuer do not verify with another's keys, even under its kid", async () => {
    const { issuers, ci } = world();
    const evil = issuers.issuer("evil");
    expect(await verified(ci, await ci.sign(CLAIMS, { signer: evil }))).toBe(null);
    expect(await verified(ci, await ci.sign(CLAIMS, { signer: evil, kid: "ci-rsa-1" }))).toBe(null);
  });
});

describe("rotation", () => {
  it("signs with the new key and keeps the old one published, unless it is dropped", async () => {
    const { ci } = world();
    const before = await ci.sign(CLAIMS);
    ci.rotate("rsa");
    const after = await ci.sign(CLAIMS);
    expect(decodeProtectedHeader(after).kid).toBe("ci-rsa-2");
    expect([await verified(ci, before), await verified(ci, after)]).not.toContain(null);
    ci.rotate("rsa", { drop: true });
    expect([await verified(ci, before), await verified(ci, after)]).toEqual([null, null]);
    expect(await verified(ci, await ci.sign(CLAIMS))).not.toBe(null);
  });

  it("hides and publishes keys", async () => {
    const { ci } = world();
    const token = await ci.sign(CLAIMS);
    ci.hide("rsa");
    expect(await verified(ci, token)).toBe(null);
    ci.publish("rsa");
    expect(await verified(ci, token)).not.toBe(null);
  });
});

describe("tampering", () => {
  it("keeps the signature good where only the claims are odd", async () => {
    const { ci } = world();
    const texts: Record<string, string> = {};
    for (const tamper of ["dup-sub-first=you", "dup-iss-first=x", "dup-iss-last=x", "case-sub=you", "huge=9"]) {
      const token = await ci.sign({ sub: "me" }, { tamper });
      expect(await verified(ci, token)).not.toBe(null);
      texts[tamper] = payloadText(token)
        .replace(/"(iat|exp)":\d+,?/g, "")
        .replace(ci.url, "URL")
        .replace(",}", "}");
    }
    expect(texts).toEqual({
      "dup-sub-first=you": '{"sub":"you","iss":"URL","sub":"me"}',
      "dup-iss-first=x": '{"iss":"x","iss":"URL","sub":"me"}',
      "dup-iss-last=x": '{"iss":"URL","sub":"me","iss":"x"}',
      "case-sub=you": '{"iss":"URL","sub":"me","Sub":"you"}',
      "huge=9": '{"iss":"URL","sub":"me","padding":"xxxxxxxxx"}',
    });
  });

  it("has as many parts as the tamper says", async () => {
    const { ci } = world();
    const count = async (tamper: string) => (await ci.sign(CLAIMS, { tamper })).split(".").length;
    expect(
      await Promise.all(["two-parts", "alg-none-two-parts", "alg-none", "four-parts", "five-parts"].map(count)),
    ).toEqual([2, 2, 3, 4, 5]);
    expect(await ci.sign(CLAIMS, { tamper: "alg-none" })).toMatch(/\.$/);
  });

  it("names the algorithm it pretends", async () => {
    const { ci } = world();
    const alg = async (tamper: string) => decodeProtectedHeader(await ci.sign(CLAIMS, { tamper })).alg;
    expect(await Promise.all(["alg-none", "alg-None", "header-alg=XX999", "hs256-pub-pem"].map(alg))).toEqual([
      "none",
      "NoNe",
      "XX999",
      "HS256",
    ]);
  });

  it("spoils the rest so that nothing verifies", async () => {
    const { ci } = world();
    for (const tamper of [
      ..."flip-sig flip-payload=you bad-b64-header bad-b64-payload payload-array payload-text payload-trailing".split(
        " ",
      ),
      ..."two-parts four-parts alg-none alg-None header-alg=ES256 hs256-pub-pem".split(" "),
    ]) {
      expect([tamper, await verified(ci, await ci.sign(CLAIMS, { tamper }))]).toEqual([tamper, null]);
    }
    const der = await ci.sign(CLAIMS, { alg: "ES256", tamper: "der-sig" });
    expect(fromBase64Url(der.split(".")[2] ?? "")[0]).toBe(0x30);
    expect(await verified(ci, der)).toBe(null);
    const flipped = await ci.sign(CLAIMS, { tamper: "flip-payload=you" });
    expect(JSON.parse(payloadText(flipped)).sub).toBe("you");
    const self = await ci.sign(CLAIMS, { tamper: "self-signed" });
    expect(decodeProtectedHeader(self).jwk).toMatchObject({ kty: "RSA" });
    expect((await ci.sign(CLAIMS, { tamper: "spaces" })).split(".")[2]).toContain(" ");
  });

  it("refuses a kind that it does not know", async () => {
    const { ci } = world();
    await expect(ci.sign(CLAIMS, { tamper: "flip-everything" })).rejects.toThrow("no such tamper: flip-everything");
  });
});
