/**
 * What an exchange learned, step by step, as its audit event and its timings. It decides nothing.
 */
import type { ClauseResult, Verdict } from "../../policies/evaluate.ts";
import { type AuditEvent, count, newAuditEvent, tokenDigest } from "../audit.ts";
import type { Denial } from "../denial.ts";
import { AUDIT_TEXT_MAX_CHARACTERS, AUDIT_VALUES_MAX } from "../limits.ts";
import type { UnverifiedToken } from "../oidc/token.ts";
import type { PolicyAccess } from "../trust-policy/apps.ts";
import type { PolicyValue } from "../trust-policy/cache-entries.ts";
import { scopeText, type Target } from "../trust-policy/target.ts";
import { disclosed } from "./disclosure.ts";
import type { Minted } from "./mint.ts";
import type { ExchangeOutcome, ExchangeRequest, Incoming, Timing } from "./outcome.ts";
import type { Listing } from "./rules.ts";

const USER_AGENT_MAX_CHARACTERS = 200;

export class ExchangeRecord {
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #event: AuditEvent;
  readonly #timings: Timing[] = [];

  constructor({ requestId, userAgent }: Pick<Incoming, "requestId" | "userAgent">, now: () => number) {
    this.#now = now;
    this.#startedAt = now();
    this.#event = newAuditEvent(requestId, this.#startedAt);
    if (userAgent !== undefined) this.#event.user_agent = userAgent.slice(0, USER_AGENT_MAX_CHARACTERS);
  }

  /** How long each part took so far. */
  get timings(): readonly Timing[] {
    return this.#timings;
  }

  count(what: string, times = 1): void {
    count(this.#event, what, times);
  }

  counted(what: string): number {
    return this.#event.counts[what] ?? 0;
  }

  request({ scope, identity, dryRun }: ExchangeRequest): void {
    this.#event.scope = scopeText(scope);
    this.#event.identity = identity;
    if (dryRun) this.#event.dry_run = true;
  }

  token({ issuer, subject }: UnverifiedToken, verified: boolean): void {
    if (verified) this.#took("verify");
    this.#event.actor = { iss: issuer, sub: subject, verified };
  }

  installation({ app, installation }: Pick<PolicyAccess, "app" | "installation">): void {
    this.#took("open");
    this.#event.app_id = app.id;
    this.#event.installation_id = installation.id;
  }

  policy({ fullPath }: Target, value: PolicyValue | undefined): void {
    this.#took("read");
    if (value && "sha" in value) this.#event.trust_policy = { path: fullPath, sha: value.sha };
  }

  allowList(listing: Listing | undefined): void {
    if (listing) this.#event.issuer_allowlist = listing;
  }

  verdict({ trace }: Verdict): void {
    this.#event.trace = trace.map(briefly);
  }

  mint({ app, installation }: Pick<Minted, "app" | "installation">): void {
    this.#took("mint");
    this.#event.app_id = app.id;
    this.#event.installation_id = installation.id;
  }

  /** The whole event, once the caller has its answer. */
  async finished(outcome: ExchangeOutcome): Promise<AuditEvent> {
    const event = this.#event;
    event.duration_ms = this.#now() - this.#startedAt;
    event.outcome = outcome.kind;
    if (outcome.kind === "refused") {
      event.reason = outcome.denial.reason;
      event.reported_reason = disclosed(outcome.denial, outcome.viewer);
      event.error = withBriefClause(outcome.denial);
      return event;
    }
    event.permissions = outcome.permissions;
    event.repositories = outcome.repositories;
    if (outcome.kind === "would_grant") return event;
    event.expires_at = outcome.expiresAt;
    const digest = await tokenDigest(outcome.token);
    event.token_sha256 = digest.hex;
    event.token_sha256_base64 = digest.base64;
    return event;
  }

  /** What passed since the last part ended. The clock of Workers moves with I/O only. */
  #took(part: Timing["part"]): void {
    const before = this.#timings.reduce((sum, { milliseconds }) => sum + milliseconds, this.#startedAt);
    this.#timings.push({ part, milliseconds: this.#now() - before });
  }
}

/** What a policy or a token says at length is told in part: a queue takes 128 KB for a message, and drops what is larger. */
function briefly({ expected, actual, ...result }: ClauseResult): ClauseResult {
  const values = typeof actual === "string" ? cut(actual) : actual?.slice(0, AUDIT_VALUES_MAX).map(cut);
  return { ...result, expected: { ...expected, value: cut(expected.value) }, actual: values };
}

const withBriefClause = (denial: Denial): Denial =>
  "clause" in denial ? { ...denial, clause: briefly(denial.clause) } : denial;

const cut = (text: string): string =>
  text.length > AUDIT_TEXT_MAX_CHARACTERS ? `${text.slice(0, AUDIT_TEXT_MAX_CHARACTERS)}…` : text;
