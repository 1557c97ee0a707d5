/** A file's text out of GitHub's base64: strict, or not at all. Pure. */

export type FileText = { readonly kind: "text"; readonly text: string } | { readonly kind: "not_utf8" };

/** Undefined when the content is not base64 of so many bytes: a wrong answer. */
export function fileTextOf(content: string, size: number): FileText | undefined {
  const bytes = strictBase64(content);
  if (bytes === undefined || bytes.length !== size) return undefined;
  try {
    return { kind: "text", text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(bytes) };
  } catch {
    return { kind: "not_utf8" };
  }
}

/** GitHub breaks lines; nothing else may stand in it, and each text has one encoding. */
function strictBase64(content: string): Uint8Array | undefined {
  const compact = content.replaceAll("\n", "");
  try {
    const binary = atob(compact);
    if (btoa(binary) !== compact) return undefined;
    return Uint8Array.from(binary, (character) => character.charCodeAt(0));
  } catch {
    return undefined;
  }
}
