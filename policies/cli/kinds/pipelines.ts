/**
 * Services that run pipelines. Data only.
 */

import {
  BRANCH,
  HTTPS,
  NUMBER,
  OF_EVERY_TOKEN,
  PART,
  REF_NAME,
  REQUEST,
  requestInYaml,
  TAGGED_VERSION,
  UUID,
  type WorkloadKind,
} from "./kind.ts";

export const GITLAB: WorkloadKind = {
  name: "gitlab",
  about: "GitLab CI/CD",
  issuer: /^https:\/\//,
  subjectPrefix: "project_path:",
  fields: {
    project_path: {
      label: "Project",
      about: "group and project, as `acme/app`",
      example: "acme/app",
      rule: /^[^\s:/]+(?:\/[^\s:/]+)+$/,
    },
    project_id: {
      label: "Project's number",
      about: "its number, on the project's page",
      example: "53804090",
      rule: NUMBER,
    },
    branch: {
      label: "Branch or tag",
      about: "the branch that runs; it must be protected",
      example: "main",
      rule: REF_NAME,
    },
    ref_type: {
      label: "What runs",
      about: "whether it is a branch or a tag",
      example: "branch",
      fallback: "branch",
      choices: {
        branch: { about: "a branch", text: "branch" },
        tag: { about: "a tag: the three numbers of a version may be others next time", text: "tag" },
      },
    },
    issuer: {
      label: "Issuer",
      about: "the address of a GitLab of your own",
      example: "https://gitlab.com",
      fallback: "https://gitlab.com",
      rule: HTTPS,
    },
  },
  claims: {
    iss: "{issuer}",
    sub: "project_path:{project_path}:ref_type:{ref_type}:ref:{branch}",
    project_id: "{project_id}",
    ref_protected: "true",
  },
  pins: ["project_id", "ref_protected"],
  volatileParts: [TAGGED_VERSION],
  volatileClaims: [...OF_EVERY_TOKEN, "pipeline_id", "job_id", "sha"],
  ask: ["job:", "  id_tokens:", "    OIDC_TOKEN: { aud: {audience} }", "  script:", ...requestInYaml(4)],
};

export const BUILDKITE: WorkloadKind = {
  name: "buildkite",
  about: "Buildkite",
  issuer: /^https:\/\/agent\.buildkite\.com$/,
  fields: {
    organization: { label: "Organization", about: "the organization's slug", example: "acme-inc", rule: PART },
    organization_id: {
      label: "Organization's UUID",
      about: "its UUID, in the organization's settings",
      example: "0184990a-4777-4f10-9c3b-8f2f4d0d1c55",
      rule: UUID,
    },
    pipeline: { label: "Pipeline", about: "the pipeline's slug", example: "app", rule: PART },
    pipeline_id: {
      label: "Pipeline's UUID",
      about: "its UUID, in the pipeline's settings",
      example: "0184990a-4778-43a5-8a5b-d54c0ad0c1f2",
      rule: UUID,
    },
    branch: { ...BRANCH, about: "the branch that builds" },
    step: { label: "Step", about: "the step's key", example: "publish", rule: PART },
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
    ...REQUEST,
  ],
};

export const CIRCLECI: WorkloadKind = {
  name: "circleci",
  about: "CircleCI",
  issuer: /^https:\/\/oidc\.circleci\.com\/org\//,
  fields: {
    organization_id: {
      label: "Organization's UUID",
      about: "the organization's UUID, in its settings",
      example: "6e9a1a4e-3f0b-4b57-8a36-0d3c0c1fb2a1",
      rule: UUID,
    },
    project_id: {
      label: "Project's UUID",
      about: "the project's UUID, in its settings",
      example: "c0b7f2c8-5d0b-4f5c-9d6d-8a1b6a3a6f10",
      rule: UUID,
    },
    origin: {
      label: "Origin",
      about: "as `github.com/acme/app`",
      example: "github.com/acme/app",
      rule: /^[^\s:/]+(?:\/[^\s:/]+)+$/,
    },
    branch: BRANCH,
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
    ...REQUEST,
  ],
};

export const TERRAFORM: WorkloadKind = {
  name: "hcp-terraform",
  about: "HCP Terraform",
  issuer: /^https:\/\/app(?:\.eu)?\.terraform\.io$/,
  fields: {
    organization: { label: "Organization", about: "the organization's name", example: "acme", rule: PART },
    organization_id: {
      label: "Organization's id",
      about: "as `org-...`, in its settings",
      example: "org-GRNbCjYNpBB6NEBH",
      rule: /^org-[A-Za-z0-9]+$/,
    },
    project: {
      label: "Project",
      about: "the project's name, as `Default Project`",
      example: "Default Project",
      rule: PART,
    },
    workspace: { label: "Workspace", about: "the workspace's name", example: "github", rule: PART },
    workspace_id: {
      label: "Workspace's id",
      about: "as `ws-...`, on its page",
      example: "ws-mbsd5E3Ktt5Rg2Xm",
      rule: /^ws-[A-Za-z0-9]+$/,
    },
    run_phase: {
      label: "Phase",
      about: "`plan` or `apply`",
      example: "apply",
      choices: { apply: { about: "apply", text: "apply" }, plan: { about: "plan", text: "plan" } },
    },
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
    ...REQUEST,
  ],
};

/** https://support.atlassian.com/bitbucket-cloud/docs/integrate-pipelines-with-resource-servers-using-oidc/ */
export const BITBUCKET: WorkloadKind = {
  name: "bitbucket",
  about: "Bitbucket Pipelines",
  issuer: /^https:\/\/api\.bitbucket\.org\/2\.0\/workspaces\/[^/]+\/pipelines-config\/identity\/oidc$/,
  fields: {
    workspace: {
      label: "Workspace",
      about: "the workspace's id, as in its address",
      example: "acme",
      rule: /^[A-Za-z0-9_-]+$/,
    },
    repository_uuid: {
      label: "Repository's UUID",
      about: "with its braces; in the repository's settings, OpenID Connect",
      example: "{6e9a1a4e-3f0b-4b57-8a36-0d3c0c1fb2a1}",
      rule: /^\{[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}$/,
    },
    branch: BRANCH,
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
    "      - export OIDC_TOKEN=$BITBUCKET_STEP_OIDC_TOKEN",
    ...requestInYaml(6),
  ],
};
