/**
 * What an exchange learned, step by step, as its audit event. It decides nothing.
 */
import type { Verdict } from "../../policies/evaluate.ts";
import type { Grant } from "../../policies/grant.ts";
import { type AuditEvent, EVENT_TYPE, tokenDigest } from "../audit.ts";
import type { CacheName, CacheResult, Call, Count, Step } from "../event.ts";
import { AUDIT_REPOSITORIES_MAX, AUDIT_VALUES_MAX, USER_AGENT_MAX_CHARACTERS } from "../limits.ts";
import type { UnverifiedToken } from "../oidc/token.ts";
import type { PolicyAccess } from "../trust-policy/apps.ts";
import type { PolicyValue } from "../trust-policy/cache-entries.ts";
import { scopeText, type Target } from "../trust-policy/target.ts";
import { disclosed } from "./disclosure.ts";
import { Excerpts } from "./excerpts.ts";
import type { Minted } from "./mint.ts";
import type { ExchangeOutcome, ExchangeRequest, Granted, Incoming, Refused } from "./outcome.ts";
import type { Listing } from "./rules.ts";

/** Of several look-ups the event has the last in this order. */
const BY_NOTE: readonly CacheResult[] = ["memory", "negative", "kv", "miss", "stale"];

type Arrival = Pick<Incoming, "requestId" | "route" | "userAgent" | "colo" | "traceparent" | "describe">;

export class ExchangeRecord {
  readonly #now: () => number;
  readonly #startedAt: number;
  readonly #describe: Arrival["describe"];
  readonly #event: AuditEvent;
  readonly #excerpts = new Excerpts();
  #steppedAt: number;
  #isAnnounced = false;

  constructor({ requestId, route, userAgent, colo, traceparent, describe }: Arrival, now: () => number) {
    this.#now = now;
    this.#startedAt = now();
    this.#steppedAt = this.#startedAt;
    this.#describe = describe;
    this.#event = {
      type: EVENT_TYPE,
      request_id: requestId,
      time: new Date(this.#startedAt).toISOString(),
      route,
      colo,
      user_agent: userAgent?.slice(0, USER_AGENT_MAX_CHARACTERS).toWellFormed(),
      traceparent,
      outcome: "refused",
      calls: [],
      caches: {},
      counts: {},
      steps_ms: {},
      duration_ms: 0,
    };
  }

  /** How long each step took so far. */
  get stepsMs(): AuditEvent["steps_ms"] {
    return this.#event.steps_ms;
  }

  count(what: Count, times = 1): void {
    this.#event.counts[what] = this.counted(what) + times;
  }

  counted(what: Count): number {
    return this.#event.counts[what] ?? 0;
  }

  called({ route, outcome, milliseconds, githubRequestId }: Call): void {
    const { calls } = this.#event;
    const known = calls.find((call) => call.route === route);
    const call = known ?? { route, count: 0, outcomes: [], duration_ms: 0 };
    if (!known) calls.push(call);
    call.count += 1;
    call.duration_ms += milliseconds;
    if (call.outcomes.length < AUDIT_VALUES_MAX) call.outcomes.push(String(outcome));
    if (githubRequestId !== undefined) call.github_request_id = githubRequestId;
  }

  cached(cache: CacheName, result: CacheResult): void {
    const known = this.#event.caches[cache];
    if (known === undefined || BY_NOTE.indexOf(result) > BY_NOTE.indexOf(known)) this.#event.caches[cache] = result;
  }

  request({ scope, identity, downscoping: { permissions, repositories }, dryRun }: ExchangeRequest): void {
    this.#took("request");
    this.#event.scope = scopeText(scope);
    this.#event.identity = identity;
    if (dryRun) this.#event.dry_run = true;
    if (!permissions && !repositories) return;
    this.#event.narrowing = {
      permissions: permissions && Object.fromEntries(permissions),
      repositories: repositories && [...repositories],
    };
  }

  token({ issuer, subject }: UnverifiedToken, verified: boolean): void {
    if (verified) this.#took("verify");
    this.#event.actor = { iss: issuer, sub: subject, verified };
  }

  installation(access: Pick<PolicyAccess, "app" | "installation">): void {
    this.#took("open");
    this.#through(access);
  }

  policy({ fullPath }: Pick<Target, "fullPath">, value: PolicyValue | undefined): void {
    this.#took("read");
    if (!value || !("sha" in value)) return;
    this.#event.trust_policy = { path: fullPath, sha: value.sha, repository_id: value.repositoryId };
  }

  allowList(listing: Listing | undefined): void {
    if (listing) this.#event.issuer_allowlist = { ...listing, iss: this.#event.actor?.iss ?? "" };
  }

  verdict({ trace }: Verdict): void {
    const { actor } = this.#event;
    this.#event.trace = this.#excerpts.trace(trace);
    if (actor) actor.claims = this.#excerpts.claims(this.#event.trace);
  }

  /** What the policy grants, before it is narrowed. */
  grantable({ permissions, repositories }: Grant): void {
    const { trust_policy } = this.#event;
    if (!trust_policy) return;
    // A plain object, unlike a grant's (`sentOf`).
    trust_policy.permissions = { ...permissions };
    trust_policy.repositories = this.#names("trust_policy", repositories, AUDIT_VALUES_MAX);
  }

  mint(minted: Pick<Minted, "app" | "installation">): void {
    this.#took("mint");
    this.#through(minted);
  }

  /** The caller gets its answer now; what comes after is not its time. */
  answered(): void {
    this.#event.duration_ms = this.#now() - this.#startedAt;
  }

  /** The event of a grant as it stands before the answer. It may be with a sink then: if nothing is handed out, the next one corrects it. */
  async announced(granted: Granted): Promise<AuditEvent> {
    this.answered();
    const event = structuredClone(await this.finished(granted));
    this.#isAnnounced = true;
    return event;
  }

  /** The whole event. */
  async finished(outcome: ExchangeOutcome): Promise<AuditEvent> {
    const event = this.#event;
    event.outcome = outcome.kind;
    if (outcome.kind === "refused") this.#refused(outcome);
    else {
      event.permissions = outcome.permissions;
      event.repositories = this.#names("repositories", outcome.repositories, AUDIT_REPOSITORIES_MAX);
    }
    if (outcome.kind === "granted") {
      event.expires_at = outcome.expiresAt;
      const { hex, base64 } = await tokenDigest(outcome.token);
      event.token_sha256 = hex;
      event.hashed_token = base64;
    }
    const { truncated } = this.#excerpts;
    if (truncated.length > 0) event.truncated = truncated;
    return event;
  }

  #refused({ denial, viewer }: Refused): void {
    const event = this.#event;
    if (this.#isAnnounced) this.#correct();
    event.reason = denial.reason;
    event.reported_reason = disclosed(denial, viewer);
    if (denial.reason === "issuer_not_permitted") this.allowList({ mode: "enforce", allowed: false });
    // Of a token that is not verified the policy's issuer alone is looked at.
    if (!event.trace && "clause" in denial) event.trace = this.#excerpts.trace([denial.clause]);
    event.error = this.#excerpts.text("error", this.#describe(denial));
    event.details = this.#excerpts.details(denial);
  }

  /** The token's digests stay: they say which one it was that is revoked. */
  #correct(): void {
    this.#event.correction = true;
    this.#event.permissions = undefined;
    this.#event.repositories = undefined;
    this.#event.expires_at = undefined;
  }

  #through({ app, installation }: Pick<PolicyAccess, "app" | "installation">): void {
    this.#event.app_id = app.id;
    this.#event.installation_id = installation.id;
    this.#event.owner = installation.owner;
    this.#event.owner_id = installation.accountId;
  }

  #names(field: string, names: readonly string[] | "all", max: number): string[] | "all" {
    return names === "all" ? "all" : this.#excerpts.first(field, names, max);
  }

  /** What passed since the last part ended. The clock of Workers moves with I/O only. */
  #took(step: Step): void {
    const now = this.#now();
    this.#event.steps_ms[step] = now - this.#steppedAt;
    this.#steppedAt = now;
  }
}
