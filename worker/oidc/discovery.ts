/**
 * The two documents of an issuer: discovery and key set (OpenID Connect Discovery 1.0). Every answer is bounded and judged
 * here; nothing is cached here, and no text of an answer goes into a problem.
 */

import { ALGORITHMS } from "../../policies/algorithms.ts";
import { type FetchRules, fetchTarget } from "../../policies/fetch-target.ts";
import type { PublicJwk } from "../../policies/jwk.ts";
import { isObject } from "../../policies/objects.ts";
import type { Call } from "../event.ts";
import {
  DISCOVERY_MAX_BYTES,
  ISSUER_REDIRECTS_MAX,
  ISSUER_TIMEOUT_MS,
  JWKS_MAX_BYTES,
  JWKS_MAX_KEYS,
  RETRY_JITTER_MAX_MS,
} from "../limits.ts";
import type { TimeLeft } from "../store/deadline.ts";
import { type Bounds, boundedFetch, type Fetched, type Fetcher, parseJson, type RequestParts } from "../store/fetch.ts";
import { pause } from "../store/pause.ts";
import { usableKeys } from "./jwk.ts";

export interface DocumentDeps {
  readonly fetcher: Fetcher;
  /** Ms since the epoch. */
  readonly now: () => number;
  /** In [0, 1). */
  readonly random: () => number;
  readonly rules: FetchRules;
  /** Per call; the limit of `limits.ts` unless a test is in a hurry. */
  readonly timeoutMs?: number;
}

/** What an issuer published, reduced to what verification needs. */
export interface IssuerKeys {
  readonly issuer: string;
  /** What its tokens may be signed with: never empty, all on our list. */
  readonly algorithms: readonly string[];
  readonly jwks: readonly PublicJwk[];
}

/** `issuer_unreachable` may be over in a moment; the other two are the issuer's own word. */
export interface KeysFailure {
  readonly reason: "issuer_unreachable" | "issuer_invalid" | "signature_invalid";
  readonly problem: string;
}

export type DocumentResult<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly failure: KeysFailure };

/** Discovery, then the key set: two calls, each with at most one retry and two redirects. */
export async function fetchIssuerKeys(
  deps: DocumentDeps,
  issuer: string,
  { deadline, called }: Pick<Wanted, "deadline" | "called">,
): Promise<DocumentResult<IssuerKeys>> {
  const discovery = await fetchDocument(deps, { ...DISCOVERY, text: discoveryUrl(issuer), deadline, called });
  if (!discovery.ok) return discovery;
  const metadata = readMetadata(discovery.value, issuer);
  if (typeof metadata === "string") return fail("issuer_invalid", metadata);
  const keySet = await fetchDocument(deps, { ...KEY_SET, text: metadata.keySetUrl, deadline, called });
  if (!keySet.ok) return keySet;
  const jwks = readKeySet(keySet.value);
  if (typeof jwks === "string") return fail("signature_invalid", jwks);
  return { ok: true, value: { issuer, algorithms: metadata.algorithms, jwks } };
}

const fail = (reason: KeysFailure["reason"], problem: string): DocumentResult<never> => ({
  ok: false,
  failure: { reason, problem },
});

/** The final slash belongs to the issuer, not to the address (OpenID Connect Discovery section 4.1). */
const discoveryUrl = (issuer: string): string => `${issuer.replace(/\/$/, "")}/.well-known/openid-configuration`;

/** What an issuer's tokens may be signed with when its discovery document names nothing that we have (OpenID Connect Core 2). */
const DEFAULT_ALGORITHMS: readonly string[] = ["RS256"];

interface Metadata {
  readonly keySetUrl: string;
  readonly algorithms: readonly string[];
}

function readMetadata(document: unknown, issuer: string): Metadata | string {
  if (!isObject(document)) return "discovery is not a JSON object";
  // Byte for byte: else one host could speak for another (OpenID Connect Discovery section 4.3).
  if (document.issuer !== issuer) return "discovery names another issuer";
  if (typeof document.jwks_uri !== "string") return "discovery names no key set";
  const advertised = document.id_token_signing_alg_values_supported ?? [];
  if (!Array.isArray(advertised)) return "discovery has a wrong list of algorithms";
  const ours = advertised.filter((name) => typeof name === "string" && ALGORITHMS.has(name));
  return { keySetUrl: document.jwks_uri, algorithms: ours.length > 0 ? [...new Set(ours)] : DEFAULT_ALGORITHMS };
}

function readKeySet(document: unknown): PublicJwk[] | string {
  if (!isObject(document) || !Array.isArray(document.keys)) return "key set is not a JSON object with keys";
  if (document.keys.length > JWKS_MAX_KEYS) return `key set has more than ${JWKS_MAX_KEYS} keys`;
  const keys = usableKeys(document.keys);
  return keys.length > 0 ? keys : "key set has no usable key";
}

/** The discovery document or the key set: its name in problems, and the reason of the refusal when its content is wrong. */
interface DocumentKind {
  readonly name: string;
  /** As the audit event has it. */
  readonly route: string;
  readonly wrong: "issuer_invalid" | "signature_invalid";
  readonly maxBytes: number;
}

const DISCOVERY: DocumentKind = {
  name: "discovery",
  route: "GET {issuer}/.well-known/openid-configuration",
  wrong: "issuer_invalid",
  maxBytes: DISCOVERY_MAX_BYTES,
};
const KEY_SET: DocumentKind = {
  name: "key set",
  route: "GET {jwks_uri}",
  wrong: "signature_invalid",
  maxBytes: JWKS_MAX_BYTES,
};

interface Wanted extends DocumentKind {
  readonly text: string;
  readonly deadline?: TimeLeft | undefined;
  /** Called for each call. */
  readonly called?: ((call: Call) => void) | undefined;
}

async function fetchDocument(deps: DocumentDeps, wanted: Wanted): Promise<DocumentResult<unknown>> {
  const target = fetchTarget(wanted.text, deps.rules);
  if (!target) return fail(wanted.wrong, `${wanted.name}: address may not be fetched`);
  const bounds: Bounds = {
    timeoutMs: deps.timeoutMs ?? ISSUER_TIMEOUT_MS,
    maxBytes: wanted.maxBytes,
    deadline: wanted.deadline,
  };
  const told = (outcome: Call["outcome"], milliseconds: number) =>
    wanted.called?.({ route: wanted.route, outcome, milliseconds });
  let answer = await follow(deps, target, bounds, told);
  if (mayPass(answer)) {
    await pause(deps.random() * RETRY_JITTER_MAX_MS);
    answer = await follow(deps, target, bounds, told);
  }
  return judge(answer, wanted);
}

/** What a second try may mend. A timeout has used up its time, and who answers 429 wants to be left alone. */
const mayPass = (answer: Followed): boolean =>
  answer.kind === "failure"
    ? answer.failure === "network" || answer.failure === "cut"
    : answer.kind === "response" && answer.status >= 500;

function judge(answer: Followed, { name, wrong }: DocumentKind): DocumentResult<unknown> {
  if (answer.kind === "misled") return fail(wrong, `${name}: redirected too often or elsewhere`);
  if (answer.kind === "failure") {
    return answer.failure === "too_large"
      ? fail(wrong, `${name}: too large`)
      : fail("issuer_unreachable", `${name}: ${answer.failure}`);
  }
  const { status, body } = answer;
  if (status >= 500 || status === 429) return fail("issuer_unreachable", `${name}: status ${status}`);
  if (status !== 200) return fail(wrong, `${name}: status ${status}`);
  const json = parseJson(body);
  return json === undefined ? fail(wrong, `${name}: not JSON`) : { ok: true, value: json };
}

type Followed = Fetched | { readonly kind: "misled" };

/** Redirects by hand: each target is judged like the first, and must be of the first one's origin. */
async function follow(
  deps: DocumentDeps,
  start: URL,
  bounds: Bounds,
  told: (outcome: Call["outcome"], milliseconds: number) => void,
): Promise<Followed> {
  let url = start;
  for (let redirects = 0; ; redirects++) {
    const askedAt = deps.now();
    const answer = await boundedFetch(deps.fetcher, documentRequest(url), bounds);
    told(answer.kind === "failure" ? answer.failure : answer.status, deps.now() - askedAt);
    if (answer.kind === "failure" || !isRedirect(answer.status)) return answer;
    const next = redirects < ISSUER_REDIRECTS_MAX ? redirectTarget(deps, url, answer.headers) : undefined;
    if (next?.origin !== start.origin) return { kind: "misled" };
    url = next;
  }
}

const documentRequest = (url: URL): RequestParts => ({
  url: url.href,
  headers: { Accept: "application/json", "User-Agent": "octo-sts-edge" },
  redirect: "manual",
  // How old a key set may be is decided by our own caches alone.
  cache: "no-store",
});

const isRedirect = (status: number): boolean => [301, 302, 303, 307, 308].includes(status);

function redirectTarget(deps: DocumentDeps, from: URL, headers: Headers): URL | undefined {
  const location = headers.get("Location");
  if (location === null || !URL.canParse(location, from)) return undefined;
  return fetchTarget(new URL(location, from).href, deps.rules);
}
