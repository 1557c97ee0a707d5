/** Calls that a GitHub App makes in its own name: signed by its JWT, with its other key when GitHub refuses the first. */

import type { App, AppJwt, AppJwts } from "./app-jwt.ts";
import { type ApiRequest, type CallContext, type CallDeps, callGitHub } from "./call.ts";
import type { Pool } from "./pool.ts";
import { isUnknownApp } from "./refusal-words.ts";
import { type Meaning, meaningOf, type Reply } from "./reply.ts";

export interface AppCallDeps extends CallDeps {
  readonly jwts: AppJwts;
  readonly pool: Pool;
}

export interface AppCall {
  readonly app: App;
  readonly request: Omit<ApiRequest, "token">;
  /** Whose installation it is about, so that a limit is remembered for that owner. */
  readonly owner?: string;
  /** On 401 ask once more with the other key at once. Off for the final mint, whose repetition the exchange decides. */
  readonly tryOtherKey: boolean;
}

export interface AppReply {
  readonly meaning: Meaning;
  /** Absent when nothing was sent: no key can sign. */
  readonly reply?: Reply;
}

export async function callAsApp(deps: AppCallDeps, ask: AppCall, call: CallContext): Promise<AppReply> {
  const jwt = await deps.jwts.for(ask.app);
  const first = await callWith(deps, ask, jwt, call);
  if (first.meaning.kind !== "unauthorized" || !ask.tryOtherKey) return first;
  const other = await deps.jwts.for(ask.app);
  return other === undefined || other.key === jwt?.key ? first : callWith(deps, ask, other, call);
}

async function callWith(
  deps: AppCallDeps,
  { app, request, owner }: AppCall,
  jwt: AppJwt | undefined,
  call: CallContext,
): Promise<AppReply> {
  if (jwt === undefined) return { meaning: { kind: "unauthorized" } };
  const reply = await callGitHub(deps, { ...request, token: jwt.jwt }, call);
  const meaning = asAppHears(meaningOf(reply, deps.now()));
  if (meaning.kind === "unauthorized") deps.jwts.rejected(app, jwt);
  if (meaning.kind === "rate_limited" && owner !== undefined) {
    deps.pool.limited(app.id, owner, meaning.retryAfterSeconds);
  }
  return { meaning, reply };
}

/** To an App with a wrong id everything is a 404, and every owner would look as if it had not installed it. */
function asAppHears(meaning: Meaning): Meaning {
  return meaning.kind === "not_found" && isUnknownApp(meaning.json) ? { kind: "unauthorized" } : meaning;
}
