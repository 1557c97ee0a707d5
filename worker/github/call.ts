/**
 * The one caller of GitHub's API. It builds the request, sends it within its bounds, repeats it once where its route allows, and
 * hands back a settled response. It follows no redirect: Authorization never leaves the API's origin.
 */
import { endpoint } from "@octokit/endpoint";
import { GITHUB_ANSWER_MAX_BYTES, GITHUB_TIMEOUT_MS, LATE_ANSWER_MS, RETRY_JITTER_MAX_MS } from "../limits.ts";
import type { Writes } from "../store/cache.ts";
import { boundedFetch, type Fetched, type Fetcher, parseJson } from "../store/fetch.ts";
import { type ApiResponse, type ApiResult, denialOf, type Lookup } from "./response.ts";

/** What one exchange lends to each of its calls. */
export interface CallContext {
  /** The exchange's own deadline. */
  readonly signal: AbortSignal;
  readonly writes?: Writes | undefined;
  /** Takes work that outlives the answer (`waitUntil`). */
  readonly waitUntil: (work: Promise<unknown>) => void;
  /** Told of what the audit event counts: `github_calls`, `github_retries`, `mint_unknown`, `read_mint_unknown`, `late_token_revoked`. */
  readonly count?: ((what: string) => void) | undefined;
}

/** What the log may hear of a call: no parameter, no header, no body. */
export interface CallEvent {
  readonly event: "github_call";
  readonly route: string;
  /** A status, or how the call failed. */
  readonly outcome: number | Exclude<ApiResponse, { kind: "response" }>["failure"];
  readonly milliseconds: number;
  /** GitHub's id of the request, for its support. */
  readonly githubRequestId?: string;
}

export interface ApiDeps {
  readonly fetcher: Fetcher;
  /** Milliseconds since the epoch. */
  readonly now: () => number;
  /** In [0, 1), for jitter. */
  readonly random: () => number;
  /** REST base, perhaps with a path (`https://ghes.example/api/v3`). */
  readonly apiUrl: string;
  readonly log?: ((event: CallEvent) => void) | undefined;
}

export interface ApiRequest {
  /** Method and path template; the only place where a path is written. */
  readonly route: string;
  /** Values for the template. Owners, repositories and paths reach a URL only through it. */
  readonly path?: Readonly<Record<string, string | number>>;
  readonly body?: object;
  readonly token: string;
  readonly accept?: string;
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
  /** Repeat once after a network failure, a 5xx or a cut body. Never for what must not happen twice. */
  readonly retry: boolean;
  /**
   * With it, a request that is late is not broken off but left to run for another while in the background, and its response comes
   * here: what GitHub made by then has to be undone.
   */
  readonly onLate?: (response: ApiResponse) => Promise<unknown>;
}

/** GHES of every supported release knows this one. */
const API_VERSION = "2022-11-28";
const USER_AGENT = "octo-sts-edge";
const REQUEST_ID = /^[A-Za-z0-9:-]{1,100}$/;
/** What may stand between two slashes: nothing that is encoded, splits, or climbs. */
const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/;

/** Sends what is to be sent, with whatever token; holds no state. */
export class Api {
  readonly #deps: ApiDeps;

  constructor(deps: ApiDeps) {
    this.#deps = deps;
  }

  /** Never throws for what the outside world does. Throws for a path that its caller should have refused. */
  async send(request: ApiRequest, call: CallContext): Promise<ApiResponse> {
    const first = await this.#sendOnce(request, call);
    if (!request.retry || !isWorthRepeating(first)) return first;
    await pause(this.#deps.random() * RETRY_JITTER_MAX_MS, call.signal);
    if (call.signal.aborted) return { kind: "failure", failure: "deadline" };
    call.count?.("github_retries");
    return this.#sendOnce(request, call);
  }

  async #sendOnce(request: ApiRequest, call: CallContext): Promise<ApiResponse> {
    if (call.signal.aborted) return { kind: "failure", failure: "deadline" };
    call.count?.("github_calls");
    const { fetcher, now, apiUrl, log } = this.#deps;
    const started = now();
    const response = request.onLate
      ? await this.#sendPatiently(request, request.onLate, call)
      : settled(
          await boundedFetch(fetcher, buildRequest(apiUrl, request), boundsOf(request, call.signal)),
          call.signal,
        );
    log?.(eventOf(request.route, response, now() - started));
    return response;
  }

  async #sendPatiently(
    request: ApiRequest,
    onLate: (response: ApiResponse) => Promise<unknown>,
    call: CallContext,
  ): Promise<ApiResponse> {
    const { fetcher, apiUrl } = this.#deps;
    const bounds = boundsOf(request);
    const whole = boundedFetch(fetcher, buildRequest(apiUrl, request), {
      ...bounds,
      timeoutMs: bounds.timeoutMs + LATE_ANSWER_MS,
    });
    const done = new AbortController();
    const patience = pause(bounds.timeoutMs, AbortSignal.any([call.signal, done.signal]));
    const fetched = await Promise.race([whole, patience]);
    done.abort();
    if (fetched !== undefined) return settled(fetched, call.signal);
    call.waitUntil(whole.then((late) => onLate(settled(late, call.signal))));
    return { kind: "failure", failure: call.signal.aborted ? "deadline" : "timeout" };
  }
}

export interface RepositoryRef {
  readonly owner: string;
  readonly repository: string;
}

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
      return { kind: "denied", denial: { reason: "github_unavailable", route, problem: "the token was refused" } };
  }
  return { kind: "denied", denial: denialOf(result, { route }) };
}

const boundsOf = (request: ApiRequest, signal?: AbortSignal) => ({
  timeoutMs: request.timeoutMs ?? GITHUB_TIMEOUT_MS,
  maxBytes: request.maxBytes ?? GITHUB_ANSWER_MAX_BYTES,
  ...(signal ? { signal } : {}),
});

/** A timeout that the exchange's own deadline caused is not GitHub's. */
function settled(fetched: Fetched, deadline: AbortSignal): ApiResponse {
  if (fetched.kind === "failure") {
    const late = fetched.failure === "timeout" && deadline.aborted;
    return { kind: "failure", failure: late ? "deadline" : fetched.failure };
  }
  return { kind: "response", status: fetched.status, headers: fetched.headers, json: parseJson(fetched.body) };
}

function buildRequest(apiUrl: string, { route, path, body, token, accept }: ApiRequest): Request {
  for (const value of Object.values(path ?? {})) assertPath(String(value));
  const built = endpoint(route, { baseUrl: apiUrl.replace(/\/+$/, ""), ...path });
  const headers = new Headers({
    accept: accept ?? "application/vnd.github+json",
    authorization: `Bearer ${token}`,
    "user-agent": USER_AGENT,
    "x-github-api-version": API_VERSION,
  });
  if (body === undefined) return new Request(built.url, { method: built.method, headers, redirect: "manual" });
  headers.set("content-type", "application/json; charset=utf-8");
  return new Request(built.url, { method: built.method, headers, body: JSON.stringify(body), redirect: "manual" });
}

/** Checked when the request was read; here once more, as a URL with `..` in it would be another resource. */
function assertPath(value: string): void {
  if (!value.split("/").every((segment) => SEGMENT.test(segment)))
    throw new Error("a path segment that no check let through");
}

function eventOf(route: string, response: ApiResponse, milliseconds: number): CallEvent {
  if (response.kind === "failure") return { event: "github_call", route, outcome: response.failure, milliseconds };
  const id = response.headers.get("x-github-request-id");
  const githubRequestId = id !== null && REQUEST_ID.test(id) ? { githubRequestId: id } : {};
  return { event: "github_call", route, outcome: response.status, milliseconds, ...githubRequestId };
}

function isWorthRepeating(response: ApiResponse): boolean {
  if (response.kind === "failure") return response.failure === "network" || response.failure === "cut";
  return response.status >= 500;
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, milliseconds);
    signal.addEventListener("abort", done, { once: true });
  });
}
