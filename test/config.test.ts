// Environment -> Config: defaults, every wrong value named with what to write, and no value ever repeated.

import { describe, expect, it } from "vitest";
import type { Env } from "../worker/config/reader.ts";
import { type Config, readConfig } from "../worker/config.ts";

const SECRET = "s3cr3t";
const GOOD: Env = { STS_DOMAIN: "sts.example.com", GITHUB_APP_ID: "7", GITHUB_APP_PRIVATE_KEY: SECRET };

function configOf(more: Env): Config {
  const reading = readConfig({ ...GOOD, ...more });
  if (!reading.ok) throw new Error(JSON.stringify(reading.problems));
  return reading.config;
}

describe("a good environment", () => {
  it("needs a domain and an App; all else has a default", () => {
    expect(configOf({})).toEqual({
      stsDomain: "sts.example.com",
      apps: [
        {
          id: "7",
          name: undefined,
          botId: undefined,
          privateKey: SECRET,
          owners: [],
          webhookSecrets: [],
          variable: "GITHUB_APP_PRIVATE_KEY",
        },
      ],
      apiUrl: "https://api.github.com",
      orgPolicyRepo: ".github",
      allowedOwners: undefined,
      allowedIssuers: undefined,
      knownIssuers: [],
      inlineJwks: true,
      extraPermissions: [],
      readyToken: undefined,
      debugTiming: false,
      requireRepositories: false,
      organizationPermissions: "read",
      eventIngressUri: undefined,
      allowLoopback: false,
      privateHosts: [],
    });
    expect(Object.isFrozen(configOf({}))).toBe(true);
  });

  it.each<[string, Env, Partial<Config>]>([
    [
      "lists by comma or white space",
      { ALLOWED_OWNERS: "Acme, other\nthird" },
      { allowedOwners: ["acme", "other", "third"] },
    ],
    ["App ids as numbers", { GITHUB_APP_ID: 7 }, {}],
    [
      "a final slash of the API",
      { GITHUB_API_URL: "https://ghes.example/api/v3/" },
      { apiUrl: "https://ghes.example/api/v3" },
    ],
    [
      "known issuers with a wildcard",
      { KNOWN_ISSUERS: "https://a.example/* https://b.example" },
      { knownIssuers: ["https://a.example/*", "https://b.example"] },
    ],
    [
      "allowed issuers, which are known and turn inline keys off",
      { ALLOWED_ISSUERS: "https://a.example" },
      { allowedIssuers: ["https://a.example"], knownIssuers: ["https://a.example"], inlineJwks: false },
    ],
    [
      "inline keys in spite of that",
      { ALLOWED_ISSUERS: "https://a.example", INLINE_JWKS: "true" },
      { inlineJwks: true },
    ],
    [
      "permissions that this version lacks",
      { EXTRA_PERMISSIONS: "issue_types, organization_campaigns" },
      { extraPermissions: ["issue_types", "organization_campaigns"] },
    ],
    ["booleans of the platform", { DEBUG_TIMING: true }, { debugTiming: true }],
    [
      "loopback where allowed",
      { ALLOW_LOOPBACK: "true", GITHUB_API_URL: "http://127.0.0.1:9" },
      { apiUrl: "http://127.0.0.1:9" },
    ],
    [
      "hosts of a private network",
      { PRIVATE_HOSTS: "GHES.corp, 10.0.0.5 [fd00::5]" },
      { privateHosts: ["ghes.corp", "10.0.0.5", "[fd00::5]"] },
    ],
    ["blank is not set", { READY_TOKEN: " ", KNOWN_ISSUERS: "" }, { readyToken: undefined, knownIssuers: [] }],
    ["unknown variables", { SOMETHING: "else" }, {}],
  ])("reads %s", (_name, env, expected) => {
    expect(configOf(env)).toMatchObject(expected);
  });

  it("takes several Apps, each with its owners and secrets", () => {
    const GITHUB_APPS = JSON.stringify([
      { id: 1, privateKey: "a", owners: ["Acme"], webhookSecret: ["x", "y"] },
      { id: "2", botId: 5, privateKey: "b" },
    ]);
    expect(configOf({ GITHUB_APPS, GITHUB_WEBHOOK_SECRET: "shared" }).apps).toEqual([
      { id: "1", privateKey: "a", owners: ["acme"], webhookSecrets: ["x", "y"], variable: "GITHUB_APPS" },
      { id: "2", botId: "5", privateKey: "b", owners: [], webhookSecrets: ["shared"], variable: "GITHUB_APPS" },
    ]);
  });

  it("takes names of Apps, of which two may have one only where they serve different owners", () => {
    expect(configOf({ GITHUB_APP_NAME: "ci" }).apps[0]?.name).toBe("ci");
    const named = (name: string, ...owners: string[]) => ({ id: owners.length + 1, name, privateKey: "a", owners });
    const GITHUB_APPS = JSON.stringify([named("ci"), named("ci", "acme"), named("ci", "else", "where")]);
    expect(configOf({ GITHUB_APPS }).apps.map(({ name }) => name)).toEqual(["ci", "ci", "ci"]);
  });
});

describe("a wrong environment", () => {
  it.each<[string, Env, string]>([
    ["no domain", { STS_DOMAIN: "" }, "STS_DOMAIN"],
    ["a domain with a scheme", { STS_DOMAIN: `https://${SECRET}.example` }, "STS_DOMAIN"],
    ["a domain with a path", { STS_DOMAIN: `${SECRET}.example/x` }, "STS_DOMAIN"],
    ["no App id", { GITHUB_APP_ID: undefined }, "GITHUB_APP_ID"],
    ["an App id in words", { GITHUB_APP_ID: SECRET }, "GITHUB_APP_ID"],
    ["no key", { GITHUB_APP_PRIVATE_KEY: undefined }, "GITHUB_APP_PRIVATE_KEY"],
    ["Apps that are not JSON", { GITHUB_APPS: SECRET }, "GITHUB_APPS"],
    ["Apps with an unknown key", { GITHUB_APPS: `[{"id":1,"privateKey":"${SECRET}","owner":"x"}]` }, "GITHUB_APPS"],
    ["no Apps", { GITHUB_APPS: "[]" }, "GITHUB_APPS"],
    ["an App twice", { GITHUB_APPS: `[{"id":1,"privateKey":"a"},{"id":"1","privateKey":"b"}]` }, "GITHUB_APPS"],
    ["a bot's id in words", { GITHUB_APP_BOT_ID: SECRET }, "GITHUB_APP_BOT_ID"],
    [
      "a bot's id in words among Apps",
      { GITHUB_APPS: `[{"id":1,"botId":"x","privateKey":"${SECRET}"}]` },
      "GITHUB_APPS",
    ],
    ["a name of digits", { GITHUB_APP_NAME: "77" }, "GITHUB_APP_NAME"],
    ["a name with a space", { GITHUB_APP_NAME: `${SECRET} ${SECRET}` }, "GITHUB_APP_NAME"],
    ["a name of digits among Apps", { GITHUB_APPS: `[{"id":1,"name":"2","privateKey":"${SECRET}"}]` }, "GITHUB_APPS"],
    [
      "a name twice for everyone",
      { GITHUB_APPS: `[{"id":1,"name":"ci","privateKey":"a"},{"id":2,"name":"ci","privateKey":"b"}]` },
      "GITHUB_APPS",
    ],
    [
      "a name twice for one owner",
      {
        GITHUB_APPS: `[{"id":1,"name":"ci","privateKey":"a","owners":["Acme"]},{"id":2,"name":"ci","privateKey":"b","owners":["x","acme"]}]`,
      },
      "GITHUB_APPS",
    ],
    ["an API by http", { GITHUB_API_URL: `http://${SECRET}.example` }, "GITHUB_API_URL"],
    ["an API with credentials", { GITHUB_API_URL: `https://u:${SECRET}@x.example` }, "GITHUB_API_URL"],
    ["loopback that is not allowed", { GITHUB_API_URL: "http://127.0.0.1:9" }, "GITHUB_API_URL"],
    ["an empty policy repository", { ORG_POLICY_REPO: "" }, "ORG_POLICY_REPO"],
    ["a policy repository with its owner", { ORG_POLICY_REPO: `acme/${SECRET}` }, "ORG_POLICY_REPO"],
    ["a gate that names nobody", { ALLOWED_OWNERS: " " }, "ALLOWED_OWNERS"],
    ["a gate that names no owner", { ALLOWED_OWNERS: `acme/${SECRET}` }, "ALLOWED_OWNERS"],
    ["an issuer gate that names nobody", { ALLOWED_ISSUERS: "" }, "ALLOWED_ISSUERS"],
    ["an issuer gate with a wildcard", { ALLOWED_ISSUERS: `https://${SECRET}.example/*` }, "ALLOWED_ISSUERS"],
    ["a known issuer without a scheme", { KNOWN_ISSUERS: SECRET }, "KNOWN_ISSUERS"],
    ["a boolean in other words", { DEBUG_TIMING: "yes" }, "DEBUG_TIMING"],
    ["another level", { ORG_PERMISSIONS_IN_REPO_POLICIES: SECRET }, "ORG_PERMISSIONS_IN_REPO_POLICIES"],
    ["a sink that is no URL", { EVENT_INGRESS_URI: SECRET }, "EVENT_INGRESS_URI"],
    ["a mode that CloudEvents do not have", { EVENT_INGRESS_MODE: SECRET }, "EVENT_INGRESS_MODE"],
    ["a header of two lines", { EVENT_INGRESS_AUTHORIZATION: `Bearer ${SECRET}\nX: y` }, "EVENT_INGRESS_AUTHORIZATION"],
    ["a header that is not ASCII", { EVENT_INGRESS_AUTHORIZATION: `Bearer ${SECRET}ü` }, "EVENT_INGRESS_AUTHORIZATION"],
    ["another required sink", { AUDIT_REQUIRED: SECRET }, "AUDIT_REQUIRED"],
    ["a required sink without an address", { AUDIT_REQUIRED: "http" }, "AUDIT_REQUIRED"],
    ["a value that is not text", { READY_TOKEN: { x: SECRET } }, "READY_TOKEN"],
  ])("with %s names the variable and no value", (_name, env, variable) => {
    const reading = readConfig({ ...GOOD, ...env });
    expect(reading.ok).toBe(false);
    const problems = reading.ok ? [] : reading.problems;
    expect(problems.map((problem) => problem.variable)).toEqual([variable]);
    expect(problems[0]?.problem).toMatch(
      /required|must|needs|is set but empty|names an id twice|is not text|not a JSON/,
    );
    expect(JSON.stringify(problems)).not.toContain(SECRET);
  });

  it("tells all problems at once", () => {
    const reading = readConfig({ DEBUG_TIMING: "x" });
    expect(reading.ok ? [] : reading.problems.map(({ variable }) => variable)).toEqual([
      "STS_DOMAIN",
      "GITHUB_APP_ID",
      "GITHUB_APP_PRIVATE_KEY",
      "DEBUG_TIMING",
    ]);
  });
});

describe("a name that is nearly one of ours", () => {
  it.each([
    ["ALLOWED_OWNER", "ALLOWED_OWNERS"],
    ["ALOWED_OWNERS", "ALLOWED_OWNERS"],
    ["ALLOWED_ONWERS", "ALLOWED_OWNERS"],
    ["ALLOW_OWNERS", "ALLOWED_OWNERS"],
    ["ALLOW_OWNER", "ALLOWED_OWNERS"],
    ["allowed_owners", "ALLOWED_OWNERS"],
    ["ALLOWED-OWNERS", "ALLOWED_OWNERS"],
    ["ALLOWEDOWNERS", "ALLOWED_OWNERS"],
    ["ALLOWEDOWNER", "ALLOWED_OWNERS"],
    ["allowedIssuers", "ALLOWED_ISSUERS"],
    ["ALLOWED_ISUERS", "ALLOWED_ISSUERS"],
    ["REQUIRE_REPOSITORY", "REQUIRE_REPOSITORIES"],
    ["REQUIRED_REPOSITORIES", "REQUIRE_REPOSITORIES"],
    ["INLINE_JWK", "INLINE_JWKS"],
    ["ORG_PERMISSION_IN_REPO_POLICY", "ORG_PERMISSIONS_IN_REPO_POLICIES"],
    ["EVENT_INGRESS_URL", "EVENT_INGRESS_URI"],
    ["GITHUB_APP", "GITHUB_APPS"],
    ["GITHUB_WEBHOOK_SECRETS", "GITHUB_WEBHOOK_SECRET"],
    ["PRIVATE_HOST", "PRIVATE_HOSTS"],
    ["AUDIT_QUEUES", "AUDIT_QUEUE"],
    ["AUDIT_REQUIRE", "AUDIT_REQUIRED"],
    ["EVENT_INGRESS_AUTHORISATION", "EVENT_INGRESS_AUTHORIZATION"],
  ])("is a wrong value: %s, which is told to be %s", (name, meant) => {
    for (const more of [{}, { GITHUB_APPS: `[{"id":1,"privateKey":"${SECRET}"}]` }]) {
      const reading = readConfig({ ...GOOD, [name]: SECRET, ...more });
      const problem = `must be ${meant}, if that is meant, or else have a name that is less like it`;
      expect(reading.ok ? [] : reading.problems).toEqual([{ variable: name, problem }]);
    }
  });

  it.each([
    // Of the platform, of runners and of shells.
    ["CF_VERSION_METADATA", "CLOUDFLARE_API_TOKEN", "GITHUB_TOKEN", "GITHUB_ACTIONS", "GITHUB_ACTION", "GITHUB_ACTOR"],
    ["GITHUB_ACTOR_ID", "GITHUB_RUN_ID", "GITHUB_REPOSITORY", "GITHUB_REPOSITORY_OWNER", "GITHUB_REPOSITORY_ID"],
    ["GITHUB_SERVER_URL", "GITHUB_GRAPHQL_URL", "GITHUB_PATH", "GITHUB_ENV", "GITHUB_JOB", "GITHUB_REF_NAME"],
    ["PATH", "HOME", "HOSTNAME", "PORT", "LISTEN", "DATA_DIR", "CA_FILE", "TRUSTED_PROXIES", "KUBERNETES_SERVICE_HOST"],
    // One letter off, and another thing.
    ["DNS_DOMAIN", "SYS_DOMAIN", "GITHUB_APP_URL", "GITHUB_API", "GITHUB_OPS", "ORG_POLICY_REPORT", "BLOCKED_OWNERS"],
    ["SOMETHING", "", "_", "__proto__", "X".repeat(5_000)],
  ])("is not what is far from it, or means something else: %s, ...", (...names) => {
    const env = Object.fromEntries(names.map((name) => [name, SECRET]));
    expect(readConfig({ ...GOOD, ...env })).toMatchObject({ ok: true });
  });
});
