/**
 * What is known of the issuers that policies name most: whose tokens they sign, what their subjects look like, and which claims
 * narrow a subject. Data and its look-up; pure.
 *
 * Templates are patterns for texts that a stranger, or any branch, would bring. PROBE stands in them for a name that nobody
 * writes on purpose: a value that matches it matches any name.
 */

import { ownProperty } from "../objects.ts";
import { BUILDKITE_FORMS, CIRCLECI_FORMS, TERRAFORM_FORMS } from "./forms/ci.ts";
import { AWS_FORMS, AZURE_FORMS, GOOGLE_FORMS, KUBERNETES_FORMS } from "./forms/clouds.ts";
import { type Forms, patternOf } from "./forms/forms.ts";
import { GITHUB_FORMS, GITHUB_SERVER_FORMS } from "./forms/github.ts";
import { GITLAB_FORMS } from "./forms/gitlab.ts";
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
  readonly forms: Forms;
  /** The issuers of this kind, if its forms do not say it. */
  readonly issuer?: string;
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
const ACTIONS: Workload = {
  forms: GITHUB_FORMS,
  issuer: "https://token\\.actions\\.githubusercontent\\.com",
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
  // Not head_ref: whoever opens the pull request names the branch.
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
      job_workflow_sha: NEVER,
      workflow_sha: NEVER,
      sha: NEVER,
      environment: NEVER,
    },
  },
  workflowClaims: ["job_workflow_ref", "workflow_ref"],
};

/** An issuer of one enterprise's own: no stranger's workflow gets its tokens. */
const { stranger: _stranger, issuer: _issuer, ...OWN_ACTIONS } = ACTIONS;
const SERVER_ACTIONS: Workload = { ...OWN_ACTIONS, forms: GITHUB_SERVER_FORMS };

/** https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload */
const PIPELINES = {
  forms: GITLAB_FORMS,
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

const GITLAB_COM_PIPELINES: Workload = {
  ...PIPELINES,
  stranger: `project_path:[^:/@]*${PROBE}[^:@]*:.+`,
};
const OWN_PIPELINES: Workload = { ...PIPELINES, issuer: "https://.+", subjectPrefix: "project_path:" };

/** https://buildkite.com/docs/agent/cli/reference/oidc */
const BUILDKITE_JOBS: Workload = {
  forms: BUILDKITE_FORMS,
  fixedColons: 4,
  stranger: `organization:${NAME}:pipeline:.+`,
  ownerClaims: words("organization_slug organization_id pipeline_id cluster_id queue_id"),
  projectClaims: words("pipeline_slug pipeline_id"),
  anyBranch: {
    subject: "organization:[^:]+:pipeline:[^:]+:ref:refs/heads/zqxj:commit:.*",
    claims: { build_branch: "zqxj", build_tag: NEVER, build_commit: NEVER },
  },
};

const TERRAFORM_RUNS: Workload = {
  forms: TERRAFORM_FORMS,
  fixedColons: 6,
  stranger: `organization:${NAME}:.+`,
  ownerClaims: words(
    "terraform_organization_id terraform_organization_name terraform_project_id terraform_workspace_id terraform_full_workspace terraform_stack_id",
  ),
  projectClaims: words("terraform_workspace_id terraform_full_workspace terraform_stack_id"),
};

const GOOGLE_ACCOUNTS: Workload = {
  forms: GOOGLE_FORMS,
  fixedColons: 0,
  stranger: "[0-9]*90817263[0-9]*",
  ownerClaims: ["email", "azp", "hd"],
};

const CIRCLECI_JOBS: Workload = {
  forms: CIRCLECI_FORMS,
  fixedColons: 0,
};

/** EKS, GKE and AKS by their issuers; any other cluster by its subjects. */
const CLUSTERS: Workload = {
  forms: KUBERNETES_FORMS,
  issuer: "https://.+",
  subjectPrefix: "system:serviceaccount:",
  fixedColons: 3,
};

const KNOWN_CLUSTERS: Workload = {
  forms: KUBERNETES_FORMS,
  fixedColons: 3,
};

const ENTRA_ACCOUNTS: Workload = {
  forms: AZURE_FORMS,
  fixedColons: 0,
};

const AWS_ROLES: Workload = {
  forms: AWS_FORMS,
  fixedColons: 0,
};

export const WORKLOADS: readonly Workload[] = [
  ACTIONS,
  OWN_ACTIONS,
  SERVER_ACTIONS,
  GITLAB_COM_PIPELINES,
  BUILDKITE_JOBS,
  TERRAFORM_RUNS,
  GOOGLE_ACCOUNTS,
  CIRCLECI_JOBS,
  AWS_ROLES,
  ENTRA_ACCOUNTS,
  KNOWN_CLUSTERS,
  OWN_PIPELINES,
  CLUSTERS,
];

/** The kind of workload that a policy is for, if it is one of these. */
export function workloadOf(issuer: Value, subject: Value): Workload | undefined {
  const prefix = subject.kind === "exact" ? subject.text : plainPrefixOf(subject.tokens);
  return WORKLOADS.find(
    (workload) =>
      prefix.startsWith(workload.subjectPrefix ?? "") &&
      overlaps(issuer.language, workload.issuer ?? patternOf(workload.forms.iss)),
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
