/**
 * Names of claims that somebody may have meant. Pure; looks at own keys only.
 */

import { isObject } from "../objects.ts";
import { nearest } from "../suggest.ts";

const MAX_NAMES = 500;
const MAX_DEPTH = 5;
const MAX_TOLD = 5;

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
    .slice(0, MAX_TOLD)
    .map((path) => `${prefix}${path}`);
}
