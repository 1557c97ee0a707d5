// What each status, header and failure means, and which reason it becomes.

import { describe, expect, it } from "vitest";
import { type ApiResponse, type ApiResult, denialOf, resultOf } from "../../worker/github/response.ts";

const NOW = 1_780_000_000_000;
const AT = NOW / 1000;
const DOCS = "https://docs.github.com/rest/overview/";

function answer(status: number, headers: Record<string, string> = {}, json: unknown = { message: "no" }): ApiResponse {
  return { kind: "response", status, headers: new Headers(headers), json };
}

const mean = (response: ApiResponse): ApiResult => resultOf(response, NOW);
const primary = (retryAfterSeconds: number) => ({ kind: "rate_limited", limit: "primary", retryAfterSeconds });
const secondary = (retryAfterSeconds: number) => ({ kind: "rate_limited", limit: "secondary", retryAfterSeconds });

describe("rate limits", () => {
  const spent = { "x-ratelimit-remaining": "0", "x-ratelimit-reset": String(AT + 90) };
  const limits: [string, ApiResponse, object][] = [
    ["403 with nothing left", answer(403, spent), primary(90)],
    ["429 with nothing left", answer(429, spent), primary(90)],
    ["422 with nothing left", answer(422, spent), primary(90)],
    ["nothing left, reset unknown", answer(403, { "x-ratelimit-remaining": "0" }), primary(60)],
    ["nothing left, reset in the past", answer(403, { ...spent, "x-ratelimit-reset": String(AT - 5) }), primary(1)],
    [
      "nothing left, reset far away",
      answer(403, { ...spent, "x-ratelimit-reset": String(AT + 99_999) }),
      primary(3600),
    ],
    ["nothing left, reset not a number", answer(403, { ...spent, "x-ratelimit-reset": "soon" }), primary(60)],
    ["403 with Retry-After", answer(403, { "retry-after": "30" }), secondary(30)],
    ["422 with Retry-After", answer(422, { "retry-after": "30" }), secondary(30)],
    ["Retry-After that is a date", answer(403, { "retry-after": "Wed, 21 Oct 2026 07:28:00 GMT" }), secondary(60)],
    ["Retry-After of a day", answer(429, { "retry-after": "86400" }), secondary(3600)],
    ["Retry-After of nothing", answer(429, { "retry-after": "0" }), secondary(1)],
    ["bare 429", answer(429), secondary(60)],
    [
      "403 that points at the limits",
      answer(403, {}, { documentation_url: `${DOCS}x#secondary-rate-limits` }),
      secondary(60),
    ],
    [
      "403 that points at abuse limits",
      answer(403, {}, { documentation_url: `${DOCS}x#abuse-rate-limits` }),
      secondary(60),
    ],
  ];
  it.each(limits)("%s", (_, response, result) => {
    expect(mean(response)).toEqual(result);
  });

  const none: [string, ApiResponse, string][] = [
    [
      "403 that points elsewhere",
      answer(403, {}, { documentation_url: `${DOCS}secondary-rate-limits/more` }),
      "forbidden",
    ],
    ["403 with some left", answer(403, { "x-ratelimit-remaining": "10" }), "forbidden"],
    [
      "403 whose sign is not its own",
      answer(403, {}, Object.create({ documentation_url: "secondary-rate-limits" })),
      "forbidden",
    ],
    ["200 that used up the last", answer(200, spent), "success"],
    ["404 that used up the last", answer(404, spent), "not_found"],
    ["401 that used up the last", answer(401, spent), "unauthorized"],
    ["503 with Retry-After", answer(503, { "retry-after": "30" }), "unavailable"],
  ];
  it.each(none)("no limit: %s", (_, response, kind) => {
    expect(mean(response).kind).toBe(kind);
  });
});

describe("statuses", () => {
  const kinds: [number, ApiResult["kind"]][] = [
    [200, "success"],
    [201, "success"],
    [301, "moved"],
    [308, "moved"],
    [302, "invalid"],
    [307, "invalid"],
    [304, "invalid"],
    [400, "invalid"],
    [401, "unauthorized"],
    [403, "forbidden"],
    [404, "not_found"],
    [410, "not_found"],
    [415, "invalid"],
    [422, "unprocessable"],
    [500, "unavailable"],
    [502, "unavailable"],
    [503, "unavailable"],
  ];
  it.each(kinds)("%d is %s", (status, kind) => {
    expect(mean(answer(status)).kind).toBe(kind);
  });
});

describe("denials", () => {
  const asked = { route: "GET /app", appId: "7" };
  const { route } = asked;
  const invalid = (problem: string) => ({ reason: "github_invalid_answer", route, problem });
  const denials: [string, ApiResponse, object][] = [
    [
      "primary limit",
      answer(403, { "x-ratelimit-remaining": "0" }),
      { reason: "github_rate_limited", limit: "primary", retryAfterSeconds: 60 },
    ],
    ["secondary limit", answer(429), { reason: "github_rate_limited", limit: "secondary", retryAfterSeconds: 60 }],
    ["401", answer(401), { reason: "app_credentials_rejected", appId: "7" }],
    ["403", answer(403), { reason: "github_forbidden", route }],
    ["404", answer(404), invalid("unexpected status 404")],
    ["422", answer(422), invalid("unexpected status 422")],
    ["301", answer(301), invalid("unexpected redirect")],
    ["302", answer(302), invalid("unexpected status 302")],
    ["418", answer(418), invalid("unexpected status 418")],
    ["200 that fits nothing", answer(200), invalid("fields are missing or of another type")],
    ["502", answer(502), { reason: "github_unavailable", route, problem: "status 502" }],
    [
      "timeout",
      { kind: "failure", failure: "timeout" },
      { reason: "github_unavailable", route, problem: "no answer in time" },
    ],
    [
      "network",
      { kind: "failure", failure: "network" },
      { reason: "github_unavailable", route, problem: "no connection" },
    ],
    ["cut", { kind: "failure", failure: "cut" }, invalid("the answer was cut off")],
    ["too large", { kind: "failure", failure: "too_large" }, invalid("the answer is too large")],
    ["our own deadline", { kind: "failure", failure: "deadline" }, { reason: "deadline_exceeded" }],
  ];
  it.each(denials)("%s", (_, response, denial) => {
    expect(denialOf(mean(response), asked)).toEqual(denial);
  });
});
