// An emulated GitHub: a function from Request to Response over a world that a test builds. It refuses what GitHub
// refuses; every behaviour that matters stands in BEHAVIOUR.md with the page that says so. It opens no socket.

import { type Call, type CallLog, createCallLog } from "./core/calls.ts";
import { createFaultBox, type Fault } from "./core/faults.ts";
import { primaryLimit } from "./core/misbehave.ts";
import { type ServiceOptions, serveCall } from "./core/service.ts";
import {
  type Answer,
  type Bucket,
  type Buckets,
  createBuckets,
  notFound,
  refusal,
  toResponse,
} from "./github/answers.ts";
import { appRoutes } from "./github/apps.ts";
import { type Caller, identify, tokenNamed } from "./github/auth.ts";
import { type Builders, createBuilders } from "./github/builders.ts";
import { checkRoutes } from "./github/checks.ts";
import { commitRoutes } from "./github/commits.ts";
import { contentRoutes } from "./github/contents.ts";
import { graphqlRoutes } from "./github/graphql.ts";
import { gitRoutes } from "./github/objects.ts";
import { isWebPath, registrationRoutes, webAnswer } from "./github/registration.ts";
import type { Context, Route } from "./github/route.ts";
import { type Matched, match } from "./github/router.ts";
import type { Bases } from "./github/shapes.ts";
import { createState, fullName, type MintedToken, type State } from "./github/state.ts";
import { tokenRoutes } from "./github/tokens.ts";

export type { MintedToken } from "./github/state.ts";

export interface GitHubOptions {
  /** Base of the REST API, with a path for an Enterprise Server ("https://ghe.test/api/v3"). */
  readonly apiUrl?: string;
  /** Milliseconds since the epoch. */
  readonly now?: () => number;
  /** Calls per hour of each installation, and of each App for itself. */
  readonly rateLimit?: number;
  /** Entries of a recursive tree before it is truncated; GitHub's is 100,000. */
  readonly treeEntriesMax?: number;
  readonly latencyMs?: number;
  readonly log?: CallLog;
}

export interface GitHub extends Builders {
  readonly apiUrl: string;
  /** Of the website, which lies on the API's own host at an Enterprise Server. */
  readonly webUrl: string;
  readonly state: State;
  readonly calls: readonly Call[];
  readonly tokens: readonly MintedToken[];
  fetch(input: Request | string | URL, init?: RequestInit): Promise<Response>;
  fault(...faults: Fault[]): void;
  clearFaults(): void;
  /** The rate-limit bucket of "installation:1", "app:1" or "anonymous"; write to it to change the weather. */
  bucket(name: string): Bucket;
}

const ROUTES: readonly Route[] = [
  ...appRoutes,
  ...tokenRoutes,
  ...contentRoutes,
  ...gitRoutes,
  ...commitRoutes,
  ...checkRoutes,
  ...graphqlRoutes,
  ...registrationRoutes,
];
const VERSIONS = ["2022-11-28", "2026-03-10"];
const MEDIA_TYPE =
  /^(?:\*\/\*|application\/\*|application\/json|application\/vnd\.github(?:\.[a-z0-9-]+)*(?:\+json)?)$/;

/** The web host that belongs to an API's base, for the addresses in answers. */
function webOf(api: URL): string {
  return api.host === "api.github.com" ? "https://github.com" : api.origin;
}

/** What GitHub refuses before it looks at who asks. */
function malformed(request: Request): Answer | null {
  if ((request.headers.get("user-agent") ?? "") === "") {
    const text = "Request forbidden by administrative rules. Please make sure your request has a User-Agent header.";
    return { status: 403, body: text };
  }
  const version = request.headers.get("x-github-api-version");
  if (version !== null && !VERSIONS.includes(version)) {
    return refusal(
      400,
      `Version "${version}" is not a supported version of the REST API.`,
      "/about-the-rest-api/api-versions",
    );
  }
  const accept = (request.headers.get("accept") ?? "*/*").split(",").map((one) => one.split(";")[0]?.trim() ?? "");
  if (accept.some((one) => MEDIA_TYPE.test(one))) return null;
  return refusal(415, `Unsupported 'Accept' header: '${accept.join(", ")}'. Must accept 'application/json'.`);
}

/** GraphQL has a limit of its own. */
function bucketName(caller: Caller, route: string | undefined): string | null {
  if (caller.kind === "app") return `app:${caller.app.id}`;
  const prefix = route === "gh.graphql" ? "graphql:" : "";
  if (caller.kind === "token") return `${prefix}installation:${caller.token.installation.id}`;
  return caller.kind === "anonymous" ? "anonymous" : null;
}

function parsed(text: string): { value: unknown } | null {
  if (text === "") return { value: undefined };
  try {
    return { value: JSON.parse(text) };
  } catch {
    return null;
  }
}

interface Site {
  readonly state: State;
  readonly bases: Bases;
  readonly buckets: Buckets;
}

/** GraphQL lies beside an Enterprise Server's REST API, not below its version. */
function below(base: string, pathname: string): string {
  if (pathname === `${base.replace(/\/v3$/, "")}/graphql`) return "/graphql";
  return pathname.startsWith(`${base}/`) && pathname !== `${base}/graphql` ? pathname.slice(base.length) : "";
}

/** `/repositories/{id}/...`, where redirects point, is the repository by its present name. */
function byName(state: State, path: string): string {
  const [, id, rest = ""] = /^\/repositories\/(\d+)(\/.*)?$/.exec(path) ?? [];
  const repository = state.repositories.find((one) => String(one.id) === id);
  return repository === undefined ? path : `/repos/${fullName(repository)}${rest}`;
}

async function respond(site: Site, matched: Matched | null, request: Request, call: Call): Promise<Response> {
  const { state, bases, buckets } = site;
  const early = malformed(request);
  if (early !== null) return toResponse(early, request, null);
  const authorization = request.headers.get("authorization");
  tokenNamed(state, authorization)?.uses.push(call);
  const caller = await identify(state, authorization);
  if (caller.kind === "refused") return toResponse(caller.answer, request, buckets.get("anonymous"));
  const name = bucketName(caller, matched?.route.id) ?? "anonymous";
  if (!buckets.take(name)) return primaryLimit(state.now(), 403, name.replace(":", " ID "));
  const bucket = buckets.get(name);
  if (matched === null) return toResponse(notFound(), request, bucket);
  const body = parsed(call.body);
  if (body === null) return toResponse(refusal(400, "Problems parsing JSON"), request, bucket);
  const url = new URL(request.url);
  const at: Context = { state, bases, request, url, params: matched.params, caller, body: body.value };
  const response = toResponse(await matched.route.answer(at), request, bucket);
  if (response.status === 304) buckets.giveBack(name);
  return response;
}

export function createGitHub(options: GitHubOptions = {}): GitHub {
  const apiUrl = (options.apiUrl ?? "https://api.github.com").replace(/\/+$/, "");
  const now = options.now ?? Date.now;
  const log = options.log ?? createCallLog();
  const faults = createFaultBox();
  const state = createState(now, options.treeEntriesMax);
  const api = new URL(apiUrl);
  const site: Site = {
    state,
    bases: { api: apiUrl, web: webOf(api) },
    buckets: createBuckets(state, options.rateLimit ?? 5000),
  };
  const service: ServiceOptions = { log, faults, now, latencyMs: options.latencyMs ?? 0 };
  const base = api.pathname === "/" ? "" : api.pathname;

  function fetch(input: Request | string | URL, init?: RequestInit): Promise<Response> {
    const request = new Request(input instanceof URL ? input.href : input, init);
    const { origin, pathname } = new URL(request.url);
    if (origin === site.bases.web && isWebPath(pathname)) {
      return serveCall(request, { route: "gh.web", okStatus: 200, answer: (call) => webAnswer(state, call) }, service);
    }
    const path = byName(state, below(base, pathname));
    const matched = match(ROUTES, request.method, path);
    const served = {
      route: matched?.route.id ?? "gh.unknown",
      okStatus: matched?.route.okStatus ?? 200,
      answer: (call: Call) => respond(site, matched, request, call),
    };
    return serveCall(request, served, service);
  }

  return {
    ...createBuilders(state),
    apiUrl,
    webUrl: site.bases.web,
    state,
    get calls() {
      return log.calls.filter((call) => call.route.startsWith("gh."));
    },
    tokens: state.tokens,
    fetch,
    fault: (...added) => faults.add(...added),
    clearFaults: () => faults.clear(),
    bucket: (name) => site.buckets.get(name),
  };
}
