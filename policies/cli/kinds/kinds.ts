/**
 * Kinds of workload: which there are, and which one a token is of. Pure.
 */

import { AWS, AZURE, FLY, GOOGLE } from "./clouds.ts";
import { AKS, EKS, GKE, KUBERNETES } from "./clusters.ts";
import { GITHUB, GITHUB_BRANCH, GITHUB_ENVIRONMENT, GITHUB_REUSABLE, GITHUB_TAG } from "./github.ts";
import type { WorkloadKind } from "./kind.ts";
import { BITBUCKET, BUILDKITE, CIRCLECI, GITLAB, TERRAFORM } from "./pipelines.ts";
import { AUTH0, OTHER, SPIFFE } from "./services.ts";

/** What a policy can be written for where no token is at hand, in the order in which people look for it. */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  GITHUB_BRANCH,
  GITHUB_TAG,
  GITHUB_ENVIRONMENT,
  GITHUB_REUSABLE,
  GITHUB,
  GITLAB,
  BUILDKITE,
  CIRCLECI,
  BITBUCKET,
  TERRAFORM,
  AWS,
  EKS,
  GOOGLE,
  GKE,
  AZURE,
  AKS,
  FLY,
  KUBERNETES,
  SPIFFE,
  AUTH0,
  OTHER,
];

/**
 * What tokens are told apart by: one for all subjects of GitHub Actions, and one for all clusters. The first that fits is taken; the
 * last fits every token.
 */
const KINDS_OF_TOKENS: readonly WorkloadKind[] = [
  GITHUB,
  BUILDKITE,
  CIRCLECI,
  BITBUCKET,
  TERRAFORM,
  GOOGLE,
  AWS,
  AZURE,
  FLY,
  AUTH0,
  GITLAB,
  KUBERNETES,
  SPIFFE,
  OTHER,
];

export function kindOfToken({ iss, sub }: Readonly<Record<string, unknown>>): WorkloadKind {
  const fits = ({ issuer, subjectPrefix = "" }: WorkloadKind) =>
    issuer.test(String(iss)) && String(sub).startsWith(subjectPrefix);
  return KINDS_OF_TOKENS.find(fits) ?? OTHER;
}
