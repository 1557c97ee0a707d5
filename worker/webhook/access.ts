/**
 * What a change of one file does to access, as data: permissions and repositories gained and lost, clauses before and after. Who
 * can use a policy is said only where its values are exact; of a pattern nobody can tell who exactly it lets in. Pure.
 */
import { TRUSTED_ISSUERS_NAME } from "../../policies/file-names.ts";
import type { TrustedIssuers } from "../../policies/issuers.ts";
import type { CompiledPolicy, Matcher } from "../../policies/parse.ts";
import { rankOfLevel } from "../../policies/permissions.ts";

export interface ClauseChange {
  /** `issuer`, `claim ref`, ... */
  readonly name: string;
  readonly before?: Shown;
  readonly after?: Shown;
}

/** `word` says how the value is compared (`is`, `matches`), or all there is to say. */
export interface Shown {
  readonly word: string;
  readonly value?: string;
}

export interface AccessChange {
  readonly what: "policy" | "list";
  /** The identity; of the issuer allow-list its file's name. */
  readonly name: string;
  readonly state: "new" | "changed" | "removed" | "same";
  /** No exchange could use it before, or can after. */
  readonly wasBroken: boolean;
  readonly isBroken: boolean;
  /** `contents: write`; with the former level where there was one. */
  readonly gained: readonly string[];
  readonly lost: readonly string[];
  /** Of organization policies: names, or all of them in words. */
  readonly repositoriesGained: readonly string[];
  readonly repositoriesLost: readonly string[];
  readonly clauses: readonly ClauseChange[];
  /** Keys that octo-sts does not know. */
  readonly extensions: readonly string[];
  readonly who?: Who;
}

export type Who =
  | { readonly kind: "exact"; readonly issuer: string; readonly subject: string; readonly alsoClaims: boolean }
  | { readonly kind: "pattern" };

/** Undefined: there is no such file. Without a policy: there is, and it cannot be used. */
type Side = { readonly policy: CompiledPolicy | undefined } | undefined;
type ListSide = { readonly list: TrustedIssuers | undefined } | undefined;

export function accessChange(identity: string, before: Side, after: Side): AccessChange {
  const [old, now] = [before?.policy, after?.policy];
  const clauses = clauseChanges(clausesOf(old), clausesOf(now));
  const gained = permissionsBeyond(now, old);
  const lost = permissionsBeyond(old, now);
  const isSame = clauses.length + gained.length + lost.length === 0;
  const who = now && whoOf(now);
  return {
    what: "policy",
    name: identity,
    state: stateOf(before, after, isSame && (old === undefined) === (now === undefined)),
    wasBroken: before !== undefined && old === undefined,
    isBroken: after !== undefined && now === undefined,
    gained,
    lost,
    repositoriesGained: repositoriesBeyond(now, old),
    repositoriesLost: repositoriesBeyond(old, now),
    clauses,
    extensions: now ? extensionsOf(now) : [],
    ...(who && { who }),
  };
}

export function listChange(before: ListSide, after: ListSide): AccessChange {
  const [old, now] = [before?.list, after?.list];
  const issuersBeyond = (list: TrustedIssuers | undefined, other: TrustedIssuers | undefined) => {
    const known = new Set(listed(other));
    return listed(list).filter((entry) => !known.has(entry));
  };
  const [from, to] = [old?.mode, now?.mode];
  const mode: ClauseChange = { name: "mode", ...(from && { before: is(from) }), ...(to && { after: is(to) }) };
  const clauses = from === to ? [] : [mode];
  const gained = issuersBeyond(now, old);
  const lost = issuersBeyond(old, now);
  return {
    what: "list",
    name: TRUSTED_ISSUERS_NAME,
    state: stateOf(before, after, clauses.length + gained.length + lost.length === 0),
    wasBroken: before !== undefined && old === undefined,
    isBroken: after !== undefined && now === undefined,
    gained,
    lost,
    repositoriesGained: [],
    repositoriesLost: [],
    clauses,
    extensions: [],
  };
}

const listed = (list: TrustedIssuers | undefined): readonly string[] => [
  ...(list?.document.issuers ?? []),
  ...(list?.document.patterns ?? []).map((pattern) => `issuers that match ${pattern}`),
];

function stateOf(before: unknown, after: unknown, isSame: boolean): AccessChange["state"] {
  if (after === undefined) return "removed";
  if (before === undefined) return "new";
  return isSame ? "same" : "changed";
}

/** What one policy grants and the other does not. */
function permissionsBeyond(policy: CompiledPolicy | undefined, other: CompiledPolicy | undefined): readonly string[] {
  const levels = new Map(other?.document.permissions.map(({ name, level }) => [name, level]));
  return (policy?.document.permissions ?? []).flatMap(({ name, level }) => {
    const has = levels.get(name);
    if (has === undefined) return [`${name}: ${level}`];
    return rankOfLevel(level) > rankOfLevel(has) ? [`${name}: ${level} in place of ${has}`] : [];
  });
}

/** What one organization policy reaches and the other does not. */
function repositoriesBeyond(policy: CompiledPolicy | undefined, other: CompiledPolicy | undefined): readonly string[] {
  const [reach, known] = [reachOf(policy), reachOf(other)];
  if (reach === "all") {
    if (known === "all") return [];
    return [known.length > 0 ? "every other repository of the installation" : "every repository of the installation"];
  }
  if (known === "all") return [];
  const names = new Set(known.map((name) => name.toLowerCase()));
  return reach.filter((name) => !names.has(name.toLowerCase()));
}

function reachOf(policy: CompiledPolicy | undefined): readonly string[] | "all" {
  if (policy?.document.kind !== "organization") return [];
  const { repositories } = policy.document;
  return repositories === undefined || repositories.length === 0 ? "all" : [...new Set(repositories)].sort();
}

type Clauses = ReadonlyMap<string, Shown>;

/** Everything that decides who gets in or what the token reaches, but for the permissions. */
function clausesOf(policy: CompiledPolicy | undefined): Clauses {
  if (policy === undefined) return new Map();
  const { issuer, subject, audience, claims, repositories, kind, jwks, maxTokenLifetimeSeconds } = policy.document;
  const clauses = new Map<string, Shown>([
    ["issuer", shown(issuer)],
    ["subject", shown(subject)],
    ["audience", audience ? shown(audience) : { word: "is the deployment's domain" }],
  ]);
  for (const { name, pattern } of claims) clauses.set(`claim ${name}`, { word: "matches", value: pattern });
  if (kind === "organization") clauses.set("repositories", repositoriesShown(repositories));
  if (maxTokenLifetimeSeconds !== undefined) {
    clauses.set("max_token_lifetime", { word: "is at most", value: `${maxTokenLifetimeSeconds} s` });
  }
  if (jwks !== undefined) clauses.set("jwks", is(jwks.keys.map((key) => JSON.stringify(key)).join(" ")));
  return clauses;
}

/** As `policies/grant.ts` reads it: absent and empty differ. */
function repositoriesShown(repositories: readonly string[] | undefined): Shown {
  if (repositories === undefined) {
    return { word: "are not named: all of the installation's for the scope of the owner, else the policy repository" };
  }
  if (repositories.length === 0) return { word: "are all of the installation's" };
  return { word: "are", value: [...new Set(repositories)].sort().join(", ") };
}

function clauseChanges(before: Clauses, after: Clauses): readonly ClauseChange[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name) => {
    const [from, to] = [before.get(name), after.get(name)];
    if (from?.word === to?.word && from?.value === to?.value) return [];
    return [{ name, ...(from && { before: from }), ...(to && { after: to }) }];
  });
}

function whoOf({ document }: CompiledPolicy): Who {
  const { issuer, subject, claims } = document;
  if (issuer.kind === "pattern" || subject.kind === "pattern") return { kind: "pattern" };
  return { kind: "exact", issuer: issuer.value, subject: subject.value, alsoClaims: claims.length > 0 };
}

function extensionsOf({ document }: CompiledPolicy): readonly string[] {
  return [
    ...(document.jwks === undefined ? [] : ["jwks"]),
    ...(document.maxTokenLifetimeSeconds === undefined ? [] : ["max_token_lifetime"]),
    ...(document.description === undefined ? [] : ["description"]),
  ];
}

const is = (value: string): Shown => ({ word: "is", value });

const shown = ({ kind, value }: Matcher): Shown => ({ word: kind === "exact" ? "is" : "matches", value });
