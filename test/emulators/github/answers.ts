// The answers of the emulated GitHub as plain data, and how they become responses: headers that every answer carries,
// ETags, rate limits. No state of its own but the buckets.

import { toBase64Url } from "../core/base64.ts";
import { sha1 } from "../core/sha1.ts";
import type { State } from "./state.ts";

export interface Answer {
  readonly status: number;
  /** An object or list becomes JSON; text and bytes go as they are; null is no body. */
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export const ok = (body: unknown, status = 200, headers: Record<string, string> = {}): Answer => ({
  status,
  body,
  headers,
});

/** GitHub's error shape; `docs` is a path below https://docs.github.com/rest. */
export function refusal(status: number, message: string, docs = "", headers: Record<string, string> = {}): Answer {
  const url = `https://docs.github.com/rest${docs}`;
  return { status, body: { message, documentation_url: url, status: String(status) }, headers };
}

export const notFound = (docs = ""): Answer => refusal(404, "Not Found", docs);

/** 2016-07-11T22:14:10Z, without milliseconds, as GitHub writes times. */
export const timestamp = (ms: number): string => new Date(ms).toISOString().replace(/\.\d+Z$/, "Z");

export interface Bucket {
  limit: number;
  used: number;
  /** Seconds since the epoch. */
  reset: number;
}

export interface Buckets {
  get(name: string): Bucket;
  /** Takes one call from the bucket; false when nothing was left. */
  take(name: string): boolean;
  /** Gives the call back: a 304 is free. */
  giveBack(name: string): void;
}

export function createBuckets(state: State, limit: number): Buckets {
  const buckets = new Map<string, Bucket>();
  function get(name: string): Bucket {
    const nowS = Math.floor(state.now() / 1000);
    const known = buckets.get(name);
    if (known !== undefined && known.reset > nowS) return known;
    // Without credentials GitHub gives 60 an hour.
    const fresh = { limit: known?.limit ?? (name === "anonymous" ? 60 : limit), used: 0, reset: nowS + 3600 };
    buckets.set(name, fresh);
    return fresh;
  }
  return {
    get,
    take(name) {
      const bucket = get(name);
      if (bucket.used >= bucket.limit) return false;
      bucket.used += 1;
      return true;
    },
    giveBack(name) {
      get(name).used -= 1;
    },
  };
}

export function limitHeaders(bucket: Bucket): Record<string, string> {
  return {
    "x-ratelimit-limit": String(bucket.limit),
    "x-ratelimit-remaining": String(Math.max(0, bucket.limit - bucket.used)),
    "x-ratelimit-used": String(bucket.used),
    "x-ratelimit-reset": String(bucket.reset),
    "x-ratelimit-resource": "core",
  };
}

function requestId(): string {
  const hex = [...crypto.getRandomValues(new Uint8Array(16))]
    .map((byte) => byte.toString(16).padStart(2, "0"))
    .join("");
  return `${hex.slice(0, 4)}:${hex.slice(4, 10)}:${hex.slice(10, 17)}:${hex.slice(17, 24)}:${hex.slice(24)}`.toUpperCase();
}

function content(answer: Answer): { body: string | Uint8Array<ArrayBuffer> | null; type: string | null } {
  const { body } = answer;
  if (body === null) return { body: null, type: null };
  if (typeof body === "string") return { body, type: "text/plain; charset=utf-8" };
  if (body instanceof Uint8Array) return { body: new Uint8Array(body), type: "application/octet-stream" };
  return { body: JSON.stringify(body), type: "application/json; charset=utf-8" };
}

/** The response, or 304 when the caller already has these very bytes. */
export function toResponse(answer: Answer, request: Request, bucket: Bucket | null): Response {
  const { body, type } = content(answer);
  const headers = new Headers({
    "x-github-request-id": requestId(),
    "x-github-media-type": "github.v3; format=json",
    "x-github-api-version-selected": request.headers.get("x-github-api-version") ?? "2022-11-28",
    "cache-control": "private, max-age=60, s-maxage=60",
    ...(type === null ? {} : { "content-type": type }),
    ...(bucket === null ? {} : limitHeaders(bucket)),
    ...answer.headers,
  });
  if (request.method !== "GET" || answer.status !== 200 || body === null) {
    return new Response(body, { status: answer.status, headers });
  }
  const bytes = typeof body === "string" ? new TextEncoder().encode(body) : body;
  const etag = `W/"${sha1(bytes)}"`;
  headers.set("etag", etag);
  const asked = request.headers.get("if-none-match")?.split(/\s*,\s*/) ?? [];
  if (asked.includes(etag)) {
    headers.delete("content-type");
    return new Response(null, { status: 304, headers });
  }
  return new Response(body, { status: 200, headers });
}

/** A name for an object as GraphQL has it; opaque to everybody. */
export const nodeId = (kind: string, id: number): string => `${kind}_${toBase64Url(`0:${kind}${id}`)}`;
