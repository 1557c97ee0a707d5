/**
 * What an event takes of texts and lists that others wrote: their beginnings, so that a message of a queue holds the whole event, and
 * the names of its fields that are not whole. No I/O, no clock.
 */
import type { ClauseResult } from "../../policies/evaluate.ts";
import type { Denial } from "../denial.ts";
import type { AuditClause, AuditDetails } from "../event.ts";
import { AUDIT_TEXT_MAX_CHARACTERS, AUDIT_TEXTS_MAX_CHARACTERS, AUDIT_VALUES_MAX } from "../limits.ts";

/** One per event: all its texts share what there is room for. */
export class Excerpts {
  #left = AUDIT_TEXTS_MAX_CHARACTERS;
  readonly #cut = new Set<string>();

  /** Fields that are not whole. */
  get truncated(): string[] {
    return [...this.#cut];
  }

  text(field: string, value: string): string {
    // Half a character is no text to many readers of JSON.
    const text = value.toWellFormed();
    const max = Math.max(1, Math.min(AUDIT_TEXT_MAX_CHARACTERS, this.#left));
    this.#left = Math.max(0, this.#left - text.length);
    if (text.length <= max) return text;
    this.#cut.add(field);
    return `${text.slice(0, max - 1).replace(/[\uD800-\uDBFF]$/, "")}…`;
  }

  /** Of bounded texts, such as names, the first. */
  first<T>(field: string, values: readonly T[], max: number): T[] {
    if (values.length > max) this.#cut.add(field);
    return values.slice(0, max);
  }

  /** The clause that decided comes first to what room there is. */
  trace(results: readonly ClauseResult[]): AuditClause[] {
    const failed = results.find(({ passed }) => !passed);
    const decisive = failed && this.#clause(failed);
    return results.map((result) => (decisive && result === failed ? decisive : this.#clause(result)));
  }

  /** The claims that the policy looked at. */
  claims(trace: readonly AuditClause[]): { name: string; value: string | string[] }[] {
    return trace.flatMap(({ clause, name, actual }) => {
      if (clause !== "claim" || actual === undefined) return [];
      return [{ name: this.text("actor", name), value: this.#value("actor", actual) }];
    });
  }

  /** All but the reason, and the clause, which stands in the trace; names as the event has them. Undefined where nothing is left. */
  details(denial: Denial): AuditDetails | undefined {
    const { reason: _, clause: __, ...more } = { clause: undefined, ...denial };
    if (Object.keys(more).length === 0) return undefined;
    // The type would repeat all arms of the union; tests hold the event of every refusal against the schema.
    return this.#brief(more) as AuditDetails;
  }

  #clause({ clause, name, expected: { kind, value }, actual, passed, why, problem }: ClauseResult): AuditClause {
    return {
      clause,
      name: this.text("trace", name),
      expected: { kind, value: this.text("trace", value) },
      actual: actual === undefined ? undefined : this.#value("trace", actual),
      passed,
      why,
      problem: problem === undefined ? undefined : this.text("trace", problem),
    };
  }

  #value(field: string, value: string | readonly string[]): string | string[] {
    if (typeof value === "string") return this.text(field, value);
    const texts: string[] = [];
    for (const one of this.first(field, value, AUDIT_VALUES_MAX)) {
      if (this.#left === 0) {
        this.#cut.add(field);
        break;
      }
      texts.push(this.text(field, one));
    }
    return texts;
  }

  #brief(value: unknown): unknown {
    if (typeof value === "string") return this.text("details", value);
    if (Array.isArray(value)) return this.first("details", value, AUDIT_VALUES_MAX).map((one) => this.#brief(one));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [snakeCase(name), this.#brief(one)]));
  }
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
