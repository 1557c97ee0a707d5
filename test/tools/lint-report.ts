/**
 * How often each rule of lint speaks over a folder of policies, so that noise is measured: for each rule its files, their share, and
 * sample findings with the line that they are about. Reads; sends nothing anywhere.
 * Usage: npm run lint-report -- DIRECTORY [--samples N]
 *
 * An `index.json` in the folder, `[{"file": "1.yaml", "repo": "owner/name", "kind": "repo" | "org" | "issuers"}]`, says where each
 * file was found; without it the text decides, and no owner is known.
 */

import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { checkPolicy, checkTrustedIssuers } from "../../policies/check.ts";
import type { Diagnostic } from "../../policies/diagnostics.ts";
import { MENDER } from "../../policies/lint/mending/mender.ts";
import type { DeploymentRules } from "../../policies/policy/deployment.ts";

interface Listed {
  readonly file: string;
  readonly repo?: string;
  readonly kind?: "repo" | "org" | "issuers";
}

/** The deployment that public policies were written for. */
const DOMAIN = "octo-sts.dev";
/** No deployment's rules: what one of them refuses is no finding of lint. */
const RULES: DeploymentRules = {
  organizationPermissions: "any",
  requireRepositories: false,
  inlineJwks: true,
  extraPermissions: [],
  apps: undefined,
  isKnownIssuer: () => false,
  mayBeAsked: () => true,
};

export interface Finding extends Diagnostic {
  readonly file: string;
  /** The line that it is about. */
  readonly text: string;
}

export interface LintReport {
  readonly files: number;
  /** By rule, the most frequent first. */
  readonly rules: readonly (readonly [id: string, findings: readonly Finding[]])[];
}

export function lintReport(directory: string): LintReport {
  const listed = listedIn(directory);
  const findings = listed.flatMap((one) => findingsIn(one, readFileSync(join(directory, one.file), "utf8")));
  const byRule = Map.groupBy(findings, ({ id }) => id);
  return { files: listed.length, rules: [...byRule].sort(([, a], [, b]) => filesOf(b) - filesOf(a)) };
}

const filesOf = (findings: readonly Finding[]): number => new Set(findings.map(({ file }) => file)).size;

function listedIn(directory: string): readonly Listed[] {
  const index = join(directory, "index.json");
  // Written by whoever collected the folder, in the form that is told above.
  if (existsSync(index)) return JSON.parse(readFileSync(index, "utf8")) as readonly Listed[];
  return readdirSync(directory, { recursive: true, encoding: "utf8" })
    .filter((file) => /(?<!\.sts\.test)\.ya?ml$/.test(file))
    .toSorted()
    .map((file) => ({ file }));
}

function findingsIn({ file, repo, kind }: Listed, text: string): readonly Finding[] {
  const isList = kind === undefined ? /^issuers|^issuer_patterns/m.test(text) : kind === "issuers";
  const context = {
    kind: kind === undefined ? undefined : kind === "org" ? ("organization" as const) : ("repository" as const),
    owner: repo?.split("/")[0],
    domain: DOMAIN,
    rules: RULES,
    mender: MENDER,
  };
  const diagnostics = isList ? checkTrustedIssuers(text, MENDER) : checkPolicy(text, context).diagnostics;
  const lines = text.split("\n");
  return diagnostics.map((found) => ({ ...found, file, text: lines[found.line - 1]?.trim() ?? "" }));
}

/** `samples`: of each rule. */
export function reportText({ files, rules }: LintReport, samples: number): string {
  const rows = rules.map(([id, findings]) => {
    const count = filesOf(findings);
    const share = `${((100 * count) / files).toFixed(1)} %`;
    const shown = findings.slice(0, samples).map(({ file, line, severity, text, message }) => {
      return `        ${file}:${line} ${severity}: ${text}\n            ${message}`;
    });
    return [`${String(count).padStart(4)} ${share.padStart(7)}  ${id}`, ...shown].join("\n");
  });
  return [`${files} files`, "", ...rows, ""].join("\n");
}

if (import.meta.main) {
  const options = { samples: { type: "string", default: "3" } } as const;
  const { positionals, values } = parseArgs({ allowPositionals: true, options });
  const [directory] = positionals;
  if (directory === undefined) throw new Error("usage: npm run lint-report -- DIRECTORY [--samples N]");
  process.stdout.write(reportText(lintReport(directory), Number(values.samples)));
}
