/**
 * A trust policy's text -> CompiledPolicy, or all its errors with line and column. Pure: no I/O, no clock, no configuration, so
 * that what a cache keeps means the same under any; what configuration decides is in deployment.ts.
 */

import type { Parsed } from "./diagnostics.ts";
import { PRIVATE_MEMBERS } from "./jwk.ts";
import { ownProperty } from "./objects.ts";
import { CompileBudget } from "./pattern/pattern.ts";
import { checkProgramSize, type Reading, readClaimPatterns, readJwks, readMatcher } from "./policy/clauses.ts";
import { type CompiledPolicy, compileWith, type PolicyParts, partsOf } from "./policy/compile.ts";
import { POLICY_FORMAT, type PolicyDocument, type PolicyKind } from "./policy/document.ts";
import { readGrantedPermissions, readGrantedRepositories } from "./policy/grants.ts";
import { OrganizationPolicySchema, RepositoryPolicySchema } from "./schema.ts";
import { nearest } from "./suggest.ts";
import { type FileKind, readYamlFile, unknownName } from "./yaml/read.ts";

export type { Diagnostic, Parsed, Position } from "./diagnostics.ts";
export { type CompiledPolicy, compilePolicy, type PolicyParts } from "./policy/compile.ts";
export { type DeploymentRules, deploymentDiagnostics } from "./policy/deployment.ts";
export { type InlineJwk, type Matcher, type PolicyDocument, type PolicyKind, readDocument } from "./policy/document.ts";
export { placesOf } from "./policy/places.ts";

export interface PolicyContext {
  readonly kind: PolicyKind;
  /** Of the repository that the file lies in: `owner/name` in `repositories` must be of it. */
  readonly owner: string;
}

/** `readable`: what could be read all the same, of a policy that nothing may be granted by. */
export type ParsedPolicy =
  | Extract<Parsed<CompiledPolicy>, { ok: true }>
  | (Extract<Parsed<CompiledPolicy>, { ok: false }> & { readonly readable?: PolicyParts });

export function parsePolicy(text: string, context: PolicyContext): ParsedPolicy {
  const file =
    context.kind === "organization"
      ? readYamlFile(text, OrganizationPolicySchema, POLICY_FILE)
      : readYamlFile(text, RepositoryPolicySchema, POLICY_FILE);
  const { value: raw, broken, locate, locatedBytes, diagnostics } = file;
  if (raw === undefined) return { ok: false, diagnostics: diagnostics.sorted() };
  const reading: Reading = { raw, broken, locate, diagnostics, patterns: new Map(), budget: new CompileBudget() };
  const document = readPolicyDocument(reading, context);
  const errors = diagnostics.count();
  checkProgramSize(reading);
  if (document !== undefined && diagnostics.count() === 0) {
    return { ok: true, value: compileWith(document, reading.patterns, locate, locatedBytes) };
  }
  // Nothing more is asked of patterns that are too many.
  const isReadable = document !== undefined && diagnostics.count() === errors;
  const readable = isReadable && { readable: partsOf(document, reading.patterns, locate) };
  return { ok: false, diagnostics: diagnostics.sorted(), ...readable };
}

/** Looks at every part, whatever is wrong with the others; undefined if a part that must be there is not. */
function readPolicyDocument(reading: Reading, { kind, owner }: PolicyContext): PolicyDocument | undefined {
  const issuer = readMatcher(reading, "issuer", true);
  const subject = readMatcher(reading, "subject", true);
  const audience = readMatcher(reading, "audience", false);
  const app = readMatcher(reading, "app", false);
  const claims = readClaimPatterns(reading);
  const permissions = readGrantedPermissions(reading);
  const repositories = kind === "organization" ? readGrantedRepositories(reading, owner) : undefined;
  const jwks = readJwks(reading);
  const { max_token_lifetime: lifetime, description } = reading.raw;
  if (issuer === undefined || subject === undefined) return undefined;
  return {
    format: POLICY_FORMAT,
    kind,
    issuer,
    subject,
    ...(audience === undefined ? {} : { audience }),
    ...(app === undefined ? {} : { app }),
    claims,
    permissions,
    ...(repositories === undefined ? {} : { repositories }),
    ...(jwks === undefined ? {} : { jwks }),
    ...(lifetime ? { maxTokenLifetimeSeconds: Number(lifetime) } : {}),
    ...(description ? { description } : {}),
  };
}

/** What people write for a key, where spelling alone does not lead to it. */
const KEY_ALIASES: Readonly<Record<string, string>> = {
  iss: "issuer",
  sub: "subject",
  aud: "audience",
  claim: "claim_pattern",
  claims: "claim_pattern",
  issuer_regex: "issuer_pattern",
  subject_regex: "subject_pattern",
  audience_regex: "audience_pattern",
  app_id: "app",
  app_name: "app",
  app_regex: "app_pattern",
  repos: "repositories",
  repo: "repositories",
  repository: "repositories",
  jwks_uri: "jwks",
  max_lifetime: "max_token_lifetime",
  lifetime: "max_token_lifetime",
  comment: "description",
};

const POLICY_FILE: FileKind = {
  literalKeysUnder: "jwks.",
  unknownKey(path, name, known) {
    if (path.startsWith("jwks") && PRIVATE_MEMBERS.includes(name)) {
      return {
        message: `"${name}" is part of a private key`,
        suggestion: "remove it, and replace the key: it is no longer secret",
      };
    }
    const alias = path === "" ? ownProperty(KEY_ALIASES, name) : undefined;
    const near = alias ?? nearest(name, [...known, "repositories"]);
    if (path === "" && near === "repositories" && !known.includes("repositories")) {
      const message = `${name} stands in policies of the owner's policy repository only`;
      return { message, suggestion: "remove it: this policy grants its own repository" };
    }
    return unknownName("key", name, near, known);
  },
};
