/**
 * What one exchange carries from step to step, and how it ends: the viewer that a refusal is worded for, the audit event, and what
 * happens after the answer (read tokens revoked, caches written, event sent). The decisions are in `exchange.ts`.
 */
import type { Verdict } from "../../policies/evaluate.ts";
import { type AuditEvent, count, describeBug, emit, newAuditEvent, tokenDigest } from "../audit.ts";
import { type Denial, REFUSALS, type Result, refuse, type Viewer } from "../denial.ts";
import { EXCHANGE_DEADLINE_MS } from "../limits.ts";
import type { UnverifiedToken } from "../oidc/token.ts";
import type { VerifiedToken } from "../oidc/verify.ts";
import type { Services } from "../services.ts";
import type { Writes } from "../store/cache.ts";
import { raceAbort } from "../store/fetch.ts";
import type { PolicyAccess } from "../trust-policy/apps.ts";
import type { PolicyValue } from "../trust-policy/cache-entries.ts";
import type { AccessCall } from "../trust-policy/read-access.ts";
import { type Scope, scopeText } from "../trust-policy/target.ts";
import { type Caller, chargeRefusal } from "./abuse-limits.ts";
import { disclosed, viewerOf } from "./disclosure.ts";
import { hinted } from "./hints.ts";
import type { Minted } from "./mint.ts";
import type { Downscoping, Listing } from "./rules.ts";

export interface ExchangeRequest {
  readonly scope: Scope;
  readonly identity: string;
  readonly downscoping: Downscoping;
  /** A compact JWT, so far only text. */
  readonly bearer: string;
}

export interface Incoming {
  readonly requestId: string;
  /** The caller's address as a key for limits. */
  readonly caller: string;
  readonly userAgent?: string | undefined;
  /** Aborted when the caller leaves. */
  readonly signal: AbortSignal;
  /** Step 1, in the words of the wire that it came by. */
  read(): Promise<Result<ExchangeRequest>>;
  /** Takes work that outlives the answer (`waitUntil`). */
  waitUntil(work: Promise<unknown>): void;
}

/** How long a part of the exchange took, in ms; with DEBUG_TIMING only. */
export interface Timing {
  readonly part: "open" | "verify" | "read" | "mint";
  readonly milliseconds: number;
}

export interface Granted {
  readonly kind: "granted";
  readonly timings?: readonly Timing[];
  readonly token: string;
  /** RFC 3339, as GitHub says it. */
  readonly expiresAt: string;
  readonly permissions: Readonly<Record<string, string>>;
  readonly repositories: readonly string[] | "all";
  readonly policy: { readonly path: string; readonly sha: string };
}

export interface Refused {
  readonly kind: "refused";
  readonly timings?: readonly Timing[];
  readonly denial: Denial;
  readonly viewer: Viewer;
  readonly owner?: string | undefined;
  readonly identity?: string | undefined;
}

export type Outcome = Granted | Refused;

/** One per exchange; holds what its steps learned. */
export class ExchangeRun {
  readonly incoming: Incoming;
  readonly services: Services;
  readonly call: AccessCall;
  readonly writes: Writes;
  readonly caller: Caller;
  readonly #event: AuditEvent;
  readonly #startedAt: number;
  readonly #readTokens: string[] = [];
  readonly #pendingWrites: (() => Promise<void>)[] = [];
  readonly #timings: Timing[] = [];
  #scope: Scope | undefined;
  #verified: VerifiedToken | undefined;
  #opened: PolicyAccess | undefined;
  #policyIsPublic = false;

  constructor(incoming: Incoming, services: Services) {
    this.incoming = incoming;
    this.services = services;
    this.#startedAt = services.now();
    this.caller = { key: incoming.caller };
    this.#event = newAuditEvent(incoming.requestId, this.#startedAt);
    if (incoming.userAgent !== undefined) this.#event.user_agent = incoming.userAgent.slice(0, 200);
    this.writes = { add: (write) => this.#pendingWrites.push(write) };
    this.call = {
      signal: AbortSignal.timeout(EXCHANGE_DEADLINE_MS),
      writes: this.writes,
      waitUntil: (work) => incoming.waitUntil(work),
      count: (what) => count(this.#event, what),
      minted: (token) => this.#readTokens.push(token),
    };
  }

  get verified(): VerifiedToken | undefined {
    return this.#verified;
  }

  asks(scope: Scope, identity: string): void {
    this.#scope = scope;
    this.#event.scope = scopeText(scope);
    this.#event.identity = identity;
  }

  reads({ issuer, subject }: UnverifiedToken): void {
    this.#event.actor = { iss: issuer, sub: subject, verified: false };
  }

  verifies(verified: VerifiedToken): void {
    if (!this.#verified) this.#took("verify");
    this.#verified = verified;
    const { issuer, subject } = verified.token;
    this.#event.actor = { iss: issuer, sub: subject, verified: true };
  }

  opens(opened: PolicyAccess): void {
    this.#took("open");
    this.#opened = opened;
    this.#event.app_id = opened.app.id;
    this.#event.installation_id = opened.installation.id;
  }

  readsPolicy(policy: Result<PolicyValue>): void {
    this.#took("read");
    if (!policy.ok) return;
    this.#policyIsPublic = policy.value.public;
    if ("sha" in policy.value && this.#opened) {
      this.#event.trust_policy = { path: this.#opened.target.fullPath, sha: policy.value.sha };
    }
  }

  isListed(listing: Listing | undefined): void {
    if (listing) this.#event.issuer_allowlist = listing;
  }

  evaluates(verdict: Verdict): void {
    this.#event.trace = verdict.trace;
  }

  mints({ app, installation }: Minted): void {
    this.#took("mint");
    this.#event.app_id = app.id;
    this.#event.installation_id = installation.id;
  }

  /** What passed since the last part ended. The clock of Workers moves with I/O only. */
  #took(part: Timing["part"]): void {
    const before = this.#timings.reduce((sum, { milliseconds }) => sum + milliseconds, this.#startedAt);
    this.#timings.push({ part, milliseconds: this.services.now() - before });
  }

  /** A body that trickles in must not hold the exchange for longer than all of it may take. */
  async inTime<T>(reading: Promise<Result<T>>): Promise<Result<T>> {
    try {
      return await raceAbort(reading, this.call.signal);
    } catch (reason) {
      if (this.call.signal.aborted) return refuse({ reason: "deadline_exceeded" });
      throw reason;
    }
  }

  callerLeft(): boolean {
    if (!this.incoming.signal.aborted) return false;
    count(this.#event, "caller_left");
    return true;
  }

  refused(denial: Denial): Refused {
    const { owner } = this.#scope ?? {};
    return { kind: "refused", denial, viewer: this.#viewer(denial), owner, identity: this.#event.identity };
  }

  /** Says more to whoever may know more. */
  withHints(denial: Denial): Promise<Denial> {
    return hinted(denial, this.#viewer(denial), { services: this.services, opened: this.#opened, call: this.call });
  }

  bug(thrown: unknown): Refused {
    this.services.log(JSON.stringify({ type: "bug", request_id: this.incoming.requestId, ...describeBug(thrown) }));
    return this.refused({ reason: "internal" });
  }

  /** Settles what the caller gets, then leaves the rest to run after the answer. */
  async finish(outcome: Outcome): Promise<Outcome> {
    const settled = await this.#settle(outcome);
    this.caller.leave?.();
    this.incoming.waitUntil(this.#afterwards(settled));
    // Which parts there were says where a refusal came from.
    const isOpen = settled.kind === "granted" || settled.viewer === "owner";
    return this.services.config.debugTiming && isOpen ? { ...settled, timings: this.#timings } : settled;
  }

  async #settle(outcome: Outcome): Promise<Outcome> {
    if (outcome.kind === "granted") {
      if (!this.callerLeft()) return outcome;
      // Nobody is there to take it: a token that is not handed out must not live.
      this.#readTokens.push(outcome.token);
      return this.refused({ reason: "deadline_exceeded" });
    }
    const { denial, viewer } = outcome;
    // What is disclosed as the common answer stays that: "too slow" would say that a policy names this issuer.
    if (this.call.signal.aborted && REFUSALS[disclosed(denial, viewer)].status >= 500) {
      return this.refused({ reason: "deadline_exceeded" });
    }
    if (this.#verified) return outcome;
    const { caller } = this.incoming;
    const instead = await chargeRefusal(this.services, { denial, viewer, caller, issuer: this.#event.actor?.iss });
    return instead ? this.refused(instead) : outcome;
  }

  #viewer(denial: Denial): Viewer {
    return viewerOf(denial, {
      scope: this.#scope,
      verified: this.#verified,
      opened: this.#opened,
      policyIsPublic: this.#policyIsPublic,
      webUrl: this.services.webUrl,
    });
  }

  async #afterwards(outcome: Outcome): Promise<void> {
    const revoking = this.#readTokens.map(async (token) => {
      const revoked = await this.services.github.revoke(token);
      if (revoked === "failed") count(this.#event, "revocation_failed");
    });
    // Strangers cause no KV write: what an unverified exchange learned stays in this isolate's memory.
    const writing = this.#verified ? this.#pendingWrites.map((write) => write()) : [];
    await Promise.allSettled([...revoking, ...writing]);
    await this.#fill(outcome);
    await emit(this.#event, this.services.sinks, this.services.log);
  }

  async #fill(outcome: Outcome): Promise<void> {
    const event = this.#event;
    event.duration_ms = this.services.now() - this.#startedAt;
    event.outcome = outcome.kind;
    if (outcome.kind === "granted") {
      event.permissions = outcome.permissions;
      event.repositories = outcome.repositories;
      event.expires_at = outcome.expiresAt;
      const digest = await tokenDigest(outcome.token);
      event.token_sha256 = digest.hex;
      event.token_sha256_base64 = digest.base64;
      return;
    }
    event.reason = outcome.denial.reason;
    event.reported_reason = disclosed(outcome.denial, outcome.viewer);
    event.error = outcome.denial;
  }
}
