/**
 * The final mint: exactly the grant, never twice unless GitHub proved that it did not happen. What was granted is compared with
 * what was asked before anybody sees the token.
 */
import type { Denial } from "../denial.ts";
import type { App } from "./app-jwt.ts";
import type { CallContext } from "./call.ts";
import { denialOf, suspended } from "./denials.ts";
import { findMissing, type InstallationDeps } from "./installations.ts";
import { MINT_ROUTE, sendMint } from "./mint.ts";
import { isSuspension, unprocessableCause } from "./refusal-words.ts";
import type { Meaning } from "./reply.ts";
import { discardToken } from "./revoke.ts";
import type { Installation, MintAnswer } from "./shapes.ts";
import { grantProblem, permissionsLacking, type TokenGrant } from "./token-grant.ts";
import { settingsUrlOf } from "./web-url.ts";

export type MintOutcome =
  | {
      readonly kind: "minted";
      readonly token: string;
      /** RFC 3339, as GitHub wrote it. */
      readonly expiresAt: string;
      /** As granted, with the `metadata: read` that GitHub adds. */
      readonly permissions: Readonly<Record<string, string>>;
      /** In GitHub's spelling. */
      readonly repositories: readonly string[] | "all";
    }
  | {
      readonly kind: "denied";
      readonly denial: Denial;
      /** Nothing was minted, and one more attempt in this way may do better. The App's other key was tried already. */
      readonly retryWith?: "fresh_installation" | "other_app";
    }
  /** A token may exist that nobody has seen. Never repeated; counted as `mint_unknown`. */
  | { readonly kind: "unknown"; readonly denial: Denial };

/** Throws for an empty grant. */
export async function mintGrantToken(
  deps: InstallationDeps,
  app: App,
  installation: Installation,
  grant: TokenGrant,
  call: CallContext,
): Promise<MintOutcome> {
  const minted = await sendMint(deps, { app, installation, grant, retry: false }, call);
  if (minted.kind === "token") {
    const problem = grantProblem(grant, installation.owner, minted.answer);
    if (problem === undefined) return outcomeOf(minted.token, grant, minted.answer);
    discardToken(deps, minted.token, call);
    return { kind: "denied", denial: { reason: "grant_mismatch", problem } };
  }
  const denial = denialOf(minted.meaning, { route: MINT_ROUTE, appId: app.id });
  if (minted.kind === "unknown") {
    call.count?.("mint_unknown");
    return { kind: "unknown", denial };
  }
  return refusalOf(deps, { app, installation, grant, meaning: minted.meaning, denial }, call);
}

function outcomeOf(token: string, grant: TokenGrant, answer: MintAnswer): MintOutcome {
  const names = answer.repositories?.map(({ name }) => name) ?? [];
  return {
    kind: "minted",
    token,
    expiresAt: answer.expiresAt,
    permissions: Object.fromEntries(answer.permissions),
    repositories: grant.repositories === "all" ? "all" : names,
  };
}

interface Refused {
  readonly app: App;
  readonly installation: Installation;
  readonly grant: TokenGrant;
  readonly meaning: Meaning;
  readonly denial: Denial;
}

async function refusalOf(deps: InstallationDeps, refused: Refused, call: CallContext): Promise<MintOutcome> {
  const { meaning, installation, denial } = refused;
  switch (meaning.kind) {
    case "rate_limited":
      return { kind: "denied", denial, retryWith: "other_app" };
    case "unauthorized":
      return { kind: "denied", denial, retryWith: "fresh_installation" };
    case "not_found": {
      const gone: Denial = { reason: "repository_not_visible", repository: subjectOf(refused), problem: "gone" };
      return { kind: "denied", denial: gone, retryWith: "fresh_installation" };
    }
    case "forbidden":
      if (!isSuspension(meaning.json)) return { kind: "denied", denial };
      return { kind: "denied", denial: suspended(installation) };
    case "unprocessable":
      return { kind: "denied", denial: await unprocessableDenial(deps, refused, meaning.json, call) };
    default:
      return { kind: "denied", denial };
  }
}

/** GitHub decides by its 422; what we remember of the installation only says it in words. */
async function unprocessableDenial(
  deps: InstallationDeps,
  { app, installation, grant }: Refused,
  json: unknown,
  call: CallContext,
): Promise<Denial> {
  const settingsUrl = settingsUrlOf(deps.apiUrl, installation);
  const lacking = permissionsLacking(grant.permissions, installation.permissions);
  const cause = unprocessableCause(json);
  const aboutRepositories = cause === "repositories" || (cause === "unclear" && lacking.length === 0);
  if (grant.repositories === "all" || !aboutRepositories) {
    return { reason: "permission_not_held", missing: lacking, settingsUrl };
  }
  const missing = await findMissing(deps, app, { owner: installation.owner, repositories: grant.repositories }, call);
  return { reason: "repository_not_in_installation", missing, settingsUrl };
}

function subjectOf({ installation, grant }: Refused): string {
  const only = grant.repositories !== "all" && grant.repositories.length === 1 ? grant.repositories[0] : undefined;
  return only === undefined ? installation.owner : `${installation.owner}/${only}`;
}
