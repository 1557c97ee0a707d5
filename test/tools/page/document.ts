// HTML documents of the page, all in one frame (worker/page/index.html): styles in the document, named by their hash in its
// Content-Security-Policy, and nothing from anywhere else. Pure.

import { createHash } from "node:crypto";

/** What all documents of one build share. */
export interface Frame {
  /** worker/page/index.html */
  readonly template: string;
  readonly style: string;
  /** Path of the icon. */
  readonly icon: string;
  readonly version: string;
}

export interface Content {
  readonly title: string;
  readonly description: string;
  /** HTML of what stands in `main`. */
  readonly main: string;
  /** HTML at the end of the head: scripts of the page's own files. */
  readonly head?: string;
  /** The navigation's link to what this belongs to. */
  readonly here?: string;
}

/** The policy stands in the document itself; the Worker says it in a header as well, with what only a header may say. */
export function htmlDocument({ template, style, icon, version }: Frame, content: Content): string {
  const parts: Readonly<Record<string, string>> = {
    csp: contentSecurityPolicy(style),
    style: `<style>${style}</style>`,
    icon,
    version: escapeHtml(version),
    title: escapeHtml(content.title),
    description: escapeHtml(content.description),
    main: content.main,
    head: content.head ?? "",
  };
  const framed =
    content.here === undefined
      ? template
      : template.replace(`<a href="${content.here}">`, `<a href="${content.here}" aria-current="page">`);
  return framed.replace(/\{\{(\w+)\}\}/g, (_, name: string) => {
    const part = parts[name];
    if (part === undefined) throw new Error(`the document's template names ${name}, which is not known`);
    return part;
  });
}

/** Nothing is loaded from elsewhere, and nothing is sent: what people paste into the page stays in it. */
function contentSecurityPolicy(style: string): string {
  return [
    "default-src 'none'",
    "script-src 'self'",
    `style-src '${hashOf(style)}'`,
    "img-src 'self'",
    "connect-src 'none'",
    "base-uri 'none'",
    // No text becomes HTML or script, also not by a mistake of ours.
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; ");
}

const hashOf = (text: string): string => `sha256-${createHash("sha256").update(text).digest("base64")}`;

const ENTITIES: Readonly<Record<string, string>> = { "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" };

export const escapeHtml = (text: string): string => text.replace(/[&<>"]/g, (character) => ENTITIES[character] ?? "");
