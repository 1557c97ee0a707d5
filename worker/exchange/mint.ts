/**
 * The final mint through the Apps that could serve it. A mint is repeated only where GitHub proved that it did not happen: a
 * vanished installation is looked up once more; a rate limit, an App that is gone or suspended, and refused keys move on to the
 * next App. Every other refusal, and so every unknown outcome, ends it.
 */
import type { Grant } from "../../policies/grant.ts";
import { type AppPin, accept, type Denial, type Result, refuse } from "../denial.ts";
import type {
  App,
  AskedGrant,
  CallContext,
  GitHub,
  IdentifiedRepository,
  Installation,
  MintedToken,
} from "../github/github.ts";
import { rank, type StickyKey } from "../github/pool.ts";
import { moreActionable } from "../trust-policy/apps.ts";

export interface GrantRequest {
  readonly owner: string;
  /** The repository that the scope names: an App that does not see it cannot serve. */
  readonly repository?: string;
  /** Where the policy lies: whatever has its name now, only this one may be granted under it. */
  readonly policyRepository: IdentifiedRepository;
  /** The App that read the policy. */
  readonly reader: { readonly app: App; readonly installation: Installation };
  /** Those that may mint, best first: they serve the owner, and the policy lets them. */
  readonly apps: readonly App[];
  /** Present if the policy does not let any App. */
  readonly pin: AppPin | undefined;
  readonly grant: Grant;
  readonly sticky: StickyKey;
}

/** Through which App, and what came of it. */
export interface Minted<T = MintedToken> {
  readonly app: App;
  readonly installation: Installation;
  readonly result: Result<T>;
}

export function mintThroughApps(github: GitHub, request: GrantRequest, call: CallContext): Promise<Minted> {
  return throughApps(github, request, call, (through) => mintWith(github, through, request, call));
}

/**
 * The same without the mint: what a token would carry. Of what GitHub may say against it only the permissions are known before, as
 * far as they are remembered; before they refuse anything they are looked up.
 */
export function rehearseThroughApps(github: GitHub, request: GrantRequest, call: CallContext): Promise<Minted<Grant>> {
  return throughApps(github, request, call, async ({ app, installation }) => {
    const { owner, grant } = request;
    let result: Result<Grant> = permitted(github, installation, grant);
    if (!result.ok) {
      // In memory alone: whoever tries again and again must not write KV each time.
      const { writes: _, ...unwritten } = call;
      github.installations.forget(app, owner);
      const fresh = await usable(github, app, request, unwritten);
      result = fresh.ok ? permitted(github, fresh.value, grant) : fresh;
    }
    return { minted: { app, installation, result }, mayTryOther: false };
  });
}

function permitted(github: GitHub, installation: Installation, grant: Grant): Result<Grant> {
  const denial = github.permissionDenial(installation, grant);
  return denial ? refuse(denial) : accept({ ...grant, permissions: { ...grant.permissions, ...ALWAYS_GRANTED } });
}

/** GitHub adds it to every token. */
const ALWAYS_GRANTED = { metadata: "read" };

async function throughApps<T>(
  github: GitHub,
  request: GrantRequest,
  call: CallContext,
  attempt: (through: Pick<Minted, "app" | "installation">) => Promise<Attempt<T>>,
): Promise<Minted<T>> {
  const { reader } = request;
  let last: Minted<T> | undefined;
  let unusable: Denial | undefined;
  for (const app of orderFor(request)) {
    const known = app.id === reader.app.id ? accept(reader.installation) : await usable(github, app, request, call);
    if (!known.ok) {
      unusable = unusable ? moreActionable(unusable, known.denial) : known.denial;
      continue;
    }
    const { minted, mayTryOther } = await attempt({ app, installation: known.value });
    if (!mayTryOther || minted.result.ok) return minted;
    // A limit passes by itself, so of several refusals it is the one to tell.
    if (last === undefined || minted.result.denial.reason === "github_rate_limited") last = minted;
  }
  return last ?? { ...reader, result: refuse(unavailable(request, unusable)) };
}

/** None of the Apps could be asked for a token. The one that read the policy could: so the policy pins others. */
function unavailable({ owner, repository, pin }: GrantRequest, denial: Denial | undefined): Denial {
  const isMissing =
    denial === undefined ||
    denial.reason === "app_not_installed" ||
    (denial.reason === "repository_not_visible" && denial.problem !== "moved");
  if (!isMissing) return denial;
  if (pin === undefined) return { reason: "app_not_installed", owner };
  const on = repository === undefined ? owner : `${owner}/${repository}`;
  return { reason: "app_not_available", pin, problem: "not_installed", on };
}

/** Check runs can be changed only by the App that made them, so `checks: write` sticks; all else follows the quota. */
function orderFor({ reader, apps, grant, sticky }: GrantRequest): readonly App[] {
  if (grant.permissions.checks === "write") return rank(apps, sticky);
  const isReader = (app: App) => app.id === reader.app.id;
  return [...apps.filter(isReader), ...apps.filter((app) => !isReader(app))];
}

/** A name can be given up and taken by another repository, an id cannot. */
function askedOf({ grant, policyRepository }: GrantRequest): AskedGrant {
  const own = policyRepository.name.toLowerCase();
  const isOwn =
    grant.repositories !== "all" &&
    grant.repositories.length > 0 &&
    grant.repositories.every((name) => name.toLowerCase() === own);
  return isOwn ? { ...grant, repositories: [policyRepository] } : { ...grant, mustBe: policyRepository };
}

/**
 * The policy was read from one account. The same name may lead another App, or a fresh look-up, to whoever holds the name now:
 * nothing is minted there by somebody else's policy.
 */
async function usable(
  github: GitHub,
  app: App,
  { owner, repository, reader }: GrantRequest,
  call: CallContext,
): Promise<Result<Installation>> {
  const found = await github.installations.find(app, repository ? { owner, repository } : { owner }, call);
  if (!found.ok) return found;
  const { installation, hidden } = found.value;
  const scope = repository ? `${owner}/${repository}` : owner;
  if (hidden !== undefined) return refuse({ reason: "repository_not_visible", repository: scope, problem: hidden });
  if (installation.accountId === reader.installation.accountId) return accept(installation);
  return refuse({ reason: "repository_not_visible", repository: scope, problem: "moved" });
}

interface Attempt<T = MintedToken> {
  readonly minted: Minted<T>;
  /** GitHub proved that nothing was minted, and another App may do better. */
  readonly mayTryOther: boolean;
}

async function mintWith(
  github: GitHub,
  { app, installation }: Pick<Minted, "app" | "installation">,
  request: GrantRequest,
  call: CallContext,
): Promise<Attempt> {
  const asked = askedOf(request);
  const result = await github.mintGrantToken(app, installation, asked, call);
  const minted = { app, installation, result };
  if (result.ok || !SAYS_MORE.has(result.denial.reason)) return { minted, mayTryOther: false };
  const { reason } = result.denial;
  if (reason === "github_rate_limited") return { minted, mayTryOther: true };
  github.installations.forget(app, request.owner, call.writes);
  // Of a repository that moved another App or a fresh look-up would find the same.
  const isMoved = reason === "repository_not_visible" && result.denial.problem === "moved";
  if (isMoved || reason === "grant_mismatch") return { minted, mayTryOther: false };
  // Of an App with two keys the other one was the attempt that a 401 allows.
  const isSpent = reason === "installation_suspended" || (reason === "app_credentials_rejected" && app.keys.length > 1);
  if (isSpent) return { minted, mayTryOther: true };
  const fresh = await usable(github, app, request, call);
  if (!fresh.ok) {
    // The 404 of a mint says that the installation is no more; the look-up says why.
    const isExplained = reason === "repository_not_visible";
    return { minted: isExplained ? { ...minted, result: fresh } : minted, mayTryOther: true };
  }
  const again = await github.mintGrantToken(app, fresh.value, asked, call);
  const isLimited = !again.ok && again.denial.reason === "github_rate_limited";
  return { minted: { app, installation: fresh.value, result: again }, mayTryOther: isLimited };
}

/**
 * The refusals that do not end it, or that say that an installation is not as it is remembered: gone (404), its App's keys refused,
 * suspended since, or on an owner that has another name now.
 */
const SAYS_MORE: ReadonlySet<Denial["reason"]> = new Set([
  "github_rate_limited",
  "repository_not_visible",
  "app_credentials_rejected",
  "installation_suspended",
  "grant_mismatch",
]);
