/**
 * A request to GitHub's API: its address by its route's template, and its headers. Pure. No redirect is followed: Authorization
 * never leaves the API's origin.
 */
import { endpoint } from "@octokit/endpoint";
import type { RequestParts } from "../store/fetch.ts";
import { BoundedMap } from "../store/memory.ts";
import type { ApiResponse } from "./response.ts";

export interface ApiRequest {
  /** Method and path template; the only place where a path is written. */
  readonly route: string;
  /** Values for the template. Owners, repositories and paths reach a URL only through it. */
  readonly path?: Readonly<Record<string, string | number>>;
  readonly body?: object;
  /** Undefined for the one call that nobody makes in his own name. */
  readonly token: string | undefined;
  readonly accept?: string;
  readonly maxBytes?: number;
  readonly timeoutMs?: number;
  /**
   * Repeat once after a network failure, a 5xx or a cut body. Never for what must not happen twice. `insist`: twice, and after a
   * limit or a hang as well; for what must not be left undone.
   */
  readonly retry: boolean | "insist";
  /** Sent also while GitHub is left alone: what must be told or undone whatever the quota. Only for calls whose number is bounded. */
  readonly urgent?: boolean;
  /**
   * For what makes something that has to be undone where nobody gets it. Here comes each response that its caller does not get: one
   * that the request is repeated for, or a late one. A late request is not broken off, but left to run for another while in the
   * background.
   */
  readonly onUnused?: (response: ApiResponse) => void;
}

/** GHES of every supported release knows this one. */
const API_VERSION = "2022-11-28";
const USER_AGENT = "octo-sts-edge";
/** Beside REST, and on an Enterprise Server not below its version. */
export const GRAPHQL = "POST /graphql";
/** What may stand between two slashes: nothing that is encoded, splits, or climbs. */
const SEGMENT = /^(?!\.{1,2}$)[A-Za-z0-9._-]+$/;

/** How a route ends that is a file's. */
const FILE = "/{+path}";

/** Addresses that were built, as most exchanges ask for the same few. */
const ADDRESSES_MAX = 1_000;

interface Address {
  readonly method: string;
  readonly url: string;
}

export class RequestBuilder {
  readonly #apiUrl: string;
  readonly #addresses = new BoundedMap<Address>(ADDRESSES_MAX);

  constructor(apiUrl: string) {
    this.#apiUrl = apiUrl.replace(/\/+$/, "");
  }

  /** Throws for a path that its caller should have refused. */
  build(request: ApiRequest): RequestParts {
    const { body, token, accept } = request;
    const { method, url } = this.#addressOf(request);
    const headers = {
      accept: accept ?? "application/vnd.github+json",
      "user-agent": USER_AGENT,
      "x-github-api-version": API_VERSION,
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json; charset=utf-8" }),
    };
    return { url, method, headers, redirect: "manual", ...(body && { body: JSON.stringify(body) }) };
  }

  /** What stands before a file's path is the same for every file of a repository, and segments that may be sent are never encoded. */
  #addressOf({ route, path = {} }: ApiRequest): Address {
    const { path: file, ...place } = path;
    if (file === undefined || !route.endsWith(FILE) || "ref" in place) return this.#wholeAddressOf(route, path);
    assertPath(String(file));
    const { method, url } = this.#wholeAddressOf(route.slice(0, -FILE.length), place);
    return { method, url: `${url}/${file}` };
  }

  #wholeAddressOf(route: string, path: NonNullable<ApiRequest["path"]>): Address {
    const key = JSON.stringify([route, path]);
    const known = this.#addresses.get(key);
    if (known) return known;
    for (const value of Object.values(path)) assertPath(String(value));
    const baseUrl = route === GRAPHQL ? this.#apiUrl.replace(/\/api\/v3$/, "/api") : this.#apiUrl;
    const { method, url } = endpoint(route, { baseUrl, ...path });
    this.#addresses.set(key, { method, url });
    return { method, url };
  }
}

/** Checked when the request was read; here once more, as a URL with `..` in it would be another resource. */
function assertPath(value: string): void {
  if (!value.split("/").every((segment) => SEGMENT.test(segment)))
    throw new Error("a path segment that no check let through");
}
