/**
 * What is wrong or worth saying, as data: where, what, and what to write instead. No I/O, no clock; nothing here throws.
 */

import { MAX_DIAGNOSTICS, MAX_DIAGNOSTICS_CHARACTERS } from "./limits.ts";

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

/** What is wrong, and what to write instead. */
export interface Problem {
  readonly message: string;
  readonly suggestion: string;
}

/** Collects the errors of one file: however many there are and whatever they quote, what is shown of them is short. */
export class DiagnosticList {
  readonly #id: string;
  readonly #found: { readonly path: string; readonly at: Position; readonly tell: () => Told }[] = [];

  constructor(id = "invalid") {
    this.#id = id;
  }

  add(path: string, at: Position | undefined, message: string, suggestion?: string): void {
    this.addLater(path, at, () => ({ message, suggestion }));
  }

  /** For a problem that costs something to put into words: it is asked for them only if it is shown. */
  addLater(path: string, at: Position | undefined, tell: () => Told): void {
    this.#found.push({ path, at: at ?? { line: 0, column: 0 }, tell });
  }

  count(): number {
    return this.#found.length;
  }

  /** In the order of the text, the first MAX_DIAGNOSTICS of them, or as many as MAX_DIAGNOSTICS_CHARACTERS hold. */
  sorted(): readonly Diagnostic[] {
    const ordered = this.#found.toSorted(({ at: a }, { at: b }) => a.line - b.line || a.column - b.column);
    const shown: Diagnostic[] = [];
    let characters = 0;
    for (const { path, at, tell } of ordered.slice(0, MAX_DIAGNOSTICS)) {
      const diagnostic = this.#diagnostic(path, at, tell());
      characters += diagnostic.path.length + diagnostic.message.length + (diagnostic.suggestion?.length ?? 0);
      if (shown.length > 0 && characters > MAX_DIAGNOSTICS_CHARACTERS) break;
      shown.push(diagnostic);
    }
    const last = shown.at(-1);
    if (ordered.length === shown.length || last === undefined) return shown;
    const message = `${ordered.length - shown.length} more errors are not shown`;
    return [...shown, this.#diagnostic("", last, { message })];
  }

  #diagnostic(path: string, { line, column }: Position, { message, suggestion }: Told): Diagnostic {
    const diagnostic = { severity: "error", id: this.#id, path: cut(path, MAX_PATH_CHARACTERS), line, column } as const;
    const told = { ...diagnostic, message: cut(message, MAX_MESSAGE_CHARACTERS) };
    return suggestion === undefined ? told : { ...told, suggestion: cut(suggestion, MAX_MESSAGE_CHARACTERS) };
  }
}

interface Told {
  readonly message: string;
  readonly suggestion?: string | undefined;
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

/** Of a foreign string in a message. */
const QUOTED_CHARACTERS = 60;
const MAX_PATH_CHARACTERS = 200;
const MAX_MESSAGE_CHARACTERS = 500;

/** Any foreign string for a message: quoted, cut, control characters escaped, so that it stays on one line. */
export function quoted(text: string, most: number = QUOTED_CHARACTERS): string {
  return JSON.stringify(cut(text, most));
}

function cut(text: string, most: number): string {
  return text.length > most ? `${text.slice(0, most - 1)}…` : text;
}

export function plural(count: number, noun: string): string {
  if (count === 1) return `1 ${noun}`;
  return `${count} ${noun.endsWith("y") ? `${noun.slice(0, -1)}ie` : noun}s`;
}
