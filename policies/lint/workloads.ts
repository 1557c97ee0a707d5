/**
 * What is known of the issuers that policies name most: whose tokens they sign, what their subjects look like, and which claims
 * narrow a subject. Data and its look-up; pure.
 *
 * Templates are patterns for texts that a stranger, or any branch, would bring. PROBE stands in them for a name that nobody
 * writes on purpose: a value that matches it matches any name.
 */

import { ownProperty } from "../objects.ts";
import {
  AWS_CLAIMS,
  BUILDKITE_CLAIMS,
  CIRCLECI_CLAIMS,
  type ClaimTable,
  GITHUB_CLAIMS,
  GITLAB_CLAIMS,
  GOOGLE_CLAIMS,
  KUBERNETES_CLAIMS,
  TERRAFORM_CLAIMS,
} from "./issuer-claims.ts";
import { type Language, overlaps } from "./language.ts";
import { plainPrefixOf } from "./shapes.ts";
import type { Value } from "./value.ts";

/** Letters, hexadecimal digits or digits: whatever a class of names allows, one of them is in it. */
export const PROBE = "(?:zqxj|ZQXJ|f0e1d2c3|F0E1D2C3|90817263)";
const NAME = `[^:/@]*${PROBE}[^:/@]*`;

/** Subjects of one kind, and for each claim that can rule them out what such a token has in it. */
export interface Opening {
  readonly subject: string;
  readonly claims: Readonly<Record<string, string>>;
}

export interface Workload {
  readonly claims: ClaimTable;
  /** The issuers of this kind. */
  readonly issuer: string;
  /** With it the subject must begin, where anyone can run such an issuer under any name. */
  readonly subjectPrefix?: string;
  /** `:` in a subject before the part that is free (a ref, a phase). */
  readonly fixedColons: number;
  /** Everyone's tokens come from the same issuer; this is a stranger's subject. */
  readonly stranger?: string;
  /** Claims that say whose the workload is. */
  readonly ownerClaims?: readonly string[];
  /** Claims that say which project of its owner it is. */
  readonly projectClaims?: readonly string[];
  readonly anyBranch?: Opening;
  readonly anyPullRequest?: Opening;
  /** Claims that name the file that runs, and behind an `@` its revision. */
  readonly workflowClaims?: readonly string[];
}

/** No value of the claim can be in such a token: whoever asks for it has ruled the token out. */
const NEVER = "[^\\x00-\\x{10FFFF}]";
const words = (text: string): readonly string[] => text.split(" ");

/** https://docs.github.com/en/actions/reference/security/oidc#example-subject-claims */
const GITHUB: Workload = {
  claims: GITHUB_CLAIMS,
  issuer:
    "https://token\\.actions\\.(?:githubusercontent\\.com|[a-z0-9-]+\\.ghe\\.com)(?:/[^/]+)?|https://[^/]+/_services/token",
  fixedColons: 2,
  stranger: `repo:${NAME}(?:@[0-9]+)?/[^:]+:.+`,
  ownerClaims: words(
    "repository repository_id repository_owner repository_owner_id enterprise enterprise_id job_workflow_ref workflow_ref",
  ),
  projectClaims: words("repository repository_id job_workflow_ref workflow_ref"),
  anyBranch: {
    subject: "repo:[^:]+:ref:refs/heads/zqxj",
    claims: {
      ref: "refs/heads/zqxj",
      ref_type: "branch",
      ref_protected: "false",
      // Other events run on the default branch alone.
      event_name: "push|workflow_dispatch|create",
      job_workflow_ref: "[^@]*@refs/heads/zqxj",
      workflow_ref: "[^@]*@refs/heads/zqxj",
      job_workflow_sha: NEVER,
      workflow_sha: NEVER,
      sha: NEVER,
      environment: NEVER,
      head_ref: NEVER,
      base_ref: NEVER,
    },
  },
  anyPullRequest: {
    subject: "repo:[^:]+:pull_request",
    claims: {
      ref: "refs/pull/90817263/merge",
      ref_protected: "false",
      event_name: "pull_request",
      actor: "zqxj",
      actor_id: "90817263",
      job_workflow_ref: "[^@]*@refs/pull/90817263/merge",
      workflow_ref: "[^@]*@refs/pull/90817263/merge",
      head_ref: "zqxj",
      job_workflow_sha: NEVER,
      workflow_sha: NEVER,
      sha: NEVER,
      environment: NEVER,
    },
  },
  workflowClaims: ["job_workflow_ref", "workflow_ref"],
};

/** https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload */
const GITLAB_SUBJECTS = {
  claims: GITLAB_CLAIMS,
  fixedColons: 2,
  ownerClaims: words(
    "project_id project_path namespace_id namespace_path job_project_id job_project_path job_namespace_id job_namespace_path",
  ),
  projectClaims: words("project_id project_path job_project_id job_project_path ci_config_ref_uri"),
  anyBranch: {
    subject: "project_path:[^:]+:ref_type:branch:ref:zqxj",
    claims: {
      ref: "zqxj",
      ref_path: "refs/heads/zqxj",
      ref_type: "branch",
      ref_protected: "false",
      environment_protected: "false",
      ci_config_ref_uri: "[^@]*@refs/heads/zqxj",
      ci_config_sha: NEVER,
      sha: NEVER,
    },
  },
  workflowClaims: ["ci_config_ref_uri"],
} satisfies Partial<Workload>;

const GITLAB_COM: Workload = {
  ...GITLAB_SUBJECTS,
  issuer: "https://gitlab\\.com",
  stranger: `project_path:[^:/@]*${PROBE}[^:@]*:.+`,
};
const GITLAB: Workload = { ...GITLAB_SUBJECTS, issuer: "https://.+", subjectPrefix: "project_path:" };

/** https://buildkite.com/docs/agent/cli/reference/oidc */
const BUILDKITE: Workload = {
  claims: BUILDKITE_CLAIMS,
  issuer: "https://agent\\.buildkite\\.com",
  fixedColons: 4,
  stranger: `organization:${NAME}:pipeline:.+`,
  ownerClaims: words("organization_slug organization_id pipeline_id cluster_id queue_id"),
  projectClaims: words("pipeline_slug pipeline_id"),
  anyBranch: {
    subject: "organization:[^:]+:pipeline:[^:]+:ref:refs/heads/zqxj:commit:.*",
    claims: { build_branch: "zqxj", build_tag: NEVER, build_commit: NEVER },
  },
};

const TERRAFORM: Workload = {
  claims: TERRAFORM_CLAIMS,
  issuer: "https://app(?:\\.eu)?\\.terraform\\.io",
  fixedColons: 6,
  stranger: `organization:${NAME}:.+`,
  ownerClaims: words(
    "terraform_organization_id terraform_organization_name terraform_project_id terraform_workspace_id terraform_full_workspace terraform_stack_id",
  ),
  projectClaims: words("terraform_workspace_id terraform_full_workspace terraform_stack_id"),
};

const GOOGLE: Workload = {
  claims: GOOGLE_CLAIMS,
  issuer: "(?:https://)?accounts\\.google\\.com",
  fixedColons: 0,
  stranger: "[0-9]*90817263[0-9]*",
  ownerClaims: ["email", "azp", "hd"],
};

const CIRCLECI: Workload = {
  claims: CIRCLECI_CLAIMS,
  issuer: "https://oidc\\.circleci\\.com/org/[^/]+",
  fixedColons: 0,
};

/** EKS, GKE and AKS by their issuers; any other cluster by its subjects. */
const KUBERNETES: Workload = {
  claims: KUBERNETES_CLAIMS,
  issuer: "https://.+",
  subjectPrefix: "system:serviceaccount:",
  fixedColons: 3,
};

const AWS: Workload = {
  claims: AWS_CLAIMS,
  issuer: "https://[0-9a-f-]+\\.tokens\\.sts\\.global\\.api\\.aws",
  fixedColons: 0,
};

const WORKLOADS = [GITHUB, GITLAB_COM, BUILDKITE, TERRAFORM, GOOGLE, CIRCLECI, AWS, GITLAB, KUBERNETES];

/** The kind of workload that a policy is for, if it is one of these. */
export function workloadOf(issuer: Value, subject: Value): Workload | undefined {
  const prefix = subject.kind === "exact" ? subject.text : plainPrefixOf(subject.tokens);
  return WORKLOADS.find(
    (workload) => prefix.startsWith(workload.subjectPrefix ?? "") && overlaps(issuer.language, workload.issuer),
  );
}

/** Whether a token of this kind would be let in. */
export function letsIn(
  { subject, claims }: Opening,
  policy: { readonly subject: Value; readonly claims: readonly Value[] },
): boolean {
  const isRuledOut = ({ name, language }: { readonly name: string; readonly language: Language }) => {
    const template = ownProperty(claims, name);
    return template !== undefined && !overlaps(language, template);
  };
  return overlaps(policy.subject.language, subject) && !policy.claims.some(isRuledOut);
}

/** Whether a claim tells the workload's owner from strangers: it does not if any name passes. */
export function pinsOwner({ name, language }: Value): boolean {
  const stranger = name === "email" ? `[^@]+@[^@]*${PROBE}[^@]*` : `[^/]*${PROBE}[^/]*(?:/.*)?`;
  return !overlaps(language, stranger);
}
