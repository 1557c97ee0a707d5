/** What is said of one reason of the catalogue, to people: on its own page, in text, as JSON, and where a refusal is pasted. */
import type { Reason } from "../../../denial.ts";

/** Who must act. */
export const WHO = {
  caller: "whoever runs the workload",
  policy: "whoever maintains the trust policy",
  owner: "an owner of the organization or account",
  operator: "the operator of this service, who finds the request id in the log",
  nobody: "nobody at first, it passes by itself; if it lasts, the operator of this service",
} as const;

export type Who = keyof typeof WHO;

/** Plain text; what stands between backticks is code. None ends with a full stop but the sentences of `look`. */
export interface ReasonExplanation {
  /** In the words of worker/README.md, "Every refusal". */
  readonly means: string;
  readonly who: Who;
  /** What they do. */
  readonly remedy: string;
  /** Where to look first, in this order; whole sentences. */
  readonly look: readonly string[];
  /** Reasons that are easily taken for this one, or are met next. */
  readonly near: readonly Reason[];
}

export const EXPLAIN =
  "copy the token's claims and ask `npm run policy -- explain` for the change of the policy, if the workload is to be let in";
export const AGAIN = "come again, after the time that Retry-After tells";
