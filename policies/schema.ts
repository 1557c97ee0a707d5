/**
 * The raw shape of the two files, as typed: the source of the JSON Schemas, and the check of types after reading. It knows no
 * meaning; that is parse.ts and issuers.ts. Open mappings are Maps, because claim names such as `__proto__` occur.
 */

import * as v from "valibot";

/** What the value is, in a writer's words. */
function kindOf(input: unknown): string {
  if (input === null) return "nothing";
  if (Array.isArray(input)) return "a list";
  return typeof input === "object" ? "a mapping" : "a string";
}

const wanted = (what: string) => (issue: v.BaseIssue<unknown>) => `must be ${what}, not ${kindOf(issue.input)}`;

/** Every scalar arrives as the string that was typed. */
export const StringSchema = v.string(wanted("a string"));
/** A list entry that is not set is told by its meaning, not here. */
const EntrySchema = v.nullable(StringSchema);
const ListSchema = v.array(EntrySchema, wanted("a list"));

export const ClaimPatternSchema = v.map(
  v.string(),
  v.nullable(StringSchema),
  wanted("a mapping of claim names to patterns"),
);
export const PermissionsSchema = v.map(
  v.string(),
  v.nullable(StringSchema),
  wanted("a mapping of permissions to levels"),
);
/** Digits, so that the JSON Schema can call it a number. */
export const SecondsSchema = v.pipe(
  StringSchema,
  v.regex(/^[1-9][0-9]{0,8}$/, "must be a whole number of seconds, from 1 to 999999999"),
);

export const InlineKeySchema = v.strictObject(
  {
    kty: v.nullish(StringSchema),
    kid: v.nullish(StringSchema),
    alg: v.nullish(StringSchema),
    use: v.nullish(StringSchema),
    key_ops: v.nullish(ListSchema),
    n: v.nullish(StringSchema),
    e: v.nullish(StringSchema),
    crv: v.nullish(StringSchema),
    x: v.nullish(StringSchema),
    y: v.nullish(StringSchema),
    x5c: v.nullish(ListSchema),
    x5t: v.nullish(StringSchema),
    "x5t#S256": v.nullish(StringSchema),
    x5u: v.nullish(StringSchema),
  },
  wanted("a mapping, one public key"),
);

const KEY_SET = "a mapping with `keys`";

export const KeySetSchema = v.strictObject(
  { keys: v.nullish(v.array(InlineKeySchema, wanted("a list of public keys"))) },
  wanted(KEY_SET),
);

/** Written out, or pasted as the JSON text of a key set. To the schema of a mapping a list is one, too, and has something named `keys`. */
export const JwksSchema = v.lazy((input) => {
  if (Array.isArray(input)) return v.never(wanted(KEY_SET));
  return typeof input === "string" ? StringSchema : KeySetSchema;
});

const repositoryPolicyEntries = {
  issuer: v.nullish(StringSchema),
  issuer_pattern: v.nullish(StringSchema),
  subject: v.nullish(StringSchema),
  subject_pattern: v.nullish(StringSchema),
  audience: v.nullish(StringSchema),
  audience_pattern: v.nullish(StringSchema),
  claim_pattern: v.nullish(ClaimPatternSchema),
  app: v.nullish(StringSchema),
  app_pattern: v.nullish(StringSchema),
  permissions: v.nullish(PermissionsSchema),
  jwks: v.nullish(JwksSchema),
  max_token_lifetime: v.nullish(SecondsSchema),
  description: v.nullish(StringSchema),
};

/** A policy in a repository of its own: it grants that repository, and can name no other. */
export const RepositoryPolicySchema = v.strictObject(repositoryPolicyEntries);
/** A policy in the owner's policy repository. */
export const OrganizationPolicySchema = v.strictObject({
  ...repositoryPolicyEntries,
  repositories: v.nullish(ListSchema),
});

export const TrustedIssuersSchema = v.strictObject({
  mode: v.nullish(StringSchema),
  issuers: v.nullish(ListSchema),
  issuer_patterns: v.nullish(ListSchema),
});

export type RawPolicy = v.InferOutput<typeof OrganizationPolicySchema>;
export type RawTrustedIssuers = v.InferOutput<typeof TrustedIssuersSchema>;
export type RawInlineKey = v.InferOutput<typeof InlineKeySchema>;
