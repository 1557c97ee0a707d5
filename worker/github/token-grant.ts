/**
 * What a token is to carry, and whether GitHub granted just that. Pure: no I/O, no clock. GitHub reads an absent or empty field
 * as "everything", so nothing empty leaves this file.
 */
import { REPOSITORY_NAME } from "../../policies/names.ts";
import type { Installation, MintAnswer } from "./shapes.ts";

export interface TokenGrant {
  /** Name to level; at least one. */
  readonly permissions: Readonly<Record<string, string>>;
  /** Bare names of the owner's repositories, at least one; or, by the policy's own word, all that the installation has. */
  readonly repositories: readonly string[] | "all";
}

export interface MintBody {
  readonly permissions: Readonly<Record<string, string>>;
  readonly repositories?: readonly string[];
}

const NAME = /^[a-z][a-z0-9_]*$/;
const LEVEL = /^(?:read|write|admin)$/;
const LEVELS = ["read", "write", "admin"];
/** GitHub adds it to every token. */
const ALWAYS_GRANTED = "metadata";

/** The body of the mint. Throws, before anything is sent, for what would be read as more than it says: that is a bug. */
export function mintBody({ permissions, repositories }: TokenGrant): MintBody {
  const entries = Object.entries(permissions);
  if (entries.length === 0) throw new Error("a mint without permissions would grant all of them");
  if (!entries.every(([name, level]) => NAME.test(name) && LEVEL.test(level))) throw new Error("not a permission");
  const asked = { permissions: Object.fromEntries(entries) };
  if (repositories === "all") return asked;
  if (repositories.length === 0) throw new Error("a mint without repositories would grant all of them");
  if (!repositories.every((name) => REPOSITORY_NAME.test(name))) throw new Error("not the name of a repository");
  return { ...asked, repositories: distinct(repositories) };
}

/** Undefined when GitHub granted what was asked, no more and no less; else one line without foreign text. */
export function grantProblem(asked: TokenGrant, owner: string, answer: MintAnswer): string | undefined {
  return (
    permissionProblem(asked.permissions, answer.permissions) ?? repositoryProblem(asked.repositories, owner, answer)
  );
}

function permissionProblem(
  asked: Readonly<Record<string, string>>,
  granted: ReadonlyMap<string, string>,
): string | undefined {
  const wanted = new Map(Object.entries(asked));
  for (const [name, level] of wanted) {
    if (granted.get(name) !== level) return `not granted as asked: ${name}:${level}`;
  }
  for (const [name, level] of granted) {
    const isUsual = name === ALWAYS_GRANTED && level === "read";
    if (!wanted.has(name) && !isUsual) return "granted a permission that was not asked for";
  }
  return undefined;
}

function repositoryProblem(asked: readonly string[] | "all", owner: string, answer: MintAnswer): string | undefined {
  const granted = answer.repositories;
  if (granted?.some((repository) => !same(repository.owner, owner))) return "granted a repository of another owner";
  if (asked === "all") return undefined;
  if (answer.repositorySelection !== "selected" || granted === undefined) return "granted all repositories";
  const names = new Set(granted.map(({ name }) => name.toLowerCase()));
  const wanted = new Set(asked.map((name) => name.toLowerCase()));
  if ([...wanted].some((name) => !names.has(name))) return "a repository that was asked for was not granted";
  return names.size === wanted.size ? undefined : "granted a repository that was not asked for";
}

/** `name:level` of what the installation does not have, as far as we remember it. Words a refusal; decides none. */
export function permissionsLacking(
  asked: Readonly<Record<string, string>>,
  held: Installation["permissions"],
): string[] {
  return Object.entries(asked)
    .filter(([name, level]) => LEVELS.indexOf(held.get(name) ?? "") < LEVELS.indexOf(level))
    .filter(([name]) => name !== ALWAYS_GRANTED)
    .map(([name, level]) => `${name}:${level}`)
    .sort();
}

/** The first spelling of each; GitHub takes names without case. */
function distinct(names: readonly string[]): readonly string[] {
  return names.filter((name, index) => names.findIndex((other) => same(other, name)) === index);
}

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();
