/**
 * The story of one exchange, top to bottom: the twelve steps of worker/README.md, "One exchange". Each step that fails ends it with
 * a refusal. What comes in and goes out is plain data, so that every wire and every test can run it: no Request, no Response.
 */
import { evaluate, matchIssuer } from "../../policies/evaluate.ts";
import { grantOf } from "../../policies/grant.ts";
import type { DeploymentRules } from "../../policies/parse.ts";
import type { Config } from "../config.ts";
import { accept, type Result, refuse } from "../denial.ts";
import type { GitHub } from "../github/github.ts";
import { isKnownIssuer } from "../oidc/issuer-rules.ts";
import { readToken, type UnverifiedToken } from "../oidc/token.ts";
import type { VerifiedToken, Verifier } from "../oidc/verify.ts";
import type { PolicyAccess } from "../trust-policy/apps.ts";
import type { RecalledSources } from "../trust-policy/recalled.ts";
import type { PolicySource } from "../trust-policy/source.ts";
import { scopeText, type Target, targetOf } from "../trust-policy/target.ts";
import { type GrantRequest, mintThroughApps, rehearseThroughApps } from "./mint.ts";
import type { ExchangeOutcome, Incoming, WouldGrant } from "./outcome.ts";
import {
  allowedApps,
  deploymentGate,
  downscope,
  judgeAllowList,
  judgePolicy,
  ownerIsTaken,
  pinOf,
  type UsablePolicy,
  unmatched,
} from "./rules.ts";
import { ExchangeRun, type RunDeps } from "./run.ts";

export interface ExchangeDeps extends RunDeps {
  readonly config: Config;
  readonly deploymentRules: DeploymentRules;
  readonly verifier: Verifier;
  readonly policySource: PolicySource;
  readonly github: GitHub;
}

/** Never throws; always ends in exactly one audit event. It is registered at its start with all that follows: nothing is left half done. */
export function exchange(incoming: Incoming, deps: ExchangeDeps): Promise<ExchangeOutcome> {
  const run = new ExchangeRun(incoming, deps);
  const outcome = outcomeOf(run, incoming, deps);
  incoming.waitUntil(outcome.then((reached) => run.afterwards(reached)));
  return outcome;
}

async function outcomeOf(run: ExchangeRun, incoming: Incoming, deps: ExchangeDeps): Promise<ExchangeOutcome> {
  try {
    return await run.finish(await steps(run, incoming, deps));
  } catch (bug) {
    return await run.finish(run.bug(bug));
  }
}

async function steps(run: ExchangeRun, incoming: Incoming, deps: ExchangeDeps): Promise<ExchangeOutcome> {
  const { config, github, policySource } = deps;

  // 1. Read the request: all syntax first, no I/O.
  const request = await incoming.read();
  if (!request.ok) return run.refused(request.denial);
  const { scope, identity, downscoping, bearer, dryRun } = request.value;
  run.setRequest(request.value);

  // 2. Decode the token without trusting it.
  const token = readToken(bearer, deps.now());
  if (!token.ok) return run.refused(token.denial);
  run.setToken(token.value);

  // 3. Gates of the deployment.
  const closed = deploymentGate(config, scope, token.value.issuer);
  if (closed) return run.refused(closed);

  // 4. and 5. A known issuer's token is verified now; any other stays unverified. Then the App installation for the owner.
  const target = targetOf(scope, identity, config.orgPolicyRepo);
  const access = isKnownIssuer(token.value.issuer, config.knownIssuers)
    ? await verifyAndResolve(run, deps, token.value, target)
    : await resolveUnverified(run, deps, target);
  if (!access.ok) return run.refusedWithHints(access.denial);
  run.setInstallation(access.value);

  // 6. The issuer allow-list and the trust policy; the list is judged first.
  const sources = await policySource.read(access.value, run.call);
  run.setPolicy(sources.policy, access.value);
  const listed = judgeAllowList(sources.allowList, token.value.issuer, {
    name: scope.owner,
    policyRepository: config.orgPolicyRepo,
  });
  if (!listed.ok) return run.refused(listed.denial);
  run.record.allowList(listed.value);
  const policy = judgePolicy(sources.policy, target, {
    deploymentRules: deps.deploymentRules,
    listIsEnforced: listed.value?.mode === "enforce",
  });
  if (!policy.ok) return run.refusedWithHints(policy.denial);

  // 7. If still unverified: only an issuer that the policy names is asked for its keys.
  const named = { token: token.value, target };
  const verified = run.verified ? accept(run.verified) : await verifyNamed(run, deps, named, policy.value);
  if (!verified.ok) return run.refused(verified.denial);
  run.setVerified(verified.value);

  // 8. Evaluate the policy on verified claims.
  const { claims } = verified.value;
  const verdict = evaluate(policy.value.policy, claims, { domain: config.stsDomain });
  run.record.verdict(verdict);
  if (verdict.failed) return run.refusedWithHints(unmatched(verdict.failed, policy.value.policy, { target, claims }));

  // 9. Downscope to what the caller asked for, never beyond what the policy grants.
  const whole = grantOf(policy.value.policy, { ...scope, policyRepository: config.orgPolicyRepo });
  run.record.grantable(whole);
  const grant = downscope(whole, downscoping);
  if (!grant.ok) return run.refused(grant.denial);

  // 10. and 11. Guard and mint; what GitHub granted must equal what was asked.
  const apps = allowedApps(policy.value.policy, access.value.apps, scope);
  if (!apps.ok) return run.refused(apps.denial);
  const { app, installation } = access.value;
  const taken = ownerIsTaken(grant.value, claims, { installation, webUrl: deps.webUrl });
  if (taken) {
    github.installations.forget(app, scope.owner, run.writes);
    return run.refused(taken);
  }
  if (run.callerLeft()) return run.refused({ reason: "deadline_exceeded" });
  const changed = policySource.changedSince(access.value, sources);
  if (changed) return run.refused(changed);
  const sticky = { scope: scopeText(scope), identity, subject: token.value.subject };
  const policyRepository = { id: policy.value.repositoryId, name: target.repository };
  const from = { reader: access.value, apps: apps.value, pin: pinOf(policy.value.policy) };
  const asked = { ...scope, ...from, policyRepository, grant: grant.value, sticky };
  const granting = { path: target.fullPath, sha: policy.value.sha };
  if (dryRun) return rehearsal(run, deps, asked, granting);
  const unrecordable = run.unrecordable();
  if (unrecordable) return run.refused(unrecordable);
  const minted = await mintThroughApps(github, asked, run.call);
  run.setMinted(minted);
  if (!minted.result.ok) {
    policySource.learnRefusal(access.value, minted.result.denial, run.call);
    return run.refusedWithHints(minted.result.denial);
  }

  // 12. Answer.
  const { repositories, ...granted } = minted.result.value;
  return {
    kind: "granted",
    ...granted,
    repositories: repositories === "all" ? "all" : repositories.map(({ name }) => name),
    policy: granting,
    app: { slug: minted.installation.appSlug, botId: minted.app.botId },
  };
}

/** In place of the mint: nothing is made, and nothing is learned of what GitHub alone knows. */
async function rehearsal(
  run: ExchangeRun,
  { github }: ExchangeDeps,
  asked: GrantRequest,
  policy: WouldGrant["policy"],
): Promise<ExchangeOutcome> {
  const rehearsed = await rehearseThroughApps(github, asked, run.call);
  run.record.mint(rehearsed);
  if (!rehearsed.result.ok) return run.refusedWithHints(rehearsed.result.denial);
  return { kind: "would_grant", ...rehearsed.result.value, policy };
}

/**
 * Keys at hand: verify first, so that a forged token costs nothing. Else both at once, for speed: an installation is found and
 * a read token minted meanwhile, but nothing is read or answered before the signature is proven.
 */
async function verifyAndResolve(
  run: ExchangeRun,
  deps: ExchangeDeps,
  token: UnverifiedToken,
  target: Target,
): Promise<Result<PolicyAccess>> {
  const { verifier, policySource } = deps;
  const limited = await run.limits.beforeWildcardIssuer(token, run.payer);
  if (limited) return refuse(limited);
  const verify = () => verifier.verify(token, { ...run.call, known: true });
  const verifyFirst = async (recalled?: RecalledSources) => {
    const verified = await verify();
    if (!verified.ok) return verified;
    run.setVerified(verified.value);
    return resolveCharged(run, deps, recalled ?? (await recall(run, deps, target)));
  };
  if (await verifier.needsNoFetch(token, run.call.cached)) return verifyFirst();
  const recalled = await recall(run, deps, target);
  if (!(await run.limits.mayLookUpNow({ recalled, payer: run.payer, call: run.call }))) return verifyFirst(recalled);
  const [verified, access] = await Promise.all([verify(), policySource.resolve(recalled, run.call)]);
  if (!verified.ok) return verified;
  run.setVerified(verified.value);
  return access;
}

/** Whatever is cached, an unknown issuer's token stays unverified here: an answer never depends on what a cache holds. */
async function resolveUnverified(run: ExchangeRun, deps: ExchangeDeps, target: Target): Promise<Result<PolicyAccess>> {
  return resolveCharged(run, deps, await recall(run, deps, target));
}

function recall(run: ExchangeRun, { policySource }: ExchangeDeps, target: Target): Promise<RecalledSources> {
  return policySource.recall(target, { mayReadKv: run.limits.mayReadKv(run.payer) });
}

async function resolveCharged(
  run: ExchangeRun,
  { policySource }: ExchangeDeps,
  recalled: RecalledSources,
): Promise<Result<PolicyAccess>> {
  const admitted = await run.limits.beforeLookup({ recalled, payer: run.payer, call: run.call });
  return admitted.ok ? policySource.resolve(admitted.value, run.call) : admitted;
}

async function verifyNamed(
  run: ExchangeRun,
  { verifier }: ExchangeDeps,
  { token, target }: { readonly token: UnverifiedToken; readonly target: Target },
  { policy }: UsablePolicy,
): Promise<Result<VerifiedToken>> {
  const clause = matchIssuer(policy, token.issuer);
  if (!clause.passed) return refuse(unmatched(clause, policy, { target }));
  const { jwks } = policy.document;
  if (jwks) return verifier.verifyInline(token, jwks);
  const limited = await run.limits.beforeNamedIssuer(token, policy, { owner: target.scope.owner, payer: run.payer });
  if (limited) return refuse(limited);
  return verifier.verify(token, { ...run.call, known: false });
}
