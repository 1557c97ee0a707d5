// The READMEs say of refusals, variables and limits what the code says.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { claimsOfVerifiedToken } from "../../policies/claims.ts";
import { evaluate } from "../../policies/evaluate.ts";
import { lintPolicy } from "../../policies/lint/lint.ts";
import { parsePolicy } from "../../policies/parse.ts";
import { readConfig } from "../../worker/config.ts";
import { REFUSALS } from "../../worker/denial.ts";
import * as limits from "../../worker/limits.ts";

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
  const told = tableOf("reason", "HTTP", "code").map((cells) => cells.slice(0, 5));
  const real = Object.entries(REFUSALS).map(([reason, { status, code, error, seenBy }]) => [
    reason,
    String(status),
    String(code),
    error,
    seenBy,
  ]);
  expect(told).toEqual(real);
});

it("explains every refusal", () => {
  for (const [reason = "", ...cells] of tableOf("reason", "HTTP", "code")) expect(cells[4], reason).toMatch(/\w{3}/);
});

it("lists every variable that the Worker reads, and no other", () => {
  const read = new Set<string>();
  const env = new Proxy({}, { get: (_, name) => void read.add(String(name)) });
  readConfig(env);
  const listed = tableOf("name", "default").map(([name = ""]) => name.split(" ")[0] ?? "");
  expect([...new Set(listed)].sort()).toEqual([...read].sort());
});

it("lists every binding that the Worker looks for, and no other", () => {
  const found = text("worker/services.ts").matchAll(/bindingOf<\w+>\(env, "([A-Z_]+)"/g);
  const listed = tableOf("binding", "needed").flatMap(([names = ""]) => names.split(", "));
  expect(listed.sort()).toEqual([...new Set([...found].map(([, name]) => name ?? ""))].sort());
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
});

interface Workflow {
  readonly jobs: Readonly<Record<string, { readonly environment: string; readonly steps: readonly Step[] }>>;
}
interface Step {
  readonly with?: { readonly domain: string; readonly scope: string; readonly identity: string };
}

it("has a first policy that lets in the job of its first workflow, and no other environment's", () => {
  const [policyText = "", workflowText = ""] = [...readme.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(
    ([, yaml]) => yaml,
  );
  const [, identity, scope] = /^# \.github\/chainguard\/(\w+)\.sts\.yaml in (\S+)$/m.exec(policyText) ?? [];
  const job = (parse(workflowText) as Workflow).jobs.release;
  const asked = job?.steps[0]?.with;
  expect(asked).toMatchObject({ scope, identity });

  const policy = parsePolicy(policyText, { kind: "repository", owner: "acme" });
  if (!policy.ok || !asked) throw new Error("the policy does not parse, or the workflow asks for nothing");
  expect(lintPolicy(policy.value, { kind: "repository", owner: "acme" })).toEqual([]);
  const [, owner, ownerId, name, id] = /repo:(\w+)@(\d+)\/(\w+)@(\d+):/.exec(policyText) ?? [];
  expect(`${owner}/${name}`).toBe(scope);
  const allows = (environment: string | undefined) =>
    evaluate(
      policy.value,
      claimsOfVerifiedToken({
        iss: "https://token.actions.githubusercontent.com",
        aud: asked.domain,
        sub: `repo:${owner}@${ownerId}/${name}@${id}:environment:${environment}`,
      }),
      { domain: asked.domain },
    ).allow;
  expect(allows(job?.environment)).toBe(true);
  expect(allows("staging")).toBe(false);
});
