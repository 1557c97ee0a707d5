/**
 * Kinds of workload for `policy new`: what their tokens say, which of it pins them, what differs from run to run, and how a token
 * is asked for. Data only; where each claim is documented is in the examples.
 */

export interface WorkloadKind {
  readonly name: string;
  readonly about: string;
  readonly issuer: RegExp;
  /** Where anybody may run such an issuer, its tokens are told by the beginning of their subjects. */
  readonly subjectPrefix?: string;
  /** What the claims are made of, where no token is at hand, and where to find it. */
  readonly fields: Readonly<Record<string, string>>;
  /** With `{field}` in it. */
  readonly claims: Readonly<Record<string, unknown>>;
  /** Claims with ids, which nobody else is given later, or with protection; those that a token lacks are left out. */
  readonly pins: readonly string[];
  /** What differs from run to run in a subject, and the pattern for it. */
  readonly volatile: readonly (readonly [found: RegExp, pattern: string])[];
  /** Whether its tokens cannot be made for any audience. */
  readonly fixedAudience?: true;
  /** How to ask; `{audience}`, `{scope}`, `{identity}` are filled in. */
  readonly ask: readonly string[];
}

const REQUEST =
  'curl -H "Authorization: Bearer $OIDC_TOKEN" "https://{audience}/sts/exchange?scope={scope}&identity={identity}"';

/** A version in a tag: each of its numbers may be another next time. */
const VERSION = /(?<=(?:refs\/tags\/|:ref_type:tag:ref:)[^:]*?)[0-9]+\.[0-9]+\.[0-9]+/;
const VERSION_PATTERN = "[0-9]+\\.[0-9]+\\.[0-9]+";

const GITHUB: WorkloadKind = {
  name: "github",
  about: "GitHub Actions",
  issuer:
    /^https:\/\/(?:token\.actions\.(?:githubusercontent\.com|[a-z0-9-]+\.ghe\.com)|[^/]+\/_services\/token)(?:\/|$)/,
  fields: {
    owner: "the account, as `acme`",
    owner_id: "its number: gh api users/OWNER --jq .id",
    repository: "the repository's name without its owner",
    repository_id: "its number: gh api repos/OWNER/REPOSITORY --jq .id",
    ref: "what runs, as `ref:refs/heads/main` or `environment:production`",
  },
  claims: {
    iss: "https://token.actions.githubusercontent.com",
    sub: "repo:{owner}@{owner_id}/{repository}@{repository_id}:{ref}",
    repository: "{owner}/{repository}",
    repository_id: "{repository_id}",
    repository_owner_id: "{owner_id}",
  },
  pins: ["repository_id", "repository_owner_id"],
  volatile: [
    [/(?<=gh-readonly-queue\/[^:]*?)pr-[0-9]+-[0-9a-f]{40}/, "pr-[0-9]+-[0-9a-f]{40}"],
    [/(?<=refs\/pull\/)[0-9]+/, "[0-9]+"],
    [VERSION, VERSION_PATTERN],
  ],
  ask: [
    "permissions:",
    "  id-token: write",
    "steps:",
    "  - id: sts",
    "    uses: octo-sts/action@<full commit SHA>",
    "    with: { domain: {audience}, scope: {scope}, identity: {identity} }",
  ],
};

const GITLAB: WorkloadKind = {
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
  volatile: [[VERSION, VERSION_PATTERN]],
  ask: ["job:", "  id_tokens:", "    OIDC_TOKEN: { aud: {audience} }", "  script:", `    - '${REQUEST}'`],
};

const BUILDKITE: WorkloadKind = {
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
  volatile: [
    [/(?<=:commit:)[0-9a-f]{40}/, "[0-9a-f]{40}"],
    [VERSION, VERSION_PATTERN],
  ],
  ask: [
    "OIDC_TOKEN=$(buildkite-agent oidc request-token --audience {audience} --claim organization_id --claim pipeline_id)",
    REQUEST,
  ],
};

const CIRCLECI: WorkloadKind = {
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
  volatile: [
    [/(?<=\/user\/)[0-9a-f-]{36}/, "[0-9a-f-]{36}"],
    [VERSION, VERSION_PATTERN],
  ],
  ask: [
    "# once: make {audience} the project's audience (PATCH .../oidc-custom-claims)",
    "OIDC_TOKEN=$CIRCLE_OIDC_TOKEN_V2",
    REQUEST,
  ],
};

const TERRAFORM: WorkloadKind = {
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
  volatile: [],
  ask: [
    "# workspace variable: TFC_WORKLOAD_IDENTITY_AUDIENCE={audience}",
    "OIDC_TOKEN=$TFC_WORKLOAD_IDENTITY_TOKEN",
    REQUEST,
  ],
};

const GOOGLE: WorkloadKind = {
  name: "google",
  about: "a Google Cloud service account",
  issuer: /^(?:https:\/\/)?accounts\.google\.com$/,
  fields: {
    unique_id: "gcloud iam service-accounts describe EMAIL --format='value(uniqueId)'",
  },
  claims: { iss: "https://accounts.google.com", sub: "{unique_id}" },
  pins: [],
  volatile: [],
  ask: ["OIDC_TOKEN=$(gcloud auth print-identity-token --audiences={audience})", REQUEST],
};

const AWS: WorkloadKind = {
  name: "aws",
  about: "an IAM role, by web identity tokens of AWS STS",
  issuer: /^https:\/\/[0-9a-f-]+\.tokens\.sts\.global\.api\.aws$/,
  fields: {
    issuer: "the account's own: aws iam get-outbound-web-identity-federation-info",
    role_arn: "as `arn:aws:iam::123456789012:role/NAME`",
  },
  claims: { iss: "{issuer}", sub: "{role_arn}" },
  pins: ["https://sts.amazonaws.com/org_id", "https://sts.amazonaws.com/aws_account"],
  volatile: [],
  ask: [
    "OIDC_TOKEN=$(aws sts get-web-identity-token --audience {audience} --signing-algorithm RS256 --query WebIdentityToken --output text)",
    REQUEST,
  ],
};

const AZURE: WorkloadKind = {
  name: "azure",
  about: "a managed identity of Azure",
  issuer: /^https:\/\/(?:login\.microsoftonline\.com|sts\.windows\.net)\//,
  fields: {
    tenant_id: "the directory's UUID",
    object_id: "the identity's object (principal) id",
    audience: "the id of the application that stands for the deployment in your tenant",
  },
  claims: {
    iss: "https://login.microsoftonline.com/{tenant_id}/v2.0",
    sub: "{object_id}",
    aud: "{audience}",
  },
  pins: [],
  volatile: [],
  fixedAudience: true,
  ask: ["# an access token of the instance metadata service for your application, as OIDC_TOKEN", REQUEST],
};

const KUBERNETES: WorkloadKind = {
  name: "kubernetes",
  about: "a pod's service account",
  issuer: /^https:\/\//,
  subjectPrefix: "system:serviceaccount:",
  fields: {
    issuer: "kubectl get --raw /.well-known/openid-configuration",
    namespace: "the pod's namespace",
    account: "its service account",
  },
  claims: { iss: "{issuer}", sub: "system:serviceaccount:{namespace}:{account}" },
  pins: ["kubernetes.io/serviceaccount/uid"],
  volatile: [],
  ask: [
    "# in the pod: a projected volume with serviceAccountToken: { path: token, audience: {audience} }",
    "OIDC_TOKEN=$(cat /var/run/secrets/sts/token)",
    REQUEST,
  ],
};

const OTHER: WorkloadKind = {
  name: "other",
  about: "any other issuer",
  issuer: /^/,
  fields: { issuer: "the token's iss", subject: "the token's sub" },
  claims: { iss: "{issuer}", sub: "{subject}" },
  pins: [],
  volatile: [],
  ask: ["# a token of your issuer for the audience {audience}, as OIDC_TOKEN", REQUEST],
};

/** The first that fits is taken. */
export const WORKLOAD_KINDS: readonly WorkloadKind[] = [
  GITHUB,
  BUILDKITE,
  CIRCLECI,
  TERRAFORM,
  GOOGLE,
  AWS,
  AZURE,
  GITLAB,
  KUBERNETES,
  OTHER,
];
