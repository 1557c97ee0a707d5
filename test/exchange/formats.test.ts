// `format`: a grant as shells and git read it. A refusal stays as it is, and is told in a header to what sees no body.

import { describe, expect, it } from "vitest";
import { type Asking, createWorld } from "../support/world.ts";

const form = { "Content-Type": "application/x-www-form-urlencoded" };
const json = { "Content-Type": "application/json" };

describe("a grant", () => {
  it.each<[string, Asking]>([
    ["the query", { query: { format: "token" } }],
    ["a form", { method: "POST", headers: form, body: "format=token" }],
    ["JSON", { method: "POST", headers: json, body: '{"format":"token"}' }],
  ])("is the bare token, asked for by %s", async (_about, asking) => {
    const world = await createWorld();
    const { status, headers, text } = await world.ask(asking);
    expect([status, text]).toEqual([200, `${world.livingTokens()[0]}\n`]);
    expect(headers.get("Content-Type")).toBe("text/plain; charset=utf-8");
    expect(headers.get("Cache-Control")).toBe("no-store");
    expect(headers.get("X-STS-Policy")).toMatch(/deploy\.sts\.yaml@[0-9a-f]{40}$/);
  });

  it("is what git asks a credential helper for", async () => {
    const world = await createWorld();
    const { status, text } = await world.ask({ query: { format: "git-credential" } });
    const expiry = Date.UTC(2026, 10, 25, 13) / 1000;
    expect([status, text]).toEqual([
      200,
      `username=x-access-token\npassword=${world.livingTokens()[0]}\npassword_expiry_utc=${expiry}\n`,
    ]);
  });

  it("is JSON if that is said", async () => {
    const world = await createWorld();
    const { body } = await world.ask({ query: { format: "json" } });
    expect(body).toMatchObject({ token: world.livingTokens()[0], token_type: "Bearer" });
  });

  it.each<Asking>([
    { query: { format: "yaml" } },
    { query: { format: "" } },
    { query: { format: "Token" } },
    { method: "POST", query: { format: "token" }, headers: form, body: "format=json" },
  ])("is not written in another way, or in two: %j", async (asking) => {
    const world = await createWorld();
    const { status, body } = await world.ask(asking);
    const message = 'invalid request: "format" must be one of json, token, git-credential';
    expect([status, body.reason, body.message]).toEqual([400, "invalid_request", message]);
    expect(world.calls).toEqual([]);
  });
});

describe("a refusal", () => {
  it.each(["json", "token", "git-credential"])(
    "is the same for %s, in the body and on one line of a header",
    async (format) => {
      const { ask, livingTokens } = await createWorld();
      const { status, headers, text, body } = await ask({ query: { format }, claims: { sub: 'a "quoted" subject' } });
      expect([status, body.reason]).toEqual([403, "subject_mismatch"]);
      expect(headers.get("Content-Type")).toBe("application/json; charset=utf-8");
      expect(headers.get("X-STS-Refusal")).toBe(`subject_mismatch: ${body.error_description}`);
      // Nothing that git would take for an answer of a helper.
      expect(text).not.toMatch(/^(?:username|password)=/m);
      expect(livingTokens()).toEqual([]);
    },
  );

  it("has no longer header than a client takes", async () => {
    const world = await createWorld();
    const aud = [..."abcdefgh"].map((letter) => letter.repeat(200));
    const { headers, body } = await world.ask({ claims: { aud } });
    expect(body.reason).toBe("audience_mismatch");
    expect(String(body.error_description).length).toBeGreaterThan(1_600);
    expect(headers.get("X-STS-Refusal")?.length).toBe(1_000);
  });
});
