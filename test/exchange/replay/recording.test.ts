// The replay library against the recording itself: the requests are those that octo-sts was sent, the tokens are good
// or bad as the case says, and the emulators give octo-sts's own calls the answers that were recorded.

import { compactVerify, createLocalJWKSet, type JSONWebKeySet } from "jose";
import { describe, expect, it } from "vitest";
import { appJwt } from "../../emulators/core/app-jwt.ts";
import cases from "../../vectors/exchange.json";
import { filler } from "./names.ts";
import { APP_ID } from "./populate.ts";
import { type ExchangeCase, grantOf, mintedGrant, prepareCase, type Replay } from "./replay.ts";

const DOMAIN = "sts.example.test";
const AGENT = { "user-agent": "replay" };
// The file is data of another program; vectors/README.md gives its shape, and vector.ts is that shape.
const vectors = cases as unknown as readonly ExchangeCase[];

function named(id: string): ExchangeCase {
  const found = vectors.find((one) => one.id === id);
  if (found === undefined) throw new Error(`no case ${id}`);
  return found;
}

/** "GET /path" and the parameters, read: Go and JavaScript escape differently. */
function readable(line: string): unknown {
  const [method = "", target = ""] = line.split(/ (.*)/s);
  const [path = "", query = ""] = target.replace("http://{base}", "").split(/\?(.*)/s);
  return [method, path, [...new URLSearchParams(query)].sort()];
}

describe("requests", () => {
  it("are the ones that octo-sts was sent, in every case", async () => {
    let compared = 0;
    for (const vector of vectors) {
      const { steps, names } = await prepareCase(vector, { domain: DOMAIN });
      for (const step of steps) {
        if (step.octo.request.includes("…")) continue; // the recording is cut there
        const { pathname, search } = new URL(step.request.url);
        const sent = readable(`${step.request.method} ${pathname}${search}`);
        expect(sent, vector.id).toEqual(readable(filler(names)(step.octo.request)));
        compared += 1;
      }
    }
    expect(compared).toBe(266);
  });

  it("carry headers, bodies and several Authorization values as the step writes them", async () => {
    const two = await prepareCase(named("auth-two-other"), { domain: DOMAIN });
    expect(two.steps[0]?.request.headers.get("authorization")).toBe(
      `Bearer ${two.steps[0]?.token}, Basic dXNlcjpwYXNz`,
    );
    const none = await prepareCase(named("auth-query"), { domain: DOMAIN });
    expect(none.steps[0]?.request.headers.has("authorization")).toBe(false);
    const json = await prepareCase(named("ok-post-json"), { domain: DOMAIN });
    expect(await json.steps[0]?.request.text()).toBe('{"scope":"o-ok-post-json/app","identity":"ok"}');
    expect(json.steps[0]?.request.headers.get("content-type")).toBe("application/json");
  });
});

async function verifies(replay: Replay, token: string): Promise<boolean> {
  const issuer = replay.network.issuers.issuer(replay.names.issname);
  const published = await issuer.jwks();
  const keys = { keys: published.keys.filter((key) => key.kty !== undefined) } as JSONWebKeySet; // kty is there: filtered
  return compactVerify(token, createLocalJWKSet(keys)).then(
    () => true,
    () => false,
  );
}

describe("tokens", () => {
  it("verify exactly where nothing about key, algorithm and signature was spoiled", async () => {
    const refused: string[] = [];
    for (const vector of vectors.filter((one) => one.group === "tokens")) {
      const replay = await prepareCase(vector, { domain: DOMAIN });
      if (!(await verifies(replay, replay.steps[0]?.token ?? ""))) refused.push(vector.id);
    }
    // `spaces` is not among them: base64 decoders skip white space, so the refusal of it is the Worker's own to make.
    const spoiled = `dots xyz two-parts four-parts five-parts bad-b64-header bad-b64-payload alg-none
      alg-none-case alg-none-two-parts alg-missing alg-unknown hs256-pem es256-header-rsa-key es256-der flip-sig
      flip-payload unknown-kid kid-path kid-of-other-issuer other-issuer-key-own-kid jku`;
    expect(refused.sort()).toEqual(
      spoiled
        .split(/\s+/)
        .map((name) => `token-${name}`)
        .sort(),
    );
  });
});

interface Recorded {
  readonly kind: string;
  readonly detail: string;
  readonly status: string;
}

function recorded(line: string): Recorded {
  const [, kind = "", detail = "", status = ""] = /^([a-z.]+)(?:\((.*)\))?=(\w+)$/s.exec(line) ?? [];
  return { kind, detail, status };
}

/** octo-sts's calls to GitHub, made again in order; gives "call=status" of each. */
async function callAgain(replay: Replay, calls: readonly string[]): Promise<string[]> {
  const { network, names, config } = replay;
  const owner = names.owner;
  const app = { ...AGENT, authorization: `Bearer ${await appJwt({ app: APP_ID, nowMs: Date.now() })}` };
  const installation = network.github.state.installations.find((one) => one.account.login === owner);
  let token = "";
  const answers: string[] = [];
  const ask = async (line: string, path: string, init: RequestInit): Promise<unknown> => {
    const response = await network.fetch(config.apiUrl + path, { redirect: "manual", ...init });
    answers.push(line.replace(/=\w+$/, `=${response.status}`));
    return response.status === 201 ? response.json() : null;
  };
  for (const line of calls) {
    const { kind, detail } = recorded(line);
    const asToken = { headers: { ...AGENT, authorization: `token ${token}` } };
    if (kind === "mint") {
      const [permissions = "", repositories = ""] = detail.split("@");
      const pairs = permissions.includes(":") ? permissions.split(",").map((pair) => pair.split(":")) : [];
      const body = { permissions: Object.fromEntries(pairs), repositories: filler(names)(repositories).split(",") };
      const path = `/app/installations/${installation?.id}/access_tokens`;
      const minted = await ask(line, path, { method: "POST", headers: app, body: JSON.stringify(body) });
      if (typeof minted === "object" && minted !== null && "token" in minted) token = String(minted.token);
    } else if (kind === "contents") {
      const [repo = "", path = ""] = detail.split(":");
      await ask(line, `/repos/${owner}/${repo}/contents/${path.split("/").map(encodeURIComponent).join("/")}`, asToken);
    } else if (kind === "revoke") {
      await ask(line, "/installation/token", { method: "DELETE", ...asToken });
    } else if (kind === "installations") {
      await ask(line, "/app/installations?per_page=100", { headers: app });
    }
  }
  return answers;
}

describe("world", () => {
  it("answers octo-sts's own calls as they were answered when it was recorded", async () => {
    let compared = 0;
    for (const vector of vectors) {
      const replay = await prepareCase(vector, { domain: DOMAIN });
      for (const step of replay.steps) {
        step.before();
        const calls = step.octo.calls.filter(
          (line) => /^(mint|contents|revoke|installations)\b.*=\d+$/s.test(line) && !/UNCLEAN|@ALL|…|\\0/.test(line),
        );
        // A case with faults would need the call that met the fault as well.
        if (step.octo.calls.some((line) => line.startsWith("AFTER")) || vector.steps.some((one) => one.faults))
          continue;
        expect(await callAgain(replay, calls), vector.id).toEqual(calls);
        compared += calls.length;
      }
    }
    expect(compared).toBeGreaterThan(700);
  });

  it("reads grants back, the answer's and the last one handed out", async () => {
    const replay = await prepareCase(named("ok-dotgithub"), { domain: DOMAIN });
    expect(mintedGrant(replay.network)).toBe(null);
    const octo = replay.steps[0]?.octo;
    await callAgain(replay, octo?.calls ?? []);
    expect(mintedGrant(replay.network)).toEqual(octo?.minted);
    const last = replay.network.github.tokens.at(-1)?.value ?? "";
    expect(grantOf(replay.network, last)).toEqual(octo?.minted);
    expect(grantOf(replay.network, "ghs_nobody")).toBe(null);
  });

  it("arms a step's faults for that step only", async () => {
    const replay = await prepareCase(named("disc-recovers"), { domain: DOMAIN });
    const statuses: number[] = [];
    for (const step of replay.steps) {
      step.before();
      const url = `${replay.names.issuer}/.well-known/openid-configuration`;
      statuses.push((await replay.network.fetch(url)).status);
    }
    expect(statuses).toEqual([404, 200]);
  });

  it("serves the issuer's own keys on the other port and the other host", async () => {
    const replay = await prepareCase(named("jwks-uri-far"), { domain: DOMAIN });
    const { names, network } = replay;
    const own = await (await network.fetch(`${names.issuer}/jwks`)).json();
    expect(await (await network.fetch(`${names.far}/jwks`)).json()).toEqual(own);
    expect(await (await network.fetch(`${names.other}/jwks`)).json()).toEqual(own);
    const discovery = await network.fetch(`${names.issuer}/.well-known/openid-configuration`);
    expect(await discovery.json()).toMatchObject({ issuer: names.issuer, jwks_uri: `${names.far}/jwks` });
  });
});
