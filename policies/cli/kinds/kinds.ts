/**
 * Kinds of workload: which there are, and which one a token is of. Pure.
 */

import { GITHUB } from "./github.ts";
import { AWS, AZURE, FLY, GOOGLE, KUBERNETES, OTHER } from "./hosts.ts";
import type { WorkloadKind } from "./kind.ts";
import { BITBUCKET, BUILDKITE, CIRCLECI, GITLAB, TERRAFORM } from "./pipelines.ts";

/** The first that fits is taken; the last fits every token. */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  GITHUB,
  BUILDKITE,
  CIRCLECI,
  BITBUCKET,
  TERRAFORM,
  GOOGLE,
  AWS,
  AZURE,
  FLY,
  GITLAB,
  KUBERNETES,
  OTHER,
];

export function kindOfToken({ iss, sub }: Readonly<Record<string, unknown>>): WorkloadKind {
  const fits = ({ issuer, subjectPrefix = "" }: WorkloadKind) =>
    issuer.test(String(iss)) && String(sub).startsWith(subjectPrefix);
  return WORKLOAD_KINDS.find(fits) ?? OTHER;
}
