/**
 * What is charged to whom, as keys of budgets (worker/README.md, "Who pays"). Whatever is counted at an owner has the same number, so
 * that no limit is reached before the one that makes all refusals there alike. Decides nothing.
 */
import type { Config } from "../config.ts";
import type { GitHub } from "../github/github.ts";
import { isKnownIssuer, isListedIssuer } from "../oidc/issuer-rules.ts";
import type { Budgets } from "../store/budgets.ts";
import type { Limiter } from "../store/limiter.ts";
import type { Payer } from "./payer.ts";

/** A key of one budget. */
export interface Charge {
  readonly budget: Limiter;
  readonly key: string;
}

/** In the place of a repository's name, and none: those of which nobody knows whether they are there; calls that failed; issuers. */
export const UNLISTED = "/";
export const FAILED = "!";
const NAMED_BY_PATTERN = "*";

export interface ChargesDeps {
  readonly budgets: Budgets;
  readonly github: Pick<GitHub, "appsOf">;
  readonly config: Pick<Config, "knownIssuers">;
}

export class Charges {
  readonly #deps: ChargesDeps;

  constructor(deps: ChargesDeps) {
    this.#deps = deps;
  }

  ofCaller(payer: Payer): readonly Charge[] {
    const { callers } = this.#deps.budgets;
    if (payer.kind === "own") return [];
    const key = payer.kind === "unverified" ? payer.address : JSON.stringify([payer.issuer, payer.account]);
    return [{ budget: callers, key }];
  }

  /** Of everything that is refused at the owner, whatever was asked for it. */
  ofOwner(payer: Payer, name: string): readonly Charge[] {
    const { owners } = this.#deps.budgets;
    if (payer.kind === "own") return [];
    const key = JSON.stringify([name.toLowerCase(), ...(payer.kind === "foreign" ? [payer.issuer] : [])]);
    return [...this.ofAddress(payer, name), { budget: owners, key }];
  }

  /** Of these what one address causes; who is verified has an account in its place. */
  ofAddress(payer: Payer, owner: string): readonly Charge[] {
    if (payer.kind !== "unverified") return [];
    const key = JSON.stringify([owner.toLowerCase(), payer.address]);
    return [{ budget: this.#deps.budgets.addressesAtOwner, key }];
  }

  /** Whether nothing was refused at the owner so far, to anybody of the caller's kind. */
  isFirstAt(payer: Payer, owner: string): boolean {
    const { owners } = this.#deps.budgets;
    return this.ofOwner(payer, owner).every(({ budget, key }) => budget !== owners || budget.count(key) === 0);
  }

  /** Of what GitHub is asked about a repository, or one of the names above. */
  ofLookup(payer: Payer, owner: string, repository: string): readonly Charge[] {
    if (payer.kind === "own") return [];
    const issuer = payer.kind === "foreign" ? payer.issuer : null;
    const key = JSON.stringify([owner.toLowerCase(), issuer, repository.toLowerCase()]);
    return [{ budget: this.#deps.budgets.lookups, key }];
  }

  /** Of issuers that are asked for their keys because a pattern of a policy fits them. */
  ofPatterns(owner: string): readonly Charge[] {
    const key = JSON.stringify([owner.toLowerCase(), null, NAMED_BY_PATTERN]);
    return [{ budget: this.#deps.budgets.lookups, key }];
  }

  /** By App, over all callers. */
  ofUnknownOwner(owner: string): readonly Charge[] {
    const { github, budgets } = this.#deps;
    return github.appsOf(owner).map(({ id }) => ({ budget: budgets.unknownOwners, key: id }));
  }

  /** Below a wildcard anybody can name issuers without end, none of which answers. */
  ofWildcard(issuer: string): readonly Charge[] {
    const { knownIssuers } = this.#deps.config;
    if (isListedIssuer(issuer, knownIssuers) || !isKnownIssuer(issuer, knownIssuers)) return [];
    return [{ budget: this.#deps.budgets.wildcardIssuers, key: URL.canParse(issuer) ? new URL(issuer).host : "" }];
  }
}

export const isOver = (charges: readonly Charge[]): boolean => charges.some(({ budget, key }) => budget.isOver(key));

/** False when one of them was one too many. */
export async function consumed(charges: readonly Charge[]): Promise<boolean> {
  const results = await Promise.all(charges.map(({ budget, key }) => budget.consume(key)));
  return results.every((isWithin) => isWithin);
}
