/**
 * What is known of a kind of workload. Pure types, and what several kinds share; where each claim is documented is in the examples.
 */

export interface WorkloadKind {
  readonly name: string;
  readonly about: string;
  readonly issuer: RegExp;
  /** Where anybody may run such an issuer, its tokens are told by the beginning of their subjects. */
  readonly subjectPrefix?: string;
  /** What the claims are made of, where no token is at hand, and where to find it. */
  readonly fields: Readonly<Record<string, string>>;
  /** With `{field}` in it. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Claims with ids, which nobody else is given later, or with protection; those that a token lacks are left out. */
  readonly pins: readonly string[];
  /** Parts of subjects and other values that never come again. */
  readonly volatileParts: readonly VolatilePart[];
  /** Claims whose whole value is another one with every run, or every token. */
  readonly volatileClaims: readonly string[];
  /** Whether its tokens cannot be made for any audience. */
  readonly fixedAudience?: true;
  /** How to ask; `{audience}`, `{scope}`, `{identity}` are filled in. */
  readonly ask: readonly string[];
}

export interface VolatilePart {
  /** Global: each place where such a part stands. */
  readonly found: RegExp;
  /** What stands there in all other runs. */
  readonly pattern: string;
  /** Whether a value with such a part is gone for good once its run is over: a version may be built again, a queue's branch is not. */
  readonly isGone?: true;
}

export const REQUEST =
  'curl -H "Authorization: Bearer $OIDC_TOKEN" "https://{audience}/sts/exchange?scope={scope}&identity={identity}"';

/** A version in a tag: each of its numbers may be another next time. */
export const TAGGED_VERSION: VolatilePart = {
  found: /(?<=(?:refs\/tags\/|:ref_type:tag:ref:)[^:]{0,200}?)[0-9]+\.[0-9]+\.[0-9]+/g,
  pattern: "[0-9]+\\.[0-9]+\\.[0-9]+",
};

/** RFC 7519 section 4.1, and what OpenID Connect adds. */
export const OF_EVERY_TOKEN = ["jti", "iat", "nbf", "exp", "nonce", "auth_time", "at_hash"];
