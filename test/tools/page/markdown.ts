// Markdown of this repository -> HTML with GitHub's anchors, relative links led elsewhere, and tables and code that scroll in themselves.
// HTML in the text is shown as text. Pure.

import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";

export interface Heading {
  readonly level: number;
  readonly id: string;
  /** HTML. */
  readonly text: string;
}

export interface Rendered {
  readonly html: string;
  readonly headings: readonly Heading[];
}

/** `linkTo`: where a relative link leads; undefined leaves its words without a link. */
export function renderMarkdown(markdown: string, linkTo: (path: string) => string | undefined): Rendered {
  const plain = micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });
  const headings: Heading[] = [];
  const times = new Map<string, number>();
  const html = plain
    .replace(/<h([1-6])>(.*?)<\/h\1>/gs, (_, level: string, text: string) => {
      const name = slugOf(text);
      const seen = times.get(name) ?? 0;
      times.set(name, seen + 1);
      const id = seen === 0 ? name : `${name}-${seen}`;
      headings.push({ level: Number(level), id, text });
      return `<h${level} id="${id}">${text}</h${level}>`;
    })
    .replace(/<a href="([^"]*)">(.*?)<\/a>/gs, (whole, href: string, text: string) => {
      if (/^(?:https?:|mailto:|#)/.test(href)) return whole;
      const to = linkTo(href);
      return to === undefined ? text : `<a href="${to}">${text}</a>`;
    })
    // A column without a name has no head.
    .replace(/<th([^>]*)><\/th>/g, "<td$1></td>")
    // What scrolls is reached by the keyboard as well.
    .replaceAll("<table>", '<div class="table" tabindex="0"><table>')
    .replaceAll("</table>", "</table></div>")
    .replaceAll("<pre>", '<pre tabindex="0">');
  return { html, headings };
}

/** As GitHub makes them: lower case, no punctuation, hyphens for spaces. */
function slugOf(html: string): string {
  const text = html.replace(/<[^>]*>/g, "").replace(/&(\w+);/g, "");
  return text
    .toLowerCase()
    .replace(/[^\p{L}\p{N}_ -]/gu, "")
    .replaceAll(" ", "-");
}
