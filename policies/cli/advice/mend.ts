/**
 * A policy's text with changes made in it; comments and all other lines stay as they are. Pure.
 */

import { DiagnosticList } from "../../diagnostics.ts";
import type { MapEntry, MapTree, Tree } from "../../yaml/tree.ts";
import { parseYaml } from "../../yaml/yaml.ts";
import { appendEntry, entryOf, insertBefore, removeEntry, renameKey, replaceValue } from "../editing/entries.ts";
import { type Edit, SourceText, withEdits } from "../editing/source.ts";
import { quotedKey, quotedScalar } from "../scalars.ts";
import type { Change, PolicyLine, Setting } from "./clause.ts";

type Lines = Pick<Change, "set" | "remove">;

/**
 * Undefined if there is nothing to change, or if it cannot be done line by line: what an alias stands for would be lost, and with
 * it a restriction. The result is checked by whoever uses it.
 */
export function mendedText(text: string, changes: readonly Lines[]): string | undefined {
  const set = changes.flatMap((change) => change.set);
  const remove = changes.flatMap((change) => change.remove);
  if (set.length + remove.length === 0) return undefined;
  const mark = text.startsWith("\ufeff") ? "\ufeff" : "";
  const source = SourceText.read(text.slice(mark.length));
  if (source === undefined) return undefined;
  const edits = new PolicyEdits(source, remove).edits(set);
  const mended = edits && withEdits(source.text, edits);
  if (mended === undefined || !isSameBeside(source.root, mended, [...set, ...remove])) return undefined;
  return `${mark}${mended}`;
}

const BEFORE_CLAIMS: readonly string[] = ["permissions"];
const BEFORE_CLAUSES: readonly string[] = ["claim_pattern", ...BEFORE_CLAIMS];

class PolicyEdits {
  readonly #source: SourceText;
  readonly #remove: readonly PolicyLine[];
  readonly #claims: MapTree | undefined;
  /** Entries that are written anew, and so are not removed. */
  readonly #kept = new Set<MapEntry>();

  constructor(source: SourceText, remove: readonly PolicyLine[]) {
    this.#source = source;
    this.#remove = remove;
    const held = entryOf(source.root, (name) => name === "claim_pattern")?.value;
    this.#claims = held?.kind === "map" && held.entries.length > 0 ? held : undefined;
  }

  /** Undefined if one cannot be made. */
  edits(set: readonly Setting[]): readonly Edit[] | undefined {
    const keys = set.filter(({ claim }) => claim === undefined);
    const claims = set.filter(({ claim }) => claim !== undefined);
    const made = [...keys.flatMap((one) => this.#write(one)), ...this.#writeClaims(claims), ...this.#removals()];
    return made.every((edit) => edit !== undefined) ? made : undefined;
  }

  /** Into the line of the same key, else of the one that goes away for it, else where policies have it. */
  #write({ key, claim, value }: Setting): readonly (Edit | undefined)[] {
    const map = claim === undefined ? this.#source.root : this.#claims;
    const name = claim ?? key;
    const scalar = key === "max_token_lifetime" && /^[0-9]+$/.test(value) ? value : quotedScalar(value);
    if (map === undefined) return [undefined];
    const twins = this.#remove.filter((place) => (place.claim === undefined) === (claim === undefined));
    const isTwin = (old: string) =>
      twins.some((place) => (place.claim ?? place.key) === old) && (claim !== undefined || sameClause(old, key));
    const free = { ...map, entries: map.entries.filter((entry) => !this.#kept.has(entry)) };
    const entry = entryOf(free, (old) => old === name) ?? entryOf(free, isTwin);
    const line = `${quotedKey(name)}: ${scalar}`;
    if (entry === undefined)
      return [claim === undefined ? this.#insert([line], BEFORE_CLAUSES) : appendEntry(this.#source, map, [line])];
    this.#kept.add(entry);
    const span = this.#source.spanOf(entry);
    if (span === undefined) return [undefined];
    const renamed = entry.name === name ? [] : [renameKey(span, name)];
    return [...renamed, replaceValue(this.#source, span, scalar)];
  }

  #writeClaims(claims: readonly Setting[]): readonly (Edit | undefined)[] {
    if (this.#claims !== undefined || claims.length === 0) return claims.flatMap((one) => this.#write(one));
    const lines = claims.map(({ claim = "", value }) => `${quotedKey(claim)}: ${quotedScalar(value)}`);
    const empty = entryOf(this.#source.root, (name) => name === "claim_pattern");
    if (empty === undefined)
      return [this.#insert(["claim_pattern:", ...lines.map((line) => `  ${line}`)], BEFORE_CLAIMS)];
    const span = this.#source.spanOf(empty);
    return [span && replaceValue(this.#source, span, `{${lines.join(", ")}}`)];
  }

  #insert(lines: readonly string[], before: readonly string[]): Edit | undefined {
    const { root } = this.#source;
    const next = entryOf(root, (name) => before.includes(name));
    const span = next && this.#source.spanOf(next);
    if (this.#source.isFlow(root) || span === undefined) return appendEntry(this.#source, root, lines);
    return insertBefore(this.#source, span, lines);
  }

  #removals(): readonly (Edit | undefined)[] {
    const { root } = this.#source;
    const gone = (map: MapTree, isClaim: boolean) =>
      map.entries.filter(
        (entry) =>
          !this.#kept.has(entry) &&
          this.#remove.some(({ key, claim }) => (claim !== undefined) === isClaim && (claim ?? key) === entry.name),
      );
    const keys = gone(root, false);
    const claims = this.#claims === undefined ? [] : gone(this.#claims, true);
    const isEmptied = this.#claims?.entries.every((entry) => claims.includes(entry)) ?? false;
    const holder = isEmptied ? root.entries.filter(({ name }) => name === "claim_pattern") : [];
    const of = (map: MapTree, entries: readonly MapEntry[]) =>
      entries.map((entry) => {
        const span = this.#source.spanOf(entry);
        return span && removeEntry(this.#source, map, span);
      });
    const below = isEmptied || this.#claims === undefined ? [] : of(this.#claims, claims);
    return [...of(root, [...new Set([...keys, ...holder])]), ...below];
  }
}

const sameClause = (a: string, b: string): boolean => a.replace("_pattern", "") === b.replace("_pattern", "");

/** Whether only those lines differ: an edit at a wrong place could take a restriction away. */
function isSameBeside(before: MapTree, mended: string, lines: readonly PolicyLine[]): boolean {
  const { root } = parseYaml(mended, new DiagnosticList());
  if (root?.kind !== "map") return false;
  const keys = new Set(lines.flatMap(({ key, claim }) => (claim === undefined ? [key] : [])));
  const claims = new Set(lines.flatMap(({ claim }) => claim ?? []));
  const rest = ({ entries }: MapTree) =>
    entries
      .filter(({ name }) => !keys.has(name) && !(name === "claim_pattern" && claims.size > 0))
      .map(({ name, value }) => [name, plainOf(value)]);
  const claimsIn = (map: MapTree) => {
    const held = entryOf(map, (name) => name === "claim_pattern")?.value;
    const entries = held?.kind === "map" ? held.entries : [];
    return entries.filter(({ name }) => !claims.has(name)).map(({ name, value }) => [name, plainOf(value)]);
  };
  const told = (map: MapTree) => JSON.stringify([rest(map), claimsIn(map)]);
  return told(before) === told(root);
}

function plainOf(tree: Tree): unknown {
  if (tree.kind === "text") return [tree.value];
  if (tree.kind === "list") return tree.items.map(plainOf);
  return tree.kind === "map" ? tree.entries.map(({ name, value }) => ({ name, value: plainOf(value) })) : null;
}
