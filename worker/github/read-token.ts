/** The short-lived `contents: read` token for an owner's policy files. Whoever gets one has it revoked. */
import type { Denial } from "../denial.ts";
import type { App } from "./app-jwt.ts";
import type { AppCallDeps } from "./as-app.ts";
import type { CallContext } from "./call.ts";
import { denialOf, suspended } from "./denials.ts";
import { MINT_ROUTE, sendMint } from "./mint.ts";
import { isSuspension, unprocessableCause } from "./refusal-words.ts";
import type { Meaning } from "./reply.ts";
import { discardToken } from "./revoke.ts";
import type { Installation, MintAnswer, MintedRepository } from "./shapes.ts";
import { grantProblem, permissionsLacking, type TokenGrant } from "./token-grant.ts";
import { settingsUrlOf } from "./web-url.ts";

export type ReadTokenOutcome =
  | { readonly kind: "ok"; readonly token: string; readonly repositories: readonly MintedRepository[] }
  /** 422 with no sign of a limit, and not about the permission; GitHub does not say which of the repositories. */
  | { readonly kind: "repositories_not_visible" }
  /** 404: the installation is no more. */
  | { readonly kind: "gone" }
  | { readonly kind: "denied"; readonly denial: Denial };

/** For policy files. */
const READ: TokenGrant["permissions"] = { contents: "read" };
/** For the check run of a commit as well. */
export const READ_AND_CHECK: TokenGrant["permissions"] = { contents: "read", checks: "write" };

export async function mintReadToken(
  deps: AppCallDeps,
  app: App,
  installation: Installation,
  repositories: readonly string[],
  call: CallContext,
  permissions: TokenGrant["permissions"] = READ,
): Promise<ReadTokenOutcome> {
  const grant: TokenGrant = { permissions, repositories };
  const minted = await sendMint(deps, { app, installation, grant, retry: true }, call);
  if (minted.kind === "token") {
    const denial = readDenial(grant, repositories, installation, minted.answer);
    if (denial === undefined)
      return { kind: "ok", token: minted.token, repositories: minted.answer.repositories ?? [] };
    discardToken(deps, minted.token, call);
    return { kind: "denied", denial };
  }
  if (minted.kind === "unknown") call.count?.("read_mint_unknown");
  return refusalOf(deps, { app, installation, grant, meaning: minted.meaning });
}

interface Refused {
  readonly app: App;
  readonly installation: Installation;
  readonly grant: TokenGrant;
  readonly meaning: Meaning;
}

function refusalOf(deps: AppCallDeps, { app, installation, grant, meaning }: Refused): ReadTokenOutcome {
  switch (meaning.kind) {
    case "not_found":
      return { kind: "gone" };
    case "unprocessable": {
      // An App that may read no contents at all says nothing about the repository: taken for "not visible" it would lift the
      // allow-list.
      if (unprocessableCause(meaning.json) !== "permissions") return { kind: "repositories_not_visible" };
      const missing = permissionsLacking(grant.permissions, installation.permissions);
      const settingsUrl = settingsUrlOf(deps.apiUrl, installation);
      return { kind: "denied", denial: { reason: "permission_not_held", missing, settingsUrl } };
    }
    case "forbidden":
      if (!isSuspension(meaning.json)) break;
      return { kind: "denied", denial: suspended(installation) };
  }
  return { kind: "denied", denial: denialOf(meaning, { route: MINT_ROUTE, appId: app.id }) };
}

/** GitHub finds a renamed or transferred repository under its old name; that name may be somebody else's tomorrow. */
function readDenial(
  grant: TokenGrant,
  asked: readonly string[],
  { owner }: Installation,
  answer: MintAnswer,
): Denial | undefined {
  const granted = answer.repositories ?? [];
  const isGranted = (name: string) =>
    granted.some(
      (one) => one.name.toLowerCase() === name.toLowerCase() && one.owner.toLowerCase() === owner.toLowerCase(),
    );
  const missing = asked.find((name) => !isGranted(name));
  if (missing !== undefined && granted.length === asked.length) {
    return { reason: "repository_not_visible", repository: `${owner}/${missing}`, problem: "moved" };
  }
  const problem = grantProblem(grant, owner, answer);
  return problem === undefined ? undefined : { reason: "grant_mismatch", problem };
}
