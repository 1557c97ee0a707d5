/**
 * The fields of the audit event, each with what it means and how large it may be: the one source of its type and of
 * worker/event.schema.json (`npm run generate`). The Worker takes types from here and nothing else, so that none of it is in its
 * bundle. Names are octo-sts's where it has the field.
 */
import * as v from "valibot";
import { REFUSALS, type Reason } from "./denial.ts";
import {
  AUDIT_REPOSITORIES_MAX,
  AUDIT_TEXT_MAX_CHARACTERS,
  AUDIT_VALUES_MAX,
  NARROWING_MAX_ENTRIES,
  USER_AGENT_MAX_CHARACTERS,
} from "./limits.ts";

const name = v.pipe(v.string(), v.maxLength(AUDIT_TEXT_MAX_CHARACTERS));
const text = (what: string, maxCharacters = AUDIT_TEXT_MAX_CHARACTERS) =>
  v.pipe(v.string(), v.maxLength(maxCharacters), v.description(what));
const matching = (pattern: RegExp, what: string) => v.pipe(v.string(), v.regex(pattern), v.description(what));
const one = <T extends string>(of: readonly T[], what: string) => v.pipe(v.picklist(of), v.description(what));
const whole = (what: string) => v.pipe(v.number(), v.integer(), v.minValue(0), v.description(what));
const list = (what: string, maxItems: number = AUDIT_VALUES_MAX) =>
  v.pipe(v.array(name), v.maxLength(maxItems), v.description(what));
const time = (what: string) => v.pipe(v.string(), v.isoTimestamp(), v.description(what));
const yes = (what: string) => v.pipe(v.literal(true), v.description(what));
const flag = (what: string) => v.pipe(v.boolean(), v.description(what));

/** Of what this service itself sets a bound to: clauses of a policy, routes, fields. */
const FEW = 100;
const PERMISSIONS_MAX = 150;
const permissions = (what: string) => v.pipe(v.record(name, name), v.maxEntries(PERMISSIONS_MAX), v.description(what));
const repositories = (what: string, maxItems: number) =>
  v.pipe(v.union([v.literal("all"), list("Names without the owner.", maxItems)]), v.description(what));

const value = (what: string) => v.pipe(v.union([name, list("Of a list, its texts.")]), v.description(what));

const ClauseSchema = v.strictObject({
  clause: one(
    ["fields", "issuer", "subject", "audience", "claim", "max_token_lifetime"],
    "What of the policy is judged; `fields` is the token's own form.",
  ),
  name: text("The token's field: `iss`, `sub`, `aud`, a claim's name or path, or `exp - iat`."),
  expected: v.pipe(
    v.strictObject({
      kind: one(["format", "exact", "pattern", "any_of", "at_most"], "How it is compared."),
      value: text("The policy's own value; of `any_of` several, with spaces between."),
    }),
    v.description("What the policy wants."),
  ),
  actual: v.optional(value("What the token has; absent where that is nothing, or has no text.")),
  passed: flag("Whether it does."),
  why: v.optional(
    one(["absent", "not_string", "no_match", "too_costly", "ill_formed", "too_long"], "Why it does not pass."),
  ),
  problem: v.optional(text("What is ill-formed.")),
});

const DiagnosticSchema = v.strictObject({
  severity: one(["error", "warning", "info"], "How bad it is."),
  id: text("Which rule it is."),
  path: text("The value in the file, as `claim_pattern.ref`; empty for the file as a whole."),
  line: whole("From 1; 0 for the file as a whole."),
  column: whole("From 1; 0 for the file as a whole."),
  message: text("What is wrong."),
  suggestion: v.optional(text("What to write instead.")),
});

/** Of every refusal what it has beside its reason; no reason has all. */
const DetailsSchema = v.strictObject({
  problem: v.optional(text("What exactly was the matter, in words of this service.")),
  parameter: v.optional(text("The parameter that is wrong, as the caller's wire calls it.")),
  error: v.optional(text("OAuth's code, where it is more exact than the reason's.")),
  status: v.optional(whole("The HTTP status, where it is more exact than the reason's.")),
  what: v.optional(one(["body", "query"], "Which part of the request is too large.")),
  limit_bytes: v.optional(whole("How large it may be, in bytes.")),
  seconds: v.optional(v.pipe(v.number(), v.description("By how much a time in the token is off, in seconds."))),
  server_time: v.optional(v.pipe(v.number(), v.description("What it was compared with, in seconds since the epoch."))),
  retry_after_seconds: v.optional(
    v.pipe(v.number(), v.description("How long the caller was told to wait, in seconds.")),
  ),
  variables: v.optional(list("Variables of the configuration that are wrong.")),
  known: v.optional(flag("Whether the issuer is one that is known before any policy is read.")),
  in_cooldown: v.optional(yes("The issuer was not asked, as it was asked too often.")),
  owner: v.optional(text("The owner that it is about.")),
  owner_id: v.optional(whole("GitHub's number for that owner.")),
  repository: v.optional(text("The repository that it is about, with its owner.")),
  identity: v.optional(text("The identity that was asked for.")),
  path: v.optional(text("The file that was looked at, as `owner/repository/path`.")),
  near_misses: v.optional(list("Identities beside it that are much like the one that was asked for.")),
  diagnostics: v.optional(
    v.pipe(v.array(DiagnosticSchema), v.maxLength(AUDIT_VALUES_MAX), v.description("The faults of the file.")),
  ),
  at: v.optional(
    v.pipe(
      v.strictObject({
        path: text("The policy's file, as `owner/repository/path`."),
        line: v.optional(whole("From 1.")),
      }),
      v.description("Where the policy has the clause that decided."),
    ),
  ),
  miss: v.optional(
    v.pipe(
      v.strictObject({
        ids: v.optional(one(["missing", "needless"], "Whether the policy's subject lacks GitHub's ids, or has some.")),
        environment: v.optional(text("The environment that stands in place of the job's ref.")),
        written: v.pipe(
          v.strictObject({ kind: one(["exact", "pattern"], "Which key."), value: text("Its value.") }),
          v.description("What the policy would have to say."),
        ),
      }),
      v.description("Why a subject that is right but for what GitHub puts into it does not match."),
    ),
  ),
  hint: v.optional(text("What is easily overlooked.")),
  pin: v.optional(
    v.pipe(
      v.strictObject({ key: one(["app", "app_pattern"], "Which key."), value: text("Its value.") }),
      v.description("What the policy says of the App that may mint."),
    ),
  ),
  on: v.optional(text("The owner or repository that no such App serves.")),
  app_id: v.optional(text("The App whose credentials GitHub refused.")),
  excess: v.optional(list("What was asked for beyond what the policy grants.")),
  missing: v.optional(list("Permissions or repositories that the installation lacks, where GitHub tells.")),
  install_url: v.optional(text("Where to install the App.")),
  settings_url: v.optional(text("Where the installation is set up.")),
  limit: v.optional(one(["primary", "secondary"], "Which of GitHub's rate limits.")),
  route: v.optional(text("GitHub's route that failed.")),
});

const CallSchema = v.strictObject({
  route: text(
    "Method and template, as GitHub's documentation writes it; of issuers `GET {issuer}/.well-known/openid-configuration` and `GET {jwks_uri}`.",
  ),
  count: whole("How many calls."),
  outcomes: list(
    "What the first of them came to, in order: a status, or `timeout`, `network`, `cut`, `too_large`, `deadline`.",
  ),
  duration_ms: whole("All of them together, in milliseconds."),
  github_request_id: v.optional(
    text("GitHub's own id of the last that it did not answer with success, for its support.", 100),
  ),
});

const cache = (what: string) => v.optional(one(["memory", "negative", "kv", "miss", "stale"], what));

// An object's keys are typed as text, whatever they are.
const REASONS = Object.keys(REFUSALS) as Reason[];

const step = (what: string) => v.optional(whole(`${what}, in milliseconds.`));

const count = (what: string) => v.optional(whole(what));

export const AuditEventSchema = v.strictObject({
  type: v.pipe(
    v.literal("dev.octo-sts.exchange.v3"),
    v.description("With its version: another one where a field changes its meaning, is renamed or goes away."),
  ),
  request_id: v.pipe(v.string(), v.uuid(), v.description("What the caller was given as `request_id`.")),
  time: time("When the request arrived, RFC 3339."),
  route: one(["/sts/exchange", "/oauth2/token"], "Where it arrived."),
  colo: v.optional(matching(/^[A-Z]{3}$/, "Cloudflare's location that took it, by the code of its airport.")),
  user_agent: v.optional(text("The beginning of the caller's User-Agent.", USER_AGENT_MAX_CHARACTERS)),
  traceparent: v.optional(
    matching(
      /^00-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/,
      "The caller's own word (W3C Trace Context level 1), as it came.",
    ),
  ),
  scope: v.optional(text("`owner` or `owner/repository`, as the caller wrote it. Absent where it could not be read.")),
  identity: v.optional(text("The name of the trust policy. Absent where it could not be read.")),
  dry_run: v.optional(yes("Nothing was minted, nor would have been.")),
  narrowing: v.optional(
    v.pipe(
      v.strictObject({
        permissions: v.optional(permissions("Name to level.")),
        repositories: v.optional(list("Names without the owner.", NARROWING_MAX_ENTRIES)),
      }),
      v.description("What the caller asked for in place of all that the policy grants."),
    ),
  ),
  actor: v.optional(
    v.pipe(
      v.strictObject({
        iss: text("The token's `iss`."),
        sub: text("The token's `sub`."),
        verified: flag("Whether the token's signature was proven. If not, anybody may have written these."),
        claims: v.optional(
          v.pipe(
            v.array(v.strictObject({ name: text("The claim's name or path."), value: value("What the token has.") })),
            v.maxLength(AUDIT_VALUES_MAX),
            v.description("The claims that the policy looked at, once the token was verified."),
          ),
        ),
      }),
      v.description("Who asked."),
    ),
  ),
  owner: v.optional(text("The owner of the installation, in GitHub's spelling.")),
  owner_id: v.optional(whole("GitHub's number for that owner; a name may be another's tomorrow.")),
  app_id: v.optional(text("The GitHub App that minted, or would have; before that, the one that read the policy.")),
  installation_id: v.optional(whole("Its installation.")),
  issuer_allowlist: v.optional(
    v.pipe(
      v.strictObject({
        mode: one(["enforce", "audit"], "Whether the list refuses, or records alone."),
        allowed: flag("Whether the issuer is on it."),
        iss: text("The issuer."),
      }),
      v.description("The owner's issuer allow-list, where there is one."),
    ),
  ),
  trust_policy: v.optional(
    v.pipe(
      v.strictObject({
        path: text("`owner/repository/path`."),
        sha: matching(/^[0-9a-f]{40,64}$/, "Its revision: git's id of the file's text (blob)."),
        repository_id: whole("GitHub's number for the repository that it lies in."),
        permissions: v.optional(permissions("What it grants: name to level.")),
        repositories: v.optional(
          repositories(
            "What it grants them on: names without the owner, or all of the installation.",
            AUDIT_VALUES_MAX,
          ),
        ),
      }),
      v.description("The trust policy that was read."),
    ),
  ),
  trace: v.optional(
    v.pipe(
      v.array(ClauseSchema),
      v.maxLength(FEW),
      v.description("The verdict clause by clause, in the order in which octo-sts looks."),
    ),
  ),
  correction: v.optional(
    yes("The event of a grant was sent before, and nothing was handed out after all: this one counts."),
  ),
  outcome: one(["granted", "would_grant", "refused"], "What came of it; `would_grant` is a dry run's."),
  permissions: v.optional(permissions("What the token may do: name to level. Of a dry run, what it might.")),
  repositories: v.optional(
    repositories("On which repositories: names without the owner, or all of the installation.", AUDIT_REPOSITORIES_MAX),
  ),
  expires_at: v.optional(time("When the token ends, RFC 3339.")),
  token_sha256: v.optional(
    matching(
      /^[0-9a-f]{64}$/,
      "SHA-256 of the token that was handed out, in hex; in a correction, of the one that was revoked instead.",
    ),
  ),
  hashed_token: v.optional(
    matching(
      /^[A-Za-z0-9+/]{43}=$/,
      'The same in base64, which GitHub\'s audit log has under this name (`hashed_token:"..."`).',
    ),
  ),
  reason: v.optional(one(REASONS, "Why it was refused; the page /reasons/REASON says what to do.")),
  reported_reason: v.optional(one(REASONS, "The reason that the caller was given in its place.")),
  error: v.optional(text("The refusal in one line, as whoever may know everything is told.")),
  details: v.optional(v.pipe(DetailsSchema, v.description("What else the refusal has, by its reason."))),
  calls: v.pipe(
    v.array(CallSchema),
    v.maxLength(FEW),
    v.description("Calls to GitHub and to the token's issuer, by route, in the order of the first of each."),
  ),
  caches: v.pipe(
    v.strictObject({
      issuer_keys: cache("The issuer's keys."),
      installation: cache("Where the App is installed."),
      policy: cache("The trust policy."),
      allow_list: cache("The owner's issuer allow-list."),
    }),
    v.description(
      "Where each was found: `memory` of this isolate, `negative` (remembered as not there), `kv`, `miss` (asked for outside), `stale` (an old copy, as nobody answers). Of several look-ups the last in this order; absent: not looked for.",
    ),
  ),
  counts: v.pipe(
    v.strictObject({
      github_calls: count("Calls to GitHub, but for revocations."),
      github_retries: count("Of these, repetitions."),
      github_held_back: count("Calls that were not made, as GitHub asked to be left alone or fails."),
      stale_served: count("Old copies that stood in for what GitHub did not answer."),
      mint_unknown: count("Mints of which nobody knows whether they made a token: it would live for an hour, unused."),
      read_mint_unknown: count("The same of tokens for reading policies."),
      token_discarded: count("Tokens that were revoked as they could not be handed out."),
      revocation_failed: count("Tokens that could not be revoked, and live for an hour, unused."),
      caller_left: count("1 if the caller left before the answer."),
      events_left_out: count("Events of callers over a limit that were left out since the last one."),
    }),
    v.description("What an operator counts. Absent is 0."),
  ),
  steps_ms: v.pipe(
    v.strictObject({
      request: step("Reading the request, and the token without trusting it"),
      verify: step("Verifying the token"),
      open: step("Finding the installation and a token to read with"),
      read: step("Reading the allow-list and the policy"),
      mint: step("Minting"),
    }),
    v.description(
      "How long each step took that was reached. The clock of Workers moves with I/O alone, so that a step that waits for nothing takes 0.",
    ),
  ),
  duration_ms: whole("From the request's arrival to its answer, in milliseconds, by the same clock."),
  truncated: v.optional(
    v.pipe(v.array(name), v.maxLength(FEW), v.description("Fields of this event of which it has the beginning alone.")),
  ),
});

export type AuditEvent = v.InferOutput<typeof AuditEventSchema>;
export type AuditDetails = v.InferOutput<typeof DetailsSchema>;
export type AuditClause = v.InferOutput<typeof ClauseSchema>;
/** One call to the outside, as it is recorded. */
export interface Call {
  /** The template: no value that was put into it. */
  readonly route: string;
  /** A status, or how it failed. */
  readonly outcome: number | string;
  readonly milliseconds: number;
  readonly githubRequestId?: string;
}

/** What the event counts. */
export type Count = keyof AuditEvent["counts"];
export type CacheName = keyof AuditEvent["caches"];
/** Where something remembered came from. */
export type CacheResult = NonNullable<AuditEvent["caches"][CacheName]>;
export type Step = keyof AuditEvent["steps_ms"];
