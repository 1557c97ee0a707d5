/**
 * An audience that does not match: most often the token is to be asked for anew. Pure.
 */

import type { WorkloadKind } from "../kinds/kind.ts";
import { advise, type Change, type FailedClause, twoForms } from "./clause.ts";
import { textChange } from "./text.ts";

/** `domain`: of the deployment, the default audience; empty if it is not known. */
export function audienceChange(clause: FailedClause, audiences: readonly string[], domain: string): Change {
  const { failed, workload } = clause;
  const { expected } = failed;
  const [first] = audiences;
  if (expected.kind === "any_of") {
    const ask = `The policy names no audience, so that the token must be made for the deployment: ask for the token with audience \`${domain}\`.`;
    if (first === undefined || canChoose(workload)) return advise(ask);
    return advise(workload.fixedAudience ? FIXED : `${ask} ${OR_ACCEPT}`, { set: [{ key: "audience", value: first }] });
  }
  const key = expected.kind === "exact" ? "audience" : "audience_pattern";
  if (domain !== "" && audiences.some((audience) => audience === domain || audience === `https://${domain}`)) {
    const advice = `The token is made for the deployment, which is what a policy wants that names no audience: remove the line \`${key}\`.`;
    return advise(advice, { remove: [{ key }] });
  }
  const wanted = expected.kind === "exact" ? `audience \`${expected.value}\`` : "an audience that the pattern matches";
  const ask = `Ask for the token with ${wanted}.`;
  if (first === undefined || canChoose(workload)) return advise(ask);
  const change = textChange(
    twoForms("audience", { kind: expected.kind === "exact" ? "exact" : "pattern", value: expected.value }, clause),
    first,
    workload,
    "audience",
  );
  return { ...change, advice: workload.fixedAudience ? FIXED : `${ask} ${OR_ACCEPT}` };
}

/** A token for another audience was given to somebody else as well, who could use it here. */
const OR_ACCEPT = "Or, if its issuer makes it for no other, accept what it has:";

const FIXED = "Tokens of this kind cannot be made for every audience. To accept the one that this has:";

/** Every known kind asks its issuer for the audience that it wants. */
const canChoose = ({ name, fixedAudience }: WorkloadKind): boolean => name !== "other" && fixedAudience !== true;
