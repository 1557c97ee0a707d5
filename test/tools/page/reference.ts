// The policy reference and its examples as pages: the Markdown that stands beside the code, as it is.

import { readdir, readFile } from "node:fs/promises";
import { join, posix } from "node:path";
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
      const examples = url.startsWith("/reference/examples/") ? await codeOf(folder) : "";
      const html = documentOf({ markdown, folder, pages, examples }, frame);
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
  /** HTML of the files beside it. */
  readonly examples: string;
}

function documentOf({ markdown, folder, pages, examples }: Source, frame: Frame): string {
  const { html, headings } = renderMarkdown(markdown, (link) => pageOf(link, folder, pages));
  const title = textOf(headings[0]?.text ?? "Reference");
  const up =
    folder === POLICIES
      ? ""
      : `<p><a href="${pages.get(posix.dirname(folder))}">${UP[posix.basename(posix.dirname(folder))]}</a></p>\n`;
  const main = `<div class="reference">${contents(headings)}<article>${up}${html}${examples}</article></div>`;
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
async function codeOf(folder: string): Promise<string> {
  const names = (await readdir(join(ROOT, folder))).filter((name) => !name.endsWith(".md"));
  const rank = (name: string): number => RANKS.findIndex((form) => form.test(name));
  const ordered = names.toSorted((a, b) => rank(a) - rank(b));
  const parts = await Promise.all(
    ordered.map(async (name) => {
      const text = await readFile(join(ROOT, folder, name), "utf8");
      return `<h2>${escapeHtml(name)}</h2>\n<pre tabindex="0"><code>${escapeHtml(text)}</code></pre>\n`;
    }),
  );
  return parts.join("");
}

const RANKS = [/\.sts\.yaml$/, /\.yml$/, /^claims\.json$/, /^refused\.json$/, /\.test\.yaml$/];

const textOf = (html: string): string => html.replace(/<[^>]*>/g, "");
