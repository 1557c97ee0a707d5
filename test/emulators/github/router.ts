// From a request to the route that answers it. Pure.

import type { Route } from "./route.ts";

export interface Matched {
  readonly route: Route;
  readonly params: Readonly<Record<string, string>>;
}

function decode(text: string): string | null {
  try {
    return decodeURIComponent(text);
  } catch {
    return null;
  }
}

function params(pattern: string, path: string): Record<string, string> | null {
  const wanted = pattern.split("/");
  const given = path.split("/");
  const found = new Map<string, string>();
  for (const [i, part] of wanted.entries()) {
    if (part.startsWith("*")) {
      const rest = decode(given.slice(i).join("/"));
      if (rest === null) return null;
      found.set(part.slice(1), rest);
      return Object.fromEntries(found);
    }
    const segment = given[i];
    if (segment === undefined) return null;
    if (!part.startsWith(":")) {
      if (part !== segment) return null;
      continue;
    }
    const value = decode(segment);
    if (value === null || value === "") return null;
    found.set(part.slice(1), value);
  }
  return given.length === wanted.length ? Object.fromEntries(found) : null;
}

/** The first route of the table that fits; null for none. `path` is below the API's base. */
export function match(routes: readonly Route[], method: string, path: string): Matched | null {
  for (const route of routes) {
    if (route.method !== method) continue;
    const read = params(route.path, path);
    if (read !== null) return { route, params: read };
  }
  return null;
}
