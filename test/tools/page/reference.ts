// The policy reference and its examples as pages: the Markdown that stands beside the code, as it is.

import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";
import { REFUSALS } from "../../../worker/denial.ts";
import { escapeHtml, type Frame, htmlDocument } from "./document.ts";
import type { Files } from "./files.ts";
import { type Heading, renderMarkdown } from "./markdown.ts";

const ROOT = join(import.meta.dirname, "../../..");
const POLICIES = "policies";
const README = "/README.md";

/** `reference.html`, `reference/examples.html`, `reference/examples/<folder>.html`. */
export async function referenceFiles(frame: Frame): Promise<Files> {
  const folders = await exampleFolders();
  const pages = new Map([
    [POLICIES, "/reference"],
    [`${POLICIES}/examples`, "/reference/examples"],
    ...folders.map((name) => [`${POLICIES}/examples/${name}`, `/reference/examples/${name}`] as const),
  ]);
  const files = await Promise.all(
    [...pages].map(async ([folder, url]) => {
      const markdown = await readFile(join(ROOT, folder + README), "utf8");
      const beside = url.startsWith("/reference/examples/") ? await filesOf(folder) : [];
      const html = documentOf({ markdown, folder, pages, beside }, frame);
      return [`${url.slice(1)}.html`, Buffer.from(html)] as const;
    }),
  );
  return new Map(files);
}

async function exampleFolders(): Promise<readonly string[]> {
  const entries = await readdir(join(ROOT, POLICIES, "examples"), { withFileTypes: true });
  return entries.filter((entry) => entry.isDirectory()).map(({ name }) => name);
}

interface Source {
  readonly markdown: string;
  /** In the repository. */
  readonly folder: string;
  /** Folder -> path of its page. */
  readonly pages: ReadonlyMap<string, string>;
  /** What lies there, but Markdown. */
  readonly beside: readonly ShownFile[];
}

interface ShownFile {
  readonly name: string;
  readonly text: string;
}

function documentOf({ markdown, folder, pages, beside }: Source, frame: Frame): string {
  const { html, headings } = renderMarkdown(markdown, (link) => pageOf(link, folder, pages));
  const title = textOf(headings[0]?.text ?? "Reference");
  const up =
    folder === POLICIES
      ? ""
      : `<p><a href="${pages.get(posix.dirname(folder))}">${UP[posix.basename(posix.dirname(folder))]}</a></p>\n`;
  const main = `<div class="reference">${contents([...headings, ...beside.map(headingOf)])}<article>${up}${withReasons(html)}${beside.map(codeOf).join("")}</article></div>`;
  return htmlDocument(frame, {
    title,
    description: `${title}: what a trust policy may say, and what it means.`,
    main,
    here: "/reference",
  });
}

const UP: Readonly<Record<string, string>> = { policies: "The reference", examples: "All examples" };

/** Of what has no page here, the words are left. */
function pageOf(link: string, folder: string, pages: Source["pages"]): string | undefined {
  const [path = "", anchor] = link.split("#");
  const target = posix.join(folder, path).replace(/\/(?:README\.md)?$/, "");
  const page = pages.get(target);
  return page && (anchor === undefined ? page : `${page}#${anchor}`);
}

function contents(headings: readonly Heading[]): string {
  const listed = headings.filter(({ level }) => level === 2 || level === 3);
  if (listed.length < 4) return "";
  const items = listed.map(({ level, id, text }) => `<li class="level-${level}"><a href="#${id}">${text}</a></li>`);
  return `<nav class="contents" aria-label="Contents"><ul>${items.join("")}</ul></nav>`;
}

/** Policies first, then the tokens, then what tests them. */
async function filesOf(folder: string): Promise<readonly ShownFile[]> {
  const names = (await readdir(join(ROOT, folder))).filter((name) => !name.endsWith(".md"));
  const rank = (name: string): number => RANKS.findIndex((form) => form.test(name));
  const ordered = names.toSorted((a, b) => rank(a) - rank(b));
  return Promise.all(ordered.map(async (name) => ({ name, text: await readFile(join(ROOT, folder, name), "utf8") })));
}

const headingOf = ({ name }: ShownFile): Heading => ({
  level: 2,
  id: name.replace(/\W+/g, "-"),
  text: escapeHtml(name),
});

function codeOf(file: ShownFile): string {
  const { id, text } = headingOf(file);
  return `<h2 id="${id}">${text}</h2>\n<pre tabindex="0"><code>${escapeHtml(file.text)}</code></pre>\n`;
}

/** The name of a reason leads to its page. */
const withReasons = (html: string): string =>
  html.replace(/<code>([a-z]+(?:_[a-z]+)+)<\/code>/g, (code, name: string) =>
    Object.hasOwn(REFUSALS, name) ? `<a href="/reasons/${name}">${code}</a>` : code,
  );

const RANKS = [/\.sts\.yaml$/, /\.yml$/, /^claims\.json$/, /^refused\.json$/, /\.test\.yaml$/];

const textOf = (html: string): string => html.replace(/<[^>]*>/g, "");
