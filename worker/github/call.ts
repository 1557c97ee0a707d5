/**
 * The one caller of GitHub's API. It builds the request, sends it within its bounds, repeats it once where its route allows, and
 * hands back a settled reply. It follows no redirect: Authorization never leaves the API's origin.
 */
import { endpoint } from "@octokit/endpoint";
import { GITHUB_ANSWER_MAX_BYTES, GITHUB_TIMEOUT_MS, LATE_ANSWER_MS, RETRY_JITTER_MAX_MS } from "../limits.ts";
import type { Writes } from "../store/cache.ts";
import { type Answer, boundedFetch, type Fetcher, parseJson } from "../store/fetch.ts";
import type { Reply } from "./reply.ts";

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
  readonly outcome: number | Exclude<Reply, { kind: "answer" }>["failure"];
  readonly milliseconds: number;
  /** GitHub's id of the request, for its support. */
  readonly githubRequestId?: string;
}

export interface CallDeps {
  readonly fetcher: Fetcher;
  readonly now: () => number;
  readonly random: () => number;
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
   * With it, a request that is late is not broken off but left to run for another while in the background, and its reply comes
   * here: what GitHub made by then has to be undone.
   */
  readonly onLate?: (reply: Reply) => Promise<unknown>;
}

/** GHES of every supported release knows this one. */
const API_VERSION = "2022-11-28";
const USER_AGENT = "octo-sts-edge";
const REQUEST_ID = /^[A-Za-z0-9:-]{1,100}$/;
/** What may stand between two slashes: nothing that is encoded, splits, or climbs. */
const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/;

/** Never throws for what the outside world does. Throws for a path that its caller should have refused. */
export async function callGitHub(deps: CallDeps, request: ApiRequest, call: CallContext): Promise<Reply> {
  const first = await sendOnce(deps, request, call);
  if (!request.retry || !isWorthRepeating(first)) return first;
  await pause(deps.random() * RETRY_JITTER_MAX_MS, call.signal);
  if (call.signal.aborted) return { kind: "failure", failure: "deadline" };
  call.count?.("github_retries");
  return sendOnce(deps, request, call);
}

async function sendOnce(deps: CallDeps, request: ApiRequest, call: CallContext): Promise<Reply> {
  if (call.signal.aborted) return { kind: "failure", failure: "deadline" };
  call.count?.("github_calls");
  const started = deps.now();
  const reply = request.onLate
    ? await sendPatiently(deps, request, request.onLate, call)
    : replyOf(
        await boundedFetch(deps.fetcher, buildRequest(deps.apiUrl, request), boundsOf(request, call.signal)),
        call.signal,
      );
  deps.log?.(eventOf(request.route, reply, deps.now() - started));
  return reply;
}

async function sendPatiently(
  deps: CallDeps,
  request: ApiRequest,
  onLate: (reply: Reply) => Promise<unknown>,
  call: CallContext,
): Promise<Reply> {
  const bounds = boundsOf(request);
  const whole = boundedFetch(deps.fetcher, buildRequest(deps.apiUrl, request), {
    ...bounds,
    timeoutMs: bounds.timeoutMs + LATE_ANSWER_MS,
  });
  const done = new AbortController();
  const patience = pause(bounds.timeoutMs, AbortSignal.any([call.signal, done.signal]));
  const answer = await Promise.race([whole, patience]);
  done.abort();
  if (answer !== undefined) return replyOf(answer, call.signal);
  call.waitUntil(whole.then((late) => onLate(replyOf(late, call.signal))));
  return { kind: "failure", failure: call.signal.aborted ? "deadline" : "timeout" };
}

const boundsOf = (request: ApiRequest, signal?: AbortSignal) => ({
  timeoutMs: request.timeoutMs ?? GITHUB_TIMEOUT_MS,
  maxBytes: request.maxBytes ?? GITHUB_ANSWER_MAX_BYTES,
  ...(signal ? { signal } : {}),
});

/** A timeout that the exchange's own deadline caused is not GitHub's. */
function replyOf(answer: Answer, deadline: AbortSignal): Reply {
  if (answer.kind === "failure") {
    const late = answer.failure === "timeout" && deadline.aborted;
    return { kind: "failure", failure: late ? "deadline" : answer.failure };
  }
  return { kind: "answer", status: answer.status, headers: answer.headers, json: parseJson(answer.body) };
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

function eventOf(route: string, reply: Reply, milliseconds: number): CallEvent {
  if (reply.kind === "failure") return { event: "github_call", route, outcome: reply.failure, milliseconds };
  const id = reply.headers.get("x-github-request-id");
  const githubRequestId = id !== null && REQUEST_ID.test(id) ? { githubRequestId: id } : {};
  return { event: "github_call", route, outcome: reply.status, milliseconds, ...githubRequestId };
}

function isWorthRepeating(reply: Reply): boolean {
  if (reply.kind === "failure") return reply.failure === "network" || reply.failure === "cut";
  return reply.status >= 500;
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
