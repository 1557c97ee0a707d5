/**
 * That whoever comes back from GitHub with a code is the one who was sent there from here: a random text in the form's address and in a
 * cookie. Without it somebody else's code could be shown to the operator, who would store secrets of an App that is not his.
 */
import { base64url } from "jose";
import { isLoopback } from "../../policies/fetch-target.ts";
import { REGISTRATION_MAX_SECONDS } from "../limits.ts";

const NAME = "octo-sts-registration";
const STATE_BYTES = 32;

/** The state that this browser was given; undefined for one that was given none. */
export const stateOf = (request: Request): string | undefined =>
  new RegExp(`(?:^|; ?)${nameFor(request)}=([A-Za-z0-9_-]{43})(?:;|$)`).exec(request.headers.get("Cookie") ?? "")?.[1];

export const newState = (): string => base64url.encode(crypto.getRandomValues(new Uint8Array(STATE_BYTES)));

/** `Set-Cookie`: kept for as long as GitHub knows a code, or ("") thrown away. It comes along when GitHub leads back (SameSite). */
export function stateCookie(request: Request, state: string): string {
  const name = nameFor(request);
  const seconds = state === "" ? 0 : REGISTRATION_MAX_SECONDS;
  return `${name}=${state}; Max-Age=${seconds}; Path=/; HttpOnly; SameSite=Lax${name === NAME ? "" : "; Secure"}`;
}

/** With the prefix no other host, such as a neighbour below the same domain, can set it. It takes https, which a developer's machine lacks. */
function nameFor({ url }: Request): string {
  const { protocol, hostname } = new URL(url);
  return protocol === "http:" && isLoopback(hostname) ? NAME : `__Host-${NAME}`;
}
