// The token and the request of one step. Web Crypto only.

import { KEY_KINDS, type KeyKind } from "../../emulators/core/keys.ts";
import type { SignOptions } from "../../emulators/oidc.ts";
import { type Fill, filler, fillRecord, type Names } from "./names.ts";
import type { CaseWorld } from "./populate.ts";
import type { VectorStep, VectorToken } from "./vector.ts";

function kindOf(text: string): KeyKind {
  const kind = KEY_KINDS.find((one) => one === text);
  if (kind === undefined) throw new Error(`no such key: ${text}`);
  return kind;
}

/** "rsa", or "issuer:rsa" for the key of another issuer. */
function signer(world: CaseWorld, key: string): Pick<SignOptions, "key" | "signer"> {
  const colon = key.lastIndexOf(":");
  if (colon < 0) return { key: kindOf(key) };
  const other = world.network.issuers.issuer(key.slice(0, colon));
  return { key: kindOf(key.slice(colon + 1)), signer: other };
}

function options(world: CaseWorld, token: VectorToken): SignOptions {
  const { fill } = world;
  return {
    ...(token.key === undefined ? {} : signer(world, fill(token.key))),
    ...(token.alg === undefined ? {} : { alg: token.alg }),
    ...(token.kid === undefined ? {} : { kid: fill(token.kid) }),
    ...(token.exp === undefined ? {} : { exp: token.exp }),
    ...(token.iat === undefined ? {} : { iat: token.iat }),
    ...(token.nbf === undefined ? {} : { nbf: token.nbf }),
    ...(token.header === undefined ? {} : { header: fillRecord(token.header, fill) }),
    ...(token.tamper === undefined ? {} : { tamper: fill(token.tamper) }),
  };
}

/** The OIDC token of a step. */
export async function tokenFor(world: CaseWorld, token: VectorToken): Promise<string> {
  const { fill, names } = world;
  if (token.raw !== undefined) return fill(token.raw);
  const claims = {
    iss: token.iss ?? "{issuer}",
    sub: token.sub ?? "repo:{owner}/app:ref:refs/heads/main",
    aud: token.aud ?? "{domain}",
    ...token.claims,
  };
  const issuer = world.network.issuers.issuer(names.issname);
  return issuer.sign(fillRecord(claims, fill), options(world, token));
}

function queryOf(step: VectorStep, fill: Fill): string {
  if (step.query !== undefined) return step.query === "" ? "" : `?${fill(step.query)}`;
  const identity = fill(step.identity ?? "ok");
  const scope = fill(step.scope ?? "{owner}/app");
  return `?${new URLSearchParams([
    ["identity", identity],
    ["scope", scope],
  ])}`;
}

/** The request of a step. A GET has no body: a Request object refuses one. */
export function requestFor(names: Names, step: VectorStep, token: string): Request {
  const fill = filler(names, token);
  const headers = new Headers({ "cf-connecting-ip": names.address });
  for (const [name, value] of Object.entries(step.headers ?? {})) headers.set(name, fill(value));
  for (const value of step.auth ?? ["Bearer {token}"]) headers.append("authorization", fill(value));
  const method = step.method ?? "GET";
  const body = step.body === undefined || method === "GET" || method === "HEAD" ? null : fill(step.body);
  const url = `https://${names.domain}${fill(step.path ?? "/sts/exchange")}${queryOf(step, fill)}`;
  return new Request(url, { method, headers, body, redirect: "manual" });
}
