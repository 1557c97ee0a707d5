/**
 * Who is charged for what, and who has to wait (worker/README.md, "Who pays"). Callers pay for refusals before verification only,
 * so that a fleet behind one address is not hit; owners for the cache misses of unverified callers only, so that none of these
 * can lock an owner out.
 */
import type { Config } from "../config.ts";
import { CALLER_RATE_LIMITED, type Denial, REFUSALS, type Viewer } from "../denial.ts";
import { isListedIssuer } from "../oidc/issuer-rules.ts";
import type { UnverifiedToken } from "../oidc/token.ts";
import type { Verifier } from "../oidc/verify.ts";
import type { Limiter } from "../store/limiter.ts";
import type { Release } from "../store/room.ts";
import type { RecalledSources } from "../trust-policy/caches.ts";
import type { PolicySource } from "../trust-policy/source.ts";
import { disclosed } from "./disclosure.ts";

export interface AbuseLimitDeps {
  readonly limits: { readonly callers: Limiter; readonly owners: Limiter };
  readonly policySource: Pick<PolicySource, "isFresh">;
  readonly verifier: Pick<Verifier, "needsNoFetch">;
  readonly config: Pick<Config, "knownIssuers">;
}

export interface UnverifiedRefusal {
  readonly denial: Denial;
  readonly viewer: Viewer;
  /** Of the token, where it could be read. */
  readonly issuer: string | undefined;
}

/** The limits of one caller in one exchange. */
export class AbuseLimits {
  readonly #deps: AbuseLimitDeps;
  readonly #caller: string;
  /** Of the caller's place among those in flight, once it has made us ask somebody. */
  #release: Release | undefined;

  /** `caller`: where the request comes from, as a key. */
  constructor(deps: AbuseLimitDeps, caller: string) {
    this.#deps = deps;
    this.#caller = caller;
  }

  /**
   * Before an unverified caller makes us ask GitHub anything. What is cached costs nothing, so nobody is charged for it, nor
   * refused it because of others behind the same address.
   */
  async beforeLookup(recalled: RecalledSources): Promise<Denial | undefined> {
    const { limits, policySource } = this.#deps;
    if (policySource.isFresh(recalled)) return undefined;
    if (!this.#mayAsk()) return CALLER_RATE_LIMITED;
    return (await limits.owners.consume(recalled.target.scope.owner.toLowerCase())) ? undefined : CALLER_RATE_LIMITED;
  }

  /** Before an issuer below a wildcard is asked for its keys, whatever policies say. */
  async beforeWildcardIssuer(token: UnverifiedToken): Promise<Denial | undefined> {
    if (this.#isListed(token.issuer) || (await this.#deps.verifier.needsNoFetch(token))) return undefined;
    return this.#mayAsk() ? undefined : CALLER_RATE_LIMITED;
  }

  /**
   * Before an issuer that only a policy names is asked. Whoever is not over the limit needs no place in flight: a caller who fills
   * all places could learn from a 429 here that the policy names an issuer. Over the limit every refusal is a 429, so that this
   * one says nothing.
   */
  async beforeNamedIssuer(token: UnverifiedToken): Promise<Denial | undefined> {
    if (!this.#deps.limits.callers.isOver(this.#caller)) return undefined;
    return (await this.#deps.verifier.needsNoFetch(token)) ? undefined : CALLER_RATE_LIMITED;
  }

  /** Charges the caller for a refusal before verification; the denial that takes its place when that was one too many. */
  async consumeRefusal({ denial, viewer, issuer = "" }: UnverifiedRefusal): Promise<Denial | undefined> {
    const { status } = REFUSALS[disclosed(denial, viewer)];
    if (status === 429) return undefined;
    if (status >= 500 && !this.#isOwnDoing(denial, issuer)) return undefined;
    return (await this.#deps.limits.callers.consume(this.#caller)) ? undefined : CALLER_RATE_LIMITED;
  }

  /**
   * Our own outages, GitHub's, and those of issuers on a list cost nobody his good name. But below a wildcard anybody could name
   * issuers without end, none of which answers; and so could he key ids that do not exist.
   */
  #isOwnDoing(denial: Denial, issuer: string): boolean {
    return denial.reason === "issuer_unreachable" && (denial.inCooldown === true || !this.#isListed(issuer));
  }

  /** At the end of the exchange, whatever that was. */
  release(): void {
    this.#release?.();
  }

  #mayAsk(): boolean {
    const { callers } = this.#deps.limits;
    if (callers.isOver(this.#caller)) return false;
    this.#release ??= callers.acquire(this.#caller);
    return this.#release !== undefined;
  }

  #isListed(issuer: string): boolean {
    return isListedIssuer(issuer, this.#deps.config.knownIssuers);
  }
}
