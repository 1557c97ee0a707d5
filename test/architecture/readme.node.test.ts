// The READMEs say of refusals, variables and limits what the code says.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, vi } from "vitest";
import { unstable_readConfig } from "wrangler";
import { parse } from "yaml";
import { METRIC_BLOBS, METRIC_DOUBLES, METRIC_INDEX } from "../../worker/audit/metrics.ts";
import { BINDINGS } from "../../worker/config/reader.ts";
import { readConfig } from "../../worker/config.ts";
import { REFUSALS } from "../../worker/denial.ts";
import * as limits from "../../worker/limits.ts";
import { WHO } from "../../worker/page/refused/explanations/explanation.ts";
import { EXPLANATIONS } from "../../worker/page/refused/explanations/explanations.ts";
import { type Finding, preflight } from "../tools/deploy/preflight.ts";
import { readSettings, writeGenerated } from "../tools/deploy/settings.ts";
import { FIRST_PAINT_BUDGET_BYTES, PAGE_BUDGET_BYTES } from "../tools/page/weight.ts";

const text = (path: string): string =>
  readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url).href), "utf8");
const readme = text("README.md");

const cellsOf = (row: string): string[] =>
  row
    .slice(1, -1)
    .split(" | ")
    .map((cell) => cell.trim());

const tableOf = (...head: readonly string[]): string[][] => tableIn(readme, head);

/** The cells of every row of the table whose head begins with these names. */
function tableIn(document: string, head: readonly string[]): string[][] {
  const lines = document.split("\n");
  const start = lines.findIndex((line) => head.every((name, i) => line.startsWith("|") && cellsOf(line)[i] === name));
  return lines.slice(start + 2, lines.indexOf("", start)).map(cellsOf);
}

it("lists every refusal as it is on the wire", () => {
  const told = tableIn(text("worker/README.md"), ["reason", "HTTP", "code"]).map((cells) => cells.slice(0, 5));
  const real = Object.entries(REFUSALS).map(([reason, { status, code, error, seenBy }]) => [
    reason,
    String(status),
    String(code),
    error,
    seenBy,
  ]);
  expect(told).toEqual(real);
});

it("explains every refusal in the words of its own page", () => {
  const told = tableIn(text("worker/README.md"), ["reason", "HTTP", "code"]).map(([reason, ...cells]) => [
    reason,
    cells[4],
  ]);
  expect(told).toEqual(Object.entries(EXPLANATIONS).map(([reason, { means }]) => [reason, means]));
});

it("says in the runbook who must act for every refusal", () => {
  const told = tableIn(text("worker/README.md"), ["who", "reasons"]).map(([who = "", reasons = ""]) => [
    who,
    [...reasons.matchAll(/`(\w+)`/g)].map(([, reason]) => reason),
  ]);
  const of = (who: string) =>
    Object.entries(EXPLANATIONS).flatMap(([reason, one]) => (one.who === who ? [reason] : []));
  expect(told).toEqual(Object.entries(WHO).map(([who, words]) => [words, of(who)]));
});

it("alarms by reasons and columns that there are", () => {
  const queries = [...text("worker/README.md").matchAll(/^```sql\n([\s\S]*?)^```$/gm)]
    .map(([, sql = ""]) => sql)
    .join("\n");
  const reasons = [...queries.matchAll(/blob2 IN \(([^)]*)\)/g)].flatMap(([, list = ""]) => list.split(", "));
  expect(reasons.length).toBeGreaterThan(5);
  expect(reasons.filter((reason) => !(reason.slice(1, -1) in REFUSALS))).toEqual([]);
  const columns = [
    ...Object.keys(METRIC_BLOBS).map((_, i) => `blob${i + 1}`),
    ...Object.keys(METRIC_DOUBLES).map((_, i) => `double${i + 1}`),
  ];
  const used = new Set([...queries.matchAll(/\b(?:blob|double)\d+\b/g)].map(([column]) => column));
  expect([...used].filter((column) => !columns.includes(column))).toEqual([]);
});

it("lists every variable that the Worker reads, and no other", () => {
  const read = new Set<string>();
  const env = new Proxy({}, { get: (_, name) => void read.add(String(name)) });
  readConfig(env);
  const listed = tableOf("name", "default").map(([name = ""]) => name.split(" ")[0] ?? "");
  expect([...new Set(listed)].sort()).toEqual([...read].sort());
});

it("lists every binding that the Worker looks for, and no other", () => {
  const found = `${text("worker/services.ts")}${text("worker/http/assets.ts")}`.matchAll(
    /bindingOf<\w+>\(env, "([A-Z_]+)"/g,
  );
  const listed = tableOf("binding", "needed").flatMap(([names = ""]) => names.split(", "));
  expect(listed.sort()).toEqual([...new Set([...found].map(([, name]) => name ?? ""))].sort());
  expect(listed).toEqual([...BINDINGS].sort());
});

it("has the columns of the metrics as they are written, and queries that call them by their names", () => {
  const document = text("worker/README.md");
  const numbered = (kind: string, columns: object) => Object.keys(columns).map((name, i) => [`${kind}${i + 1}`, name]);
  const columns = [["index1", METRIC_INDEX], ...numbered("blob", METRIC_BLOBS), ...numbered("double", METRIC_DOUBLES)];
  expect(tableIn(document, ["column", "name"]).map((cells) => cells.slice(0, 2))).toEqual(columns);
  const [, sql = ""] = /^```sql\n([\s\S]*?)^```$/m.exec(document) ?? [];
  const used = [...sql.matchAll(/\b((?:index|blob|double)\d+)\b(?: AS (\w+))?/g)];
  expect(used.length).toBeGreaterThan(10);
  const nameOf = new Map(columns.map(([column, name]) => [column, name]));
  for (const [, column = "", alias = nameOf.get(column)] of used)
    expect([column, nameOf.get(column)]).toEqual([column, alias]);
});

/** As people say it: a minute is 60 s. */
function time(ms: number): string {
  if (ms >= 60 * 60_000) return `${ms / (60 * 60_000)} h`;
  return ms > 60_000 ? `${ms / 60_000} min` : `${ms / 1_000} s`;
}

it("keeps what is cached as long as worker/README.md says", () => {
  const rows = tableIn(text("worker/README.md"), ["what", "key", "fresh"]);
  const cell = (what: string, column: number) => rows.find(([name]) => name === what)?.[column] ?? "";
  for (const [what, fresh, stale, negative] of [
    ["issuer keys", limits.ISSUER_KEYS_FRESH_MS, limits.ISSUER_KEYS_STALE_MS, limits.ISSUER_NEGATIVE_MS],
    ["installation", limits.INSTALLATION_FRESH_MS, undefined, limits.INSTALLATION_NEGATIVE_MS],
    ["trust policy", limits.POLICY_FRESH_MS, limits.POLICY_STALE_MS, limits.POLICY_NEGATIVE_MS],
    ["allow-list", limits.ALLOW_LIST_FRESH_MS, limits.ALLOW_LIST_STALE_MS, limits.ALLOW_LIST_FRESH_MS],
    ["App JWT", limits.APP_JWT_REUSED_MS, undefined, undefined],
  ] as const) {
    const told = [fresh, stale, negative].map((ms) => (ms === undefined ? "-" : time(ms)));
    for (const [i, words] of told.entries()) expect(` ${cell(what, i + 2)}`, what).toContain(` ${words}`);
  }
});

it("bounds what worker/README.md says is bounded", () => {
  const kib = (bytes: number) => `${bytes / 1024} KiB`;
  const told = tableIn(text("worker/README.md"), ["what", "bound"]).map(([, bound = ""]) => bound);
  const token = limits.TOKEN_MAX_CHARACTERS.toLocaleString("en");
  const [query, body] = [kib(limits.QUERY_MAX_BYTES), kib(limits.BODY_MAX_BYTES)];
  expect(told[0]).toBe(`${query}, ${body} and ${limits.PARAMETERS_MAX} parameters, ${token} characters`);
  const sizes = [limits.POLICY_MAX_BYTES, limits.DISCOVERY_MAX_BYTES, limits.JWKS_MAX_BYTES].map(kib).join(", ");
  expect(told[1]).toBe(`${sizes} and ${limits.JWKS_MAX_KEYS} keys`);
  const times = [limits.GITHUB_TIMEOUT_MS, limits.ISSUER_TIMEOUT_MS, limits.EXCHANGE_DEADLINE_MS].map(time);
  expect(told[2]).toBe(times.join(", "));
  expect(told).toContain(
    `${kib(FIRST_PAINT_BUDGET_BYTES)} until something can be read, ${kib(PAGE_BUDGET_BYTES)} in all`,
  );
});

interface Workflow {
  readonly on: { readonly push: { readonly tags: readonly string[] } };
  readonly jobs: Readonly<Record<string, { readonly environment: string; readonly steps: readonly Step[] }>>;
}
interface Step {
  readonly with?: { readonly domain: string; readonly scope: string; readonly identity: string };
  readonly env?: Readonly<Record<string, string>>;
}

const FIRST = "policies/examples/first-policy";

it("has the first policy and the first workflow that are tested, and they belong together", () => {
  const blocks = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, yaml]) => yaml);
  const [policy = "", workflow = ""] = [text(`${FIRST}/release.sts.yaml`), text(`${FIRST}/release.yml`)];
  expect(blocks).toEqual([policy, workflow]);

  // Our own files; actionlint has read the workflow.
  const claims = JSON.parse(text(`${FIRST}/claims.json`)) as Readonly<Record<string, string>>;
  const { on, jobs } = parse(workflow) as Workflow;
  const [, path] = /^# (\S+) in acme\/app$/m.exec(workflow) ?? [];
  const tag = on.push.tags[0]?.replace("*", "1.0.0");
  const { repository, aud, environment, repository_owner_id: owner, repository_id: id } = claims;
  expect(jobs.release?.environment).toBe(environment);
  expect(jobs.release?.steps[0]?.with).toEqual({ domain: aud, scope: repository, identity: "release" });
  expect(jobs.release?.steps[1]?.env?.GH_REPO).toBeDefined();
  expect(claims).toMatchObject({
    sub: `repo:acme@${owner}/app@${id}:environment:${environment}`,
    event_name: Object.keys(on)[0],
    workflow_ref: `${repository}/${path}@refs/tags/${tag}`,
    ref: `refs/tags/${tag}`,
  });
  expect(policy).toContain(`# .github/chainguard/release.sts.yaml in ${repository}\n`);
});

/** Of the READMEs, in the order of reading: the operator's own settings, and what may be pasted to their end. */
const SNIPPETS = [...`${readme}${text("worker/README.md")}`.matchAll(/^( *)```toml\n([\s\S]*?)^ *```$/gm)].map(
  ([, indent = "", snippet = ""]) => snippet.replaceAll(new RegExp(`^${indent}`, "gm"), ""),
);

it("has settings that can be written down as they are, and deploy", () => {
  const { config, problems, findings } = readOwn(SNIPPETS[0] ?? "");
  expect([problems, findings]).toEqual([[], []]);
  expect(config.routes).toEqual([{ pattern: "sts.example.com", custom_domain: true }]);
  expect(config.vars).toEqual({ STS_DOMAIN: "sts.example.com", GITHUB_APP_ID: "12345", ALLOWED_OWNERS: "acme" });
});

it("has snippets that can be pasted to the end of them as they are", () => {
  const { config, problems, findings } = readOwn(SNIPPETS.join("\n"));
  expect([problems, findings]).toEqual([[], []]);
  expect(config.queues.producers).toMatchObject([{ binding: "AUDIT_QUEUE" }]);
  expect(config.queues.consumers).toMatchObject([
    { queue: "octo-sts-audit", dead_letter_queue: "octo-sts-audit-dead" },
  ]);
  expect(config.r2_buckets).toMatchObject([{ binding: "AUDIT_BUCKET" }]);
  expect(config.analytics_engine_datasets).toMatchObject([{ binding: "METRICS" }]);
  expect(config.kv_namespaces).toMatchObject([{ binding: "STS_CACHE", id: expect.any(String) }]);
  expect(config.ratelimits).toMatchObject([
    { name: "CALLER_RATE_LIMIT" },
    { name: "OWNER_RATE_LIMIT", simple: { limit: 100, period: 60 } },
  ]);
  expect(config.placement).toEqual({ mode: "smart" });
});

it.each([
  ["a second [vars]", '[vars]\nSTS_DOMAIN = "sts.example.com"\n', "already defined table"],
  ["a key of the Worker's behind a table", "workers_dev = false\n", "workers_dev"],
  ["a table that wrangler does not know", '[placment]\nmode = "smart"\n', "placment"],
])("knows what cannot be pasted to the end: %s", (_, pasted, problem) => {
  const { problems, findings } = readOwn(`${SNIPPETS[0]}\n${pasted}`);
  expect([...problems, ...findings.map((finding) => finding.text)].join("\n")).toContain(problem);
});

/** As `npm run deploy` and wrangler itself read it, and what either warns or complains of. */
function readOwn(toml: string) {
  const root = mkdtempSync(join(tmpdir(), "octo-sts-settings-"));
  const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
  writeFileSync(join(root, "wrangler.toml"), text("wrangler.toml"));
  writeFileSync(join(root, "own.toml"), toml);
  try {
    const settings = readSettings("own.toml", root);
    const config = unstable_readConfig({ config: writeGenerated("own.toml", settings, root) });
    return { config, findings: preflight(settings), problems: warn.mock.calls.map((words) => words.join(" ")) };
  } catch (error) {
    return { config: unstable_readConfig({}), findings: [] as readonly Finding[], problems: [String(error)] };
  } finally {
    warn.mockRestore();
    rmSync(root, { recursive: true, force: true });
  }
}
