/**
 * What is known of a kind of workload. Pure types, and what several kinds share; where each claim is documented is in the examples.
 */

export interface WorkloadKind {
  readonly name: string;
  readonly about: string;
  readonly issuer: RegExp;
  /** Where anybody may run such an issuer, its tokens are told by the beginning of their subjects. */
  readonly subjectPrefix?: string;
  /** What the claims are made of, where no token is at hand. */
  readonly fields: Readonly<Record<string, WorkloadField>>;
  /** With `{field}` in it. A claim with an optional field that is not given is left out. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Claims with ids, which nobody else is given later, or with protection; those that a token lacks are left out. */
  readonly pins: readonly string[];
  /** Parts of subjects and other values that never come again. */
  readonly volatileParts: readonly VolatilePart[];
  /** Claims whose whole value is another one with every run, or every token. */
  readonly volatileClaims: readonly string[];
  /** Whether its tokens cannot be made for any audience. */
  readonly fixedAudience?: true;
  /** Whether the issuer may be out of everybody's reach, so that its key set stands in the policy. */
  readonly ownKeys?: true;
  /** How to ask; `{audience}`, `{scope}`, `{identity}`, `{issuer}` are filled in. Undefined: by a workflow of GitHub Actions. */
  readonly ask?: readonly string[];
}

export interface WorkloadField {
  readonly label: string;
  /** What it is, and where to find it. */
  readonly about: string;
  readonly example: string;
  /** Of the whole value. */
  readonly rule?: RegExp;
  /** Taken where none is given. */
  readonly fallback?: string;
  readonly optional?: true;
  /** The only values there are, with what each means. */
  readonly choices?: Readonly<Record<string, Choice>>;
}

export interface Choice {
  readonly about: string;
  /** What stands in the claims for it; may name other fields. */
  readonly text: string;
}

export interface VolatilePart {
  /** Global: each place where such a part stands. */
  readonly found: RegExp;
  /** What stands there in all other runs. */
  readonly pattern: string;
  /** Whether a value with such a part is gone for good once its run is over: a version may be built again, a queue's branch is not. */
  readonly isGone?: true;
}

export const NUMBER = /^[0-9]{1,20}$/;
export const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
/** A part of a subject between two of the colons that separate its parts. */
export const PART = /^(?! )[^:\p{Cc}]{1,255}(?<! )$/u;
/** What git-check-ref-format(1) lets a branch or a tag be called, as far as it matters here. */
export const REF_NAME = /^(?![/.-])(?!.*(?:\.\.|\/\/|@\{))[^\s\p{Cc}~^:?*[\\]{1,255}(?<![/.])$/u;
/** An address as issuers have; without TLS on one's own machine alone. */
export const HTTPS = /^(?:https|http(?=:\/\/(?:127\.0\.0\.1|localhost)\b)):\/\/[^\s/?#@]+(?:\/[^\s?#]*)?$/;

export const BRANCH: WorkloadField = {
  label: "Branch",
  about: "the branch that runs",
  example: "main",
  rule: REF_NAME,
};

/** A shell's lines: no argument has the token, which other users of the machine could read, and a refusal is on standard error. */
export const REQUEST: readonly string[] = [
  `GH_TOKEN=$(printf 'Authorization: Bearer %s\\n' "$OIDC_TOKEN" |`,
  "  curl -sSf -H @- -w '%{onerror}%{stderr}%header{x-sts-refusal}\\n' \\",
  '  "https://{audience}/sts/exchange?scope={scope}&identity={identity}&format=token")',
];

/** The same as one entry of a list of commands in YAML. */
export const requestInYaml = (indent: number): readonly string[] => {
  const space = " ".repeat(indent);
  return [`${space}- |`, ...REQUEST.map((line) => `${space}  ${line}`)];
};

/** A version in a tag: each of its numbers may be another next time. */
export const TAGGED_VERSION: VolatilePart = {
  found: /(?<=(?:refs\/tags\/|:ref_type:tag:ref:)[^:]{0,200}?)[0-9]+\.[0-9]+\.[0-9]+/g,
  pattern: "[0-9]+\\.[0-9]+\\.[0-9]+",
};

/** RFC 7519 section 4.1, and what OpenID Connect adds. */
export const OF_EVERY_TOKEN = ["jti", "iat", "nbf", "exp", "nonce", "auth_time", "at_hash"];
