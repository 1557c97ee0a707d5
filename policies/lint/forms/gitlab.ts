/** GitLab. Data only. */

import { type Forms, REGISTERED } from "./forms.ts";

const PROJECT = "project_path:GROUP/NAME";
const CONFIG = "HOST/GROUP/NAME//PATH";

/** https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload */
export const GITLAB_FORMS: Forms = {
  issuer: "GitLab",
  hosts: /^(?:www\.)?gitlab\.com(?:\/|$)/,
  iss: "https://gitlab.com",
  sub: `${PROJECT}:ref_type:branch:ref:BRANCH_NAME ${PROJECT}:ref_type:tag:ref:TAG_NAME`,
  customized: [
    `${PROJECT}(?::ref_type:(?:branch|tag)|:ref:BRANCH_NAME){0,2}`,
    "a project that customized its subjects (`ci_id_token_sub_claim_components`)",
  ],
  claims: {
    "": `${REGISTERED} user_login user_access_level user_identities groups_direct job_source job_config environment environment_action deployment_tier deployment_tier_protected`,
    "GROUP/NAME": "project_path job_project_path",
    GROUP: "namespace_path job_namespace_path",
    ID: "project_id namespace_id user_id job_project_id job_namespace_id pipeline_id job_id runner_id",
    BRANCH_NAME: "ref",
    "branch tag": "ref_type",
    "refs/heads/BRANCH refs/tags/TAG | REF": "ref_path",
    "true false": "ref_protected environment_protected",
    "public internal private": "project_visibility",
    "gitlab-hosted self-hosted": "runner_environment",
    "push merge_request_event schedule web api trigger pipeline parent_pipeline external chat webide external_pull_request_event security_orchestration_policy ondemand_dast_scan ondemand_dast_validation":
      "pipeline_source",
    SHA: "sha ci_config_sha",
    [`${CONFIG}@refs/heads/BRANCH | ${CONFIG}@REF`]: "ci_config_ref_uri",
    EMAIL: "user_email",
  },
  growing: "pipeline_source",
  pairs: [
    "project_path sub project_path:{}:.+",
    "namespace_path sub project_path:{}/[^/:]+:.+",
    "ref_type sub .+:ref_type:{}:ref:.+",
    "ref sub [^:]+:[^:]+:ref_type:[^:]+:ref:{}",
    "ref_type ref_path branch refs/[hm].+ tag refs/t.+",
  ],
};
