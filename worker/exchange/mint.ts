/**
 * The final mint through the Apps that could serve it. A mint is repeated only where GitHub proved that it did not happen: a
 * vanished installation is looked up once more; a rate limit, an App that is gone or suspended, and refused keys move on to the
 * next App. An unknown outcome ends it.
 */
import type { Denial } from "../denial.ts";
import type { App, CallContext, GitHub, Installation, MintOutcome, TokenGrant } from "../github/github.ts";
import { rank, type StickyKey } from "../github/rank.ts";

export interface GrantRequest {
  readonly owner: string;
  /** The repository that the scope names: an App that does not see it cannot serve. */
  readonly repository?: string;
  /** The App that read the policy, and all that serve the owner, best first. */
  readonly first: { readonly app: App; readonly apps: readonly App[]; readonly installation: Installation };
  readonly grant: TokenGrant;
  readonly sticky: StickyKey;
}

export interface Minted {
  readonly app: App;
  readonly installation: Installation;
  readonly outcome: MintOutcome;
}

export async function mintThroughApps(github: GitHub, request: GrantRequest, call: CallContext): Promise<Minted> {
  const { first } = request;
  let last: Minted | undefined;
  for (const app of orderFor(request)) {
    const installation = app.id === first.app.id ? first.installation : await usable(github, app, request, call);
    if (!installation) continue;
    const minted = await mintOnce(github, app, installation, request, call);
    if (minted.outcome.kind !== "denied" || minted.outcome.retryWith !== "other_app") return minted;
    // A limit passes by itself, so of several refusals it is the one to tell.
    if (last === undefined || minted.outcome.denial.reason === "github_rate_limited") last = minted;
  }
  const denial: Denial = { reason: "app_not_installed", owner: request.owner };
  return last ?? { ...first, outcome: { kind: "denied", denial } };
}

/** Check runs can be changed only by the App that made them, so `checks: write` sticks; all else follows the quota. */
function orderFor({ first, grant, sticky }: GrantRequest): readonly App[] {
  if (grant.permissions.checks === "write") return rank(first.apps, sticky);
  return [first.app, ...first.apps.filter((app) => app.id !== first.app.id)];
}

/**
 * The policy was read from one account. The same name may lead another App, or a fresh look-up, to whoever holds the name now:
 * nothing is minted there by somebody else's policy.
 */
async function usable(
  github: GitHub,
  app: App,
  { owner, repository, first }: GrantRequest,
  call: CallContext,
): Promise<Installation | undefined> {
  const lookup = await github.findInstallation(app, repository ? { owner, repository } : { owner }, call);
  if (lookup.kind !== "found" || lookup.installation.suspended) return undefined;
  return lookup.installation.accountId === first.installation.accountId ? lookup.installation : undefined;
}

async function mintOnce(
  github: GitHub,
  app: App,
  installation: Installation,
  request: GrantRequest,
  call: CallContext,
): Promise<Minted> {
  const outcome = await github.mintGrantToken(app, installation, request.grant, call);
  if (outcome.kind !== "denied" || outcome.retryWith === "other_app") return { app, installation, outcome };
  const { reason } = outcome.denial;
  const isOver = outcome.retryWith === "fresh_installation" || OUT_OF_DATE.has(reason);
  if (!isOver) return { app, installation, outcome };
  github.forgetInstallation(app, request.owner, call.writes);
  if (reason === "grant_mismatch") return { app, installation, outcome };
  const elsewhere = { app, installation, outcome: { ...outcome, retryWith: "other_app" } as const };
  // Of an App with two keys the other one was the attempt that a 401 allows.
  const isSpent = reason === "installation_suspended" || (reason === "app_credentials_rejected" && app.keys.length > 1);
  const fresh = isSpent ? undefined : await usable(github, app, request, call);
  if (!fresh) return elsewhere;
  return { app, installation: fresh, outcome: await github.mintGrantToken(app, fresh, request.grant, call) };
}

/** What says that an installation is not as it is remembered: suspended since, or on an owner that has another name now. */
const OUT_OF_DATE: ReadonlySet<Denial["reason"]> = new Set(["installation_suspended", "grant_mismatch"]);
