/** What is said of places in the text, as the editor shows it on its lines. Pure. */
import type { Action, Diagnostic } from "@codemirror/lint";
import type { Text } from "@codemirror/state";

export interface Mark {
  readonly severity: "error" | "warning" | "notice";
  /** Both from 1; 0 where the place is not known. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly suggestion?: string;
  readonly remedies: readonly { readonly label: string; readonly text: string }[];
}

/** `apply` gets the whole text that a remedy makes. */
export function placedMarks(doc: Text, marks: readonly Mark[], apply: (text: string) => void): readonly Diagnostic[] {
  return marks.map(({ severity, line, column, message, suggestion, remedies }) => {
    const own = doc.line(Math.min(Math.max(line, 1), doc.lines));
    const from = Math.min(own.from + Math.max(column - 1, 0), own.to);
    const actions = remedies.map(({ label, text }): Action => ({ name: label, apply: () => apply(text) }));
    return {
      from,
      to: from + lengthAt(own.text.slice(from - own.from)),
      severity: severity === "notice" ? "info" : severity,
      message: suggestion === undefined ? message : `${message}: ${suggestion}`,
      actions,
    };
  });
}

/** A text in quotes, a key, or what stands on the line before a remark. */
function lengthAt(rest: string): number {
  const [token = ""] =
    /^(?:'(?:[^']|'')*'|"(?:[^"\\]|\\.)*"|[\w./-]+(?=:(?:\s|$))|\S+(?:\s+[^\s#]\S*)*)/.exec(rest) ?? [];
  return token.length;
}
