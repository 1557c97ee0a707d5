/**
 * Foreign text in GitHub's Markdown. Paths and policies come from whoever opened the pull request. Escapes and entities do not stop
 * mentions and links: GitHub looks for these in what is rendered, everywhere but in code. So foreign text is code. Pure.
 */

/** What is longer is shown by its beginning and its end: what matters may stand behind anything. */
const SHOWN_CHARACTERS = 600;
/** Of what is the same on both sides of a change. */
const CONTEXT_CHARACTERS = 30;

/** One code span on one line. */
export function code(text: string, shownCharacters = SHOWN_CHARACTERS): string {
  const plain = onOneLine(excerpt(text, shownCharacters));
  if (plain.trim() === "") return plain === "" ? "(empty)" : "(blank)";
  const longest = Math.max(0, ...[...plain.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  // A space on either side keeps a backtick at the edge from joining the fence; Markdown takes it away again.
  const edge = longest > 0 || plain.startsWith(" ") || plain.endsWith(" ") ? " " : "";
  return `${fence}${edge}${plain}${edge}${fence}`;
}

/** Two values of one clause as code spans; of long ones what they have in common at either end is left out. */
export function codeOfBoth(before: string, after: string): readonly [before: string, after: string] {
  if (before.length <= SHOWN_CHARACTERS && after.length <= SHOWN_CHARACTERS) return [code(before), code(after)];
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start += 1;
  let end = 0;
  while (end < shorter - start && before.at(-1 - end) === after.at(-1 - end)) end += 1;
  const from = Math.max(0, start - CONTEXT_CHARACTERS);
  const until = Math.max(0, end - CONTEXT_CHARACTERS);
  const part = (text: string) =>
    `${from > 0 ? "…" : ""}${excerpt(text.slice(from, text.length - until), SHOWN_CHARACTERS)}${until > 0 ? "…" : ""}`;
  return [code(part(before), 2 * SHOWN_CHARACTERS), code(part(after), 2 * SHOWN_CHARACTERS)];
}

function excerpt(text: string, characters: number): string {
  if (text.length <= characters) return text;
  const half = Math.floor(characters / 2);
  return `${text.slice(0, half)} … ${text.length - 2 * half} characters … ${text.slice(-half)}`;
}

function onOneLine(text: string): string {
  return text.toWellFormed().replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => {
    return `\\u${(character.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`;
  });
}

/** `"..."` as JSON writes it, code spans, and words. */
const PARTS = /"(?:[^"\\]|\\.)*"|`[^`]*`|[^\s"`]+|["`]/g;
/** What neither Markdown nor GitHub makes anything of. */
const PLAIN_WORD = /^[(']*(?:[A-Za-z0-9][A-Za-z0-9.,;()'%/=+?!-]*)?[.,;:?!)…–—→]*$/;
/** Addresses, names of hosts and files, issues and commits: GitHub makes links of these. */
const LINK = /\/\/|(?:^|\W)www\.|[a-z]\.[a-z]|\bGH-\d|\b[0-9a-f]{7,40}\b/i;

/** A sentence of ours that quotes foreign text: what it quotes becomes code, and so does every word that is not plainly one. */
export function sentence(text: string): string {
  const plain = onOneLine(text.replace(/\s+/g, " ").trim());
  let written = "";
  let end = 0;
  for (const { 0: part, index } of plain.matchAll(PARTS)) {
    const isQuoted = part.length > 1 && /^(["`]).*\1$/.test(part);
    const isPlain = PLAIN_WORD.test(part) && !LINK.test(part);
    const shown = isQuoted ? code(part.slice(1, -1)) : isPlain ? part : wordAsCode(part);
    // Two code spans side by side would be one.
    const gap = plain.slice(end, index) || (written.endsWith("`") && shown.startsWith("`") ? " " : "");
    written += gap + shown;
    end = index + part.length;
  }
  return written;
}

/** Punctuation at its end stays outside. */
function wordAsCode(word: string): string {
  const [, inside = word, end = ""] = /^(.+?)([.,;:?!)]*)$/.exec(word) ?? [];
  return code(inside) + end;
}
