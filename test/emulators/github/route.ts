// What a route of the emulated GitHub is, and the checks that routes share: which repository, and may this caller.
// Pure of I/O; a refusal is an answer.

import { type Answer, notFound, refusal } from "./answers.ts";
import type { Caller } from "./auth.ts";
import type { Bases } from "./shapes.ts";
import { type App, covers, findMoved, findRepository, type MintedToken, type Repository, type State } from "./state.ts";

export interface Context {
  readonly state: State;
  readonly bases: Bases;
  readonly request: Request;
  readonly url: URL;
  /** Decoded path parameters. */
  readonly params: Readonly<Record<string, string>>;
  readonly caller: Caller;
  /** Parsed JSON; undefined for an empty body. */
  readonly body: unknown;
}

export interface Route {
  readonly id: string;
  readonly method: string;
  /** `/repos/:owner/:repo/contents/*path`; a star takes the rest, also nothing. */
  readonly path: string;
  readonly okStatus?: number;
  readonly answer: (at: Context) => Answer | Promise<Answer>;
}

export type Checked<T> = { readonly value: T; readonly stop?: never } | { readonly stop: Answer };

const LEVELS = ["read", "write", "admin"];

export function atLeast(held: string | undefined, wanted: string): boolean {
  return held !== undefined && LEVELS.indexOf(held) >= LEVELS.indexOf(wanted);
}

export function covered(state: State, token: MintedToken, repository: Repository): boolean {
  if (!state.repositories.includes(repository) || !covers(token.installation, repository)) return false;
  return token.repositories === null || token.repositories.includes(repository);
}

/** App routes need the App's JWT; a token there is no JWT. */
export function asApp(at: Context): Checked<App> {
  if (at.caller.kind === "app") return { value: at.caller.app };
  return { stop: refusal(401, "A JSON web token could not be decoded") };
}

export function asToken(at: Context): Checked<MintedToken> {
  if (at.caller.kind === "token") return { value: at.caller.token };
  if (at.caller.kind === "anonymous") return { stop: refusal(401, "Requires authentication") };
  return { stop: refusal(403, "You must authenticate with an installation access token.") };
}

export interface Need {
  readonly permission: string;
  readonly level: "read" | "write";
}

function sees(at: Context, repository: Repository): boolean {
  if (repository.visibility === "public") return true;
  return at.caller.kind === "token" && covered(at.state, at.caller.token, repository);
}

function moved(at: Context, repository: Repository): Answer {
  const { owner = "", repo = "" } = at.params;
  const head = `/repos/${encodeURIComponent(owner)}/${encodeURIComponent(repo)}`.toLowerCase();
  const rest = at.url.pathname.slice(at.url.pathname.toLowerCase().indexOf(head) + head.length);
  const url = `${at.bases.api}/repositories/${repository.id}${rest}${at.url.search}`;
  const docs = "https://docs.github.com/rest/guides/best-practices-for-using-the-rest-api#follow-redirects";
  return {
    status: 301,
    body: { message: "Moved Permanently", url, documentation_url: docs },
    headers: { location: url },
  };
}

/** The repository of the path: 301 if it has another name now, 404 if it is none or `visible` says no. */
export function locate(at: Context, visible: (repository: Repository) => boolean): Checked<Repository> {
  const { owner = "", repo = "" } = at.params;
  const here = findRepository(at.state, owner, repo);
  if (here !== undefined) return visible(here) ? { value: here } : { stop: notFound() };
  const there = findMoved(at.state, owner, repo);
  return { stop: there !== undefined && visible(there) ? moved(at, there) : notFound() };
}

/** The repository of the path, if this caller may do this to it. */
export function permitted(at: Context, need: Need): Checked<Repository> {
  const place = locate(at, (repository) => sees(at, repository));
  if (place.stop !== undefined) return place;
  const repository = place.value;
  const open = repository.visibility === "public" && need.level === "read";
  if (open) return place;
  if (at.caller.kind !== "token") return { stop: refusal(401, "Requires authentication") };
  const { token } = at.caller;
  const held = need.permission === "metadata" ? "read" : token.permissions[need.permission];
  if (covered(at.state, token, repository) && atLeast(held, need.level)) return place;
  const headers = { "x-accepted-github-permissions": `${need.permission}=${need.level}` };
  return { stop: refusal(403, "Resource not accessible by integration", "", headers) };
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** page and per_page as GitHub reads them: 30 by default, 100 at most; and the Link header of the answer. */
export function paged<T>(at: Context, items: readonly T[]): { page: T[]; headers: Record<string, string> } {
  const read = (name: string, fallback: number): number => {
    const value = Number(at.url.searchParams.get(name) ?? fallback);
    return Number.isInteger(value) && value > 0 ? value : fallback;
  };
  const size = Math.min(100, read("per_page", 30));
  const page = read("page", 1);
  const last = Math.max(1, Math.ceil(items.length / size));
  const link = (to: number, rel: string): string => {
    const url = new URL(at.url);
    url.searchParams.set("page", String(to));
    return `<${url}>; rel="${rel}"`;
  };
  const links: string[] = [];
  if (page > 1) links.push(link(page - 1, "prev"), link(1, "first"));
  if (page < last) links.push(link(page + 1, "next"), link(last, "last"));
  return {
    page: items.slice((page - 1) * size, page * size),
    headers: links.length > 0 ? { link: links.join(", ") } : {},
  };
}
