/** Where the keys of a policy stand, in a form that outlives its text: a refusal by a cached policy says the line as well. Pure. */

import type { Locate } from "../yaml/read.ts";
import type { PolicyDocument } from "./document.ts";

/** Paths with line and column, both from 1. */
export type Places = readonly (readonly [path: string, line: number, column: number])[];

/** In memory, estimated: of a path and its position. */
const BYTES_PER_PLACE = 200;

const KEYS = [
  "",
  ...["issuer", "issuer_pattern", "subject", "subject_pattern", "audience", "audience_pattern", "app", "app_pattern"],
  ...["repositories", "jwks", "max_token_lifetime"],
];

export function placesOf({ claims, permissions }: PolicyDocument, locate: Locate): Places {
  const names = [
    ...KEYS,
    ...claims.map(({ name }) => `claim_pattern.${name}`),
    ...permissions.map(({ name }) => `permissions.${name}`),
  ];
  return names.flatMap((path) => {
    const at = locate(path, "key");
    return at === undefined ? [] : [[path, at.line, at.column] as const];
  });
}

export interface Located {
  readonly locate: Locate;
  /** What `locate` holds in memory, estimated. */
  readonly locatedBytes: number;
}

/** What a cache gives back may be of any form: what is no place is left out. */
export function locatedBy(places: unknown): Located {
  const known = new Map(
    (Array.isArray(places) ? places : []).filter(isPlace).map(([path, line, column]) => [path, { line, column }]),
  );
  return { locate: (path) => known.get(path), locatedBytes: known.size * BYTES_PER_PLACE };
}

function isPlace(value: unknown): value is Places[number] {
  if (!Array.isArray(value)) return false;
  const [path, line, column] = value;
  return typeof path === "string" && Number.isSafeInteger(line) && Number.isSafeInteger(column);
}
