// Foreign text in Markdown: as GitHub's own flavour renders it, nothing of it is more than text in a code span.

import fc from "fast-check";
import { micromark } from "micromark";
import { gfm, gfmHtml } from "micromark-extension-gfm";
import { describe, expect, it } from "vitest";
import { code, codeOfBoth, sentence } from "../../worker/webhook/markdown.ts";

const rendered = (markdown: string): string =>
  micromark(markdown, { extensions: [gfm()], htmlExtensions: [gfmHtml()] });

/** What GitHub looks through for mentions, links and numbers: all text that stands in no code. */
const outsideOfCode = (html: string): string => html.replace(/<code>[^<]*<\/code>/g, "\u0000");

const NASTY = [
  "@everyone",
  "#1",
  "GH-1",
  "GH-1.sts.yaml",
  "0123abc",
  "https://evil.example",
  "www.evil.example",
  "a@evil.example",
  "<img src=x>",
  "![x](https://evil.example)",
  "[x](javascript:x)",
  "`",
  "``",
  "``` ```",
  "` @everyone `",
  "*a*",
  "| a | b |",
  "\\",
  "\\`",
  "&#64;everyone",
  "&commat;everyone",
  "<!-- base:none -->",
  "a\n\n# b",
  "a\r\n- b",
  "\u202eabc",
  "\u2028# x",
  " x ",
  "   ",
  "",
  "\ud800",
];

describe("a code span", () => {
  it.each(NASTY)("of %j is one code span", (text) => {
    const html = rendered(`- ${code(text)}`);
    if (text.trim() === "") expect(html).toMatch(/^<ul>\n<li>\((?:empty|blank)\)<\/li>\n<\/ul>$/);
    else expect(html).toMatch(/^<ul>\n<li><code>[^<]*<\/code><\/li>\n<\/ul>$/);
  });

  it("shows the text as it is, but for what cannot be seen", () => {
    const shown = (text: string) => /<code>(.*)<\/code>/.exec(rendered(code(text)))?.[1];
    expect(shown(" `x` ")).toBe(" `x` ");
    expect(shown("a\nb\u200b")).toBe("a\\u000ab\\u200b");
  });

  it("shows the beginning and the end of what is long", () => {
    const text = `${"a".repeat(2_000)}|.*`;
    expect(code(text).length).toBeLessThan(700);
    expect(code(text)).toContain("|.*`");
  });
});

describe("two long values", () => {
  const common = "repo:acme/app:".padEnd(900, "x");

  it("are shown where they differ, wherever that is", () => {
    const [before, after] = codeOfBoth(`${common}main${common}`, `${common}main|.*${common}`);
    expect(after).toMatch(/^`…x{20,}main\|\.\*repo.*x{10,}…`$/);
    expect(before).toMatch(/^`…x{20,}mainrepo.*x{10,}…`$/);
    expect(before.length + after.length).toBeLessThan(300);
  });

  it("are shown by the ends of what differs, if that is long as well", () => {
    const [, after] = codeOfBoth(common, `${"y".repeat(3_000)}|.*`);
    expect(after).toContain("|.*`");
    expect(after).toContain("characters");
  });

  it("are whole where they are short", () => expect(codeOfBoth("a", "b")).toEqual(["`a`", "`b`"]));
});

describe("a sentence that quotes", () => {
  it.each([
    ['unknown key "x"', "unknown key `x`"],
    ["did you mean `permissions`?", "did you mean `permissions`?"],
    ['"(" is no pattern: missing closing ): `(`', "`(` is no pattern: missing closing ): `(`"],
    ["add `issuer: ...`; or (better) not", "add `issuer: ...`; or (better) not"],
    ["max_token_lifetime, an extension", "`max_token_lifetime`, an extension"],
    ['two:"a""b"', "two:`a` `b`"],
    ["see https://evil.example or www.evil.example", "see `https://evil.example` or `www.evil.example`"],
  ])("%j", (text, markdown) => expect(sentence(text)).toBe(markdown));

  it.each(NASTY)("%j is code, quoted or not", (text) => {
    for (const said of [`unknown key ${JSON.stringify(text)}`, `unknown key ${text}`, `write \`${text}\` here`, text]) {
      const outside = outsideOfCode(rendered(`- x: ${sentence(said)}`));
      expect(outside).not.toMatch(/[@#`*|\\]|:\/\/|www\.|GH-|0123abc|<(?!\/?(?:ul|li)>)|&(?!quot;|amp;|lt;|gt;)/);
    }
  });

  it("is nothing but text and code, whatever it is", () => {
    const piece = fc.oneof(
      fc.constantFrom(...NASTY),
      fc.string({ unit: "binary" }),
      fc.constantFrom('"', "`", " ", "x"),
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 8 }), (pieces) => {
        const html = rendered(`- x: ${sentence(pieces.join(""))}`);
        expect(outsideOfCode(html)).toMatch(/^<ul>\n<li>x:[^<>@#*_~`|\\[\]{}$^]*<\/li>\n<\/ul>$/);
      }),
      { numRuns: 300 },
    );
  });
});
