// The same exchange in the words of OAuth: RFC 8693, 8414 and 7009, also as a standard client library speaks them.

import * as oauth from "oauth4webapi";
import { beforeEach, describe, expect, it } from "vitest";
import type { Answer } from "../support/isolate.ts";
import { reset } from "../support/storage.ts";
import { claimsOf, createWorld, DOMAIN, type World } from "../support/world.ts";

const GRANT = "urn:ietf:params:oauth:grant-type:token-exchange";
const JWT = "urn:ietf:params:oauth:token-type:jwt";
const FORM = "application/x-www-form-urlencoded";

interface OAuthAsking {
  readonly parameters?: Readonly<Record<string, string | undefined>>;
  readonly claims?: Readonly<Record<string, unknown>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Appended to the form as it is. */
  readonly more?: string;
  readonly query?: string;
}

async function askToken(world: World, asking: OAuthAsking = {}): Promise<Answer> {
  const usual: Record<string, string | undefined> = {
    grant_type: GRANT,
    subject_token: await world.actions.sign({ ...claimsOf(world), ...asking.claims }),
    subject_token_type: JWT,
    resource: `https://github.com/${world.owner}/app`,
    scope: "deploy",
    ...asking.parameters,
  };
  const given = Object.entries(usual).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]]));
  return world.worker.fetch(
    new Request(`https://${DOMAIN}/oauth2/token${asking.query ?? ""}`, {
      method: "POST",
      headers: { "Content-Type": FORM, ...asking.headers },
      body: new URLSearchParams(given).toString() + (asking.more ?? ""),
    }),
  );
}

beforeEach(() => reset());

describe("token exchange", () => {
  it.each([
    ["resource", (owner: string) => ({ resource: `https://github.com/${owner}/app` })],
    ["audience", (owner: string) => ({ resource: undefined, audience: `${owner}/app` })],
    ["both, in two spellings", (owner: string) => ({ audience: `${owner}/app` })],
    ["an id_token and a client_id", () => ({ subject_token_type: JWT.replace("jwt", "id_token"), client_id: "x" })],
  ])("with %s", async (_name, parameters) => {
    const world = await createWorld();
    const { status, body, headers } = await askToken(world, { parameters: parameters(world.owner) });
    expect(status).toBe(200);
    expect(body).toMatchObject({
      issued_token_type: "urn:ietf:params:oauth:token-type:access_token",
      token_type: "Bearer",
      expires_in: 3600,
      permissions: { issues: "write", metadata: "read" },
      repositories: ["app"],
    });
    expect(world.github.tokens.filter(({ revoked }) => !revoked).map(({ value }) => value)).toEqual([
      body.access_token,
    ]);
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(world.worker.audits()).toMatchObject([{ outcome: "granted", identity: "deploy" }]);
  });

  it.each<[string, OAuthAsking, number, string, string]>([
    ["no grant type", { parameters: { grant_type: "" } }, 400, "invalid_request", "invalid_request"],
    [
      "another grant type",
      { parameters: { grant_type: "client_credentials" } },
      400,
      "unsupported_grant_type",
      "invalid_request",
    ],
    ["no subject token", { parameters: { subject_token: undefined } }, 400, "invalid_request", "invalid_request"],
    [
      "another subject token type",
      { parameters: { subject_token_type: "x" } },
      400,
      "invalid_request",
      "invalid_request",
    ],
    [
      "another token asked for",
      { parameters: { requested_token_type: JWT } },
      400,
      "invalid_request",
      "invalid_request",
    ],
    ["an actor token", { parameters: { actor_token: "x" } }, 400, "invalid_request", "invalid_request"],
    [
      "an Authorization header",
      { headers: { Authorization: "Basic eA==" } },
      400,
      "invalid_request",
      "invalid_request",
    ],
    ["a JSON body", { headers: { "Content-Type": "application/json" } }, 400, "invalid_request", "invalid_request"],
    ["a parameter twice", { more: "&scope=deploy" }, 400, "invalid_request", "invalid_request"],
    ["no target", { parameters: { resource: undefined } }, 400, "invalid_request", "scope_missing"],
    ["targets that disagree", { parameters: { audience: "else/where" } }, 400, "invalid_target", "scope_multiple"],
    [
      "a target elsewhere",
      { parameters: { resource: "https://gitlab.com/a/b" } },
      400,
      "invalid_target",
      "scope_invalid",
    ],
    ["no identity", { parameters: { scope: undefined } }, 400, "invalid_request", "identity_missing"],
    ["two identities", { parameters: { scope: "deploy other" } }, 400, "invalid_scope", "identity_invalid"],
    ["an expired token", { claims: { exp: 1 } }, 400, "invalid_request", "token_expired"],
    ["a policy that is not there", { parameters: { scope: "none" } }, 400, "invalid_scope", "policy_not_found"],
    ["a subject that does not match", { claims: { sub: "repo:x" } }, 400, "access_denied", "subject_mismatch"],
  ])("refuses %s", async (_name, asking, status, error, reason) => {
    const world = await createWorld();
    const answer = await askToken(world, asking);
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ error, reason });
    expect(answer.body.error_description).toMatch(/^[ !#-[\]-~]+$/);
    expect(answer.headers.get("WWW-Authenticate")).toBeNull();
    expect(world.grantMints()).toBe(0);
  });

  it("takes nothing from the query", async () => {
    const world = await createWorld();
    const answer = await askToken(world, { parameters: { scope: undefined }, query: "?scope=deploy" });
    expect(answer.body).toMatchObject({ reason: "identity_missing" });
  });

  it("leaves outages what they are", async () => {
    const world = await createWorld();
    world.network.fault({ route: "gh.mint", kind: "secondary", match: '"issues"' });
    const answer = await askToken(world);
    expect(answer.status).toBe(429);
    expect(answer.body).toMatchObject({ error: "temporarily_unavailable", reason: "github_rate_limited" });
  });
});

describe("a standard client library", () => {
  it("discovers, exchanges and revokes", async () => {
    const world = await createWorld();
    interface Sent {
      readonly method: string;
      readonly headers: Record<string, string>;
      readonly body?: URLSearchParams | undefined;
    }
    const customFetch = async (url: string, { method, headers, body }: Sent) => {
      const answer = await world.worker.fetch(new Request(url, { method, headers, ...(body ? { body } : {}) }));
      return new Response(answer.text, { status: answer.status, headers: answer.headers });
    };
    const through = { [oauth.customFetch]: customFetch };
    const issuer = new URL(`https://${DOMAIN}`);
    const discovered = await oauth.discoveryRequest(issuer, { ...through, algorithm: "oauth2" });
    const server = await oauth.processDiscoveryResponse(issuer, discovered);
    const client = { client_id: "any" };
    const parameters = new URLSearchParams({
      subject_token: await world.actions.sign(claimsOf(world)),
      subject_token_type: JWT,
      resource: `https://github.com/${world.owner}/app`,
      scope: "deploy",
    });
    const response = await oauth.genericTokenEndpointRequest(server, client, oauth.None(), GRANT, parameters, through);
    const result = await oauth.processGenericTokenEndpointResponse(server, client, response);
    expect(result).toMatchObject({ token_type: "bearer", expires_in: 3600 });
    const token = world.github.tokens.find(({ value }) => value === result.access_token);
    expect(token?.revoked).toBe(false);
    const revoked = await oauth.revocationRequest(server, client, oauth.None(), result.access_token, through);
    await oauth.processRevocationResponse(revoked);
    expect(token?.revoked).toBe(true);
  });

  it("reads a refusal", async () => {
    const world = await createWorld();
    const server = { issuer: `https://${DOMAIN}`, token_endpoint: `https://${DOMAIN}/oauth2/token` };
    const answer = await askToken(world, { parameters: { scope: "none" } });
    const response = new Response(answer.text, { status: answer.status, headers: answer.headers });
    const reading = oauth.processGenericTokenEndpointResponse(server, { client_id: "any" }, response);
    await expect(reading).rejects.toMatchObject({ error: "invalid_scope", status: 400 });
  });
});

describe("metadata", () => {
  it("names the configured domain, whatever the Host", async () => {
    const world = await createWorld();
    const answer = await world.worker.fetch(new Request("https://evil.example/.well-known/oauth-authorization-server"));
    expect(answer.body).toMatchObject({
      issuer: `https://${DOMAIN}`,
      token_endpoint: `https://${DOMAIN}/oauth2/token`,
      revocation_endpoint: `https://${DOMAIN}/sts/revoke`,
    });
  });
});

describe("revocation", () => {
  const revoke = (world: World, init: RequestInit) =>
    world.worker.fetch(new Request(`https://${DOMAIN}/sts/revoke`, { method: "POST", ...init }));

  async function granted(world: World): Promise<string> {
    return String((await world.ask()).body.token);
  }

  it("takes the token as a form or as bearer, and a dead one too", async () => {
    const world = await createWorld();
    const first = await granted(world);
    const second = await granted(world);
    const asForm = await revoke(world, {
      headers: { "Content-Type": FORM },
      body: new URLSearchParams({ token: first }),
    });
    const asBearer = await revoke(world, { headers: { Authorization: `Bearer ${second}` } });
    const again = await revoke(world, { headers: { Authorization: `Bearer ${second}` } });
    expect([asForm.status, asBearer.status, again.status]).toEqual([200, 200, 200]);
    expect(world.github.tokens.every(({ revoked }) => revoked)).toBe(true);
  });

  it.each([
    ["nothing", {}, "invalid_request"],
    [
      "somebody's personal token, which never leaves for GitHub",
      { headers: { Authorization: "Bearer ghp_x" } },
      "unsupported_token_type",
    ],
    [
      "two tokens",
      { headers: { Authorization: "Bearer ghs_a", "Content-Type": FORM }, body: "token=ghs_b" },
      "invalid_request",
    ],
  ])("refuses %s", async (_name, init, error) => {
    const world = await createWorld();
    const answer = await revoke(world, init);
    expect(answer.status).toBe(400);
    expect(answer.body).toMatchObject({ error });
    expect(answer.text).not.toContain("ghp_x");
    expect(world.calls).toEqual([]);
  });

  it("says 503 while GitHub is down", async () => {
    const world = await createWorld();
    world.network.fault({ route: "gh.revoke", kind: "status", status: 502 });
    const answer = await revoke(world, { headers: { Authorization: "Bearer ghs_x" } });
    expect(answer.status).toBe(503);
    expect(answer.body).toMatchObject({ reason: "github_unavailable" });
  });
});
