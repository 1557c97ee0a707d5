/**
 * One exchange under way: its time, its calls, what its steps learned about the caller, and how it ends. After the answer, read
 * tokens are revoked, caches are written and the event is sent. The decisions are in `exchange.ts`.
 */
import type { AuditDelivery } from "../audit/delivery.ts";
import { describeBug } from "../bug.ts";
import type { Config } from "../config.ts";
import { type Denial, REFUSALS, type Result, type Viewer } from "../denial.ts";
import type { GitHub } from "../github/github.ts";
import { EXCHANGE_DEADLINE_MS, RETRY_AFTER_OUTAGE_SECONDS } from "../limits.ts";
import type { UnverifiedToken } from "../oidc/token.ts";
import type { VerifiedToken } from "../oidc/verify.ts";
import type { WriteOrigin } from "../store/cache.ts";
import { Deadline } from "../store/deadline.ts";
import { PendingWrites } from "../store/pending-writes.ts";
import type { PolicyAccess } from "../trust-policy/apps.ts";
import type { PolicyValue } from "../trust-policy/cache-entries.ts";
import type { AccessCall } from "../trust-policy/read-access.ts";
import type { PolicySource } from "../trust-policy/source.ts";
import type { Scope } from "../trust-policy/target.ts";
import { type AbuseLimitDeps, AbuseLimits, type Ending } from "./abuse-limits.ts";
import { disclosed, isOwnersOwn, isWorkloadOf, viewerOf } from "./disclosure.ts";
import { type HintDeps, withHints } from "./hints.ts";
import type { Minted } from "./mint.ts";
import type { ExchangeOutcome, ExchangeRequest, Granted, Incoming, Refused } from "./outcome.ts";
import { type Payer, payerOf } from "./payer.ts";
import { ExchangeRecord } from "./record.ts";

export interface RunDeps extends AbuseLimitDeps, HintDeps {
  readonly config: Pick<Config, "debugTiming" | "knownIssuers" | "apiUrl" | "orgPolicyRepo">;
  readonly policySource: Pick<PolicySource, "recall" | "prospect" | "isStillPublic" | "nearMisses">;
  readonly github: Pick<GitHub, "accounts" | "appsOf" | "getApp" | "isScarceFor" | "repositories" | "revoke">;
  /** Where people see the configured GitHub. */
  readonly webUrl: string;
  readonly audit: Pick<AuditDelivery, "isRequired" | "pausedMs" | "secure" | "deliver">;
  /** Ms since the epoch. */
  readonly now: () => number;
  readonly log: (line: string) => void;
}

/** One per exchange. */
export class ExchangeRun {
  readonly call: AccessCall;
  readonly writes = new PendingWrites();
  readonly limits: AbuseLimits;
  readonly record: ExchangeRecord;
  readonly #incoming: Incoming;
  readonly #deps: RunDeps;
  /** Tokens that nobody holds and that must not live on: read tokens, and a grant until it is in the answer. */
  readonly #unusedTokens = new Set<string>();
  #scope: Scope | undefined;
  #identity: string | undefined;
  #token: UnverifiedToken | undefined;
  #verified: VerifiedToken | undefined;
  #access: PolicyAccess | undefined;
  /** Where it was read from a public repository. */
  #publicPolicy: PolicyValue | undefined;
  #isOver = false;

  constructor(incoming: Incoming, deps: RunDeps) {
    this.#incoming = incoming;
    this.#deps = deps;
    this.record = new ExchangeRecord(incoming, deps.now);
    this.limits = new AbuseLimits(deps);
    this.call = {
      deadline: new Deadline(EXCHANGE_DEADLINE_MS),
      writes: this.writes,
      waitUntil: (work) => incoming.waitUntil(work),
      count: (what) => this.record.count(what),
      called: (call) => this.record.called(call),
      cached: (cache, result) => this.record.cached(cache, result),
      minted: (token) => this.#mintedForReading(token),
      isWorkloadOf: (accountId) => isWorkloadOf(this.#verified, { accountId }, deps.webUrl),
    };
  }

  /** A bug may end the exchange while a call of it still goes on. */
  #mintedForReading(token: string): void {
    if (this.#isOver) this.#incoming.waitUntil(this.#revoke(token));
    else this.#unusedTokens.add(token);
  }

  get verified(): VerifiedToken | undefined {
    return this.#verified;
  }

  /** Who pays for what is asked now. */
  get payer(): Payer {
    return payerOf({
      verified: this.#verified,
      address: this.#incoming.caller,
      owner: this.#scope?.owner ?? "",
      accountId: this.#access?.installation.accountId,
      webUrl: this.#deps.webUrl,
    });
  }

  setRequest(request: ExchangeRequest): void {
    this.#scope = request.scope;
    this.#identity = request.identity;
    this.record.request(request);
  }

  setToken(token: UnverifiedToken): void {
    this.#token = token;
    this.record.token(token, false);
  }

  setVerified(verified: VerifiedToken): void {
    if (!this.#verified) this.record.token(verified.token, true);
    this.#verified = verified;
  }

  setInstallation(access: PolicyAccess): void {
    this.#access = access;
    this.record.installation(access);
  }

  setPolicy(policy: Result<PolicyValue>, { target }: PolicyAccess): void {
    this.#publicPolicy = policy.ok && policy.value.public ? policy.value : undefined;
    this.record.policy(target, policy.ok ? policy.value : undefined);
  }

  setMinted(minted: Minted): void {
    if (minted.result.ok) this.#unusedTokens.add(minted.result.value.token);
    this.record.mint(minted);
  }

  callerLeft(): boolean {
    if (!this.#incoming.hasLeft()) return false;
    this.record.count("caller_left");
    return true;
  }

  refused(denial: Denial): Refused {
    const owner = this.#scope?.owner;
    return { kind: "refused", denial, viewer: this.#viewer(denial), owner, identity: this.#identity };
  }

  /** The same, and more to whoever may know more. */
  async refusedWithHints(denial: Denial): Promise<Refused> {
    const at = { claims: this.#verified?.claims, access: this.#access, call: this.call };
    return this.refused(await withHints(this.#deps, denial, this.#viewer(denial), at));
  }

  bug(thrown: unknown): Refused {
    this.#deps.log(JSON.stringify({ type: "bug", request_id: this.#incoming.requestId, ...describeBug(thrown) }));
    return this.refused({ reason: "internal" });
  }

  /** Settles what the caller gets. */
  async finish(reached: ExchangeOutcome): Promise<ExchangeOutcome> {
    let settled: ExchangeOutcome;
    try {
      settled = await this.#settled(await this.#withCertainViewer(reached));
    } finally {
      this.limits.release();
    }
    this.record.answered();
    // Which parts there were says where a refusal came from.
    const mayKnow = settled.kind !== "refused" || settled.viewer === "owner";
    return this.#deps.config.debugTiming && mayKnow ? { ...settled, stepsMs: this.record.stepsMs } : settled;
  }

  /** Whoever is told more only because the policy's repository is public is told so as long as it is. */
  async #withCertainViewer(outcome: ExchangeOutcome): Promise<ExchangeOutcome> {
    const [access, policy] = [this.#access, this.#publicPolicy];
    if (outcome.kind !== "refused" || outcome.viewer !== "owner" || !access || !policy) return outcome;
    if (isOwnersOwn(this.#verified, access.installation.accountId, this.#deps.webUrl)) return outcome;
    if (await this.#deps.policySource.isStillPublic(access, policy, this.call)) return outcome;
    this.#publicPolicy = undefined;
    return this.refused(outcome.denial);
  }

  async #settled(outcome: ExchangeOutcome): Promise<ExchangeOutcome> {
    if (outcome.kind === "granted") {
      const unfit = await this.#handOut(outcome);
      return unfit ? this.refused(unfit) : outcome;
    }
    if (outcome.kind === "would_grant") return outcome;
    const { denial, viewer } = outcome;
    // What is disclosed as the common answer stays that: "too slow" would say that a policy names this issuer.
    if (this.call.deadline.leftMs === 0 && REFUSALS[disclosed(denial, viewer)].status >= 500) {
      return this.refused({ reason: "deadline_exceeded" });
    }
    const hasAsked = this.record.counted("github_calls") > 0;
    const instead = await this.limits.settle({ denial, viewer, payer: this.payer, asked: this.#asked(), hasAsked });
    return instead ? this.refused(instead) : outcome;
  }

  /** A token that is not handed out must not live. A sink that took the event of one is told of that by another. */
  async #handOut(granted: Granted): Promise<Denial | undefined> {
    const { audit } = this.#deps;
    if (this.callerLeft()) return { reason: "deadline_exceeded" };
    if (audit.isRequired) {
      const isTaken = await audit.secure(await this.record.announced(granted), this.call.deadline);
      if (!isTaken) return this.#auditUnavailable();
      if (this.callerLeft()) return { reason: "deadline_exceeded" };
    }
    this.#unusedTokens.delete(granted.token);
    return undefined;
  }

  /** Where a grant must be recorded and the sink is known to take nothing: then nothing is minted that would have to be revoked. */
  unrecordable(): Denial | undefined {
    return this.#deps.audit.pausedMs > 0 ? this.#auditUnavailable() : undefined;
  }

  #auditUnavailable(): Denial {
    const seconds = Math.ceil(this.#deps.audit.pausedMs / 1_000);
    return { reason: "audit_unavailable", retryAfterSeconds: seconds || RETRY_AFTER_OUTAGE_SECONDS };
  }

  #asked(): Ending["asked"] {
    if (this.#scope === undefined || this.#token === undefined) return undefined;
    const { owner, repository = this.#deps.config.orgPolicyRepo } = this.#scope;
    return { owner, repository, issuer: this.#token.issuer };
  }

  #viewer(denial: Denial): Viewer {
    return viewerOf(denial, {
      scope: this.#scope,
      verified: this.#verified,
      access: this.#access,
      policyIsPublic: this.#publicPolicy !== undefined,
      webUrl: this.#deps.webUrl,
    });
  }

  #writeOrigin(): WriteOrigin {
    if (!this.#verified) return "anyone";
    const accountId = this.#access?.installation.accountId;
    return isOwnersOwn(this.#verified, accountId, this.#deps.webUrl) ? "owner" : "verified";
  }

  /** What the caller does not wait for. */
  async afterwards(outcome: ExchangeOutcome): Promise<void> {
    // Beside the event, not before it: KV may hang.
    const writing = this.writes.carryOut(this.#writeOrigin());
    this.#isOver = true;
    if (this.#unusedTokens.size > 0) {
      await Promise.allSettled([...this.#unusedTokens].map((token) => this.#revoke(token)));
    }
    const { audit } = this.#deps;
    await audit.deliver(await this.record.finished(outcome), outcome.kind === "granted" && audit.isRequired);
    await writing;
  }

  async #revoke(token: string): Promise<void> {
    if ((await this.#deps.github.revoke(token, { called: this.call.called })) === "failed")
      this.record.count("revocation_failed");
  }
}
