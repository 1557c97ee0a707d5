/**
 * The final mint through the Apps that could serve it. A mint is repeated only where GitHub proved that it did not happen: a
 * rate limit moves on to the next App, a vanished installation is looked up once more. An unknown outcome ends it.
 */
import type { Denial } from "../denial.ts";
import type { App, CallContext, GitHub, Installation, MintOutcome, TokenGrant } from "./github.ts";
import { rank, type StickyKey } from "./rank.ts";

export interface GrantRequest {
  readonly owner: string;
  /** The repository that the scope names: an App that does not see it cannot serve. */
  readonly repository?: string;
  /** The App that read the policy. */
  readonly first: { readonly app: App; readonly installation: Installation };
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
  for (const app of orderFor(github, request)) {
    const installation = app.id === first.app.id ? first.installation : await usable(github, app, request, call);
    if (!installation) continue;
    const minted = await mintOnce(github, app, installation, request, call);
    if (minted.outcome.kind !== "denied" || minted.outcome.retryWith !== "other_app") return minted;
    last ??= minted;
  }
  const denial: Denial = { reason: "app_not_installed", owner: request.owner };
  return last ?? { ...first, outcome: { kind: "denied", denial } };
}

/** Check runs can be changed only by the App that made them, so `checks: write` sticks; all else follows the quota. */
function orderFor(github: GitHub, { owner, first, grant, sticky }: GrantRequest): readonly App[] {
  const apps = github.appsFor(owner);
  if (grant.permissions.checks === "write") return rank(apps, sticky);
  return [first.app, ...apps.filter((app) => app.id !== first.app.id)];
}

async function usable(
  github: GitHub,
  app: App,
  { owner, repository }: GrantRequest,
  call: CallContext,
): Promise<Installation | undefined> {
  const lookup = await github.findInstallation(app, repository ? { owner, repository } : { owner }, call);
  return lookup.kind === "found" && !lookup.installation.suspended ? lookup.installation : undefined;
}

async function mintOnce(
  github: GitHub,
  app: App,
  installation: Installation,
  request: GrantRequest,
  call: CallContext,
): Promise<Minted> {
  const outcome = await github.mintGrantToken(app, installation, request.grant, call);
  if (outcome.kind !== "denied" || outcome.retryWith !== "fresh_installation") return { app, installation, outcome };
  github.forgetInstallation(app, request.owner, call.writes);
  const fresh = await usable(github, app, request, call);
  if (!fresh) return { app, installation, outcome };
  return { app, installation: fresh, outcome: await github.mintGrantToken(app, fresh, request.grant, call) };
}
