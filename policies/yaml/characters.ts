/**
 * Characters that no file may hold raw: YAML forbids them, or its versions disagree on whether they end a line. Pure.
 */

/** The first such character and its offset. */
export function forbiddenCharacter(
  text: string,
): { readonly offset: number; readonly message: string; readonly suggestion: string } | undefined {
  for (let offset = 0; offset < text.length; offset += 1) {
    const code = text.charCodeAt(offset);
    if ((code >= 0x20 && code < 0x7f) || code === 0x09 || code === 0x0a) continue;
    const message = problem(code, text.charCodeAt(offset - 1), text.charCodeAt(offset + 1));
    if (message !== undefined)
      return { offset, message, suggestion: "remove it, or write it as an escape in double quotes" };
  }
  return undefined;
}

/** `before` and `after` are NaN at the ends of the text. */
function problem(code: number, before: number, after: number): string | undefined {
  if (code === 0x0d) return after === 0x0a ? undefined : "a carriage return without a line feed";
  // A file may be full of what is fine, and a name is made only for what may not be.
  if (code > 0xa0 && code < 0x2028) return undefined;
  const name = `U+${code.toString(16).toUpperCase().padStart(4, "0")}`;
  if (code < 0x20 || (code >= 0x7f && code < 0xa0 && code !== 0x85)) return `control character ${name}`;
  if (code === 0x85 || code === 0x2028 || code === 0x2029) return `line separator ${name}`;
  if (code === 0xfeff) return "a byte order mark that is not at the start";
  if (code === 0xfffe || code === 0xffff) return `${name}, which is no character`;
  if (code >= 0xd800 && code < 0xdc00)
    return after >= 0xdc00 && after < 0xe000 ? undefined : `half a character, ${name}`;
  if (code >= 0xdc00 && code < 0xe000)
    return before >= 0xd800 && before < 0xdc00 ? undefined : `half a character, ${name}`;
  return undefined;
}
