/**
 * "Did you mean": the nearest name of a list, and the claim of a token that was meant. Pure; looks at own keys only.
 */

import { isObject } from "./objects.ts";

const MAX_NAMES = 500;
const MAX_DEPTH = 5;
const MAX_PATHS = 5;

/** Restricted Damerau-Levenshtein distance, given up (as `limit + 1`) once it must exceed `limit`. */
export function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const same = a[i - 1] === b[j - 1];
      let best = Math.min((last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1, (last[j - 1] ?? 0) + (same ? 0 : 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, (beforeLast[j - 2] ?? 0) + 1);
      row.push(best);
    }
    if (Math.min(...last) > limit && Math.min(...row) > limit) return limit + 1;
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? limit + 1;
}

/** One spelling for `pullRequests`, `pull-requests`, `Pull Requests` and U+017F for s. */
export function plainSpelling(name: string): string {
  return name
    .trim()
    .normalize("NFKC")
    .replace(/([a-z0-9])([A-Z])/g, "$1_$2")
    .toLowerCase()
    .replace(/[\s-]+/g, "_");
}

/** The name of `names` that was probably meant, if any is near. */
export function nearest(name: string, names: readonly string[]): string | undefined {
  if (name.length > 80) return undefined;
  const plain = plainSpelling(name);
  const squeezed = plain.replaceAll("_", "");
  const same = names.find((candidate) => candidate === plain || candidate.replaceAll("_", "") === squeezed);
  if (same !== undefined) return same;
  const limit = plain.length <= 4 ? 1 : 2;
  let best: string | undefined;
  let bestDistance = limit + 1;
  for (const candidate of names) {
    const found = distance(plain, candidate, limit);
    if (found < bestDistance) {
      best = candidate;
      bestDistance = found;
    }
  }
  return best;
}

/** The claims of a token that a policy can name: top-level names, and the paths into objects. */
export function claimNames(claims: Readonly<Record<string, unknown>>): readonly string[] {
  const names: string[] = [];
  const walk = (value: Readonly<Record<string, unknown>>, prefix: string, depth: number) => {
    for (const [key, below] of Object.entries(value)) {
      if (names.length >= MAX_NAMES || depth > MAX_DEPTH) return;
      const name = `${prefix}${key}`;
      if (isObject(below)) walk(below, name.endsWith("/") ? name : `${name}/`, depth + 1);
      else names.push(name);
    }
  };
  walk(claims, "", 1);
  return names;
}

/** The claim that was probably meant: of nearly that name, or of that name within an object. */
export function nearClaim(name: string, claims: Readonly<Record<string, unknown>>): string | undefined {
  const names = claimNames(claims);
  const wanted = lastOf(name).toLowerCase();
  const dotted = name.replaceAll(".", "/");
  return (
    names.find((candidate) => candidate === dotted) ??
    names.find((candidate) => candidate.includes("/") && lastOf(candidate).toLowerCase() === wanted) ??
    nearest(name, names)
  );
}

function lastOf(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1);
}

/** Paths from a claim that is an object to what it holds. */
export function pathsBelow(name: string, value: unknown): readonly string[] {
  if (!isObject(value)) return [];
  const prefix = name.endsWith("/") ? name : `${name}/`;
  return claimNames(value)
    .slice(0, MAX_PATHS)
    .map((path) => `${prefix}${path}`);
}
