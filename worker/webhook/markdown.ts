/**
 * Foreign text in GitHub's Markdown. Paths and policies come from whoever opened the pull request: none of their text may end its
 * code span, begin a line, or mention anybody. Pure.
 */

const SHOWN_CHARACTERS = 200;

/** One code span on one line, cut if it is long. */
export function code(text: string): string {
  const cut = text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS - 1).toWellFormed()}…` : text;
  const plain = cut.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
  if (plain.trim() === "") return plain === "" ? "(empty)" : "(blank)";
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  // A space on either side keeps a backtick at the edge from joining the fence; Markdown takes it away again.
  const edge = longest > 0 ? " " : "";
  return `${fence}${edge}${plain}${edge}${fence}`;
}

/** A sentence of ours that quotes foreign text: what Markdown or HTML would act on is written as a code span's worth of text. */
export function prose(text: string): string {
  return text
    .toWellFormed()
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+/gu, " ")
    .replace(/[\\`*_{}[\]<>()#+!|~@&]/g, (character) => `&#${character.charCodeAt(0)};`);
}
