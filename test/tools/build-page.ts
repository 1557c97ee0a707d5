/**
 * Builds the page (worker/page/) into a folder of static files: the document, and beside it the files that it loads, each with a hash
 * of its content in its name; and the documents of reasons, the policy reference and schemas. The same sources give the same bytes.
 * Usage: node test/tools/build-page.ts [folder, default dist/page]
 */

import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type BuildOptions, build, type Metafile, type Plugin } from "esbuild";
import manifest from "../../package.json" with { type: "json" };
import { re2jsParser } from "./build-re2js.ts";
import { type Frame, htmlDocument } from "./page/document.ts";
import { type BuiltPage, type Files, writeFiles } from "./page/files.ts";
import { reasonFiles } from "./page/reasons.ts";
import { referenceFiles } from "./page/reference.ts";
import { schemaFiles } from "./page/schemas.ts";
import { FIRST_PAINT_BUDGET_BYTES, PAGE_BUDGET_BYTES, weigh } from "./page/weight.ts";

const ROOT = join(import.meta.dirname, "../..");
const PAGE = join(ROOT, "worker/page");
/** What wrangler.toml names. */
export const PAGE_FOLDER = join(ROOT, "dist/page");
const DOCUMENT = "index.html";
/** The view that people arrive at. */
const FIRST_VIEW = "worker/page/overview/overview.tsx";

export async function buildPage(): Promise<BuiltPage> {
  const [template, style, icon, scripts] = await Promise.all([
    readFile(join(PAGE, "index.html"), "utf8"),
    buildStyle(),
    readFile(join(PAGE, "icon.svg")),
    buildScripts(),
  ]);
  const iconPath = `assets/icon-${shortHash(icon)}.svg`;
  const frame: Frame = { template, style, icon: `/${iconPath}`, version: manifest.version };
  const documents = await Promise.all([reasonFiles(frame), referenceFiles(frame), schemaFiles()]);
  const files = new Map([...scripts.files, [iconPath, icon], ...documents.flatMap((made) => [...made])]);
  files.set(DOCUMENT, Buffer.from(appDocument(frame, scripts)));
  return { files, document: DOCUMENT, firstPaint: scripts.firstPaint };
}

/** The document of all views. The Worker writes what it knows of the deployment into the data block. */
function appDocument(frame: Frame, { entry, firstPaint }: Scripts): string {
  const preloads = firstPaint
    .filter((path) => path !== entry)
    .map((path) => `<link rel="modulepreload" href="/${path}">`);
  return htmlDocument(frame, {
    title: "Octo STS",
    description: "GitHub tokens for workloads: write, try and debug trust policies.",
    head: [
      `<script type="module" src="/${entry}"></script>`,
      ...preloads,
      '<script type="application/json" id="deployment">{}</script>',
    ].join("\n    "),
    main: '<noscript><p class="notice">This page needs JavaScript. What it knows stands in the <a href="/reference">policy reference</a> as well.</p></noscript>',
  });
}

interface Scripts {
  readonly files: Files;
  readonly entry: string;
  readonly firstPaint: readonly string[];
}

async function buildScripts(): Promise<Scripts> {
  const { outputFiles = [], metafile } = await build({
    ...COMMON,
    entryPoints: ["worker/page/main.tsx"],
    outdir: ROOT,
    format: "esm",
    splitting: true,
    // Browsers of the last two years.
    target: "es2022",
    platform: "browser",
    entryNames: "assets/[name]-[hash]",
    chunkNames: "assets/[name]-[hash]",
    jsx: "automatic",
    jsxImportSource: "preact",
    alias: {
      // As in wrangler.toml: the parser alone.
      yaml: "./node_modules/yaml/browser/dist/parse/parser.js",
      "@codemirror/language": "./worker/page/editor/no-language.ts",
      "@lezer/common": "./worker/page/editor/no-language.ts",
    },
    plugins: [patternParser],
  });
  const outputs = metafile?.outputs ?? {};
  const entry = outputOf(outputs, "worker/page/main.tsx");
  const first = new Set([...withImports(outputs, entry), ...withImports(outputs, outputOf(outputs, FIRST_VIEW))]);
  return {
    files: new Map(outputFiles.map(({ path, contents }) => [path.slice(ROOT.length + 1), contents])),
    entry,
    firstPaint: [...first],
  };
}

/** As the Worker has it. */
const patternParser: Plugin = {
  name: "pattern-parser",
  setup({ onLoad }) {
    onLoad({ filter: /[\\/]re2js[\\/]build[\\/]index\.js$/ }, async () => ({
      contents: await re2jsParser(),
      loader: "js",
    }));
  },
};

async function buildStyle(): Promise<string> {
  const { outputFiles = [] } = await build({ ...COMMON, entryPoints: ["worker/page/style.css"] });
  return outputFiles[0]?.text.trim() ?? "";
}

const COMMON = {
  absWorkingDir: ROOT,
  bundle: true,
  minify: true,
  write: false,
  metafile: true,
  charset: "utf8",
  legalComments: "none",
  logLevel: "warning",
} as const satisfies BuildOptions;

type Outputs = Metafile["outputs"];

function outputOf(outputs: Outputs, source: string): string {
  const found = Object.entries(outputs).find(([, { entryPoint }]) => entryPoint === source);
  if (found === undefined) throw new Error(`${source} is not part of the page`);
  return found[0];
}

/** A file and what it cannot run without. */
function withImports(outputs: Outputs, path: string): string[] {
  const needed = outputs[path]?.imports.filter(({ kind, external }) => kind === "import-statement" && !external) ?? [];
  return [path, ...needed.flatMap((imported) => withImports(outputs, imported.path))];
}

const shortHash = (content: Uint8Array): string =>
  createHash("sha256").update(content).digest("hex").slice(0, 8).toUpperCase();

/** Builds it where the Worker's settings expect it. */
export async function writePage(folder = PAGE_FOLDER): Promise<BuiltPage> {
  const page = await buildPage();
  await writeFiles(folder, page.files);
  return page;
}

const kib = (bytes: number): string => `${(bytes / 1024).toFixed(1)} KiB`;

if (import.meta.main) {
  const folder = process.argv[2] ?? PAGE_FOLDER;
  const { firstPaintBytes, pageBytes, files } = weigh(await writePage(folder));
  for (const [path, bytes] of files) console.log(`${kib(bytes).padStart(10)}  ${path}`);
  console.log(
    `${folder}, gzipped: ${kib(firstPaintBytes)} until something can be read (budget ${kib(FIRST_PAINT_BUDGET_BYTES)}), ${kib(pageBytes)} in all (budget ${kib(PAGE_BUDGET_BYTES)})`,
  );
}
