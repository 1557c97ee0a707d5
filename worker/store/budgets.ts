/** The budgets that callers are charged to, one per isolate (worker/README.md, "Who pays"). Who is charged is decided by the exchange. */
import {
  ADDRESS_REFUSALS_AT_OWNER_PER_WINDOW,
  CALLER_REFUSALS_PER_WINDOW,
  LOOKUPS_IN_FLIGHT_MAX,
  OWNER_REFUSALS_PER_WINDOW,
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
  /** All refusals at an owner: by owner and issuer, over all that are foreign there; by owner, over all that are unverified. */
  readonly owners: Limiter;
  /** The same by owner and address: one address alone must not use up what all unverified callers have at an owner. */
  readonly addressesAtOwner: Limiter;
  /** At an owner: what GitHub was asked about a repository; issuers that are asked because a pattern of a policy fits them. */
  readonly lookups: Limiter;
  /** By App, over all callers: owners at which something was refused. */
  readonly unknownOwners: Limiter;
  /** By host, over all callers: issuers below a wildcard of KNOWN_ISSUERS. */
  readonly wildcardIssuers: Limiter;
  /** Places in flight only: tokens that are brought back. */
  readonly revocations: { readonly ofCaller: Limiter; readonly ofAll: Limiter };

  constructor({ callers, owners, now }: BudgetsOptions) {
    this.callers = new Limiter({ binding: callers, perWindow: CALLER_REFUSALS_PER_WINDOW, now });
    const atOwner = { binding: owners, perWindow: OWNER_REFUSALS_PER_WINDOW, now };
    this.owners = new Limiter(atOwner);
    this.addressesAtOwner = new Limiter({ perWindow: ADDRESS_REFUSALS_AT_OWNER_PER_WINDOW, now });
    this.lookups = new Limiter({ ...atOwner, inFlightMax: LOOKUPS_IN_FLIGHT_MAX });
    this.unknownOwners = new Limiter({ perWindow: UNKNOWN_OWNERS_PER_WINDOW, now });
    this.wildcardIssuers = new Limiter({ perWindow: WILDCARD_ISSUERS_PER_WINDOW, now });
    this.revocations = {
      ofCaller: new Limiter({ perWindow: REVOCATIONS_OF_CALLER_MAX, now }),
      ofAll: new Limiter({ perWindow: REVOCATIONS_MAX, now }),
    };
  }
}
