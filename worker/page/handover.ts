/** What other views hand over to the playground, as a link. Pure; a token is never part of it. */
import { writeAddress } from "./address.ts";
import { holdsToken } from "./playground/intake.ts";

export interface Handover {
  readonly policy?: string;
  /** Claims, or a refusal, as JSON. */
  readonly claims?: string;
  /** What the policy is asked for by; without a repository it is an organization's. */
  readonly scope?: { readonly owner: string; readonly repository?: string };
}

/** The names are those that the playground reads: playground/link.ts. */
export function playgroundAddress({ policy = "", claims = "", scope }: Handover): string {
  const { owner, repository } = scope ?? {};
  const state = new URLSearchParams({
    ...(mayStand(policy) && { policy }),
    ...(mayStand(claims) && { claims }),
    ...(owner !== undefined &&
      (repository === undefined
        ? { file: "organization", scope: owner }
        : { file: "repository", scope: `${owner}/${repository}` })),
  });
  return writeAddress({ view: "playground", state });
}

/** Issuers put tokens into claims, and people paste them anywhere. */
const mayStand = (text: string): boolean => text !== "" && !holdsToken(text);

/** They name one token, and no policy looks at them. */
const OF_ONE_TOKEN = ["jti", "nonce", "sid", "at_hash", "c_hash"];

/** What a link may hold of a token's claims. */
export const claimsToShare = (claims: object): Readonly<Record<string, unknown>> =>
  Object.fromEntries(Object.entries(claims).filter(([name]) => !OF_ONE_TOKEN.includes(name)));
