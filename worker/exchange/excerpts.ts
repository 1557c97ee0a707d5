/**
 * What an event takes of texts and lists that others wrote: their beginnings, so that a message of a queue holds the whole event, and
 * the names of its fields that are not whole. No I/O, no clock.
 */
import type { ClauseResult } from "../../policies/evaluate.ts";
import type { Denial } from "../denial.ts";
import type { AuditClause, AuditDetails } from "../event.ts";
import {
  AUDIT_TEXT_MAX_CHARACTERS,
  AUDIT_TEXTS_MAX_CHARACTERS,
  AUDIT_VALUES_MAX,
  AUDIT_WORD_CHARACTERS,
} from "../limits.ts";

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
    const max = Math.max(AUDIT_WORD_CHARACTERS, Math.min(AUDIT_TEXT_MAX_CHARACTERS, this.#left));
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
    const claims = trace.flatMap(({ clause, name, actual }) =>
      clause === "claim" && actual !== undefined ? [{ name, value: actual }] : [],
    );
    return this.#list("actor", claims, ({ name, value }) => ({
      name: this.text("actor", name),
      value: this.#value("actor", value),
    }));
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
    return this.#list(field, value, (one) => this.text(field, one));
  }

  #list<T, E>(field: string, values: readonly T[], excerptOf: (value: T) => E): E[] {
    const excerpts: E[] = [];
    for (const value of this.first(field, values, AUDIT_VALUES_MAX)) {
      if (this.#left > 0) excerpts.push(excerptOf(value));
      else this.#cut.add(field);
    }
    return excerpts;
  }

  #brief(value: unknown): unknown {
    if (typeof value === "string") return this.text("details", value);
    if (Array.isArray(value)) return this.#list("details", value, (one) => this.#brief(one));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [snakeCase(name), this.#brief(one)]));
  }
}

const snakeCase = (name: string): string => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
