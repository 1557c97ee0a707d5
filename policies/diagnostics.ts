/**
 * What is wrong or worth saying, as data: where, what, and what to write instead. No I/O, no clock; nothing here throws.
 */

import { MAX_DIAGNOSTICS } from "./limits.ts";

/** Both count from 1; columns count UTF-16 units, as editors and GitHub's annotations do. */
export interface Position {
  readonly line: number;
  readonly column: number;
}

/**
 * `error`: the file cannot be used. `warning`: likely a hole, or a policy that never matches. `notice`: worth knowing, often
 * meant so.
 */
export type Severity = "error" | "warning" | "notice";

/** Line and column are 0 when the text is not at hand. */
export interface Diagnostic {
  readonly severity: Severity;
  /** Stable, in kebab case: `invalid`, `not-accepted`, `never-read`, or one of lint's. */
  readonly id: string;
  /** Names the value, as `issuer`, `claim_pattern.ref`, `repositories[0]`; empty for the file as a whole. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly suggestion?: string;
}

export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly diagnostics: readonly Diagnostic[] };

/** Collects the errors of one file. */
export class DiagnosticList {
  readonly #id: string;
  readonly #diagnostics: Diagnostic[] = [];

  constructor(id = "invalid") {
    this.#id = id;
  }

  add(path: string, at: Position | undefined, message: string, suggestion?: string): void {
    const { line, column } = at ?? { line: 0, column: 0 };
    const diagnostic = { severity: "error", id: this.#id, path, line, column, message } as const;
    this.#diagnostics.push(suggestion === undefined ? diagnostic : { ...diagnostic, suggestion });
  }

  count(): number {
    return this.#diagnostics.length;
  }

  /** In the order of the text, the first MAX_DIAGNOSTICS of them. */
  sorted(): readonly Diagnostic[] {
    const ordered = inOrder(this.#diagnostics);
    const shown = ordered.slice(0, MAX_DIAGNOSTICS);
    const last = shown.at(-1);
    if (ordered.length === shown.length || last === undefined) return shown;
    const { severity, id, line, column } = last;
    const message = `${ordered.length - shown.length} more errors are not shown`;
    return [...shown, { severity, id, path: "", line, column, message }];
  }
}

/** Of a file as a whole. */
export function ofWholeFile(severity: Severity, id: string, message: string, suggestion?: string): Diagnostic {
  const diagnostic = { severity, id, path: "", line: 1, column: 1, message };
  return suggestion === undefined ? diagnostic : { ...diagnostic, suggestion };
}

/** In the order of the text; at one place in that of the ids. */
export function inOrder<T extends Diagnostic>(diagnostics: readonly T[]): readonly T[] {
  const byId = (a: T, b: T) => (a.id < b.id ? -1 : a.id > b.id ? 1 : 0);
  return diagnostics.toSorted((a, b) => a.line - b.line || a.column - b.column || byId(a, b));
}

/** A string for a message: quoted, cut at 60 characters, control characters escaped. */
export function quoted(text: string): string {
  return JSON.stringify(text.length > 60 ? `${text.slice(0, 59)}…` : text);
}

export function plural(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith("y") ? `${noun.slice(0, -1)}ie` : noun}s`;
}
