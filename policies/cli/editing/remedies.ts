/**
 * A diagnostic -> its remedies as finished texts, for one click. Pure.
 *
 * What a diagnostic suggests is a sentence for people, and made an edit here. So a remedy counts only if the new text, checked as the
 * old one was, has the diagnostic no more and not one error more. None takes a restriction away: that is for the author alone.
 */

import { countBySeverity } from "../../check.ts";
import type { Diagnostic } from "../../diagnostics.ts";
import { isBareDot } from "../../lint/shapes.ts";
import { escapePattern } from "../../pattern/escape.ts";
import { tokensOf } from "../../pattern/tokens.ts";
import { partsOfPattern } from "../advice/glob.ts";
import { mendedText } from "../advice/mend.ts";
import { quotedScalar } from "../scalars.ts";
import { removeEntry, removeItem, renameKey, replaceValue } from "./entries.ts";
import { placeAt, type TreePlace } from "./places.ts";
import { type Edit, type EntrySpan, type Remedy, SourceText, withEdits } from "./source.ts";
import { spellings } from "./spelling.ts";

export type Check = (text: string) => readonly Diagnostic[];

export interface Mendable extends Diagnostic {
  readonly remedies: readonly Remedy[];
}

/** `found`: all that `check` says of the text. */
export function withRemedies(found: readonly Diagnostic[], text: string, check: Check): readonly Mendable[] {
  const mark = text.startsWith("\ufeff") ? "\ufeff" : "";
  const bare = text.slice(mark.length);
  const source = SourceText.read(bare);
  const errors = countBySeverity(found, "error");
  return found.map((diagnostic) => {
    const made = candidates(diagnostic, bare, source).map((remedy) => ({ ...remedy, text: `${mark}${remedy.text}` }));
    const remedies = made.filter((remedy) => {
      const after = remedy.text === text ? found : check(remedy.text);
      return !after.some((one) => isSame(one, diagnostic)) && countBySeverity(after, "error") <= errors;
    });
    return { ...diagnostic, remedies };
  });
}

const isSame = (a: Diagnostic, b: Diagnostic): boolean => a.id === b.id && a.message === b.message && a.path === b.path;

function candidates(diagnostic: Diagnostic, text: string, source: SourceText | undefined): readonly Remedy[] {
  const { path, suggestion = "" } = diagnostic;
  // It was cut, and with it perhaps a value.
  if (suggestion.endsWith("…")) return [];
  const place = source && placeAt(source.root, path);
  const placed = source && place ? new PlaceEdits(source, place).candidates(diagnostic) : [];
  return [...placed, ...spellings(diagnostic, text)];
}

/** One key for one value, or a few. */
const WRITE = /^write (`[^`]+`(?: or `[^`]+`)*)(?:, or change the other)?$/;
const EITHER = /^write (?:it as|them as one pattern:|one text, as) (`[^`]+`)$/;

class PlaceEdits {
  readonly #source: SourceText;
  readonly #place: TreePlace;

  constructor(source: SourceText, place: TreePlace) {
    this.#source = source;
    this.#place = place;
  }

  candidates({ id, path, suggestion = "" }: Diagnostic): readonly Remedy[] {
    const [, meant] = /^did you mean `([^`]+)`\?$/.exec(suggestion) ?? [];
    if (meant !== undefined) return [...this.#rename(meant), ...this.#value(meant)];
    if (/^remove it(?:$|:)/.test(suggestion) || (id === "not-accepted" && suggestion === "remove jwks")) {
      return this.#remove();
    }
    const [, written] = WRITE.exec(suggestion) ?? EITHER.exec(suggestion) ?? [];
    const texts = [...(written ?? "").matchAll(/`([^`]+)`/g)].map(([, text = ""]) => text);
    if (texts.length > 0) return texts.flatMap((text) => this.#write(text));
    const [, claim] = /^write `claim_pattern:`, and `([^`]+): \.\.\.` indented below it$/.exec(suggestion) ?? [];
    if (claim !== undefined) return this.#asClaim(claim);
    return this.#byRule(id, path);
  }

  /** Rules that say how a pattern is written, and not what. */
  #byRule(id: string, path: string): readonly Remedy[] {
    const { value = "" } = this.#text ?? {};
    if (id === "top-level-alternation") return this.#value(`(${value})`);
    if (id === "glob-as-pattern") return this.#value(partsOfPattern(value).join(ONE_PART));
    if (id === "exact-looks-like-pattern" && value.includes("*")) {
      const pattern = value.split("*").map(escapePattern).join(ONE_PART);
      return this.#write(`${path}_pattern: ${quotedScalar(pattern)}`);
    }
    if (id !== "unescaped-dot") return [];
    const tokens = tokensOf(value);
    return this.#value(tokens.map((token, i) => (isBareDot(tokens, token, i) ? "\\." : token.text)).join(""));
  }

  get #text() {
    const tree = this.#place.kind === "entry" ? this.#place.entry.value : this.#place.list.items[this.#place.index];
    return tree?.kind === "text" ? tree : undefined;
  }

  #name(): string | undefined {
    return this.#place.kind === "entry" ? this.#place.entry.name : undefined;
  }

  /** `key: value` as YAML, with the key's own name or that of its twin; else a value alone, or a key alone. */
  #write(text: string): readonly Remedy[] {
    const name = this.#name();
    if (name === undefined) return this.#value(text);
    const keys = [name, `${name}_pattern`, name.replace(/_pattern$/, "")];
    const key = keys.find((one) => text.startsWith(`${one}: `));
    if (key === undefined) return keys.includes(text) ? this.#rename(text) : this.#value(text);
    const value = text.slice(key.length + 2);
    // An example, which must not take the place of what is there.
    if (/^[[{]|\.\.\./.test(value) || key === "max_token_lifetime") return [];
    return this.#entryEdits(`Write ${key}: ${value}`, (span) => [
      ...(key === name ? [] : [renameKey(span, key)]),
      replaceValue(this.#source, span, /^['"]/.test(value) ? value : quotedScalar(value)),
    ]);
  }

  #rename(name: string): readonly Remedy[] {
    return this.#entryEdits(`Rename it to ${name}`, (span) => [renameKey(span, name)]);
  }

  #value(value: string): readonly Remedy[] {
    const scalar = /^[a-z]+$/.test(value) ? value : quotedScalar(value);
    const place = this.#place;
    if (place.kind === "entry") {
      const replaced = (span: EntrySpan) => [replaceValue(this.#source, span, scalar)];
      return this.#text === undefined ? [] : this.#entryEdits(`Write ${scalar}`, replaced);
    }
    const span = this.#source.itemSpan(place.list, place.index);
    return this.#remedy(`Write ${scalar}`, span && [{ ...span.value, text: scalar }]);
  }

  #remove(): readonly Remedy[] {
    const place = this.#place;
    if (place.kind === "entry") {
      return this.#entryEdits(`Remove ${place.entry.name}`, (span) => [removeEntry(this.#source, place.map, span)]);
    }
    return this.#remedy("Remove this entry", [removeItem(this.#source, place.list, place.index)]);
  }

  /** Below claim_pattern a plain text is the pattern that matches it alone. */
  #asClaim(claim: string): readonly Remedy[] {
    const value = this.#text?.value;
    const set = [{ key: "claim_pattern", claim, value: escapePattern(value ?? "") }];
    const text = value === undefined ? undefined : mendedText(this.#source.text, [{ set, remove: [{ key: claim }] }]);
    return text === undefined ? [] : [{ label: `Move ${claim} below claim_pattern`, text }];
  }

  #entryEdits(label: string, edits: (span: EntrySpan) => readonly (Edit | undefined)[]): readonly Remedy[] {
    const span = this.#place.kind === "entry" ? this.#source.spanOf(this.#place.entry) : undefined;
    return this.#remedy(label, span && edits(span));
  }

  #remedy(label: string, edits: readonly (Edit | undefined)[] | undefined): readonly Remedy[] {
    if (edits === undefined || !edits.every((edit) => edit !== undefined)) return [];
    const text = withEdits(this.#source.text, edits);
    return text === undefined ? [] : [{ label, text }];
  }
}

/** Of a subject or a path: what a shell's `*` stands for at least. */
const ONE_PART = "[^:/]+";
