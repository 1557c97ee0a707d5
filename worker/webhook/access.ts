/**
 * What a change of one policy does to access, in words for whoever reviews it. Who can use a policy is said only where its values are
 * exact; of a pattern nobody can tell whom exactly it lets in. Pure.
 */
import type { CompiledPolicy, Matcher } from "../../policies/parse.ts";
import { rankOfLevel } from "../../policies/permissions.ts";
import { code, codeOfBoth } from "./markdown.ts";

/** `wider` if anything is; `other` where only a person can tell. */
export type Direction = "wider" | "narrower" | "other" | "same";

export interface AccessChange {
  /** Markdown: a heading, and lines below it. */
  readonly text: string;
  readonly direction: Direction;
}

/** Undefined: there is no such file. Without a policy: there is, and no exchange can use it. */
export type Side = { readonly policy: CompiledPolicy | undefined } | undefined;

export interface Renamed {
  readonly identity: string;
  /** Under which the policy was found before, if that was another. */
  readonly formerIdentity?: string | undefined;
}

export function policyAccess({ identity, formerIdentity }: Renamed, before: Side, after: Side): AccessChange {
  const [old, now] = [before?.policy, after?.policy];
  if (now === undefined) {
    const heading = after === undefined ? "removed: no exchange can use it any more" : "broken: no exchange can use it";
    return change(identity, heading, old ? [grantedText(old)] : [], old ? "narrower" : "same");
  }
  if (old === undefined) {
    const heading = before === undefined ? "a new policy" : "usable, which it was not before";
    return change(identity, heading, [...newText(now), ...extensionsText(now)], "wider");
  }
  const changes = changesOf(old, now);
  const direction = directionOf(changes);
  const renamed =
    formerIdentity !== undefined && `renamed; exchanges that ask for ${code(formerIdentity)} find nothing`;
  const heading = renamed || (direction === "same" ? "access does not change" : "changed");
  const lines = changes.map(({ text }) => text);
  const who = direction === "wider" || direction === "other" ? [`Who: ${whoText(now)}`] : [];
  return change(identity, heading, [...lines, ...who, ...extensionsText(now)], renamed ? "other" : direction);
}

export function change(name: string, heading: string, lines: readonly string[], direction: Direction): AccessChange {
  const text = [`### ${code(name)}: ${heading}`, ...lines.map((line) => `- ${line}`)].join("\n");
  return { text, direction };
}

export function directionOf(changes: readonly { readonly direction: Direction }[]): Direction {
  const order: readonly Direction[] = ["wider", "other", "narrower"];
  return order.find((one) => changes.some(({ direction }) => direction === one)) ?? "same";
}

/** Long lists are cut: what is beyond is counted. */
const LISTED = 40;

export function list(values: readonly string[]): string {
  const more = values.length > LISTED ? ` and ${values.length - LISTED} more` : "";
  return (
    values
      .slice(0, LISTED)
      .map((value) => code(value))
      .join(", ") + more
  );
}

function grantedText(policy: CompiledPolicy): string {
  const reach = policy.document.kind === "organization" ? ` on ${reachText(policy)}` : "";
  return `Until now it granted ${list(permissionsOf(policy))}${reach} to ${whoText(policy)}`;
}

function newText(policy: CompiledPolicy): readonly string[] {
  const clauses = [...clausesOf(policy)].map(([name, clause]) => `${labelOf(name)} ${shownText(clause)}`);
  const reach = policy.document.kind === "organization" ? [`Reaches ${reachText(policy)}`] : [];
  return [`Grants ${list(permissionsOf(policy))}`, ...reach, ...clauses, `Who: ${whoText(policy)}`];
}

const permissionsOf = ({ document }: CompiledPolicy): readonly string[] =>
  document.permissions.map(({ name, level }) => `${name}: ${level}`);

function whoText({ document }: CompiledPolicy): string {
  const { issuer, subject, claims } = document;
  if (issuer.kind === "pattern" || subject.kind === "pattern") {
    return `whatever matches (issuer ${shownText(matcher(issuer))}, subject ${shownText(matcher(subject))}); which workloads these are cannot be told from patterns`;
  }
  const also = claims.length > 0 ? ", if its claims match as well" : "";
  return `exactly the subject ${code(subject.value)} of ${code(issuer.value)}${also}`;
}

interface Change {
  readonly text: string;
  readonly direction: Direction;
}

function changesOf(old: CompiledPolicy, now: CompiledPolicy): readonly Change[] {
  const listed = (label: string, values: readonly string[], direction: Direction): readonly Change[] =>
    values.length === 0 ? [] : [{ text: `${label} ${list(values)}`, direction }];
  return [
    ...listed("Gains", permissionsBeyond(now, old), "wider"),
    ...listed("Loses", permissionsBeyond(old, now), "narrower"),
    ...listed("Reaches", repositoriesBeyond(now, old), "wider"),
    ...listed("Reaches no more", repositoriesBeyond(old, now), "narrower"),
    ...clauseChanges(clausesOf(old), clausesOf(now)),
  ];
}

/** What one policy grants and the other does not. */
function permissionsBeyond(policy: CompiledPolicy, other: CompiledPolicy): readonly string[] {
  const levels = new Map(other.document.permissions.map(({ name, level }) => [name, level]));
  return policy.document.permissions.flatMap(({ name, level }) => {
    const has = levels.get(name);
    if (has === undefined) return [`${name}: ${level}`];
    return rankOfLevel(level) > rankOfLevel(has) ? [`${name}: ${level} in place of ${has}`] : [];
  });
}

/** What one organization policy reaches and the other does not. */
function repositoriesBeyond(policy: CompiledPolicy, other: CompiledPolicy): readonly string[] {
  const [reach, known] = [reachOf(policy), reachOf(other)];
  if (known === "all") return [];
  if (reach === "all") return [known.length > 0 ? "every other repository of the installation" : EVERY];
  const names = new Set(known.map((name) => name.toLowerCase()));
  return reach.filter((name) => !names.has(name.toLowerCase()));
}

const EVERY = "every repository of the installation";

function reachOf({ document: { kind, repositories } }: CompiledPolicy): readonly string[] | "all" {
  if (kind !== "organization") return [];
  return repositories === undefined || repositories.length === 0 ? "all" : [...new Set(repositories)].sort();
}

/** As `policies/grant.ts` reads it: absent and empty differ. */
function reachText(policy: CompiledPolicy): string {
  const reach = reachOf(policy);
  if (reach !== "all") return list(reach);
  if (policy.document.repositories !== undefined) return EVERY;
  return `${EVERY} for the scope of the owner, and the policy repository for its own: none is named`;
}

/** `word` says how the value is compared (`is`, `matches`), or all there is to say. */
interface Clause {
  readonly word: string;
  readonly value?: string;
  /** A limit: less of it is narrower. */
  readonly limit?: number;
}

const matcher = ({ kind, value }: Matcher): Clause => ({ word: kind === "exact" ? "is" : "matches", value });

/** Everything that decides who gets in. */
function clausesOf({ document }: CompiledPolicy): ReadonlyMap<string, Clause> {
  const { issuer, subject, audience, claims, app, jwks, maxTokenLifetimeSeconds: lifetime } = document;
  const clauses = new Map<string, Clause>([
    ["issuer", matcher(issuer)],
    ["subject", matcher(subject)],
    ["audience", audience ? matcher(audience) : { word: "is the deployment's domain" }],
  ]);
  for (const { name, pattern } of claims) clauses.set(`claim ${name}`, { word: "matches", value: pattern });
  if (app !== undefined) clauses.set("app", matcher(app));
  if (lifetime !== undefined) {
    clauses.set("max_token_lifetime", { word: "is at most", value: `${lifetime} s`, limit: lifetime });
  }
  for (const [i, key] of (jwks?.keys ?? []).entries()) {
    clauses.set(`key ${key.kid ?? `number ${i + 1}`}`, { word: "is", value: JSON.stringify(key) });
  }
  return clauses;
}

function clauseChanges(before: ReadonlyMap<string, Clause>, after: ReadonlyMap<string, Clause>): readonly Change[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((name): Change[] => {
    const [from, to] = [before.get(name), after.get(name)];
    const label = labelOf(name);
    if (from === undefined) return to ? [{ text: `${label} ${shownText(to)}`, direction: added(name) }] : [];
    if (to === undefined)
      return [{ text: `${label} is not asked for any more; before: ${shownText(from)}`, direction: taken(name) }];
    if (from.word === to.word && from.value === to.value) return [];
    const [old, now] = codeOfBoth(from.value ?? "", to.value ?? "");
    const text = `${label} ${shownText(to, now)}; before: ${shownText(from, old)}`;
    if (from.limit === undefined || to.limit === undefined) return [{ text, direction: "other" }];
    return [{ text, direction: to.limit > from.limit ? "wider" : "narrower" }];
  });
}

/** A claim or a limit more lets in fewer; a key more lets in whoever holds it; an App lets in nobody. */
const added = (name: string): Direction => (name.startsWith("key ") ? "wider" : name === "app" ? "other" : "narrower");
const taken = (name: string): Direction => (name.startsWith("key ") || name === "app" ? "other" : "wider");

/** `claim ref` -> claim and, as it is foreign, code. */
function labelOf(name: string): string {
  const at = name.indexOf(" ");
  if (at < 0) return name.includes("_") ? code(name) : name;
  return `${name.slice(0, at)} ${code(name.slice(at + 1))}`;
}

function shownText({ word, value }: Clause, shown = code(value ?? "")): string {
  return value === undefined ? word : `${word} ${shown}`;
}

function extensionsText({ document }: CompiledPolicy): readonly string[] {
  const used = [
    ...(document.jwks === undefined ? [] : ["jwks"]),
    ...(document.maxTokenLifetimeSeconds === undefined ? [] : ["max_token_lifetime"]),
    ...(document.description === undefined ? [] : ["description"]),
  ];
  return used.length === 0 ? [] : [`Extensions, which octo-sts refuses: ${list(used)}`];
}
