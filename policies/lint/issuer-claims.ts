/**
 * The claims that well-known issuers put into their tokens, as their documentation lists them. Data only.
 *
 * A name too many costs a missed hint, a name too few a false one: so optional and recent claims are in.
 */

export interface ClaimTable {
  /** The issuer, in a writer's words. */
  readonly issuer: string;
  readonly source: string;
  readonly names: readonly string[];
  /** What claim names may begin with where the rest is the user's own. */
  readonly prefixes?: readonly string[];
  /** Claims that are objects, and are looked into by a path. */
  readonly objects?: readonly string[];
}

/** RFC 7519 section 4.1. */
const REGISTERED = ["iss", "sub", "aud", "exp", "nbf", "iat", "jti"];

export const GITHUB_CLAIMS: ClaimTable = {
  issuer: "GitHub Actions",
  source: "https://docs.github.com/en/actions/reference/security/oidc#oidc-token-claims",
  names: [
    ...REGISTERED,
    ..."actor actor_id base_ref check_run_id enterprise enterprise_id environment environment_node_id event_name".split(
      " ",
    ),
    ..."head_ref issuer_scope job_workflow_ref job_workflow_sha ref ref_protected ref_type repository".split(" "),
    ..."repository_id repository_owner repository_owner_id repository_visibility run_attempt run_id run_number".split(
      " ",
    ),
    ..."runner_environment sha workflow workflow_ref workflow_sha".split(" "),
  ],
  prefixes: ["repo_property_"],
};

export const GITLAB_CLAIMS: ClaimTable = {
  issuer: "GitLab",
  source: "https://docs.gitlab.com/ci/secrets/id_token_authentication/#token-payload",
  names: [
    ...REGISTERED,
    ..."namespace_id namespace_path project_id project_path project_visibility user_id user_login user_email".split(
      " ",
    ),
    ..."user_access_level user_identities groups_direct job_project_id job_project_path job_namespace_id".split(" "),
    ..."job_namespace_path job_source job_config pipeline_id pipeline_source job_id ref ref_type ref_path".split(" "),
    ..."ref_protected environment environment_protected environment_action deployment_tier".split(" "),
    ..."deployment_tier_protected runner_id runner_environment sha ci_config_ref_uri ci_config_sha".split(" "),
  ],
};

export const BUILDKITE_CLAIMS: ClaimTable = {
  issuer: "Buildkite",
  source: "https://buildkite.com/docs/agent/cli/reference/oidc#claims",
  names: [
    ...REGISTERED,
    ..."organization_slug organization_id pipeline_slug pipeline_id build_number build_branch build_tag".split(" "),
    ..."build_commit build_id build_source step_key job_id agent_id runner_environment cluster_id".split(" "),
    ..."cluster_name queue_id queue_key".split(" "),
  ],
  prefixes: ["agent_tag:", "https://aws.amazon.com/"],
};

export const TERRAFORM_CLAIMS: ClaimTable = {
  issuer: "HCP Terraform",
  source:
    "https://developer.hashicorp.com/terraform/cloud-docs/workspaces/dynamic-provider-credentials/workload-identity-tokens",
  names: [
    ...REGISTERED,
    ..."terraform_run_phase terraform_run_id terraform_workspace_id terraform_workspace_name".split(" "),
    ..."terraform_organization_id terraform_organization_name terraform_project_id terraform_project_name".split(" "),
    ..."terraform_full_workspace terraform_operation terraform_plan_id terraform_stack_id".split(" "),
    ..."terraform_stack_name terraform_stack_deployment_name".split(" "),
  ],
};

export const CIRCLECI_CLAIMS: ClaimTable = {
  issuer: "CircleCI",
  source: "https://circleci.com/docs/guides/permissions-authentication/openid-connect-tokens/",
  names: [
    ...REGISTERED,
    ..."org-id project-id context-ids job-id pipeline-id pipeline-definition-id ssh-rerun vcs-origin vcs-ref workflow-id"
      .split(" ")
      .map((name) => `oidc.circleci.com/${name}`),
  ],
};

export const GOOGLE_CLAIMS: ClaimTable = {
  issuer: "Google",
  source: "https://developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload",
  names: [
    ...REGISTERED,
    ..."azp email email_verified hd at_hash nonce name given_name family_name picture profile locale".split(" "),
  ],
  // https://cloud.google.com/compute/docs/instances/verifying-instance-identity#payload
  objects: ["google"],
};

export const KUBERNETES_CLAIMS: ClaimTable = {
  issuer: "Kubernetes",
  source:
    "https://kubernetes.io/docs/reference/access-authn-authz/service-accounts-admin/#schema-for-service-account-private-claims",
  names: REGISTERED,
  objects: ["kubernetes.io"],
};

export const AWS_CLAIMS: ClaimTable = {
  issuer: "AWS STS",
  source: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_providers_outbound_token_claims.html",
  names: REGISTERED,
  objects: ["https://sts.amazonaws.com/"],
};

/** Whether a token of this issuer can have the claim, by its name or by a path. */
export function canHaveClaim({ names, prefixes = [], objects = [] }: ClaimTable, name: string): boolean {
  if (names.includes(name) || objects.includes(name)) return true;
  if (prefixes.some((prefix) => name.startsWith(prefix))) return true;
  return objects.some((object) => name.startsWith(object.endsWith("/") ? object : `${object}/`));
}
