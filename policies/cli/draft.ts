/**
 * A first policy for one workload, as tight as its kind allows, and the test file beside it. Pure: claims in, texts out.
 */

import { findClaim, scalarAsString } from "../claims.ts";
import { isObject, type JsonObject } from "../objects.ts";
import { escapePattern } from "../pattern/escape.ts";
import type { WorkloadKind } from "./kinds/kind.ts";
import { plainScalar, quotedKey, quotedScalar } from "./scalars.ts";
import { lasting, lastingPattern } from "./volatile.ts";

export interface DraftRequest {
  readonly kind: WorkloadKind;
  readonly claims: Readonly<Record<string, unknown>>;
  /** Claims to pin beside those of the kind. */
  readonly also: readonly string[];
  /** Without a repository: an organization policy. */
  readonly scope: { readonly owner: string; readonly repository?: string };
  readonly domain: string;
  readonly permissions: readonly (readonly [name: string, level: string])[];
  /** Of an organization policy. */
  readonly repositories: readonly string[];
  /** The issuer's key set as JSON text, where its keys cannot be fetched. */
  readonly jwks: string | undefined;
}

export interface Draft {
  readonly policy: string;
  readonly test: string;
}

export function draftPolicy(request: DraftRequest): Draft {
  const pins = pinned(request);
  const audience = ownAudience(request);
  return { policy: policyText(request, pins, audience), test: testText(request, pins) };
}

interface Pin {
  readonly name: string;
  readonly value: string;
  readonly pattern: string;
}

/** Of the kind's claims and the others those that the token has and its subject does not say already. */
function pinned({ kind, claims, also }: DraftRequest): readonly Pin[] {
  // As in `repo:acme@1234567/app@7654321:...`, and nowhere behind its second part, which may be anything.
  const ids = String(claims.sub).split(":")[1]?.split(/[@/]/) ?? [];
  const pinOf = (name: string, patternOf: (value: string) => string) => {
    const value = scalarAsString(findClaim(claims, name)?.value);
    const isSaid = value !== undefined && ids.length === 4 && (value === ids[1] || value === ids[3]);
    return value === undefined || isSaid ? [] : [{ name, value, pattern: patternOf(value) }];
  };
  const others = also.filter((name) => !kind.pins.includes(name));
  return [
    ...kind.pins.flatMap((name) => pinOf(name, escapePattern)),
    ...others.flatMap((name) => pinOf(name, (value) => lastingPattern(value, kind))),
  ];
}

/** Claims of a token that a policy could want as they are, beside what its kind pins: no other run has other ones. */
export function pinnableClaims({ kind, claims }: Pick<DraftRequest, "kind" | "claims">): readonly string[] {
  const known = ["iss", "sub", "aud", ...kind.volatileClaims, ...kind.pins];
  return namesIn(claims, "").filter((name) => !known.includes(name) && scalarAsString(findClaim(claims, name)?.value));
}

/** Of what stands below objects the paths, as policies have them. */
const namesIn = (claims: JsonObject, prefix: string): readonly string[] =>
  Object.entries(claims).flatMap(([key, value]) =>
    isObject(value) ? namesIn(value, `${prefix}${key.replace(/\/$/, "")}/`) : [`${prefix}${key}`],
  );

/** Undefined where the token can be asked for with the deployment's domain, which needs no line. */
function ownAudience({ kind, claims, domain }: DraftRequest): string | undefined {
  const [first] = [claims.aud].flat();
  return kind.fixedAudience && typeof first === "string" && first !== domain ? first : undefined;
}

function policyText(request: DraftRequest, pins: readonly Pin[], audience: string | undefined): string {
  const { kind, claims, scope, domain, permissions, repositories, jwks } = request;
  return [
    `# yaml-language-server: $schema=https://${domain}/schemas/policy.json`,
    `# For ${kind.about}.`,
    `issuer: ${plainScalar(String(claims.iss))}`,
    subjectLine(String(claims.sub), kind),
    ...(audience === undefined ? [] : [`audience: ${plainScalar(audience)}`]),
    ...(pins.length === 0 ? [] : ["claim_pattern:"]),
    ...pins.map(({ name, pattern }) => `  ${quotedKey(name)}: ${quotedScalar(pattern)}`),
    ...(jwks === undefined ? [] : ["jwks: |", ...indented(jwks.trim(), 2)]),
    "permissions:",
    ...permissions.map(([name, level]) => `  ${quotedKey(name)}: ${level}`),
    ...(scope.repository === undefined ? [`repositories: [${repositories.map(plainScalar).join(", ")}]`] : []),
    "",
  ].join("\n");
}

/** Exact; or a pattern in which only what differs from run to run is free. */
function subjectLine(subject: string, workload: WorkloadKind): string {
  const { kind, value } = lasting(subject, workload);
  return kind === "exact" ? `subject: ${plainScalar(value)}` : `subject_pattern: ${quotedScalar(value)}`;
}

/** Of the workload's claims those that the policy looks at, made for the deployment. */
export function neededClaims(request: DraftRequest): Readonly<Record<string, unknown>> {
  const { claims, domain } = request;
  const pins = pinned(request);
  const needed = Object.entries(claims).filter(([key]) => pins.some(({ name }) => leadsTo(key, name)));
  return { iss: claims.iss, sub: claims.sub, aud: ownAudience(request) ?? domain, ...Object.fromEntries(needed) };
}

function testText(request: DraftRequest, pins: readonly Pin[]): string {
  const { claims, scope, domain } = request;
  const whole = neededClaims(request);
  const refused = [
    ["another subject", { sub: anotherSubject(request) }, "subject"],
    ["a token for another service", { aud: "https://elsewhere.example" }, "audience"],
    ...pins.flatMap(({ name, value }) =>
      Object.hasOwn(claims, name)
        ? [[`another ${name}`, { [name]: `x${value}` }, `claim_pattern.${name}`] as const]
        : [],
    ),
  ] as const;
  return [
    `# Run it with: policy test`,
    `scope: ${plainScalar(scope.repository === undefined ? scope.owner : `${scope.owner}/${scope.repository}`)}`,
    `domain: ${plainScalar(domain)}`,
    "tokens:",
    "  - name: the workload",
    "    claims:",
    ...claimLines(whole),
    "    expect: allow",
    ...refused.flatMap(([name, changed, fails]) => [
      `  - name: ${plainScalar(name)}`,
      "    like: the workload",
      "    claims:",
      ...claimLines(changed),
      "    expect: deny",
      `    fails: ${plainScalar(fails)}`,
    ]),
    "",
  ].join("\n");
}

/** A neighbour; of a subject whose end may be free, one with another beginning. */
const anotherSubject = ({ claims, kind }: DraftRequest): string =>
  lasting(String(claims.sub), kind).kind === "exact" ? `${claims.sub}x` : `x${claims.sub}`;

/** JSON is YAML, and keeps numbers and booleans what they are. */
const claimLines = (claims: Readonly<Record<string, unknown>>): readonly string[] =>
  Object.entries(claims).map(([name, value]) => `      ${quotedKey(name)}: ${JSON.stringify(value)}`);

/** Whether the claim is the one of this name, or the object that its path begins with. */
const leadsTo = (claim: string, name: string): boolean =>
  name === claim || name.startsWith(claim.endsWith("/") ? claim : `${claim}/`);

const indented = (text: string, width: number): readonly string[] =>
  text.split("\n").map((line) => `${" ".repeat(width)}${line}`);
