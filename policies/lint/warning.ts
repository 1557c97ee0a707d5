/**
 * What lint says, and where. Pure.
 */

import type { Position } from "../faults.ts";
import type { Locate } from "../yaml/read.ts";

/** `warning`: likely a hole, or a policy that never matches. `notice`: worth knowing, often meant so. */
export type Severity = "warning" | "notice";

/** Line and column count from 1, and are 0 when the text is not at hand. */
export interface Warning {
  /** Stable, in kebab case: see RULES in lint.ts. */
  readonly id: string;
  readonly severity: Severity;
  /** The value that is meant, as in faults: `subject_pattern`, `claim_pattern.ref`. */
  readonly path: string;
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly suggestion: string;
}

/** A warning before it has a place. `part`: of what to tell the position, the value if it is not said. */
export interface Finding {
  readonly id: string;
  readonly severity: Severity;
  readonly path: string;
  readonly part?: "key" | "value";
  readonly message: string;
  readonly suggestion: string;
}

export function warningsOf(findings: readonly Finding[], locate: Locate): readonly Warning[] {
  const nowhere: Position = { line: 0, column: 0 };
  const placed = findings.map(({ id, severity, path, part, message, suggestion }): Warning => {
    const { line, column } = locate(path, part) ?? locate("") ?? nowhere;
    return { id, severity, path, line, column, message, suggestion };
  });
  return placed.sort((a, b) => a.line - b.line || a.column - b.column || (a.id < b.id ? -1 : a.id > b.id ? 1 : 0));
}
