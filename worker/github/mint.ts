/**
 * Sends a mint and takes its token out of whatever comes back. The one rule here: a token that arrives is either handed to the
 * caller or revoked, also when it arrives too late or in an answer that is wrong.
 */
import { MINT_ANSWER_MAX_BYTES } from "../limits.ts";
import type { App } from "./app-jwt.ts";
import { type AppCallDeps, type AppReply, callAsApp } from "./as-app.ts";
import type { CallContext } from "./call.ts";
import type { Reply } from "./reply.ts";
import { discardToken } from "./revoke.ts";
import { type Installation, type MintAnswer, parseMintAnswer, tokenIn } from "./shapes.ts";
import { mintBody, type TokenGrant } from "./token-grant.ts";

export const MINT_ROUTE = "POST /app/installations/{installation_id}/access_tokens";

export interface MintRequest {
  readonly app: App;
  readonly installation: Installation;
  readonly grant: TokenGrant;
  /** A read token may be minted twice; the caller's never. */
  readonly retry: boolean;
}

export type Minted =
  | { readonly kind: "token"; readonly token: string; readonly answer: MintAnswer }
  /** GitHub may have made a token that we never saw. */
  | { readonly kind: "unknown"; readonly meaning: AppReply["meaning"] }
  /** There is no token, or it is being revoked. */
  | { readonly kind: "refused"; readonly meaning: AppReply["meaning"] };

/** Throws for an empty grant, before anything is sent. */
export async function sendMint(deps: AppCallDeps, mint: MintRequest, call: CallContext): Promise<Minted> {
  const request = {
    route: MINT_ROUTE,
    path: { installation_id: mint.installation.id },
    body: mintBody(mint.grant),
    maxBytes: MINT_ANSWER_MAX_BYTES,
    retry: mint.retry,
    onLate: async (late: Reply) => discardIn(deps, late, call),
  };
  const { app, installation } = mint;
  // A 401 proves that nothing was minted, so the other key may try.
  const { meaning, reply } = await callAsApp(
    deps,
    { app, owner: installation.owner, request, tryOtherKey: true },
    call,
  );
  if (reply === undefined) return { kind: "refused", meaning };
  const token = reply.kind === "answer" ? tokenIn(reply.json) : undefined;
  if (token === undefined) return { kind: isUnknown(reply) ? "unknown" : "refused", meaning };
  const answer = reply.kind === "answer" && reply.status === 201 ? parseMintAnswer(reply.json) : undefined;
  if (answer !== undefined) return { kind: "token", token, answer };
  discardToken(deps, token, call);
  return { kind: "refused", meaning };
}

function discardIn(deps: AppCallDeps, late: Reply, call: CallContext): void {
  const token = late.kind === "answer" ? tokenIn(late.json) : undefined;
  if (token !== undefined) discardToken(deps, token, call);
}

/** Success without a token that we could read, a failure on the way, or an error after which GitHub may have gone on. */
function isUnknown(reply: Reply): boolean {
  if (reply.kind === "failure") return true;
  return reply.status >= 500 || (reply.status >= 200 && reply.status < 300);
}
