/** Revoking an installation token: it runs after answers, and for callers who bring a token back. */
import { REVOCATION_MAX_MS } from "../limits.ts";
import { Deadline } from "../store/deadline.ts";
import type { Api, CallContext } from "./call.ts";

/** `already_invalid`: GitHub does not know the token, or not any more. */
export type Revocation = "revoked" | "already_invalid" | "failed";

const ROUTE = "DELETE /installation/token";
/** What can stand behind `Bearer`; anything else is no token of GitHub's, and no reason to ask. */
const SENDABLE = /^[\x21-\x7e]+$/;

export interface RevocationOptions extends Pick<CallContext, "called"> {
  readonly timeoutMs?: number;
}

/** Never throws. Insists on an outage, a limit and a hang: revoking twice does no harm, a living token may. */
export async function revokeToken(
  api: Api,
  token: string,
  { timeoutMs = REVOCATION_MAX_MS, called }: RevocationOptions = {},
): Promise<Revocation> {
  if (!SENDABLE.test(token)) return "already_invalid";
  const call = { deadline: new Deadline(timeoutMs), called, waitUntil: () => undefined };
  const response = await api.send({ route: ROUTE, token, retry: "insist" }, call);
  if (response.kind === "failure") return "failed";
  if (response.status === 204) return "revoked";
  return response.status === 401 ? "already_invalid" : "failed";
}

/** Sees to it that a token nobody was given dies, while the answer goes out. */
export function discardToken(api: Api, token: string, call: CallContext): void {
  call.waitUntil(
    revokeToken(api, token, { called: call.called }).then((outcome) => {
      if (outcome === "failed") call.count?.("revocation_failed");
      if (outcome === "revoked") call.count?.("token_discarded");
    }),
  );
}
