// What `npm run deploy` refuses, and how the operator's own file lies over wrangler.toml.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { execute } from "../../support/command.ts";
import { preflight } from "./preflight.ts";
import { mergeSettings, ROOT, readSettings } from "./settings.ts";

const DOMAIN = "sts.example.com";
const ROUTES = [{ pattern: DOMAIN, custom_domain: true }];
const VARS = { STS_DOMAIN: DOMAIN, ALLOWED_OWNERS: "acme" };
const template = readSettings("nothing.toml");

type Own = Readonly<Record<string, unknown>>;
const GOOD: Own = { workers_dev: false, routes: ROUTES, vars: VARS };
const findingsOf = (own: Own) => preflight(mergeSettings(template, withoutOurs({ ...GOOD, ...own })));
/** `mergeSettings` takes raw keys; undefined is "not written". */
const withoutOurs = (own: Own): Own =>
  Object.fromEntries(Object.entries(own).filter(([, value]) => value !== undefined));
const vars = (more: Own): Own => ({ vars: { ...VARS, ...more } });

describe("nothing is found with", () => {
  it.each<[string, Own]>([
    ["a domain of one's own", {}],
    ["a route as text", { routes: undefined, route: `${DOMAIN}/*` }],
    [
      "a workers.dev name",
      { routes: undefined, workers_dev: true, ...vars({ STS_DOMAIN: "octo-sts-edge.acme.workers.dev" }) },
    ],
    ["a namespace", { kv_namespaces: [{ binding: "STS_CACHE", id: "0123456789abcdef0123456789abcdef" }] }],
    ["GitHub Enterprise Server", vars({ GITHUB_API_URL: "https://ghes.example/api/v3/" })],
    ["ghe.com", vars({ GITHUB_API_URL: "https://api.acme.ghe.com" })],
    [
      "every optional binding",
      {
        queues: { producers: [{ binding: "AUDIT_QUEUE", queue: "q" }] },
        r2_buckets: [{ binding: "AUDIT_BUCKET", bucket_name: "b" }],
        analytics_engine_datasets: [{ binding: "METRICS", dataset: "d" }],
      },
    ],
  ])("%s", (_, own) => expect(findingsOf(own)).toEqual([]));
});

describe("an error is", () => {
  it.each<[string, Own, string]>([
    ["no domain", vars({ STS_DOMAIN: "" }), "STS_DOMAIN is required"],
    ["a URL for a domain", vars({ STS_DOMAIN: `https://${DOMAIN}` }), "STS_DOMAIN must be a bare host name"],
    ["a variable above [vars]", { ALLOWED_OWNERS: "acme" }, "above the first [table] stands ALLOWED_OWNERS"],
    [
      "a variable in another table",
      { placement: { ALLOWED_OWNERS: "acme" } },
      "below [placement] stands ALLOWED_OWNERS",
    ],
    [
      "a variable in the last of several tables",
      { analytics_engine_datasets: [{ binding: "METRICS", dataset: "d", READY_TOKEN: "x" }] },
      "below [analytics_engine_datasets] stands READY_TOKEN",
    ],
    ["nearly a variable", vars({ ALLOWED_OWNER: "acme" }), "ALLOWED_OWNER must be ALLOWED_OWNERS"],
    [
      "nearly a binding",
      { queues: { producers: [{ binding: "AUDIT_QUEUES", queue: "q" }] } },
      "AUDIT_QUEUES must be AUDIT_QUEUE",
    ],
    [
      "a required queue that is not bound",
      vars({ AUDIT_REQUIRED: "queue" }),
      "AUDIT_REQUIRED is queue, but AUDIT_QUEUE",
    ],
    ["a value that the Worker refuses", vars({ INLINE_JWKS: "yes" }), "INLINE_JWKS must be true or false"],
    ["a secret among variables", vars({ READY_TOKEN: "s3cr3t" }), "READY_TOKEN is a secret"],
    [
      "an id of no namespace",
      { kv_namespaces: [{ binding: "STS_CACHE", id: "" }] },
      "STS_CACHE has an id that is none",
    ],
    [
      "an id that is a placeholder",
      { kv_namespaces: [{ binding: "STS_CACHE", id: "<id>" }] },
      "STS_CACHE has an id that is none",
    ],
    [
      "GitHub Enterprise Server's own URL",
      vars({ GITHUB_API_URL: "https://ghes.example" }),
      "GITHUB_API_URL must end with /api/v3",
    ],
    [
      "a path at github.com",
      vars({ GITHUB_API_URL: "https://api.github.com/api/v3" }),
      "GITHUB_API_URL must have no path",
    ],
    ["workers_dev beside a domain", { workers_dev: true }, "workers_dev is on beside a domain"],
    ["workers_dev as the template has it", { workers_dev: undefined }, "workers_dev is on beside a domain"],
    ["a domain that no route has", { routes: [{ pattern: "x.example", custom_domain: true }] }, "routes has x.example"],
    ["a domain without routes", { routes: undefined }, `routes has no ${DOMAIN}`],
    [
      "workers.dev that is off",
      { routes: undefined, ...vars({ STS_DOMAIN: "octo-sts-edge.acme.workers.dev" }) },
      "workers_dev is off",
    ],
    [
      "another Worker's name",
      { routes: undefined, workers_dev: true, ...vars({ STS_DOMAIN: "other.acme.workers.dev" }) },
      "STS_DOMAIN must begin",
    ],
    ["loopback", vars({ ALLOW_LOOPBACK: "true" }), "ALLOW_LOOPBACK is for development"],
  ])("%s", (_, own, told) => {
    const findings = findingsOf(own);
    expect(findings).toEqual([{ severity: "error", text: expect.stringContaining(told) }]);
    expect(JSON.stringify(findings)).not.toContain("s3cr3t");
  });

  it("the template as it is, which says where the domain is to be found", () => {
    expect(preflight(template)).toEqual([
      { severity: "error", text: expect.stringContaining("octo-sts-edge.SUBDOMAIN.workers.dev") },
    ]);
  });

  it("a cache that is not bound at all", () => {
    expect(preflight({ ...mergeSettings(template, GOOD), kv_namespaces: [] })).toMatchObject([{ severity: "error" }]);
  });
});

it("warns of whom a deployment without ALLOWED_OWNERS serves", () => {
  const findings = findingsOf({ vars: { STS_DOMAIN: DOMAIN, GITHUB_API_URL: "https://ghes.example/api/v3" } });
  expect(findings).toEqual([
    { severity: "warning", text: expect.stringContaining("every owner at https://ghes.example") },
  ]);
});

it("is what npm run deploy says before it hands anything to wrangler", async () => {
  const folder = mkdtempSync(join(tmpdir(), "octo-sts-deploy-"));
  const own = join(folder, "own.toml");
  const deploy = (...args: readonly string[]) =>
    execute(process.execPath, [join(ROOT, "test/tools/wrangler.ts"), ...args], { cwd: ROOT });
  writeFileSync(own, '[vars]\nSTS_DOMAIN = "https://x.example"\nALLOWED_OWNER = "s3cr3t"\n');
  for (const command of [["deploy"], ["versions", "upload"]]) {
    const { code, stdout, stderr } = await deploy(...command, "--settings", own);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^error: STS_DOMAIN must be.*error: ALLOWED_OWNER must be.*Nothing was deployed/s);
    expect(stderr).not.toContain("s3cr3t");
  }
  writeFileSync(own, "no TOML");
  const broken = await deploy("--settings", own, "deploy");
  expect([broken.code, broken.stdout]).toEqual([1, ""]);
  expect(broken.stderr).toContain(`${own}:1:`);
  const absent = await deploy("deploy", "--settings", join(folder, "absent.toml"));
  expect([absent.code, absent.stderr]).toEqual([1, expect.stringContaining("does not exist")]);
  rmSync(folder, { recursive: true });
});

describe("the operator's own file", () => {
  it("wins by key, by variable and by binding, and leaves the rest", () => {
    const own = {
      name: "staging",
      vars: { DEBUG_TIMING: "true" },
      ratelimits: [{ name: "OWNER_RATE_LIMIT", namespace_id: "9" }],
    };
    const merged = mergeSettings(template, own);
    expect(merged).toMatchObject({ name: "staging", main: "worker/index.ts", minify: true });
    expect(merged.vars).toEqual({ STS_DOMAIN: "", DEBUG_TIMING: "true" });
    expect(merged.ratelimits.map(({ name, namespace_id }) => [name, namespace_id])).toEqual([
      ["CALLER_RATE_LIMIT", "7101"],
      ["OWNER_RATE_LIMIT", "9"],
    ]);
  });

  it.each(["main", "alias", "compatibility_date", "compatibility_flags", "env"])("may not have %s", (key) => {
    expect(() => mergeSettings(template, { [key]: "x" })).toThrow(key);
  });

  it("is refused by the key that has another type", () => {
    expect(() => mergeSettings(template, { workers_dev: "no" })).toThrow("workers_dev");
    expect(() => mergeSettings(template, { kv_namespaces: [{}] })).toThrow("kv_namespaces");
  });
});
