/**
 * Services that run pipelines. Data only.
 */

import { OF_EVERY_TOKEN, REQUEST, TAGGED_VERSION, type WorkloadKind } from "./kind.ts";

export const GITLAB: WorkloadKind = {
  name: "gitlab",
  about: "GitLab CI/CD",
  issuer: /^https:\/\//,
  subjectPrefix: "project_path:",
  fields: {
    project_path: "group and project, as `acme/app`",
    project_id: "its number, on the project's page",
    branch: "the branch that runs; it must be protected",
  },
  claims: {
    iss: "https://gitlab.com",
    sub: "project_path:{project_path}:ref_type:branch:ref:{branch}",
    project_id: "{project_id}",
    ref_protected: "true",
  },
  pins: ["project_id", "ref_protected"],
  volatileParts: [TAGGED_VERSION],
  volatileClaims: [...OF_EVERY_TOKEN, "pipeline_id", "job_id", "sha"],
  ask: ["job:", "  id_tokens:", "    OIDC_TOKEN: { aud: {audience} }", "  script:", `    - '${REQUEST}'`],
};

export const BUILDKITE: WorkloadKind = {
  name: "buildkite",
  about: "Buildkite",
  issuer: /^https:\/\/agent\.buildkite\.com$/,
  fields: {
    organization: "the organization's slug",
    organization_id: "its UUID, in the organization's settings",
    pipeline: "the pipeline's slug",
    pipeline_id: "its UUID, in the pipeline's settings",
    branch: "the branch that builds",
    step: "the step's key",
  },
  claims: {
    iss: "https://agent.buildkite.com",
    sub: `organization:{organization}:pipeline:{pipeline}:ref:refs/heads/{branch}:commit:${"0".repeat(40)}:step:{step}`,
    organization_id: "{organization_id}",
    pipeline_id: "{pipeline_id}",
  },
  pins: ["organization_id", "pipeline_id"],
  volatileParts: [{ found: /(?<=:commit:)[0-9a-f]{40}/g, pattern: "[0-9a-f]{40}" }, TAGGED_VERSION],
  volatileClaims: [...OF_EVERY_TOKEN, "build_number", "build_id", "build_commit", "job_id", "agent_id"],
  ask: [
    "OIDC_TOKEN=$(buildkite-agent oidc request-token --audience {audience} --claim organization_id --claim pipeline_id)",
    REQUEST,
  ],
};

export const CIRCLECI: WorkloadKind = {
  name: "circleci",
  about: "CircleCI",
  issuer: /^https:\/\/oidc\.circleci\.com\/org\//,
  fields: {
    organization_id: "the organization's UUID, in its settings",
    project_id: "the project's UUID, in its settings",
    origin: "as `github.com/acme/app`",
    branch: "the branch that runs",
  },
  claims: {
    iss: "https://oidc.circleci.com/org/{organization_id}",
    sub: "org/{organization_id}/project/{project_id}/user/00000000-0000-4000-8000-000000000000/vcs-origin/{origin}/vcs-ref/refs/heads/{branch}",
    "oidc.circleci.com/ssh-rerun": false,
  },
  pins: ["oidc.circleci.com/ssh-rerun"],
  volatileParts: [{ found: /(?<=\/user\/)[0-9a-f-]{36}/g, pattern: "[0-9a-f-]{36}" }, TAGGED_VERSION],
  volatileClaims: [
    ...OF_EVERY_TOKEN,
    "oidc.circleci.com/job-id",
    "oidc.circleci.com/pipeline-id",
    "oidc.circleci.com/workflow-id",
  ],
  ask: [
    "# once: make {audience} the project's audience (PATCH .../oidc-custom-claims)",
    "OIDC_TOKEN=$CIRCLE_OIDC_TOKEN_V2",
    REQUEST,
  ],
};

export const TERRAFORM: WorkloadKind = {
  name: "hcp-terraform",
  about: "HCP Terraform",
  issuer: /^https:\/\/app(?:\.eu)?\.terraform\.io$/,
  fields: {
    organization: "the organization's name",
    organization_id: "as `org-...`, in its settings",
    project: "the project's name, as `Default Project`",
    workspace: "the workspace's name",
    workspace_id: "as `ws-...`, on its page",
    run_phase: "`plan` or `apply`",
  },
  claims: {
    iss: "https://app.terraform.io",
    sub: "organization:{organization}:project:{project}:workspace:{workspace}:run_phase:{run_phase}",
    terraform_organization_id: "{organization_id}",
    terraform_workspace_id: "{workspace_id}",
  },
  pins: ["terraform_organization_id", "terraform_workspace_id"],
  volatileParts: [],
  volatileClaims: [...OF_EVERY_TOKEN, "terraform_run_id", "terraform_plan_id"],
  ask: [
    "# workspace variable: TFC_WORKLOAD_IDENTITY_AUDIENCE={audience}",
    "OIDC_TOKEN=$TFC_WORKLOAD_IDENTITY_TOKEN",
    REQUEST,
  ],
};

/** https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/ */
export const BITBUCKET: WorkloadKind = {
  name: "bitbucket",
  about: "Bitbucket Pipelines",
  issuer: /^https:\/\/api\.bitbucket\.org\/2\.0\/workspaces\/[^/]+\/pipelines-config\/identity\/oidc$/,
  fields: {
    workspace: "the workspace's id, as in its address",
    repository_uuid: "with its braces; in the repository's settings, OpenID Connect",
    branch: "the branch that runs",
  },
  claims: {
    iss: "https://api.bitbucket.org/2.0/workspaces/{workspace}/pipelines-config/identity/oidc",
    sub: "{repository_uuid}:{00000000-0000-4000-8000-000000000000}",
    branchName: "{branch}",
  },
  // The subject has the repository's id, and not the branch.
  pins: ["branchName"],
  volatileParts: [{ found: /(?<=:)\{[0-9a-f-]{36}\}$/g, pattern: "\\{[0-9a-f-]{36}\\}" }],
  volatileClaims: [...OF_EVERY_TOKEN, "stepUuid", "pipelineUuid", "pipelineRunUuid"],
  ask: [
    "- step:",
    "    oidc: { audiences: [{audience}] }",
    "    script:",
    `      - export OIDC_TOKEN=$BITBUCKET_STEP_OIDC_TOKEN`,
    `      - '${REQUEST}'`,
  ],
};
