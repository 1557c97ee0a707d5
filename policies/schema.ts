/**
 * The raw shape of the two files, as typed: the source of the JSON Schemas, and the check of types after reading. It knows no
 * meaning; that is parse.ts and issuers.ts. Open mappings are Maps, because claim names such as `__proto__` occur.
 */

import * as v from "valibot";

/** What the value is, in a writer's words. */
function kindOf(input: unknown): string {
  if (input === null) return "nothing";
  if (Array.isArray(input)) return "a list";
  return typeof input === "object" ? "a mapping" : "text";
}

const wanted = (what: string) => (issue: v.BaseIssue<unknown>) => `must be ${what}, not ${kindOf(issue.input)}`;

/** Every scalar arrives as its text. */
export const TextSchema = v.string(wanted("text"));
/** A list entry that is not set is told by its meaning, not here. */
const EntrySchema = v.nullable(TextSchema);
const ListSchema = v.array(EntrySchema, wanted("a list"));

export const ClaimPatternSchema = v.map(
  v.string(),
  v.nullable(TextSchema),
  wanted("a mapping of claim names to patterns"),
);
export const PermissionsSchema = v.map(
  v.string(),
  v.nullable(TextSchema),
  wanted("a mapping of permissions to levels"),
);
/** Digits, so that the JSON Schema can call it a number. */
export const SecondsSchema = v.pipe(
  TextSchema,
  v.regex(/^[1-9][0-9]{0,8}$/, "must be a whole number of seconds, from 1 to 999999999"),
);

export const InlineKeySchema = v.strictObject(
  {
    kty: v.nullish(TextSchema),
    kid: v.nullish(TextSchema),
    alg: v.nullish(TextSchema),
    use: v.nullish(TextSchema),
    key_ops: v.nullish(ListSchema),
    n: v.nullish(TextSchema),
    e: v.nullish(TextSchema),
    crv: v.nullish(TextSchema),
    x: v.nullish(TextSchema),
    y: v.nullish(TextSchema),
    x5c: v.nullish(ListSchema),
    x5t: v.nullish(TextSchema),
    "x5t#S256": v.nullish(TextSchema),
    x5u: v.nullish(TextSchema),
  },
  wanted("a mapping, one public key"),
);

export const KeySetSchema = v.strictObject(
  { keys: v.nullish(v.array(InlineKeySchema, wanted("a list of public keys"))) },
  wanted("a mapping with `keys`"),
);

const repositoryPolicyEntries = {
  issuer: v.nullish(TextSchema),
  issuer_pattern: v.nullish(TextSchema),
  subject: v.nullish(TextSchema),
  subject_pattern: v.nullish(TextSchema),
  audience: v.nullish(TextSchema),
  audience_pattern: v.nullish(TextSchema),
  claim_pattern: v.nullish(ClaimPatternSchema),
  permissions: v.nullish(PermissionsSchema),
  jwks: v.nullish(KeySetSchema),
  max_token_lifetime: v.nullish(SecondsSchema),
  description: v.nullish(TextSchema),
};

/** A policy in a repository of its own: it grants that repository, and can name no other. */
export const RepositoryPolicySchema = v.strictObject(repositoryPolicyEntries);
/** A policy in the owner's policy repository. */
export const OrganizationPolicySchema = v.strictObject({
  ...repositoryPolicyEntries,
  repositories: v.nullish(ListSchema),
});

export const TrustedIssuersSchema = v.strictObject({
  mode: v.nullish(TextSchema),
  issuers: v.nullish(ListSchema),
  issuer_patterns: v.nullish(ListSchema),
});

export type RawPolicy = v.InferOutput<typeof OrganizationPolicySchema>;
export type RawTrustedIssuers = v.InferOutput<typeof TrustedIssuersSchema>;
export type RawInlineKey = v.InferOutput<typeof InlineKeySchema>;
