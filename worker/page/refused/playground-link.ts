/** What is known of a refusal -> the playground with it: the claims, else the refusal; and where the policy lies. Pure. */
import { claimsToShare, playgroundAddress } from "../handover.ts";
import type { ReadRefusal } from "./read.ts";

/** As many as the playground takes. */
const MAX_CHARACTERS = 16_384;
export function playgroundLink({ claims, reason, message, values }: ReadRefusal): string {
  const evidence = claims === undefined ? message !== undefined && { reason, message } : claimsToShare(claims);
  const text = evidence === false ? "" : JSON.stringify(evidence, undefined, 2);
  const place = PLACE.exec(values.find(({ value }) => PLACE.test(value))?.value ?? "");
  return playgroundAddress({
    ...(text.length <= MAX_CHARACTERS && { claims: text }),
    ...(place?.[1] !== undefined && { scope: scopeOf(place[1], place[2]) }),
  });
}

const PLACE = /^([\w-]+)\/([\w.-]+)\/\.github\/chainguard\/\S+\.sts\.yaml(?::\d+)?$/;

/** A policy repository of another name is the operator's choice, which nobody knows here. */
const scopeOf = (owner: string, repository = "") => (repository === ".github" ? { owner } : { owner, repository });
