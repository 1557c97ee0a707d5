/**
 * That whoever comes back from GitHub with a code is the one who was sent there from here: a random text in the form's address and in a
 * cookie. Without it somebody else's code could be shown to the operator, who would store secrets of an App that is not his.
 */
import { base64url } from "jose";
import { isLoopback } from "../../policies/fetch-target.ts";
import { REGISTRATION_MAX_SECONDS } from "../limits.ts";

const NAME = "octo-sts-registration";
const STATE_BYTES = 32;

/** The state that this browser was given; undefined for one that was given none. `domain`: the deployment's. */
export const stateOf = (request: Request, domain: string): string | undefined =>
  new RegExp(`(?:^|; ?)${nameFor(domain)}=([A-Za-z0-9_-]{43})(?:;|$)`).exec(request.headers.get("Cookie") ?? "")?.[1];

export const newState = (): string => base64url.encode(crypto.getRandomValues(new Uint8Array(STATE_BYTES)));

/** `Set-Cookie`: kept for as long as GitHub knows a code, or ("") thrown away. It comes along when GitHub leads back (SameSite). */
export function stateCookie(domain: string, state: string): string {
  const name = nameFor(domain);
  const seconds = state === "" ? 0 : REGISTRATION_MAX_SECONDS;
  return `${name}=${state}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Lax${name === NAME ? "" : "; Secure"}`;
}

/**
 * With the prefix no other host, such as a neighbour below the same domain, can set it. It takes https, which a developer's machine
 * lacks. The deployment's own name decides: a request's is whatever a proxy in front calls this server, often 127.0.0.1.
 */
const nameFor = (domain: string): string =>
  isLoopback(new URL(`https://${domain}`).hostname) ? NAME : `__Host-${NAME}`;
