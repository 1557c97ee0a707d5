/**
 * Who is charged for what, and who has to wait (worker/README.md, "Who pays"). Callers pay for refusals before verification only,
 * so that a fleet behind one address is not hit; owners for a stranger's cache misses only, so that a stranger cannot lock an
 * owner out.
 */
import { type Denial, REFUSALS, type Viewer } from "../denial.ts";
import { RETRY_AFTER_LIMIT_SECONDS } from "../limits.ts";
import { isListedIssuer } from "../oidc/issuer-rules.ts";
import type { UnverifiedToken } from "../oidc/token.ts";
import type { Services } from "../services.ts";
import type { Leave } from "../store/limiter.ts";
import type { Target } from "../trust-policy/target.ts";
import { disclosed } from "./disclosure.ts";

const LIMITED: Denial = { reason: "caller_rate_limited", retryAfterSeconds: RETRY_AFTER_LIMIT_SECONDS };

/** Where a request comes from, and its place among those under way once it has made us ask somebody. */
export interface Caller {
  readonly key: string;
  leave?: Leave | undefined;
}

/**
 * Before a stranger makes us ask GitHub anything. What is cached costs nothing, so nobody is charged for it, nor refused it
 * because of others behind the same address.
 */
export async function strangerLimit(services: Services, caller: Caller, target: Target): Promise<Denial | undefined> {
  const { limits, policySource } = services;
  if (await policySource.isCached(target)) return undefined;
  if (!mayAsk(services, caller)) return LIMITED;
  return (await limits.owners.charge(target.scope.owner.toLowerCase())) ? undefined : LIMITED;
}

/** Before an issuer below a wildcard is asked for its keys, whatever policies say. */
export async function wildcardLimit(
  services: Services,
  caller: Caller,
  token: UnverifiedToken,
): Promise<Denial | undefined> {
  if (!isEndless(services, token.issuer) || (await services.verifier.isWarm(token))) return undefined;
  return mayAsk(services, caller) ? undefined : LIMITED;
}

/**
 * Before an issuer that only a policy names is asked. No place is wanted here: whoever fills all of them could tell by a 429 that
 * the policy names an issuer. Over the limit every refusal is a 429, so that this one tells nothing.
 */
export async function namedIssuerLimit(
  { limits, verifier }: Services,
  caller: Caller,
  token: UnverifiedToken,
): Promise<Denial | undefined> {
  if (!limits.callers.isOver(caller.key)) return undefined;
  return (await verifier.isWarm(token)) ? undefined : LIMITED;
}

function mayAsk({ limits }: Services, caller: Caller): boolean {
  if (limits.callers.isOver(caller.key)) return false;
  caller.leave ??= limits.callers.enter(caller.key);
  return caller.leave !== undefined;
}

export interface UnverifiedRefusal {
  readonly denial: Denial;
  readonly viewer: Viewer;
  readonly caller: string;
  /** Of the token, where it could be read. */
  readonly issuer: string | undefined;
}

/** Charges the caller for a refusal before verification; the denial that takes its place when that was one too many. */
export async function chargeRefusal(services: Services, refusal: UnverifiedRefusal): Promise<Denial | undefined> {
  const { denial, viewer, caller, issuer = "" } = refusal;
  const { status } = REFUSALS[disclosed(denial, viewer)];
  if (status === 429) return undefined;
  // Our own outages, GitHub's, and those of issuers on a list cost nobody his good name. But below a wildcard a stranger
  // could name issuers without end, none of which answers.
  if (status >= 500 && !(denial.reason === "issuer_unreachable" && isEndless(services, issuer))) return undefined;
  return (await services.limits.callers.charge(caller)) ? undefined : LIMITED;
}

const isEndless = ({ config }: Services, issuer: string): boolean => !isListedIssuer(issuer, config.knownIssuers);
