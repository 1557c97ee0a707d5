/**
 * Remedies to be pasted: what was probably meant by a value that no token has, judged again before it is told. Pure. For whoever has
 * room for it: the Worker's bundle has not.
 */

import { ownProperty } from "../../objects.ts";
import { escapePattern } from "../../pattern/escape.ts";
import { compilePattern } from "../../pattern/pattern.ts";
import { nearest } from "../../suggest.ts";
import type { Linting, Mender } from "../context.ts";
import { type ClausePair, type Forms, patternOf } from "../forms/forms.ts";
import { languageOf, overlaps } from "../language.ts";
import { assignment } from "../offence.ts";
import { cutsOf, soleTextOf, topLevelAlternatives } from "../shapes.ts";
import { languageOfValue, type Value } from "../value.ts";
import { REPAIRS } from "./repairs.ts";

export const MENDER: Mender = { issuer: mendedIssuer, value: mendedValue, pair: mendedPair, offence: offenceIn };

function repaired({ issuer }: Forms, name: string, text: string): string {
  const { repairs = {} } = ownProperty(REPAIRS, issuer) ?? {};
  const found = Object.entries(repairs).find(([names]) => names.split(" ").includes(name))?.[1] ?? [];
  return found.reduce((left, [wrong, right]) => left.replace(wrong, right), text);
}

function adviceOn({ issuer }: Forms, name: string): string | undefined {
  return ownProperty(ownProperty(REPAIRS, issuer)?.advice ?? {}, name);
}

function mendedIssuer(meant: Forms, text: string, path: string): string | undefined {
  const address = text.trim().replace(/^https?:\/*/i, "");
  const bare = `https://${address.replace(/\/?\.well-known\/.*$|\/+$/, "")}`;
  const right = [bare, `${bare}/`, bare.toLowerCase()]
    .flatMap((one) => [one, repaired(meant, "iss", one)])
    .find((one) => overlaps(languageOfValue("exact", one), patternOf(meant.iss)));
  const ordinary = /^\S+(?= \||$)/.exec(meant.iss)?.[0] ?? "";
  const sole = ordinary === "" || /[A-Z]{2}/.test(ordinary) ? undefined : ordinary;
  const found = right ?? sole;
  return found === undefined ? adviceOn(meant, "iss") : `write \`${path}: ${found}\``;
}

/** `own`: the forms of the value. */
function mendedValue(value: Value, own: string, { owner, workload }: Linting): string | undefined {
  if (workload === undefined) return undefined;
  const texts = [value.text.trim(), value.text.replaceAll("\\\\", "\\")].flatMap((text) => [
    text,
    repaired(workload.forms, value.name, text).replace("OWNER", owner ?? "OWNER"),
  ]);
  const near = nearest(value.text, own.split(/ \| | /));
  for (const text of [...texts, ...(near === undefined ? [] : [near])]) {
    const mended = patternIfNeeded(value, text);
    if (text !== value.text && fits(mended, text, own)) return `write ${assignment(mended, text)}`;
  }
  return adviceOn(workload.forms, value.name);
}

/** Parts that differ from run to run make a pattern of an exact subject. */
function patternIfNeeded(value: Value, text: string): Value {
  const classes = /\[[^\]]+\][*+{]/;
  if (value.kind === "pattern" || !classes.test(text) || classes.test(value.text)) return value;
  return { ...value, kind: "pattern", path: `${value.path}_pattern` };
}

function fits({ kind }: Value, text: string, own: string): boolean {
  if (kind === "pattern" && !compilePattern(text).ok) return false;
  return overlaps(languageOfValue(kind, text), patternOf(own));
}

/** `isHint`: customized subjects can have both values, others have the first one in the second. */
function mendedPair(
  { rows }: ClausePair,
  [first, second]: readonly [Value, Value],
  isHint: boolean,
): string | undefined {
  if (second.kind !== "exact") return undefined;
  const sole = soleTextOf(first.tokens);
  if (isHint) {
    const right = second.text.replace(/^(repo:[^:]+):.*/, (_, repository) => `${repository}:environment:${sole}`);
    return sole === undefined ? undefined : `write ${assignment(second, right)}`;
  }
  const [right] = rows.flatMap(([one, other]) => rightFirst(one, other, second.text));
  return right === undefined ? undefined : `write ${assignment(first, right)}, or change the other`;
}

/** What the first value must be beside the second one. */
function rightFirst(one: string, other: string, text: string): readonly string[] {
  const found = new RegExp(`^(?:${other.replace("{}", "(.+?)")})$`, "s").exec(text);
  if (found === null) return [];
  const value = other.includes("{}") ? found[1] && escapePattern(found[1]) : one;
  return value === undefined || !/^[^|*]+$/.test(value) ? [] : [value];
}

/** A longer pattern is not searched: each step of the search compiles a part of it. */
const MAX_SEARCHED = 200;

/** The offset of the token up to which the pattern can still become a text of the template. */
function offenceIn({ text, tokens }: Value, template: string): number | undefined {
  if (text.length > MAX_SEARCHED || topLevelAlternatives(text, tokens).length > 1) return undefined;
  const cuts = cutsOf(tokens);
  // Whatever is added to a prefix, it matches less: so that the last good cut is found by halves.
  let [good, bad] = [0, cuts.length];
  while (good + 1 < bad) {
    const middle = (good + bad) >> 1;
    const isGood = overlaps(languageOf(`(?:${text.slice(0, cuts[middle])})(?s:.*)`), template);
    [good, bad] = isGood ? [middle, bad] : [good, middle];
  }
  return cuts[good] ?? 0;
}
