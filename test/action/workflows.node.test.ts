// The workflows that documents tell people to paste are clean to actionlint, and ask the action for what it has.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT } from "../policies/cli/process.ts";
import { actionFile } from "./runner.ts";

interface Finding {
  readonly line: number;
  readonly message: string;
}
type Lint = (workflow: string, path: string) => readonly Finding[];

interface Workflow {
  readonly jobs: Readonly<
    Record<
      string,
      { readonly steps: readonly { readonly uses?: string; readonly with?: Readonly<Record<string, unknown>> }[] }
    >
  >;
}

// The package's documented function.
const { createLinter } = createRequire(import.meta.url)("actionlint") as { readonly createLinter: () => Promise<Lint> };
const linter = await createLinter();
/** Younger than the linter: the context of configuration variables, and an image. */
const YOUNGER = /^(?:undefined variable "vars"|label "ubuntu-24\.04" is unknown)/;
const lint: Lint = (workflow, path) => linter(workflow, path).filter(({ message }) => !YOUNGER.test(message));

const text = (path: string): string => readFileSync(join(ROOT, path), "utf8");

/** Blocks of YAML that are workflows, by the document that has them. */
const workflows = [
  ...["README.md", ".github/actions/token/README.md", "policies/README.md"].flatMap((path) =>
    [...text(path).matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = ""]) => ({ path, workflow: block })),
  ),
  ...["policies/examples/first-policy/release.yml", ".github/workflows/deploy.yml", ".github/workflows/probe.yml"].map(
    (path) => ({
      path,
      workflow: text(path),
    }),
  ),
].filter(({ workflow }) => /^jobs:/m.test(workflow));

const PATH = ".github/workflows/a.yml";

it("finds them all", () => {
  const counts = Object.groupBy(workflows, ({ path }) => path);
  expect(Object.fromEntries(Object.entries(counts).map(([path, found = []]) => [path, found.length]))).toEqual({
    "README.md": 1,
    ".github/actions/token/README.md": 3,
    "policies/README.md": 1,
    "policies/examples/first-policy/release.yml": 1,
    ".github/workflows/deploy.yml": 1,
    ".github/workflows/probe.yml": 1,
  });
});

it.each(workflows)("is clean to actionlint: one of $path", ({ workflow }) => {
  expect(lint(workflow, PATH)).toEqual([]);
});

it.each(workflows)("gives the action inputs that it has, and all that it needs: one of $path", ({ workflow }) => {
  // Clean to actionlint, so of the form that GitHub documents.
  const { jobs } = parse(workflow) as Workflow;
  const { inputs } = actionFile();
  const needed = Object.keys(inputs).filter((name) => inputs[name]?.required);
  for (const { uses = "", with: given = {} } of Object.values(jobs).flatMap(({ steps }) => steps)) {
    if (!uses.includes("/.github/actions/token@")) continue;
    expect(Object.keys(given).filter((name) => !(name in inputs))).toEqual([]);
    expect(needed.filter((name) => !(name in given))).toEqual([]);
  }
});

it("can be broken", () => {
  const broken = workflows.map(({ workflow }) => workflow.replace("runs-on", "run-on"));
  for (const workflow of broken) expect(lint(workflow, PATH)).not.toEqual([]);
});

it("says of each input in the action's README what action.yml says", () => {
  const rows = [...text(".github/actions/token/README.md").matchAll(/^\| `(\w+)` +\| (\S.*?) +\|/gm)];
  const told = rows.map(([, name = "", fallback]) => [name, fallback === "required"]);
  const real = Object.entries(actionFile().inputs).map(([name, { required = false }]) => [name, required]);
  expect(told).toEqual(real);
});
