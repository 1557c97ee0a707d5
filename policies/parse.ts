/**
 * A trust policy's text -> CompiledPolicy, or all its errors with line and column. Pure: no I/O, no clock, no configuration, so
 * that what a cache keeps means the same under any; what configuration decides is in deployment.ts.
 */

import { type Parsed, quoted } from "./diagnostics.ts";
import { PRIVATE_MEMBERS } from "./jwk.ts";
import { claimNamesOf } from "./lint/forms/forms.ts";
import { GITHUB_FORMS } from "./lint/forms/github.ts";
import { GITLAB_FORMS } from "./lint/forms/gitlab.ts";
import { ownProperty } from "./objects.ts";
import { escapePattern } from "./pattern/escape.ts";
import { CompileBudget } from "./pattern/pattern.ts";
import { checkProgramSize, type Reading, readClaimPatterns, readJwks, readMatcher } from "./policy/clauses.ts";
import { type CompiledPolicy, compileWith, type PolicyParts, partsOf } from "./policy/compile.ts";
import { POLICY_FORMAT, type PolicyDocument, type PolicyKind } from "./policy/document.ts";
import { readGrantedPermissions, readGrantedRepositories } from "./policy/grants.ts";
import { KEYS_ARE_FOUND } from "./policy/jwks.ts";
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
  const permissions = readGrantedPermissions(reading, kind);
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
  max_lifetime: "max_token_lifetime",
  lifetime: "max_token_lifetime",
  comment: "description",
};

/** Where people look for keys that an issuer publishes. */
const KEY_ADDRESS = /^(?:issuer_)?(?:keys?|jwks?)_?(?:ur[il]|url|endpoint|file)?$|^(?:openid|discovery|well_known)/;

/** Claims of GitHub's and GitLab's tokens: at the top level nothing else of such a name can be meant. */
const CLAIM_NAMES: readonly string[] = [...claimNamesOf(GITHUB_FORMS), ...claimNamesOf(GITLAB_FORMS), "email"];

/** Of the keys that are no text. */
const SHAPES: Readonly<Record<string, string>> = {
  claim_pattern: "`claim_pattern: {event_name: push}`",
  permissions: "`permissions: {contents: read}`",
  repositories: "`repositories: [app, web]`",
  max_token_lifetime: "`max_token_lifetime: 3600`",
};

/** Several texts for one are a pattern; an exact key has its pattern beside it. */
function shapeOf(path: string, items: readonly string[]): string {
  const [key = "", claim] = path.split(/\.(.*)/s);
  const shape = claim === undefined ? ownProperty(SHAPES, key) : undefined;
  if (shape !== undefined) return `write ${shape}`;
  if (key === "jwks") return "write the key set as it is published, `{keys: [{kty: ..., ...}]}`";
  const [first = "...", ...more] = items;
  if (more.length === 0) return `write one text, as \`${claim ?? key}: ${first}\``;
  const isExact = claim === undefined && !key.endsWith("_pattern");
  const choices = items.map((item) => (isExact ? escapePattern(item) : item));
  return `write them as one pattern: \`${isExact ? `${key}_pattern` : (claim ?? key)}: (${choices.join("|")})\``;
}

const POLICY_FILE: FileKind = {
  shapeOf,
  literalKeysUnder: "jwks.",
  unknownKey(path, name, known) {
    if (path.startsWith("jwks") && PRIVATE_MEMBERS.includes(name)) {
      return {
        message: `"${name}" is part of a private key`,
        suggestion: "remove it, and replace the key: it is no longer secret",
      };
    }
    if (path === "" && KEY_ADDRESS.test(name)) {
      return { message: `unknown key ${quoted(name)}`, suggestion: KEYS_ARE_FOUND };
    }
    if (path === "" && CLAIM_NAMES.includes(name) && !Object.hasOwn(KEY_ALIASES, name)) {
      const message = `${quoted(name)} is a claim, and stands below claim_pattern`;
      return { message, suggestion: `write \`claim_pattern:\`, and \`${name}: ...\` indented below it` };
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
