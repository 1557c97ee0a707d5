/**
 * Who pays for what callers make the service ask, and who has to wait (worker/README.md, "Who pays"). What finds nothing is charged
 * to whoever caused it, and to nobody else; an owner's own workloads are never charged. Whoever is over a limit still gets what
 * can be granted without a call, and one and the same answer instead of every refusal.
 */
import type { CompiledPolicy } from "../../policies/parse.ts";
import type { Config } from "../config.ts";
import { CALLER_RATE_LIMITED, type Denial, REFUSALS, type Viewer } from "../denial.ts";
import type { GitHub } from "../github/github.ts";
import { ACCOUNTS_READ_AFTER_MISSES, CALLER_KV_READS_PER_WINDOW } from "../limits.ts";
import { isListedIssuer } from "../oidc/issuer-rules.ts";
import type { UnverifiedToken } from "../oidc/token.ts";
import type { Verifier } from "../oidc/verify.ts";
import type { Budgets } from "../store/budgets.ts";
import type { Limiter } from "../store/limiter.ts";
import type { Release } from "../store/room.ts";
import type { AccessCall } from "../trust-policy/read-access.ts";
import type { RecalledSources } from "../trust-policy/recalled.ts";
import type { PolicySource } from "../trust-policy/source.ts";
import { disclosed } from "./disclosure.ts";
import type { Payer } from "./payer.ts";

export interface AbuseLimitDeps {
  readonly budgets: Budgets;
  readonly policySource: Pick<PolicySource, "prospect">;
  readonly verifier: Pick<Verifier, "needsNoFetch">;
  readonly github: Pick<GitHub, "appsOf" | "isScarceFor" | "accounts">;
  readonly config: Pick<Config, "knownIssuers">;
}

export interface Ending {
  readonly denial: Denial;
  readonly viewer: Viewer;
  readonly payer: Payer;
  /** As far as the request could be read. */
  readonly owner: string | undefined;
  readonly issuer: string | undefined;
  /** Whether GitHub was asked anything. */
  readonly hasAsked: boolean;
}

/** A key of one budget. */
interface Charge {
  readonly budget: Limiter;
  readonly key: string;
}

/** The limits of one caller in one exchange. */
export class AbuseLimits {
  readonly #deps: AbuseLimitDeps;
  /** Of the places among those in flight, which the caller took when he first made us ask somebody. */
  readonly #places = new Map<Limiter, Map<string, Release>>();

  constructor(deps: AbuseLimitDeps) {
    this.#deps = deps;
  }

  /** Whether so many refusals were given already that KV is not read any more. */
  mayReadKv(payer: Payer): boolean {
    return this.#ofCaller(payer).every(({ budget, key }) => budget.count(key) < CALLER_KV_READS_PER_WINDOW);
  }

  /** Before GitHub is asked for a caller. What is known to be there is read once for everyone, so only the caller's own limit counts. */
  async beforeLookup(recalled: RecalledSources, payer: Payer, call: AccessCall): Promise<Denial | undefined> {
    const prospect = this.#deps.policySource.prospect(recalled);
    if (payer.kind === "own" || prospect === "free") return undefined;
    if (this.#isOver(this.#ofCaller(payer))) return CALLER_RATE_LIMITED;
    if (prospect === "there") return undefined;
    const { owner } = recalled.target.scope;
    const unknown = await this.#beforeUnknownOwner(owner, call);
    if (unknown) return unknown;
    // The last of an installation's rate limit is for the owner's own.
    if (this.#deps.github.isScarceFor(owner)) return CALLER_RATE_LIMITED;
    return this.#mayAsk([...this.#ofCaller(payer), ...this.#ofOwner(payer, owner)]) ? undefined : CALLER_RATE_LIMITED;
  }

  /** Before an issuer below a wildcard is asked for its keys, whatever policies say. */
  async beforeWildcardIssuer(token: UnverifiedToken, payer: Payer): Promise<Denial | undefined> {
    if (this.#isListed(token.issuer) || (await this.#deps.verifier.needsNoFetch(token))) return undefined;
    return this.#mayAsk([...this.#ofCaller(payer), ...this.#ofWildcard(token.issuer)])
      ? undefined
      : CALLER_RATE_LIMITED;
  }

  /**
   * Before an issuer that only a policy names is asked. Whoever is not over the limit needs no place in flight: a caller who fills
   * all places could learn from a 429 here that the policy names an issuer. Over a limit every refusal is a 429, so that this one
   * says nothing.
   */
  async beforeNamedIssuer(
    token: UnverifiedToken,
    { document }: CompiledPolicy,
    { owner, payer }: { readonly owner: string; readonly payer: Payer },
  ): Promise<Denial | undefined> {
    const isOver = this.#isOver([...this.#ofCaller(payer), ...this.#ofPatterns(owner)]);
    if (!isOver && document.issuer.kind === "exact") return undefined;
    if (await this.#deps.verifier.needsNoFetch(token)) return undefined;
    if (isOver) return CALLER_RATE_LIMITED;
    // A pattern may fit issuers without end, all of which answer: each that is asked counts.
    const isLast = !(await consumed(this.#ofPatterns(owner)));
    return isLast ? CALLER_RATE_LIMITED : undefined;
  }

  /** Charges for a refusal; the denial that takes its place where that is over a limit. */
  async settle(ending: Ending): Promise<Denial | undefined> {
    const { payer, denial, viewer } = ending;
    const row = REFUSALS[disclosed(denial, viewer)];
    if (payer.kind === "own" || row.status === 429) return undefined;
    const charges = isCharged(ending) || this.#isOwnDoing(ending) ? this.#chargesFor(ending) : [];
    const isWithin = await consumed(charges);
    return isWithin && !this.#isOver(this.#watched(ending)) && this.#wasHeard(ending) ? undefined : CALLER_RATE_LIMITED;
  }

  /** Whether it would have had a place in flight if nothing had been cached: whoever fills all places could else tell what is. */
  #wasHeard({ payer, owner, issuer }: Ending): boolean {
    if (owner === undefined || issuer === undefined) return true;
    return this.#mayAsk([...this.#ofCaller(payer), ...this.#ofOwner(payer, owner)]);
  }

  /** At the end of the exchange, whatever that was. */
  release(): void {
    for (const places of this.#places.values()) for (const release of places.values()) release();
  }

  /** Once look-ups of owners that nobody knows found nothing, the list of accounts is asked first, and the budget holds. */
  async #beforeUnknownOwner(owner: string, call: AccessCall): Promise<Denial | undefined> {
    const { github, budgets } = this.#deps;
    const apps = github.appsOf(owner);
    const isQuiet = apps.every(({ id }) => budgets.unknownOwners.count(id) < ACCOUNTS_READ_AFTER_MISSES);
    if (isQuiet) return undefined;
    const known = await Promise.all(apps.map((app) => github.accounts.has(app, owner, call)));
    if (known.every((has) => has === false)) return { reason: "app_not_installed", owner };
    if (known.includes(true)) return undefined;
    return this.#mayAsk(this.#ofUnknownOwner(owner)) ? undefined : CALLER_RATE_LIMITED;
  }

  #mayAsk(charges: readonly Charge[]): boolean {
    if (this.#isOver(charges)) return false;
    return charges.every(({ budget, key }) => {
      const places = this.#places.get(budget) ?? new Map<string, Release>();
      const place = places.get(key) ?? budget.acquire(key);
      if (place) this.#places.set(budget, places.set(key, place));
      return place !== undefined;
    });
  }

  #isOver(charges: readonly Charge[]): boolean {
    return charges.some(({ budget, key }) => budget.isOver(key));
  }

  #chargesFor({ payer, owner, issuer = "", denial, hasAsked }: Ending): readonly Charge[] {
    const isOfIssuer = ISSUER_MISSES.has(denial.reason) && !this.#isListed(issuer);
    const ofIssuer = isOfIssuer ? this.#ofWildcard(issuer) : [];
    if (!hasAsked || owner === undefined) return [...this.#ofCaller(payer), ...ofIssuer];
    const ofUnknown = denial.reason === "app_not_installed" ? this.#ofUnknownOwner(owner) : [];
    return [...this.#ofCaller(payer), ...this.#ofOwner(payer, owner), ...ofUnknown, ...ofIssuer];
  }

  /** What this refusal would tell of, were it not the same 429 for all who are over one of these. */
  #watched({ payer, owner, issuer, denial, viewer }: Ending): readonly Charge[] {
    // What a token's form or times say is no secret of any owner's, however much others ask about him.
    if (owner === undefined || issuer === undefined) return this.#ofCaller(payer);
    const isCommon = disclosed(denial, viewer) === "not_found";
    const ofPolicies = payer.kind === "unverified" ? this.#ofPatterns(owner) : [];
    const ofWildcard = payer.kind === "unverified" && !this.#isListed(issuer) ? this.#ofWildcard(issuer) : [];
    const ofUnknown = isCommon ? this.#ofUnknownOwner(owner) : [];
    return [...this.#ofCaller(payer), ...this.#ofOwner(payer, owner), ...ofPolicies, ...ofWildcard, ...ofUnknown];
  }

  #ofCaller(payer: Payer): readonly Charge[] {
    const { callers } = this.#deps.budgets;
    if (payer.kind === "own") return [];
    const key = payer.kind === "unverified" ? payer.address : JSON.stringify([payer.issuer, payer.account]);
    return [{ budget: callers, key }];
  }

  #ofOwner(payer: Payer, name: string): readonly Charge[] {
    const { owners, addressesAtOwner } = this.#deps.budgets;
    const owner = name.toLowerCase();
    switch (payer.kind) {
      case "own":
        return [];
      case "foreign":
        return [{ budget: owners, key: JSON.stringify([owner, payer.issuer]) }];
      case "unverified":
        return [
          { budget: addressesAtOwner, key: JSON.stringify([owner, payer.address]) },
          { budget: owners, key: JSON.stringify([owner]) },
        ];
    }
  }

  #ofUnknownOwner(owner: string): readonly Charge[] {
    const { github, budgets } = this.#deps;
    return github.appsOf(owner).map(({ id }) => ({ budget: budgets.unknownOwners, key: id }));
  }

  #ofPatterns(owner: string): readonly Charge[] {
    return [{ budget: this.#deps.budgets.patternIssuers, key: owner.toLowerCase() }];
  }

  #ofWildcard(issuer: string): readonly Charge[] {
    const key = URL.canParse(issuer) ? new URL(issuer).host : "";
    return [{ budget: this.#deps.budgets.wildcardIssuers, key }];
  }

  /** Below a wildcard anybody can name issuers without end, none of which answers; and key ids that do not exist. */
  #isOwnDoing({ denial, issuer = "" }: Ending): boolean {
    return denial.reason === "issuer_unreachable" && (denial.inCooldown === true || !this.#isListed(issuer));
  }

  #isListed(issuer: string): boolean {
    return isListedIssuer(issuer, this.#deps.config.knownIssuers);
  }
}

/** Keys that were found are no miss, whether they fit or not. */
const ISSUER_MISSES: ReadonlySet<Denial["reason"]> = new Set(["issuer_unreachable", "issuer_invalid"]);

/** What says that there is nothing; the same whether it was remembered or asked, so that no charge tells what a cache holds. */
const NOTHING_FOUND: ReadonlySet<Denial["reason"]> = new Set([
  "app_not_installed",
  "repository_not_visible",
  "policy_not_found",
]);

/** Our own faults and an issuer's outage cost nobody his good name; GitHub's answers count, whatever they are. */
function isCharged({ denial, payer, hasAsked }: Ending): boolean {
  const { status } = REFUSALS[denial.reason];
  if (status >= 500) return hasAsked && GITHUB_OUTAGES.has(denial.reason);
  return payer.kind === "unverified" || NOTHING_FOUND.has(denial.reason);
}

const GITHUB_OUTAGES: ReadonlySet<Denial["reason"]> = new Set([
  "github_unavailable",
  "github_invalid_answer",
  "allow_list_unavailable",
  "deadline_exceeded",
]);

/** False when one of them was one too many. */
async function consumed(charges: readonly Charge[]): Promise<boolean> {
  const results = await Promise.all(charges.map(({ budget, key }) => budget.consume(key)));
  return results.every((isWithin) => isWithin);
}
