/**
 * The story of one exchange, top to bottom: the twelve steps of worker/README.md, "One exchange". Every step returns early on
 * refusal. Plain data in and out: no Request, no Response, no Worker types.
 */
import { evaluate, matchIssuer } from "../../policies/evaluate.ts";
import { grantOf } from "../../policies/grant.ts";
import { accept, type Result, refuse } from "../denial.ts";
import { isKnownIssuer } from "../oidc/issuer-rules.ts";
import { readToken, type UnverifiedToken } from "../oidc/token.ts";
import type { VerifiedToken } from "../oidc/verify.ts";
import type { Services } from "../services.ts";
import type { PolicyAccess } from "../trust-policy/apps.ts";
import { scopeText, type Target, targetOf } from "../trust-policy/target.ts";
import { namedIssuerLimit, strangerLimit, wildcardLimit } from "./abuse-limits.ts";
import { mintThroughApps } from "./mint.ts";
import {
  deploymentGate,
  downscope,
  judgeAllowList,
  judgePolicy,
  ownerIsTaken,
  type UsablePolicy,
  unmatched,
} from "./rules.ts";
import { ExchangeRun, type Incoming, type Outcome } from "./run.ts";

/** Never throws; always ends in exactly one audit event. Register it with `waitUntil` at its start: nothing is left half done. */
export async function exchange(incoming: Incoming, services: Services): Promise<Outcome> {
  const run = new ExchangeRun(incoming, services);
  try {
    return await run.finish(await steps(run));
  } catch (bug) {
    return await run.finish(run.bug(bug));
  }
}

async function steps(run: ExchangeRun): Promise<Outcome> {
  const { services } = run;
  const { config, policySource } = services;

  // 1. Read the request: all syntax first, no I/O.
  const request = await run.inTime(run.incoming.read());
  if (!request.ok) return run.refused(request.denial);
  const { scope, identity, downscoping, bearer } = request.value;
  run.asks(scope, identity);

  // 2. Decode the token without trusting it.
  const token = readToken(bearer, services.now());
  if (!token.ok) return run.refused(token.denial);
  run.reads(token.value);

  // 3. Deployment gates.
  const closed = deploymentGate(config, scope, token.value.issuer);
  if (closed) return run.refused(closed);

  // 4. and 5. A known issuer's token is verified now; any other stays unverified. Then the App installation for the owner.
  const target = targetOf(scope, identity, config.orgPolicyRepo);
  const opened = isKnownIssuer(token.value.issuer, config.knownIssuers)
    ? await verifyAndOpen(run, token.value, target)
    : await openForStranger(run, target);
  if (!opened.ok) return run.refused(await run.withHints(opened.denial));
  run.opens(opened.value);

  // 6. The issuer allow-list and the trust policy; the list is judged first.
  const sources = await policySource.read(opened.value, run.call);
  run.readsPolicy(sources.policy);
  const listed = judgeAllowList(sources.allowList, token.value.issuer, {
    name: scope.owner,
    policyRepository: config.orgPolicyRepo,
  });
  if (!listed.ok) return run.refused(listed.denial);
  run.isListed(listed.value);
  const policy = judgePolicy(sources.policy, target, { config, listIsEnforced: listed.value?.mode === "enforce" });
  if (!policy.ok) return run.refused(await run.withHints(policy.denial));

  // 7. If still unverified: only an issuer that the policy names is asked for its keys.
  const verified = run.verified ? accept(run.verified) : await verifyNamed(run, token.value, policy.value);
  if (!verified.ok) return run.refused(verified.denial);
  run.verifies(verified.value);

  // 8. Evaluate the policy on verified claims.
  const verdict = evaluate(policy.value.policy, verified.value.claims, { domain: config.stsDomain });
  run.evaluates(verdict);
  if (!verdict.allow) return run.refused(unmatched(verdict));

  // 9. Narrow to what the caller asked for, never beyond what the policy grants.
  const whole = grantOf(policy.value.policy, { ...scope, policyRepository: config.orgPolicyRepo });
  const grant = downscope(whole, downscoping);
  if (!grant.ok) return run.refused(grant.denial);

  // 10. and 11. Guard and mint; what GitHub granted must equal what was asked.
  const { app, installation } = opened.value;
  const taken = ownerIsTaken(grant.value, verified.value.claims, { installation, webUrl: services.webUrl });
  if (taken) {
    services.github.installations.forget(app, scope.owner, run.writes);
    return run.refused(taken);
  }
  if (run.callerLeft()) return run.refused({ reason: "deadline_exceeded" });
  const minted = await mintThroughApps(
    services.github,
    {
      ...scope,
      first: opened.value,
      grant: grant.value,
      sticky: { scope: scopeText(scope), identity, subject: token.value.subject },
    },
    run.call,
  );
  run.mints(minted);
  if (!minted.result.ok) return run.refused(minted.result.denial);

  // 12. Answer.
  const { repositories, ...granted } = minted.result.value;
  return {
    kind: "granted",
    ...granted,
    repositories: repositories === "all" ? "all" : repositories.map(({ name }) => name),
    policy: { path: target.fullPath, sha: policy.value.sha },
  };
}

/**
 * Keys at hand: verify first, so that a forged token costs nothing. Else both at once, for speed: an installation is found and
 * a read token minted meanwhile, but nothing is read or answered before the signature is proven.
 */
async function verifyAndOpen(run: ExchangeRun, token: UnverifiedToken, target: Target): Promise<Result<PolicyAccess>> {
  const { verifier, policySource } = run.services;
  const limited = await wildcardLimit(run.services, run.caller, token);
  if (limited) return refuse(limited);
  const verify = () => verifier.verify(token, { known: true, signal: run.call.signal, writes: run.writes });
  const oneByOne =
    (await verifier.isWarm(token)) || (await strangerLimit(run.services, run.caller, target)) !== undefined;
  if (oneByOne) {
    const verified = await verify();
    if (!verified.ok) return verified;
    run.verifies(verified.value);
    return policySource.resolve(target, run.call);
  }
  const [verified, opened] = await Promise.all([verify(), policySource.resolve(target, run.call)]);
  if (!verified.ok) return verified;
  run.verifies(verified.value);
  return opened;
}

/** Whatever is cached, an unknown issuer's token stays unverified here: an answer never depends on what a cache holds. */
async function openForStranger(run: ExchangeRun, target: Target): Promise<Result<PolicyAccess>> {
  const limited = await strangerLimit(run.services, run.caller, target);
  return limited ? refuse(limited) : run.services.policySource.resolve(target, run.call);
}

async function verifyNamed(
  run: ExchangeRun,
  token: UnverifiedToken,
  { policy }: UsablePolicy,
): Promise<Result<VerifiedToken>> {
  const { verifier } = run.services;
  const clause = matchIssuer(policy, token.issuer);
  if (!clause.passed) return refuse({ reason: "issuer_mismatch", clause });
  const { jwks } = policy.document;
  if (jwks) return verifier.verifyInline(token, jwks);
  const limited = await namedIssuerLimit(run.services, run.caller, token);
  if (limited) return refuse(limited);
  return verifier.verify(token, { known: false, signal: run.call.signal, writes: run.writes });
}

export type { Downscoping } from "./rules.ts";
export type { ExchangeRequest, Granted, Incoming, Outcome, Refused, Timing } from "./run.ts";
