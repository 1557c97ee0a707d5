/**
 * The command line as a process of its own, in a directory of its own.
 */

import { type SpawnSyncOptionsWithStringEncoding, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll } from "vitest";

export const ROOT = join(import.meta.dirname, "../../..");

export const GOOD = `issuer: https://token.actions.githubusercontent.com
subject: repo:acme@12/app@34:ref:refs/heads/main
permissions:
  contents: read
`;

export const BROKEN = `Issuer: https://token.actions.githubusercontent.com
subject_pattern: 'repo:acme/(app:.*'
claim_pattern:
  ref: 0x1F
  actor:
permissions:
  pull-requests: write
  contents: maintain
repositories: [app]
`;

export const CLAIMS = {
  iss: "https://token.actions.githubusercontent.com",
  sub: "repo:acme@12/app@34:ref:refs/heads/main",
  aud: "sts.example.com",
  exp: 4102444800,
};

export function createWorkplace() {
  const directory = mkdtempSync(join(tmpdir(), "policy-"));
  afterAll(() => rmSync(directory, { recursive: true, force: true }));
  return {
    directory,
    put(name: string, text: string | Uint8Array): void {
      const path = join(directory, name);
      mkdirSync(dirname(path), { recursive: true });
      writeFileSync(path, text);
    },
    /** There is no terminal: input and output are pipes. */
    policy(args: readonly string[], input = "", env: Readonly<Record<string, string>> = {}) {
      const options: SpawnSyncOptionsWithStringEncoding = {
        cwd: directory,
        input,
        env: { ...process.env, STS_DOMAIN: "", ...env },
        encoding: "utf8",
      };
      const { status, stdout, stderr } = spawnSync(process.execPath, [join(ROOT, "policies/cli.ts"), ...args], options);
      return { status, stdout, stderr };
    },
  };
}

export function longest(text: string): number {
  return Math.max(...text.split("\n").map((line) => line.length));
}
