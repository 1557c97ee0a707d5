/**
 * Who pays for what callers make the service ask, and who has to wait (worker/README.md, "Who pays"). What finds nothing is charged
 * to whoever caused it, and to nobody else; an owner's own workloads are never charged. Whoever is over a limit still gets what
 * can be granted, and one and the same answer instead of every refusal.
 */
import type { CompiledPolicy } from "../../policies/parse.ts";
import { CALLER_RATE_LIMITED, type Denial, REFUSALS, type Result, type Viewer } from "../denial.ts";
import type { GitHub } from "../github/github.ts";
import { CALLER_KV_READS_PER_WINDOW, LOOKUP_WAITS_MS } from "../limits.ts";
import type { UnverifiedToken } from "../oidc/token.ts";
import type { Verifier } from "../oidc/verify.ts";
import { soon } from "../store/soon.ts";
import type { RecalledSources } from "../trust-policy/recalled.ts";
import { type Charge, Charges, type ChargesDeps, consumed, FAILED, isOver, UNLISTED } from "./charges.ts";
import { disclosed } from "./disclosure.ts";
import { HeldPlaces } from "./held-places.ts";
import { type AskedLookup, LookupLimits, type LookupLimitsDeps } from "./lookup-limits.ts";
import type { Payer } from "./payer.ts";

export interface AbuseLimitDeps extends ChargesDeps {
  readonly policySource: LookupLimitsDeps["policySource"];
  readonly verifier: Pick<Verifier, "needsNoFetch">;
  readonly github: Pick<GitHub, "appsOf" | "isScarceFor" | "accounts" | "repositories">;
}

export interface Ending {
  readonly denial: Denial;
  readonly viewer: Viewer;
  readonly payer: Payer;
  /** As far as the request could be read. */
  readonly asked: { readonly owner: string; readonly repository: string; readonly issuer: string } | undefined;
  /** Whether GitHub was asked anything. */
  readonly hasAsked: boolean;
}

/** The limits of one caller in one exchange. */
export class AbuseLimits {
  readonly #deps: AbuseLimitDeps;
  readonly #charges: Charges;
  readonly #places = new HeldPlaces();
  readonly #lookups: LookupLimits;

  constructor(deps: AbuseLimitDeps) {
    this.#deps = deps;
    this.#charges = new Charges(deps);
    const { policySource, github } = deps;
    this.#lookups = new LookupLimits({ policySource, github, charges: this.#charges, places: this.#places });
  }

  /** Whether so many refusals were given already that KV is not read any more. */
  mayReadKv(payer: Payer): boolean {
    return this.#charges.ofCaller(payer).every(({ budget, key }) => budget.count(key) < CALLER_KV_READS_PER_WINDOW);
  }

  /** Before GitHub is asked for a caller. What it accepts may be newer than what it was given. */
  beforeLookup(lookup: AskedLookup): Promise<Result<RecalledSources>> {
    return this.#lookups.before(lookup);
  }

  /** The same for whoever has something else to do first. */
  mayLookUpNow(lookup: AskedLookup): Promise<boolean> {
    return this.#lookups.mayNow(lookup);
  }

  /** Before an issuer below a wildcard is asked for its keys, whatever policies say. */
  async beforeWildcardIssuer(token: UnverifiedToken, payer: Payer): Promise<Denial | undefined> {
    const ofWildcard = this.#charges.ofWildcard(token.issuer);
    if (ofWildcard.length === 0 || (await this.#deps.verifier.needsNoFetch(token))) return undefined;
    const limits = [...this.#charges.ofCaller(payer), ...ofWildcard];
    return !isOver(limits) && this.#places.take(limits) ? undefined : CALLER_RATE_LIMITED;
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
    const ofPatterns = this.#charges.ofPatterns(owner);
    const isExact = document.issuer.kind === "exact";
    const ofAddress = isExact ? [] : this.#charges.ofAddress(payer, owner);
    const isLimited = isOver([...this.#charges.ofCaller(payer), ...ofAddress, ...ofPatterns]);
    if (!isLimited && isExact) return undefined;
    if (await this.#deps.verifier.needsNoFetch(token)) return undefined;
    if (isLimited) return CALLER_RATE_LIMITED;
    // A pattern may fit issuers without end, all of which answer: each that is asked counts.
    return (await consumed(ofPatterns)) ? undefined : CALLER_RATE_LIMITED;
  }

  /** Charges for a refusal; the denial that takes its place where that is over a limit. */
  async settle(ending: Ending): Promise<Denial | undefined> {
    const { payer, denial, viewer } = ending;
    const shown = disclosed(denial, viewer);
    if (payer.kind === "own") return undefined;
    if (REFUSALS[shown].status === 429) {
      const ofCaller = this.#charges.ofCaller(payer);
      // Who goes on over a limit of his own is counted on, until KV is left alone as well.
      if (shown === "caller_rate_limited" && isOver(ofCaller)) await consumed(ofCaller);
      return undefined;
    }
    await consumed(this.#chargesFor(ending));
    if (await this.#isWatched(ending)) return CALLER_RATE_LIMITED;
    return (await this.#isHeard(ending)) ? undefined : CALLER_RATE_LIMITED;
  }

  /** At the end of the exchange, whatever that was. */
  release(): void {
    this.#places.release();
  }

  /**
   * What is answered alike is charged alike, whatever was asked for it: from how many refusals come before the first 429 nobody can
   * tell whether the owner has the App, the repository is there, or what a cache holds.
   */
  #chargesFor(ending: Ending): readonly Charge[] {
    const { payer, denial, viewer, asked, hasAsked } = ending;
    const ofCaller = this.#charges.ofCaller(payer);
    if (!asked) return isOwnDoing(ending) ? ofCaller : [];
    const { owner, issuer } = asked;
    const ofWildcard = ISSUER_MISSES.has(denial.reason) ? this.#charges.ofWildcard(issuer) : [];
    const isMiss = disclosed(denial, viewer) === "not_found" || NOTHING_FOUND.has(denial.reason);
    const isOutage = hasAsked && GITHUB_OUTAGES.has(denial.reason);
    if (!isMiss && !isOutage && ofWildcard.length === 0) return isOwnDoing(ending) ? ofCaller : [];
    return [
      ...ofCaller,
      ...ofWildcard,
      ...this.#charges.ofOwner(payer, owner),
      ...(hasAsked ? this.#charges.ofLookup(payer, owner, subjectOf(denial, asked)) : []),
      ...(this.#charges.isFirstAt(payer, owner) ? this.#charges.ofUnknownOwner(owner) : []),
    ];
  }

  /** What this refusal would tell of, were it not the same 429 for all who are over one of these. */
  async #isWatched({ payer, asked, denial, viewer }: Ending): Promise<boolean> {
    const ofCaller = this.#charges.ofCaller(payer);
    // What a token's form or times say is no secret of any owner's, however much others ask about him.
    if (!asked) return isOver(ofCaller);
    const { owner, issuer } = asked;
    const { github } = this.#deps;
    const ofUnverified = [...this.#charges.ofPatterns(owner), ...this.#charges.ofWildcard(issuer)];
    const isLimited = isOver([
      ...ofCaller,
      ...this.#charges.ofOwner(payer, owner),
      ...(payer.kind === "unverified" ? ofUnverified : []),
    ]);
    if (isLimited || github.isScarceFor(owner)) return true;
    if (disclosed(denial, viewer) !== "not_found" || !isOver(this.#charges.ofUnknownOwner(owner))) return false;
    return !(await this.#isListed(owner));
  }

  /** Whether it has, or would have had, a place in flight: whoever fills all places could else tell what is cached. */
  async #isHeard({ payer, asked }: Ending): Promise<boolean> {
    if (!asked) return true;
    const { owner, repository } = asked;
    const places = [
      ...this.#charges.ofCaller(payer),
      ...this.#charges.ofLookup(payer, owner, UNLISTED),
      ...this.#charges.ofLookup(payer, owner, repository),
    ];
    const withOwner = [...places, ...this.#charges.ofUnknownOwner(owner)];
    const look = async () => {
      if (this.#places.take(withOwner)) return true;
      return ((await this.#isListed(owner)) && this.#places.take(places)) || undefined;
    };
    return (await soon(look, LOOKUP_WAITS_MS)) ?? false;
  }

  /** Whether the list of accounts is at hand: then no owner has to wait for a look-up. */
  async #isListed(owner: string): Promise<boolean> {
    const { github } = this.#deps;
    const listed = await Promise.all(github.appsOf(owner).map((app) => github.accounts.isListed(app)));
    return !listed.includes(false);
  }
}

/** Refusals that tell the caller why: of those who are not verified each counts, but for an issuer's outage and our own faults. */
function isOwnDoing({ payer, denial }: Ending): boolean {
  if (denial.reason === "issuer_unreachable") return denial.inCooldown === true;
  return payer.kind === "unverified" && REFUSALS[denial.reason].status < 500;
}

function subjectOf({ reason }: Denial, { repository }: { readonly repository: string }): string {
  if (NOTHING_SEEN.has(reason)) return UNLISTED;
  return NOTHING_READ.has(reason) ? FAILED : repository;
}

/** Keys that were found are no miss, whether they fit or not. */
const ISSUER_MISSES: ReadonlySet<Denial["reason"]> = new Set(["issuer_unreachable", "issuer_invalid"]);

const NOTHING_SEEN: ReadonlySet<Denial["reason"]> = new Set(["app_not_installed", "repository_not_visible"]);

const NOTHING_FOUND: ReadonlySet<Denial["reason"]> = new Set([...NOTHING_SEEN, "policy_not_found"]);

/** GitHub's faults; those of callers and issuers cost nobody his good name. */
const GITHUB_OUTAGES: ReadonlySet<Denial["reason"]> = new Set([
  "github_unavailable",
  "github_invalid_answer",
  "allow_list_unavailable",
  "deadline_exceeded",
]);

/** Nothing is remembered of these, so they would be asked again and again. */
const NOTHING_READ: ReadonlySet<Denial["reason"]> = new Set([
  ...GITHUB_OUTAGES,
  "installation_suspended",
  "permission_not_held",
  "github_forbidden",
  "app_credentials_rejected",
]);
