/** The budgets that callers are charged to, one per isolate (worker/README.md, "Who pays"). Who is charged is decided by the exchange. */
import {
  ADDRESS_MISSES_AT_OWNER_PER_WINDOW,
  CALLER_REFUSALS_PER_WINDOW,
  OWNER_LOOKUPS_IN_FLIGHT_MAX,
  OWNER_MISSES_PER_WINDOW,
  PATTERN_ISSUERS_PER_WINDOW,
  REVOCATIONS_MAX,
  REVOCATIONS_OF_CALLER_MAX,
  UNKNOWN_OWNERS_PER_WINDOW,
  WILDCARD_ISSUERS_PER_WINDOW,
} from "../limits.ts";
import { Limiter } from "./limiter.ts";

export interface BudgetsOptions {
  /** Bindings, where there are any: they count over all isolates of a location. */
  readonly callers: RateLimit | undefined;
  readonly owners: RateLimit | undefined;
  /** Ms since the epoch. */
  readonly now: () => number;
}

export class Budgets {
  /** By address, or by the token's own account: over all owners. */
  readonly callers: Limiter;
  /** By owner and issuer, over all that are foreign there; by owner, over all that are unverified. */
  readonly owners: Limiter;
  /** By owner and address: one address alone must not use up what all unverified callers have at an owner. */
  readonly addressesAtOwner: Limiter;
  /** By App, over all callers: look-ups of owners of which nobody knows whether they have it installed. */
  readonly unknownOwners: Limiter;
  /** By owner: issuers that are asked for their keys because a pattern of a policy fits them. */
  readonly patternIssuers: Limiter;
  /** By host, over all callers: issuers below a wildcard of KNOWN_ISSUERS. */
  readonly wildcardIssuers: Limiter;
  /** Places in flight only: tokens that are brought back. */
  readonly revocations: { readonly ofCaller: Limiter; readonly ofAll: Limiter };

  constructor({ callers, owners, now }: BudgetsOptions) {
    this.callers = new Limiter({ binding: callers, perWindow: CALLER_REFUSALS_PER_WINDOW, now });
    const inFlightMax = OWNER_LOOKUPS_IN_FLIGHT_MAX;
    this.owners = new Limiter({ binding: owners, perWindow: OWNER_MISSES_PER_WINDOW, inFlightMax, now });
    this.addressesAtOwner = new Limiter({ perWindow: ADDRESS_MISSES_AT_OWNER_PER_WINDOW, inFlightMax, now });
    this.unknownOwners = new Limiter({ perWindow: UNKNOWN_OWNERS_PER_WINDOW, now });
    this.patternIssuers = new Limiter({ perWindow: PATTERN_ISSUERS_PER_WINDOW, now });
    this.wildcardIssuers = new Limiter({ perWindow: WILDCARD_ISSUERS_PER_WINDOW, now });
    this.revocations = {
      ofCaller: new Limiter({ perWindow: REVOCATIONS_OF_CALLER_MAX, now }),
      ofAll: new Limiter({ perWindow: REVOCATIONS_MAX, now }),
    };
  }
}
