// Documents and comments lead where they say, and the proof that each rule can be broken.

import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { citationsOfNoHeading, citationsOfTheUnknown, deadLinks, movableActions, unknownScripts } from "./documents.ts";

const ROOT = fileURLToPath(new URL("../../", import.meta.url).href);
/** Not ours to write: recorded cases, the licence, generated files. */
const FOREIGN =
  /^(?:node_modules|dist|coverage|\.git|\.wrangler|\.octo-sts|\.dev\.vars|test\/vectors|LICENSE|package-lock\.json)(?:\/|$)/;

function walk(folder: string): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
    if (FOREIGN.test(path) || /\.(log|tgz)$/.test(path)) return [];
    return entry.isDirectory() ? [path, ...walk(path)] : [path];
  });
}

const paths = [...walk(""), "LICENSE", "test/vectors/README.md"];
const files = paths.filter((path) => path !== "LICENSE" && statSync(join(ROOT, path)).isFile());
const texts = new Map(files.map((path) => [path, readFileSync(join(ROOT, path), "utf8")]));
const own = new Map([...texts].filter(([path]) => !FOREIGN.test(path)));

function scriptsOf(manifest = "{}"): Set<string> {
  const { scripts } = JSON.parse(manifest) as { readonly scripts?: object };
  return new Set(Object.keys(scripts ?? {}));
}

describe("the repository", () => {
  it("is all read", () => {
    for (const path of ["README.md", "worker/README.md", "worker/index.ts", "wrangler.toml", ".ci/run"]) {
      expect(own.has(path), path).toBe(true);
    }
  });

  it("cites no document that is not in it", () => expect(citationsOfTheUnknown(own)).toEqual([]));
  it("cites headings that exist", () => expect(citationsOfNoHeading(own)).toEqual([]));
  it("links to files and headings that exist", () => expect(deadLinks(own, new Set(paths))).toEqual([]));

  it("names scripts that exist", () => expect(unknownScripts(own, scriptsOf(texts.get("package.json")))).toEqual([]));

  it("is checked by one script, whose actions are pinned", () => {
    expect(own.get(".github/workflows/ci.yml")).toMatch(/^ +- run: \.ci\/run$/m);
    expect(movableActions(own)).toEqual([]);
  });

  it("has the headings of worker/README.md that are for comments to cite", () => {
    const headings = [...(texts.get("worker/README.md") ?? "").matchAll(/^## (.+)$/gm)].map(([, heading]) => heading);
    expect(headings).toEqual([
      "One exchange",
      "Who may learn what",
      "Who pays",
      "Caches",
      "GitHub",
      "Issuers",
      "Bounds",
      "Threat model",
      "Webhook",
      "Calls",
      "The page",
      "Operations",
      "Runbook",
      "On your own server",
    ]);
  });
});

describe("the rules can be broken", () => {
  const DOC = "# Title\n\n## Bounds\n\n## Why not?\n\n```\n## in code\n```\n";
  /** Put together, so that these lines are no citations themselves. */
  const PAGE = "worker/README.md";
  const of = (text: string, path = "worker/a.ts") =>
    new Map([
      ["worker/README.md", DOC],
      [path, text],
    ]);

  it("by a citation of what is elsewhere", () => {
    const halves = ["DES,IGN section 3", "refer,ence section 5", "is,sue 12"];
    const lines = halves.map((cited) => `// As ${cited.replace(",", "")} says.`).join("\n");
    expect(citationsOfTheUnknown(of(lines))).toHaveLength(3);
    expect(citationsOfTheUnknown(of("// RFC 7519 section 4.1, octo-sts issue 841; the reference says more"))).toEqual(
      [],
    );
  });

  it("by a heading that is not there, also across lines and as the second of two", () => {
    const cited = (words: string) => citationsOfNoHeading(of(words));
    expect(cited(`// ${PAGE}, "Bounds"`)).toEqual([]);
    expect(cited(`/**\n * (${PAGE}, "Why\n * not?")\n */`)).toEqual([]);
    expect(cited(`// ${PAGE}, "Limits"`)).toEqual([`worker/a.ts cites ${PAGE}, "Limits"`]);
    expect(cited(`// (${PAGE}, "Bounds" and "Limits")`)).toEqual([`worker/a.ts cites ${PAGE}, "Limits"`]);
    expect(cited(`// ${PAGE}, "in code"`)).toHaveLength(1);
    expect(cited(`// nowhere/${PAGE}, "Bounds"`)).toHaveLength(1);
  });

  it("by a link to nothing", () => {
    const dead = (text: string) =>
      deadLinks(of(text, "README.md"), new Set(["README.md", "worker", "worker/README.md"]));
    expect(dead("[a](worker) [b](worker/README.md#why-not) [c](https://x.example/y) [d](worker/)")).toEqual([]);
    expect(dead("[a](worker/index.ts)")).toEqual(["README.md: worker/index.ts"]);
    expect(dead("[a](worker/README.md#limits) [b](#here)")).toHaveLength(2);
  });

  it("by a script that is not there", () => {
    const text = ["check -- x", "build:policy", "chekc"].map((words) => `npm run ${words}`).join(", ");
    expect(unknownScripts(of(text), new Set(["check", "build:policy"]))).toHaveLength(1);
  });

  it("by an action that can be moved", () => {
    const sha = "a".repeat(40);
    const movable = (used: string) =>
      movableActions(of(`    steps:\n      - uses: ${used}\n`, ".github/workflows/x.yml"));
    expect(movable(`actions/checkout@${sha} # v6.0.1`)).toEqual([]);
    expect(movable("./.github/actions/token")).toEqual([]);
    for (const used of ["actions/checkout@v6", `actions/checkout@${sha}`, `actions/checkout@${sha.slice(1)} # v6`]) {
      expect(movable(used), used).toHaveLength(1);
    }
  });
});
