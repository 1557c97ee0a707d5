/**
 * Makes policies/policy.schema.json and policies/trusted-token-issuers.schema.json from the schemas of policies/schema.ts, and
 * worker/event.schema.json from worker/event.ts.
 * Usage: npm run generate
 *
 * An editor reads a file's unquoted numbers and booleans as such, so that text may be these too; what YAML 1.1 would rewrite, and
 * all that takes more than one value to see, is for the policy engine.
 */

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { toJsonSchema } from "@valibot/to-json-schema";
import { permissionNamed, permissionNames } from "../../policies/permissions.ts";
import {
  ClaimPatternSchema,
  JwksSchema,
  KeySetSchema,
  OrganizationPolicySchema,
  PermissionsSchema,
  StringSchema,
  TrustedIssuersSchema,
} from "../../policies/schema.ts";
import { AuditEventSchema } from "../../worker/event.ts";

type Json = Readonly<Record<string, unknown>>;

const TEXT = { type: ["string", "number", "boolean"] };

const KEYS: Readonly<Record<string, string>> = {
  issuer: "The token's `iss`, exactly.",
  issuer_pattern: "A pattern (RE2 syntax) that the whole `iss` must match.",
  subject: "The token's `sub`, exactly.",
  subject_pattern: "A pattern (RE2 syntax) that the whole `sub` must match.",
  audience: "A value that must be among the token's `aud`. Without it: the domain of the deployment.",
  audience_pattern: "A pattern (RE2 syntax) that one of the token's `aud` must match.",
  claim_pattern: "Claims by name, or by path as `a/b`, each with a pattern that its whole value must match.",
  permissions: "What the token may do: GitHub App permissions with their levels.",
  repositories: "Organization policies only: the repositories that the token reaches; `[]` is all of the installation.",
  app: "Which of the deployment's GitHub Apps may mint: its name there, or its id.",
  app_pattern: "A pattern (RE2 syntax) that the whole name or id of the App must match.",
  jwks: "The issuer's public keys, for issuers that publish none; also as pasted JSON text. Extension to octo-sts.",
  max_token_lifetime:
    "The longest lifetime (`exp` less `iat`) of an accepted token, in seconds. Extension to octo-sts.",
  description: "Free text. Extension to octo-sts.",
  mode: "`enforce` (the default) refuses other issuers, `audit` only records them.",
  issuers: "Issuers, exactly.",
  issuer_patterns: "Patterns (RE2 syntax) that the whole issuer must match; no part of them may run over a `/`.",
};

function permissionProperties(): Json {
  const usable = permissionNames().filter((name) => permissionNamed(name)?.scope !== "account");
  const levels = (name: string) =>
    permissionNamed(name)?.assumed ? ["read", "write", "admin"] : permissionNamed(name)?.levels;
  return Object.fromEntries(usable.map((name) => [name, { enum: [...(levels(name) ?? []), null] }]));
}

/** Text to the engine, which reads digits; a number to an editor. */
const SECONDS = { anyOf: [{ type: "integer", minimum: 1, maximum: 999_999_999 }, { type: "null" }] };

const OVERRIDES: ReadonlyMap<unknown, Json> = new Map<unknown, Json>([
  [StringSchema, TEXT],
  [ClaimPatternSchema, { type: "object", additionalProperties: TEXT }],
  [
    PermissionsSchema,
    { type: "object", properties: permissionProperties(), additionalProperties: false, minProperties: 1 },
  ],
]);

const GENERATED = {
  target: "draft-2020-12",
  overrideSchema: ({ valibotSchema }: { readonly valibotSchema: unknown }): Json | undefined =>
    valibotSchema === JwksSchema ? { anyOf: [keySet(), { type: "string" }] } : OVERRIDES.get(valibotSchema),
} as const;

function keySet(): Json {
  const { $schema: _, ...rest } = toJsonSchema(KeySetSchema, GENERATED);
  return rest;
}

function generate(schema: Parameters<typeof toJsonSchema>[0], title: string, extra: Json): string {
  // A lazy schema is listed there once more, though its override stands in its place.
  const { $schema: _, $defs: __, ...base } = toJsonSchema(schema, GENERATED);
  const properties = Object.entries(base.properties ?? {}).map(([key, value]) => {
    const shape = key === "max_token_lifetime" ? SECONDS : value;
    return [key, { description: KEYS[key], ...(typeof shape === "object" ? shape : {}) }];
  });
  const whole = { $schema: DIALECT, title, ...base, properties: Object.fromEntries(properties), ...extra };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

const DIALECT = "https://json-schema.org/draft/2020-12/schema";

/** Written for what reads events: the fields' own descriptions are in it. */
function eventSchema(): string {
  const { $schema: _, ...base } = toJsonSchema(AuditEventSchema, { target: "draft-2020-12" });
  return `${JSON.stringify({ $schema: DIALECT, title: "Audit event", ...base }, null, 2)}\n`;
}

const oneOf = (key: string) => ({ oneOf: [{ required: [key] }, { required: [`${key}_pattern`] }] });

const notBoth = (key: string) => ({ not: { required: [key, `${key}_pattern`] } });

/** Paths and texts. */
export function schemaFiles(): ReadonlyMap<string, string> {
  const policyRules = {
    required: ["permissions"],
    allOf: [oneOf("issuer"), oneOf("subject"), notBoth("audience"), notBoth("app")],
  };
  const listRules = { anyOf: [{ required: ["issuers"] }, { required: ["issuer_patterns"] }] };
  return new Map([
    ["policies/policy.schema.json", generate(OrganizationPolicySchema, "Trust policy", policyRules)],
    ["policies/trusted-token-issuers.schema.json", generate(TrustedIssuersSchema, "Trusted token issuers", listRules)],
    ["worker/event.schema.json", eventSchema()],
  ]);
}

if (import.meta.main) {
  for (const [path, text] of schemaFiles()) writeFileSync(join(import.meta.dirname, "../..", path), text);
}
