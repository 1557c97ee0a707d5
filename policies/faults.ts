/**
 * Faults as data: where, what is wrong, what to write instead. No I/O, no clock; nothing here throws.
 */

import { MAX_FAULTS } from "./limits.ts";

/** Both count from 1; columns count UTF-16 units, as editors and GitHub's annotations do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/** `path` names the value, as `issuer`, `claim_pattern.ref`, `repositories[0]`; empty for the file as a whole. Line and column are 0 when the text is not at hand. */
export interface Diagnostic {
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly suggestion?: string;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

export interface DiagnosticList {
  add(path: string, at: Position | undefined, message: string, suggestion?: string): void;
  count(): number;
  /** In the order of the text, the first MAX_FAULTS of them. */
  sorted(): readonly Diagnostic[];
}

export function createDiagnosticList(): DiagnosticList {
  const diagnostics: Diagnostic[] = [];
  return {
    add(path, at, message, suggestion) {
      const { line, column } = at ?? { line: 0, column: 0 };
      diagnostics.push(
        suggestion === undefined ? { path, line, column, message } : { path, line, column, message, suggestion },
      );
    },
    count: () => diagnostics.length,
    sorted() {
      const ordered = diagnostics.toSorted((a, b) => a.line - b.line || a.column - b.column);
      const told = ordered.slice(0, MAX_FAULTS);
      const last = told.at(-1);
      if (ordered.length > told.length && last !== undefined) {
        const message = `${ordered.length - told.length} more faults are not shown`;
        told.push({ path: "", line: last.line, column: last.column, message });
      }
      return told;
    },
  };
}

/** A text for a message: quoted, cut at 60 characters, control characters escaped. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}
