/**
 * A policy's text with changes made in it; comments and all other lines stay as they are. Pure.
 */

import { type Document, isMap, isScalar, type Pair, parseDocument, Scalar, visit, type YAMLMap } from "yaml";
import type { Change, PolicyLine, Setting } from "./clause.ts";

/**
 * Undefined if there is nothing to change, or if it cannot be done line by line: what an alias stands for would be lost, and with
 * it a restriction. The result is checked by whoever uses it.
 */
export function mendedText(text: string, changes: readonly Pick<Change, "set" | "remove">[]): string | undefined {
  const set = changes.flatMap((change) => change.set);
  const remove = changes.flatMap((change) => change.remove);
  if (set.length + remove.length === 0) return undefined;
  // As the policy's own reader has it: every scalar is the text that was typed.
  const document = parseDocument(text, { schema: "failsafe", logLevel: "silent" });
  if (document.errors.length > 0 || !isMap(document.contents) || hasAlias(document)) return undefined;
  for (const setting of set) write(document, setting, remove);
  for (const { key, claim } of remove) {
    if (claim === undefined) document.delete(key);
    else if (isMap(document.get(key))) document.deleteIn([key, claim]);
  }
  return document.toString({ lineWidth: 0, flowCollectionPadding: false });
}

function hasAlias(document: Document): boolean {
  let found = false;
  visit(document, {
    Alias() {
      found = true;
      return visit.BREAK;
    },
  });
  return found;
}

/** Into the line of the same key, else of the one that goes away for it, else at the end. */
function write(document: Document, { key, claim, value }: Setting, remove: readonly PolicyLine[]): void {
  const root = document.contents;
  if (!isMap(root)) return;
  const map = claim === undefined ? root : claimsOf(document, root);
  const name = claim ?? key;
  const twins = remove.filter((place) => (place.claim === undefined) === (claim === undefined));
  const isTwin = (old: string) =>
    twins.some((place) => (place.claim ?? place.key) === old) && (claim !== undefined || sameClause(old, key));
  const pair = pairOf(map, (old) => old === name) ?? pairOf(map, isTwin);
  const scalar = new Scalar(value);
  scalar.type = /^[0-9]+$/.test(value) && key === "max_token_lifetime" ? "PLAIN" : "QUOTE_SINGLE";
  if (pair === undefined) {
    if (claim === undefined) insert(root, document.createPair(name, scalar), ["claim_pattern", "permissions"]);
    else map.set(name, scalar);
    return;
  }
  if (isScalar(pair.value) && pair.value.comment) scalar.comment = pair.value.comment;
  if (isScalar(pair.key)) pair.key.value = name;
  pair.value = scalar;
}

const sameClause = (a: string, b: string): boolean => a.replace("_pattern", "") === b.replace("_pattern", "");

function pairOf(map: YAMLMap, isIt: (name: string) => boolean): Pair | undefined {
  return map.items.find(({ key }) => isScalar(key) && isIt(String(key.value)));
}

function claimsOf(document: Document, root: YAMLMap): YAMLMap {
  const held = root.get("claim_pattern", true);
  if (isMap(held)) return held;
  const made = document.createPair("claim_pattern", {});
  root.delete("claim_pattern");
  insert(root, made, ["permissions"]);
  return isMap(made.value) ? made.value : root;
}

/** Before the first of these keys, where policies have it. */
function insert(root: YAMLMap, pair: Pair, before: readonly string[]): void {
  const at = root.items.findIndex(({ key }) => isScalar(key) && before.includes(String(key.value)));
  root.items.splice(at < 0 ? root.items.length : at, 0, pair);
}
