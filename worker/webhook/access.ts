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
    return change(identity, heading, newText(now), "wider");
  }
  const changes = changesOf(old, now);
  const direction = directionOf(changes);
  const renamed =
    formerIdentity !== undefined && `renamed; exchanges that ask for ${code(formerIdentity)} find nothing`;
  const heading = renamed || (direction === "same" ? "access does not change" : "changed");
  const lines = changes.map(({ text }) => text);
  const who = direction === "wider" || direction === "other" ? [`Who: ${whoText(now)}`] : [];
  return change(identity, heading, [...lines, ...who], renamed ? "other" : direction);
}

export function change(name: string, heading: string, lines: readonly string[], direction: Direction): AccessChange {
  const text = [`### ${code(name)}: ${heading}`, ...lines.map((line) => `- ${line}`)].join("\n");
  return { text, direction };
}

function directionOf(changes: readonly { readonly direction: Direction }[]): Direction {
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
  const clauses = [...clausesOf(policy).values()].map((clause) => `${clause.label} ${shownText(clause)}`);
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

/** One thing that decides who gets in. */
interface Clause {
  /** Markdown. */
  readonly label: string;
  /** How the value is compared (`is`, `matches`), or all there is to say. */
  readonly word: string;
  readonly value?: string;
  /** A limit: less of it is narrower. */
  readonly limit?: number;
  /** What one more of it does to access, and one less. */
  readonly added: Direction;
  readonly removed: Direction;
}

const RESTRICTS = { added: "narrower", removed: "wider" } as const;
/** Lets in whoever holds it. */
const KEY = { added: "wider", removed: "other" } as const;
/** Lets in nobody. */
const APP = { added: "other", removed: "other" } as const;

const matcher = ({ kind, value }: Matcher) => ({ word: kind === "exact" ? "is" : "matches", value });

function clausesOf({ document }: CompiledPolicy): ReadonlyMap<string, Clause> {
  const { issuer, subject, audience, claims, app, jwks, maxTokenLifetimeSeconds: limit } = document;
  const clauses: readonly Clause[] = [
    { label: "issuer", ...matcher(issuer), ...RESTRICTS },
    { label: "subject", ...matcher(subject), ...RESTRICTS },
    { label: "audience", ...(audience ? matcher(audience) : { word: "is the deployment's domain" }), ...RESTRICTS },
    ...claims.map(({ name, pattern: value }) => ({
      label: `claim ${code(name)}`,
      word: "matches",
      value,
      ...RESTRICTS,
    })),
    ...(app === undefined ? [] : [{ label: "app", ...matcher(app), ...APP }]),
    ...(limit === undefined
      ? []
      : [{ label: code("max_token_lifetime"), word: "is at most", value: `${limit} s`, limit, ...RESTRICTS }]),
    ...(jwks?.keys ?? []).map((key, i) => ({
      label: `key ${code(key.kid ?? `number ${i + 1}`)}`,
      word: "is",
      value: JSON.stringify(key),
      ...KEY,
    })),
  ];
  return byLabel(clauses);
}

/** Of two keys with one name neither hides the other. */
function byLabel(clauses: readonly Clause[]): ReadonlyMap<string, Clause> {
  const named = new Map<string, Clause>();
  for (const clause of clauses) {
    let { label } = clause;
    for (let n = 2; named.has(label); n += 1) label = `${clause.label} (${n})`;
    named.set(label, { ...clause, label });
  }
  return named;
}

function clauseChanges(before: ReadonlyMap<string, Clause>, after: ReadonlyMap<string, Clause>): readonly Change[] {
  return [...new Set([...before.keys(), ...after.keys()])].flatMap((label): Change[] => {
    const [from, to] = [before.get(label), after.get(label)];
    if (from === undefined) return to ? [{ text: `${label} ${shownText(to)}`, direction: to.added }] : [];
    if (to === undefined) {
      return [{ text: `${label} is not asked for any more; before: ${shownText(from)}`, direction: from.removed }];
    }
    if (from.word === to.word && from.value === to.value) return [];
    const [old, now] = codeOfBoth(from.value ?? "", to.value ?? "");
    const text = `${label} ${shownText(to, now)}; before: ${shownText(from, old)}`;
    if (from.limit === undefined || to.limit === undefined) return [{ text, direction: "other" }];
    return [{ text, direction: to.limit > from.limit ? "wider" : "narrower" }];
  });
}

function shownText({ word, value }: Pick<Clause, "word" | "value">, shown = code(value ?? "")): string {
  return value === undefined ? word : `${word} ${shown}`;
}
