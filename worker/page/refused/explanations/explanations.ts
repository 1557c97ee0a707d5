/** Every reason of the catalogue (`REFUSALS` of worker/denial.ts) explained: none may be missing, in the same order. */
import type { Reason } from "../../../denial.ts";
import { OF_THE_DEPLOYMENT } from "./deployment.ts";
import type { ReasonExplanation } from "./explanation.ts";
import { OF_GITHUB } from "./github.ts";
import { OF_THE_OWNER } from "./owner.ts";
import { OF_THE_POLICY } from "./policy.ts";
import { OF_THE_REQUEST } from "./request.ts";
import { OF_THE_TOKEN } from "./token.ts";

export const EXPLANATIONS: Readonly<Record<Reason, ReasonExplanation>> = {
  ...OF_THE_REQUEST,
  ...OF_THE_TOKEN,
  ...OF_THE_DEPLOYMENT,
  ...OF_THE_OWNER,
  ...OF_THE_POLICY,
  ...OF_GITHUB,
};

/** Where the token's claims, put to the policy, say more than the refusal does. */
export const HELPED_BY_CLAIMS: ReadonlySet<Reason> = new Set<Reason>([
  "not_found",
  "policy_invalid",
  "issuer_mismatch",
  "subject_mismatch",
  "audience_mismatch",
  "claim_mismatch",
  "token_too_long_lived",
]);
