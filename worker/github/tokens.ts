/**
 * Installation tokens: to read an owner's policy files with, and the caller's own. What was granted is compared with what was asked
 * before anybody sees a token, and each refusal of GitHub's becomes its reason here.
 */
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import type { CallContext } from "./call.ts";
import { type Installations, suspended } from "./installations.ts";
import {
  type AskedGrant,
  grantProblem,
  type IdentifiedRepository,
  MINT_ROUTE,
  type MintDeps,
  type MintRequest,
  missingPermissions,
  namesOf,
  sendMint,
} from "./mint.ts";
import { type ApiResult, denialOf, isSuspension, unprocessableCause } from "./response.ts";
import { discardToken } from "./revoke.ts";
import type { Installation, MintedRepository, MintResponse } from "./shapes.ts";
import { settingsUrlOf } from "./web-url.ts";

export interface MintedToken {
  readonly token: string;
  /** RFC 3339, as GitHub wrote it. */
  readonly expiresAt: string;
  /** As granted, with the `metadata: read` that GitHub adds. */
  readonly permissions: Readonly<Record<string, string>>;
  /** In GitHub's spelling. */
  readonly repositories: readonly MintedRepository[] | "all";
}

export interface TokenDeps extends MintDeps {
  readonly installations: Installations;
  readonly apiUrl: string;
}

export interface TokenRequest extends Omit<MintRequest, "retry"> {
  /** `own`: ours to read with; may be minted twice. `caller`: never minted twice, unless GitHub proved that it did not happen. */
  readonly use: "own" | "caller";
}

/**
 * Throws for an empty grant. `repository_not_visible` is `gone` for a 404: the installation is no more; and for our own tokens
 * `not_selected` for a 422 without a sign of a limit that is not about the permissions, and `moved` for a repository that has
 * another name now.
 */
export async function mintToken(
  deps: TokenDeps,
  request: TokenRequest,
  call: CallContext,
): Promise<Result<MintedToken>> {
  const { grant, use } = request;
  const mint = await sendMint(deps, { ...request, retry: use === "own" }, call);
  if (mint.kind === "refused") {
    // A token may exist that nobody has seen.
    if (mint.isUnknown) call.count?.(use === "own" ? "read_mint_unknown" : "mint_unknown");
    return refuse(await refusalOf(deps, request, mint.result, call));
  }
  const { token, granted } = mint;
  const denial = mismatch(request, granted);
  if (denial !== undefined) {
    discardToken(deps.api, token, call);
    return refuse(denial);
  }
  return accept({
    token,
    expiresAt: granted.expiresAt,
    permissions: Object.fromEntries(granted.permissions),
    repositories: grant.repositories === "all" ? "all" : (granted.repositories ?? []),
  });
}

function mismatch({ grant, installation, use }: TokenRequest, granted: MintResponse): Denial | undefined {
  const isById = grant.repositories !== "all" && grant.repositories.some((one) => typeof one !== "string");
  const moved = use === "own" || isById ? movedRepository(grant, installation, granted) : undefined;
  if (moved !== undefined) return moved;
  if (isTaken(grant.mustBe, granted)) return movedDenial(installation, grant.mustBe.name);
  const problem = grantProblem(grant, installation.owner, granted);
  return problem === undefined ? undefined : { reason: "grant_mismatch", problem };
}

/**
 * GitHub finds a renamed or transferred repository under its old name, and by its id under whatever name: what is asked for by its
 * name must still have it, as that name may be somebody else's tomorrow.
 */
function movedRepository(
  { repositories }: AskedGrant,
  installation: Installation,
  granted: MintResponse,
): Denial | undefined {
  if (repositories === "all" || granted.repositories?.length !== repositories.length) return undefined;
  const { owner } = installation;
  const names = new Set(granted.repositories.map((one) => `${one.owner}/${one.name}`.toLowerCase()));
  const missing = namesOf(repositories).find((name) => !names.has(`${owner}/${name}`.toLowerCase()));
  return missing === undefined ? undefined : movedDenial(installation, missing);
}

function isTaken(mustBe: IdentifiedRepository | undefined, granted: MintResponse): mustBe is IdentifiedRepository {
  if (mustBe === undefined) return false;
  const name = mustBe.name.toLowerCase();
  return granted.repositories?.some((one) => one.name.toLowerCase() === name && one.id !== mustBe.id) ?? false;
}

const movedDenial = ({ owner }: Installation, name: string): Denial => ({
  reason: "repository_not_visible",
  repository: `${owner}/${name}`,
  problem: "moved",
});

async function refusalOf(
  deps: TokenDeps,
  request: TokenRequest,
  result: ApiResult,
  call: CallContext,
): Promise<Denial> {
  switch (result.kind) {
    case "not_found":
      return { reason: "repository_not_visible", repository: subjectOf(request), problem: "gone" };
    case "forbidden":
      if (isSuspension(result.json)) return suspended(request.installation);
      break;
    case "unprocessable":
      return unprocessable(deps, request, unprocessableCause(result.json), call);
  }
  return denialOf(result, { route: MINT_ROUTE, appId: request.app.id });
}

/** What a mint would be refused for, by what is remembered of the installation. */
export function permissionDenial(
  apiUrl: string,
  installation: Installation,
  { permissions }: Pick<AskedGrant, "permissions">,
): Denial | undefined {
  const missing = missingPermissions(permissions, installation.permissions);
  if (missing.length === 0) return undefined;
  return { reason: "permission_not_held", missing, settingsUrl: settingsUrlOf(apiUrl, installation) };
}

/** GitHub decides by its 422; what we remember of the installation only says it in words. */
async function unprocessable(
  deps: TokenDeps,
  request: TokenRequest,
  cause: ReturnType<typeof unprocessableCause>,
  call: CallContext,
): Promise<Denial> {
  const { app, installation, grant, use } = request;
  const settingsUrl = settingsUrlOf(deps.apiUrl, installation);
  const missing = missingPermissions(grant.permissions, installation.permissions);
  // An App that may read no contents at all says nothing about the repository: taken for "not visible" it would lift the allow-list.
  if (use === "own" && cause !== "permissions") {
    return { reason: "repository_not_visible", repository: subjectOf(request), problem: "not_selected" };
  }
  const aboutRepositories = cause === "repositories" || (cause === "unclear" && missing.length === 0);
  if (grant.repositories === "all" || !aboutRepositories)
    return { reason: "permission_not_held", missing, settingsUrl };
  const target = { owner: installation.owner, repositories: namesOf(grant.repositories) };
  const hidden = await deps.installations.missing(app, target, call);
  return { reason: "repository_not_in_installation", missing: hidden, settingsUrl };
}

/** GitHub names none of several repositories. */
function subjectOf({ installation, grant }: TokenRequest): string {
  const [only, ...others] = grant.repositories === "all" ? [] : namesOf(grant.repositories);
  return only === undefined || others.length > 0 ? installation.owner : `${installation.owner}/${only}`;
}
