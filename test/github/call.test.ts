// The one caller: what it sends, what it repeats, and that nothing leaves the API's origin.

import { describe, expect, it } from "vitest";
import { Api, type ApiDeps, type CallContext } from "../../worker/github/call.ts";
import type { ApiRequest } from "../../worker/github/request.ts";
import type { ApiResponse } from "../../worker/github/response.ts";
import { time } from "../support/time.ts";
import { testCall } from "./world.ts";

const TOKEN = "ghs_secret";
const GET: ApiRequest = {
  route: "GET /repos/{owner}/{repo}/contents/{+path}",
  path: { owner: "acme", repo: ".github", path: ".github/chainguard/a.sts.yaml" },
  token: TOKEN,
  retry: true,
};
const POST: ApiRequest = { route: "POST /app/x", body: { a: [1] }, token: TOKEN, retry: false };

type Answers = (Response | Error)[];

function deps(answers: Answers, apiUrl = "https://api.github.com") {
  const sent: Request[] = [];
  const events: unknown[] = [];
  const given: ApiDeps = {
    fetcher: async (request) => {
      sent.push(request);
      const answer = answers.shift();
      if (answer === undefined || answer instanceof Error) throw answer ?? new Error("one call too many");
      return answer;
    },
    now: () => 1_000,
    random: () => 0,
    apiUrl,
    log: (event) => events.push(event),
  };
  return { given, sent, events };
}

const json = (status: number, body: unknown = {}, headers: Record<string, string> = {}): Response =>
  new Response(JSON.stringify(body), { status, headers });

const gone = (): Response => new Response(null, { status: 204 });

const statusOf = (response: ApiResponse) => (response.kind === "response" ? response.status : response.failure);
const callGitHub = (given: ApiDeps, request: ApiRequest, call: CallContext) => new Api(given).send(request, call);

function cut(): Response {
  const stream = new ReadableStream({
    start(controller) {
      controller.enqueue(new TextEncoder().encode('{"a":'));
      controller.error(new TypeError("closed"));
    },
  });
  return new Response(stream, { status: 200 });
}

describe("a request", () => {
  it("has an address, a name, a version, and follows no redirect", async () => {
    const { given, sent } = deps([json(200)]);
    await callGitHub(given, GET, testCall());
    const request = sent[0];
    expect(request?.method).toBe("GET");
    expect(request?.url).toBe("https://api.github.com/repos/acme/.github/contents/.github/chainguard/a.sts.yaml");
    expect(request?.redirect).toBe("manual");
    expect(Object.fromEntries(request?.headers ?? [])).toEqual({
      accept: "application/vnd.github+json",
      authorization: "Bearer ghs_secret",
      "user-agent": "octo-sts-edge",
      "x-github-api-version": "2022-11-28",
    });
  });

  it("carries its body as JSON", async () => {
    const { given, sent } = deps([json(201)]);
    await callGitHub(given, POST, testCall());
    expect(sent[0]?.headers.get("content-type")).toBe("application/json; charset=utf-8");
    expect(await sent[0]?.text()).toBe('{"a":[1]}');
  });

  it.each(["https://ghes.example/api/v3", "https://ghes.example/api/v3/"])(
    "goes below the path of %s",
    async (base) => {
      const { given, sent } = deps([json(200)], base);
      await callGitHub(given, { ...GET, path: { owner: "a", repo: "b", path: "c" } }, testCall());
      expect(sent[0]?.url).toBe("https://ghes.example/api/v3/repos/a/b/contents/c");
    },
  );

  it.each([
    { owner: "..", repo: "b", path: "c" },
    { owner: "a", repo: ".", path: "c" },
    { owner: "a", repo: "b", path: "x/../../c" },
    { owner: "a", repo: "b", path: "x//c" },
    { owner: "a", repo: "b", path: "/c" },
    { owner: "a", repo: "b", path: "c?ref=x" },
    { owner: "a", repo: "b", path: "c%2e" },
    { owner: "a", repo: "b\\c", path: "c" },
    { owner: "", repo: "b", path: "c" },
  ])("is never made of %j", async (path) => {
    const { given, sent } = deps([json(200)]);
    await expect(callGitHub(given, { ...GET, path }, testCall())).rejects.toThrow("a path segment");
    expect(sent).toEqual([]);
  });
});

describe("repeating", () => {
  const once: [string, Answers, unknown, number][] = [
    ["a 500 that passes", [json(500), json(200)], 200, 2],
    ["a 503 that stays", [json(503), json(502)], 502, 2],
    ["a network failure that passes", [new TypeError("no"), json(200)], 200, 2],
    ["a cut body that passes", [cut(), json(200)], 200, 2],
    ["a cut body that stays", [cut(), cut()], "cut", 2],
    ["a 404", [json(404)], 404, 1],
    ["a 429", [json(429)], 429, 1],
    ["a 401", [json(401)], 401, 1],
  ];
  it.each(once)("%s", async (_, answers, outcome, calls) => {
    const { given, sent } = deps([...answers]);
    const call = testCall();
    expect(statusOf(await callGitHub(given, GET, call))).toBe(outcome);
    expect(sent.length).toBe(calls);
    expect(call.counted.filter((what) => what === "github_retries").length).toBe(calls - 1);
  });

  it.each([json(500), new TypeError("no"), cut()])("never what may not happen twice", async (answer) => {
    const { given, sent } = deps([answer]);
    await callGitHub(given, POST, testCall());
    expect(sent.length).toBe(1);
  });

  const insisted: [string, Answers, unknown, number][] = [
    ["a 503 that passes at last", [json(503), new TypeError("no"), gone()], 204, 3],
    ["a 503 that stays", [json(503), json(503), json(503)], 503, 3],
    ["a limit that passes", [json(429), json(403, {}, { "retry-after": "1" }), gone()], 204, 3],
    ["a refusal", [json(403)], 403, 1],
    ["a 401", [json(401)], 401, 1],
    ["a redirect", [json(302)], 302, 1],
  ];
  it.each(insisted)("what must not be left undone: %s", async (_, answers, outcome, calls) => {
    const { given, sent } = deps([...answers]);
    expect(statusOf(await callGitHub(given, { ...POST, retry: "insist" }, testCall()))).toBe(outcome);
    expect(sent.length).toBe(calls);
  });

  it("what must not be left undone, through an outage of a second and a half", async () => {
    const { given, sent } = deps([]);
    const since = time.elapsedMs;
    const fetcher = async (request: Request) => {
      sent.push(request);
      return time.elapsedMs - since < 1_500 ? json(503) : gone();
    };
    expect(statusOf(await callGitHub({ ...given, fetcher }, { ...POST, retry: "insist" }, testCall()))).toBe(204);
    expect(sent.length).toBe(3);
  });

  it("what must not be left undone, also after a hang", async () => {
    const { given, sent } = deps([]);
    let asked = 0;
    const fetcher = (request: Request) => {
      sent.push(request);
      asked += 1;
      return asked < 3 ? new Promise<Response>(() => undefined) : Promise.resolve(gone());
    };
    const request = { ...POST, retry: "insist", timeoutMs: 10 } as const;
    expect(statusOf(await callGitHub({ ...given, fetcher }, request, testCall()))).toBe(204);
    expect(sent.length).toBe(3);
  });

  it("hands on what the response had that it repeats for", async () => {
    const unused: ApiResponse[] = [];
    const { given } = deps([json(502, { token: "t" }), json(201)]);
    const request = { ...POST, retry: true, onUnused: (one: ApiResponse) => void unused.push(one) };
    expect(statusOf(await callGitHub(given, request, testCall()))).toBe(201);
    expect(unused).toMatchObject([{ status: 502, json: { token: "t" } }]);
  });

  it("not after a body that is too large", async () => {
    const { given, sent } = deps([new Response("x".repeat(100))]);
    expect(statusOf(await callGitHub(given, { ...GET, maxBytes: 99 }, testCall()))).toBe("too_large");
    expect(sent.length).toBe(1);
  });

  it("not after a timeout", async () => {
    const sent: Request[] = [];
    const { given } = deps([]);
    const hanging = { ...given, fetcher: (request: Request) => new Promise<Response>(() => sent.push(request)) };
    expect(statusOf(await callGitHub(hanging, { ...GET, timeoutMs: 10 }, testCall()))).toBe("timeout");
    expect(sent.length).toBe(1);
  });

  it("not once the exchange's own time is over", async () => {
    const { given, sent } = deps([json(500), json(200)]);
    const call = testCall();
    const slow = { ...given, random: () => 0.99 };
    const response = callGitHub(slow, GET, call);
    call.expire();
    expect(statusOf(await response)).toBe("deadline");
    expect(sent.length).toBeLessThanOrEqual(1);
    expect(statusOf(await callGitHub(slow, GET, call))).toBe("deadline");
    expect(sent.length).toBeLessThanOrEqual(1);
  });
});

describe("a redirect", () => {
  it.each([301, 302, 303, 307, 308])("%d is handed back, and its target never called", async (status) => {
    const { given, sent } = deps([json(status, {}, { location: "https://evil.example/" })]);
    expect(statusOf(await callGitHub(given, GET, testCall()))).toBe(status);
    expect(sent.map(({ url }) => new URL(url).host)).toEqual(["api.github.com"]);
  });
});

describe("a late answer", () => {
  it("is waited for in the background, once the caller gave up", async () => {
    let answer: (response: Response) => void = () => undefined;
    const { given } = deps([]);
    const slow = { ...given, fetcher: () => new Promise<Response>((resolve) => (answer = resolve)) };
    const late: ApiResponse[] = [];
    const call = testCall();
    const onUnused = (response: ApiResponse) => void late.push(response);
    expect(statusOf(await callGitHub(slow, { ...POST, timeoutMs: 10, onUnused }, call))).toBe("timeout");
    expect(late).toEqual([]);
    answer(json(201, { token: "t" }));
    await call.settled();
    expect(late).toMatchObject([{ kind: "response", status: 201, json: { token: "t" } }]);
  });

  it("is none when it comes in time", async () => {
    const late: ApiResponse[] = [];
    const { given } = deps([json(201)]);
    const call = testCall();
    const response = await callGitHub(given, { ...POST, onUnused: (one) => void late.push(one) }, call);
    await call.settled();
    expect([statusOf(response), late]).toEqual([201, []]);
  });
});

describe("the log", () => {
  it("hears the route's template, the status and GitHub's own id, and nothing else", async () => {
    const { given, events } = deps([json(404, { message: "upstream words" }, { "x-github-request-id": "AB12:34" })]);
    await callGitHub(given, GET, testCall());
    const { route } = GET;
    expect(events).toEqual([
      { event: "github_call", route, outcome: 404, milliseconds: 0, githubRequestId: "AB12:34" },
    ]);
  });

  it("hears how a call failed, and takes no strange id", async () => {
    const { given, events } = deps([new TypeError("no"), json(404, {}, { "x-github-request-id": "<a b>" })]);
    await callGitHub(given, GET, testCall());
    expect(events).toEqual([
      { event: "github_call", route: GET.route, outcome: "network", milliseconds: 0 },
      { event: "github_call", route: GET.route, outcome: 404, milliseconds: 0 },
    ]);
  });
});
