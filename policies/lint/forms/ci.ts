/** Buildkite, CircleCI, HCP Terraform. Data only. */

import { type Forms, REGISTERED } from "./forms.ts";

const PIPELINE = "organization:NAME:pipeline:NAME";
const STEP = "commit:COMMIT:step:STEP";

/** https://buildkite.com/docs/agent/cli/reference/oidc#claims */
export const BUILDKITE_FORMS: Forms = {
  issuer: "Buildkite",
  hosts: /^(?:www\.|agent\.|api\.)?buildkite\.com(?:\/|$)/,
  iss: "https://agent.buildkite.com",
  sub: `${PIPELINE}:ref:refs/heads/PATH:${STEP} ${PIPELINE}:ref:refs/tags/PATH:${STEP} | ${PIPELINE}:ref:REF:${STEP}`,
  customized: ["UUID", "a job that asks for it (`--subject-claim`)"],
  claims: {
    "": `${REGISTERED} build_source step_key cluster_name queue_key`,
    NAME: "organization_slug pipeline_slug",
    UUID: "organization_id pipeline_id cluster_id queue_id build_id job_id agent_id",
    NUMBER: "build_number",
    BRANCH_NAME: "build_branch build_tag",
    COMMIT: "build_commit",
    "buildkite-hosted self-hosted": "runner_environment",
  },
  prefixes: ["agent_tag:", "https://aws.amazon.com/"],
  pairs: [
    "organization_slug sub organization:{}:pipeline:.+",
    "pipeline_slug sub organization:[^:]+:pipeline:{}:.+",
    "build_branch sub .+:ref:refs/(?:heads/{}|[tp].+):commit:.+",
    "step_key sub .+:step:{}",
  ],
};

const CIRCLECI_SUBJECT = "org/UUID/project/UUID/user/USER_ID";
const own = (names: string) => names.replaceAll(/(?<=^| )/g, "oidc.circleci.com/");

/** https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/ */
export const CIRCLECI_FORMS: Forms = {
  issuer: "CircleCI",
  hosts: /^(?:www\.|app\.|oidc\.)?circleci\.com(?:\/|$)/,
  iss: "https://oidc.circleci.com/org/UUID",
  sub: `${CIRCLECI_SUBJECT} ${CIRCLECI_SUBJECT}/vcs-origin/HOST/PATH/vcs-ref/REF`,
  claims: {
    "": REGISTERED,
    UUID: own("org-id project-id context-ids job-id pipeline-id pipeline-definition-id workflow-id"),
    "true false": own("ssh-rerun"),
    "HOST/PATH": own("vcs-origin"),
    "refs/heads/BRANCH refs/tags/TAG | REF": own("vcs-ref"),
  },
  pairs: [
    "oidc.circleci.com/org-id iss .+/org/{}",
    "oidc.circleci.com/org-id sub org/{}/.+",
    "oidc.circleci.com/project-id sub org/[^/]+/project/{}/.+",
    "oidc.circleci.com/vcs-ref sub [^/]+(?:/[^/]+){5}(?:/.+/vcs-ref/{})?",
  ],
};

const PROJECT = "organization:TEXT:project:TEXT";

/** https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens */
export const TERRAFORM_FORMS: Forms = {
  issuer: "HCP Terraform",
  hosts: /^(?:[a-z]+\.)*terraform\.io(?:\/|$)/,
  iss: "https://app.terraform.io https://app.eu.terraform.io",
  sub: `${PROJECT}:workspace:TEXT:run_phase:plan ${PROJECT}:workspace:TEXT:run_phase:apply ${PROJECT}:stack:TEXT:deployment:TEXT:operation:TEXT | ${PROJECT}:workspace:TEXT:run_phase:NAME`,
  claims: {
    "": `${REGISTERED} terraform_organization_name terraform_project_name terraform_workspace_name terraform_plan_id terraform_stack_id terraform_stack_name terraform_stack_deployment_name`,
    "plan apply": "terraform_run_phase terraform_operation",
    "org-NAME": "terraform_organization_id",
    "prj-NAME": "terraform_project_id",
    "ws-NAME": "terraform_workspace_id",
    "run-NAME": "terraform_run_id",
    [`${PROJECT}:workspace:TEXT`]: "terraform_full_workspace",
  },
  growing: "terraform_run_phase terraform_operation",
  pairs: [
    "terraform_organization_name sub organization:{}:.+",
    "terraform_project_name sub organization:[^:]+:project:{}:.+",
    "terraform_workspace_name sub organization:[^:]+:project:[^:]+:workspace:{}:.+",
    "terraform_full_workspace sub {}:run_phase:.+",
    "terraform_run_phase sub .+:run_phase:{}",
  ],
};
