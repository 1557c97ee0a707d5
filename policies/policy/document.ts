/**
 * What a policy means, as plain data: this is what a cache keeps. Nothing in it depends on the deployment's configuration, and
 * open mappings are lists of pairs, because names such as `__proto__` occur. No I/O, no clock.
 */

import * as v from "valibot";

/** Raised with every change of the shape or of what it means, so that no cache is read by another version. */
export const POLICY_FORMAT = 2;

/** `organization`: the file lies in the policy repository and may name repositories. */
export type PolicyKind = "repository" | "organization";

const MatcherSchema = v.strictObject({ kind: v.picklist(["exact", "pattern"]), value: v.string() });

const InlineJwkSchema = v.strictObject({
  kty: v.picklist(["RSA", "EC", "OKP"]),
  kid: v.exactOptional(v.string()),
  alg: v.exactOptional(v.string()),
  n: v.exactOptional(v.string()),
  e: v.exactOptional(v.string()),
  crv: v.exactOptional(v.string()),
  x: v.exactOptional(v.string()),
  y: v.exactOptional(v.string()),
});

const DocumentSchema = v.strictObject({
  format: v.literal(POLICY_FORMAT),
  kind: v.picklist(["repository", "organization"]),
  issuer: MatcherSchema,
  subject: MatcherSchema,
  /** Absent: the deployment's domain. */
  audience: v.exactOptional(MatcherSchema),
  /** Absent: any App that serves the owner. */
  app: v.exactOptional(MatcherSchema),
  claims: v.array(v.strictObject({ name: v.string(), pattern: v.string() })),
  permissions: v.pipe(v.array(v.strictObject({ name: v.string(), level: v.string() })), v.minLength(1)),
  /** Organization policies only, a name perhaps twice. Absent and empty differ: see grant.ts. */
  repositories: v.exactOptional(v.array(v.string())),
  jwks: v.exactOptional(v.strictObject({ keys: v.array(InlineJwkSchema) })),
  maxTokenLifetimeSeconds: v.exactOptional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
  description: v.exactOptional(v.string()),
});

/** The exact value that a token must have, or the pattern that it must match whole. */
export type Matcher = Readonly<v.InferOutput<typeof MatcherSchema>>;
/** One public key, the members that verification needs. */
export type InlineJwk = Readonly<v.InferOutput<typeof InlineJwkSchema>>;

export interface PolicyDocument {
  readonly format: typeof POLICY_FORMAT;
  readonly kind: PolicyKind;
  readonly issuer: Matcher;
  readonly subject: Matcher;
  readonly audience?: Matcher;
  readonly app?: Matcher;
  readonly claims: readonly { readonly name: string; readonly pattern: string }[];
  readonly permissions: readonly { readonly name: string; readonly level: string }[];
  readonly repositories?: readonly string[];
  readonly jwks?: { readonly keys: readonly InlineJwk[] };
  readonly maxTokenLifetimeSeconds?: number;
  readonly description?: string;
}

/** What a cache returned, if it is a document of this format; undefined is a miss. */
export function readDocument(value: unknown): PolicyDocument | undefined {
  const result = v.safeParse(DocumentSchema, value);
  return result.success ? result.output : undefined;
}
