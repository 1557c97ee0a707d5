/**
 * The one caller of GitHub's API. It sends a request within its bounds, repeats it where its route allows, and hands back a settled
 * response.
 */

import type { CacheName, CacheResult, Call, Count } from "../event.ts";
import {
  GITHUB_ANSWER_MAX_BYTES,
  GITHUB_TIMEOUT_MS,
  LATE_ANSWER_MS,
  RETRY_JITTER_MAX_MS,
  REVOCATION_WAITS_MS,
} from "../limits.ts";
import type { Writes } from "../store/cache.ts";
import type { TimeLeft } from "../store/deadline.ts";
import { type Bounds, boundedFetch, type Fetched, type Fetcher, parseJson } from "../store/fetch.ts";
import { pause } from "../store/pause.ts";
import { type ApiRequest, RequestBuilder } from "./request.ts";
import { type ApiResponse, type ApiResult, denialOf, type Lookup, resultOf } from "./response.ts";

/** What one exchange lends to each of its calls. */
export interface CallContext {
  /** The exchange's own. */
  readonly deadline: TimeLeft;
  readonly writes?: Writes | undefined;
  /** Takes work that outlives the answer (`waitUntil`). */
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Called for what the audit event counts. */
  readonly count?: ((what: Count) => void) | undefined;
  /** Called for each call; without it the log is told of them. */
  readonly called?: ((call: Call) => void) | undefined;
  /** Called for each look at what is remembered. */
  readonly cached?: ((cache: CacheName, result: CacheResult) => void) | undefined;
}

export interface ApiDeps {
  readonly fetcher: Fetcher;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
  /** REST base, perhaps with a path (`https://ghes.example/api/v3`). */
  readonly apiUrl: string;
  /** How long one call may take, if not GITHUB_TIMEOUT_MS. */
  readonly timeoutMs?: number | undefined;
  readonly log?: ((line: object) => void) | undefined;
}

const REQUEST_ID = /^[A-Za-z0-9:-]{1,100}$/;

/** Sends what is to be sent, with whatever token. */
export class Api {
  readonly #deps: ApiDeps;
  readonly #requests: RequestBuilder;

  constructor(deps: ApiDeps) {
    this.#deps = deps;
    this.#requests = new RequestBuilder(deps.apiUrl);
  }

  /** Never throws for what the outside world does. Throws for a path that its caller should have refused. */
  async send(request: ApiRequest, call: CallContext): Promise<ApiResponse> {
    for (let attempt = 1; ; attempt += 1) {
      const response = await this.#sendOnce(request, call);
      if (attempt >= attemptsOf(request) || !this.#isWorthRepeating(response, request)) return response;
      request.onUnused?.(response);
      const jitterMs = attempt * this.#deps.random() * RETRY_JITTER_MAX_MS;
      await pause(Math.min(jitterMs + waitMs(request, attempt), call.deadline.leftMs));
      if (call.deadline.leftMs === 0) return { kind: "failure", failure: "deadline" };
      call.count?.("github_retries");
    }
  }

  #isWorthRepeating(response: ApiResponse, { retry }: ApiRequest): boolean {
    if (response.kind === "failure" && (response.failure === "network" || response.failure === "cut")) return true;
    if (retry !== "insist") return response.kind === "response" && response.status >= 500;
    const { kind } = resultOf(response, this.#deps.now());
    return kind === "unavailable" || kind === "rate_limited";
  }

  async #sendOnce(request: ApiRequest, call: CallContext): Promise<ApiResponse> {
    if (call.deadline.leftMs === 0) return { kind: "failure", failure: "deadline" };
    call.count?.("github_calls");
    const { fetcher, now, log } = this.#deps;
    const started = now();
    const fetched = await boundedFetch(fetcher, this.#requests.build(request), this.#boundsOf(request, call));
    const response = settled(fetched, call.deadline);
    const made = callOf(request.route, response, now() - started);
    if (call.called) call.called(made);
    else log?.({ event: "github_call", ...made });
    return response;
  }

  #boundsOf({ timeoutMs, maxBytes, onUnused }: ApiRequest, { deadline, waitUntil }: CallContext): Bounds {
    const bounds = {
      timeoutMs: timeoutMs ?? this.#deps.timeoutMs ?? GITHUB_TIMEOUT_MS,
      maxBytes: maxBytes ?? GITHUB_ANSWER_MAX_BYTES,
      deadline,
    };
    if (onUnused === undefined) return bounds;
    const hear = (late: Promise<Fetched>) => waitUntil(late.then((fetched) => onUnused(settled(fetched, deadline))));
    return { ...bounds, keepPart: true, late: { maxMs: LATE_ANSWER_MS, hear } };
  }
}

export interface RepositoryRef {
  readonly owner: string;
  readonly repository: string;
}

/** The problem of a denial where GitHub does not take the token: it may be new, or dead. */
export const TOKEN_REFUSED = "the token was refused";

/** Calls with an installation's token. */
export interface TokenApi {
  ask(request: ApiRequest, call: CallContext): Promise<ApiResult>;
}

/** What lies at a route, as seen with an installation's token. `parse` gives undefined for JSON that is not of its kind. */
export async function lookUp<T>(
  api: TokenApi,
  request: ApiRequest,
  parse: (json: unknown) => T | undefined,
  call: CallContext,
): Promise<Lookup<T>> {
  const { route, path } = request;
  const result = await api.ask(request, call);
  switch (result.kind) {
    case "success": {
      const value = parse(result.json);
      if (value !== undefined) return { kind: "found", value };
      break;
    }
    // To an unknown commit some routes say 404, others 422.
    case "not_found":
    case "unprocessable":
      return { kind: "absent" };
    case "moved": {
      const repository = `${path?.owner}/${path?.repo}`;
      return { kind: "denied", denial: { reason: "repository_not_visible", repository, problem: "moved" } };
    }
    case "unauthorized":
      // A token of a moment ago may not have reached every server of GitHub's: an outage, not a rejected App.
      return { kind: "denied", denial: { reason: "github_unavailable", route, problem: TOKEN_REFUSED } };
  }
  return { kind: "denied", denial: denialOf(result, { route }) };
}

/** An outage of a moment must not use up all tries. */
const waitMs = ({ retry }: ApiRequest, attempt: number): number =>
  retry === "insist" ? (REVOCATION_WAITS_MS[attempt - 1] ?? 0) : 0;

const attemptsOf = ({ retry }: ApiRequest): number => {
  if (retry === "insist") return REVOCATION_WAITS_MS.length + 1;
  return retry ? 2 : 1;
};

/** A timeout that the exchange's own deadline caused is not GitHub's. */
function settled(fetched: Fetched, deadline: TimeLeft): ApiResponse {
  if (fetched.kind === "failure") {
    const late = fetched.failure === "timeout" && deadline.leftMs === 0;
    return { kind: "failure", failure: late ? "deadline" : fetched.failure, ...textOf(fetched.part) };
  }
  const { status, headers, body } = fetched;
  const json = parseJson(body);
  return { kind: "response", status, headers, json, ...(json === undefined && textOf(body)) };
}

const textOf = (body: Uint8Array | undefined) => body && { text: new TextDecoder().decode(body) };

/** Of a call that went wrong GitHub's id of it, for its support; no parameter, no other header, no body. */
function callOf(route: string, response: ApiResponse, milliseconds: number): Call {
  if (response.kind === "failure") return { route, outcome: response.failure, milliseconds };
  const { status, headers } = response;
  const id = status < 400 ? null : headers.get("x-github-request-id");
  const githubRequestId = id !== null && REQUEST_ID.test(id) ? { githubRequestId: id } : {};
  return { route, outcome: status, milliseconds, ...githubRequestId };
}
