/**
 * Before GitHub is asked for somebody who is not proven to belong to the owner (worker/README.md, "Who pays"). What is known to be there
 * is read for everyone, a few at a time; what nobody knows of costs a bounded number of calls, however many ask and whatever they name.
 */
import { accept, CALLER_RATE_LIMITED, type Denial, type Result, refuse } from "../denial.ts";
import type { GitHub } from "../github/github.ts";
import { LISTS_READ_AFTER_REFUSALS, LOOKUP_WAITS_MS } from "../limits.ts";
import { soon } from "../store/soon.ts";
import type { AccessCall } from "../trust-policy/read-access.ts";
import type { RecalledSources } from "../trust-policy/recalled.ts";
import type { PolicySource } from "../trust-policy/source.ts";
import { type Charge, type Charges, FAILED, isOver, UNLISTED } from "./charges.ts";
import type { HeldPlaces } from "./held-places.ts";
import type { Payer } from "./payer.ts";

export interface LookupLimitsDeps {
  readonly charges: Charges;
  readonly places: HeldPlaces;
  readonly policySource: Pick<PolicySource, "recall" | "prospect">;
  readonly github: Pick<GitHub, "appsOf" | "isScarceFor" | "accounts" | "repositories">;
}

export interface AskedLookup {
  readonly recalled: RecalledSources;
  readonly payer: Payer;
  readonly call: AccessCall;
}

const LIMITED = refuse(CALLER_RATE_LIMITED);

/** Of one exchange. */
export class LookupLimits {
  readonly #deps: LookupLimitsDeps;

  constructor(deps: LookupLimitsDeps) {
    this.#deps = deps;
  }

  /** Where all places are taken it waits a little: for one, or for what others look up meanwhile, which is then in memory. */
  async before(lookup: AskedLookup): Promise<Result<RecalledSources>> {
    if (this.#isFree(lookup)) return accept(lookup.recalled);
    const { policySource } = this.#deps;
    const { target } = lookup.recalled;
    let isFirst = true;
    const outcome = await soon(async () => {
      const recalled = isFirst ? lookup.recalled : await policySource.recall(target, { mayReadKv: false });
      isFirst = false;
      return this.#attempt({ ...lookup, recalled });
    }, LOOKUP_WAITS_MS);
    return outcome ?? LIMITED;
  }

  /** Without waiting, and without more calls than are refused at the owner. */
  async mayNow(lookup: AskedLookup): Promise<boolean> {
    const { owner } = lookup.recalled.target.scope;
    if (isOver(this.#deps.charges.ofOwner(lookup.payer, owner))) return false;
    return (await this.#attempt(lookup))?.ok === true;
  }

  #isFree({ recalled, payer }: AskedLookup): boolean {
    return payer.kind === "own" || this.#deps.policySource.prospect(recalled) === "free";
  }

  /** Undefined where there is no place. */
  async #attempt(lookup: AskedLookup): Promise<Result<RecalledSources> | undefined> {
    const { recalled, payer, call } = lookup;
    if (this.#isFree(lookup)) return accept(recalled);
    const { charges, places, policySource, github } = this.#deps;
    const { scope, repository } = recalled.target;
    const { owner } = scope;
    const ofCaller = charges.ofCaller(payer);
    const here = [...ofCaller, ...charges.ofLookup(payer, owner, repository)];
    if (isOver(ofCaller)) return LIMITED;
    if (policySource.prospect(recalled) === "there") return places.take(here) ? accept(recalled) : undefined;
    const ofOwner = await this.#ofUnknownOwner(owner, call);
    if (ofOwner !== "may_be_asked") return ofOwner && refuse(ofOwner);
    // The last of an installation's rate limit is for the owner's own.
    if (github.isScarceFor(owner)) return LIMITED;
    const isListed = await this.#isListed({ recalled, payer, call });
    if (isListed === false) {
      return refuse({
        reason: "repository_not_visible",
        repository: `${owner}/${repository}`,
        problem: "not_selected",
      });
    }
    const ofFailures = charges.ofLookup(payer, owner, FAILED);
    if (isListed) return this.#take([...here, ...ofFailures], here, recalled);
    const unlisted = [...here, ...charges.ofLookup(payer, owner, UNLISTED)];
    return this.#take([...unlisted, ...ofFailures, ...charges.ofOwner(payer, owner)], unlisted, recalled);
  }

  #take(
    limits: readonly Charge[],
    places: readonly Charge[],
    recalled: RecalledSources,
  ): Result<RecalledSources> | undefined {
    if (isOver(limits)) return LIMITED;
    return this.#deps.places.take(places) ? accept(recalled) : undefined;
  }

  /** Once owners that nobody knows were asked for, the list of accounts is asked first. Undefined where there is no place. */
  async #ofUnknownOwner(owner: string, call: AccessCall): Promise<Denial | "may_be_asked" | undefined> {
    const { github, charges, places } = this.#deps;
    const ofApps = charges.ofUnknownOwner(owner);
    if (ofApps.some(isBusy)) {
      const apps = github.appsOf(owner);
      const known = await Promise.all(apps.map((app) => github.accounts.has(app, owner, call)));
      if (known.every((has) => has === false)) return { reason: "app_not_installed", owner };
      if (known.includes(true)) return "may_be_asked";
      if (isOver(ofApps)) return CALLER_RATE_LIMITED;
    }
    return places.take(ofApps) ? "may_be_asked" : undefined;
  }

  /** The same of an owner's repositories. Undefined where nobody knows. */
  async #isListed({ recalled, payer, call }: AskedLookup): Promise<boolean | undefined> {
    const { github, charges } = this.#deps;
    const { target, policy, allowList } = recalled;
    const { owner } = target.scope;
    const { repository } = target;
    const isQuiet = ![...charges.ofOwner(payer, owner), ...charges.ofLookup(payer, owner, UNLISTED)].some(isBusy);
    if (isQuiet) return undefined;
    // A webhook about the repository voids its policies, and one about what an installation sees voids the allow-list.
    const voidBefore = Math.max(policy.voidBefore.known(), allowList.voidBefore.known());
    return github.repositories.has(github.appsOf(owner), { owner, repository }, { voidBefore, call });
  }
}

const isBusy = ({ budget, key }: Charge): boolean => budget.load(key) >= LISTS_READ_AFTER_REFUSALS;
