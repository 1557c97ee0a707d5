// For each example of policies/examples, and each kind of workload that has none, what a person would write into the form for it; and
// the claims of such a workload's token.

import { WORKLOAD_KINDS } from "../../../policies/cli/kinds/kinds.ts";
import { type Form, formFromState } from "../../../worker/page/generator/form.ts";

type Claims = Readonly<Record<string, unknown>>;

export interface Workload {
  /** The example's folder, or the kind. */
  readonly name: string;
  readonly form: Form;
  readonly claims: Claims;
}

const EXAMPLES = import.meta.glob("../../../policies/examples/*/claims.json", {
  query: "?raw",
  import: "default",
  eager: true,
});
export const EXAMPLE_NAMES = Object.keys(EXAMPLES).map((path) => path.split("/").at(-2) ?? "");
export const claimsOfExample = (name: string): Claims =>
  JSON.parse(EXAMPLES[`../../../policies/examples/${name}/claims.json`] ?? "null");

type Fields = Readonly<Record<string, string>>;
interface Row {
  readonly kind: string;
  /** Over the examples of the kind's fields that have to be given. */
  readonly fields: Fields;
  readonly form?: Partial<Form>;
  readonly claims?: Claims;
}

const CLASSIC = { owner_id: "1234567", repository_id: "7654321", subjects: "classic" };
const IMMUTABLE = { owner_id: "1234567", repository_id: "7654321" };
const FOR_ALL = (...repositories: string[]): Partial<Form> => ({
  isOrganization: true,
  repository: "",
  repositories: repositories.join(", "),
});
const UUID = "6e9a1a4e-3f0b-4b57-8a36-0d3c0c1fb2a1";

const ROWS: Readonly<Record<string, Row>> = {
  "first-policy": { kind: "github-environment", fields: { ...IMMUTABLE, environment: "release" } },
  "github-actions-branch": { kind: "github-branch", fields: CLASSIC },
  "github-actions-tag": { kind: "github-tag", fields: { ...CLASSIC, tag: "v1.0.0" } },
  "github-actions-environment": {
    kind: "github-environment",
    fields: { ...CLASSIC, environment: "production", branch: "main" },
  },
  "github-actions-reusable-workflow": {
    kind: "github-reusable-workflow",
    fields: { owner_id: "1234567", subjects: "classic" },
  },
  "github-actions-immutable-subject": { kind: "github-branch", fields: IMMUTABLE },
  gitlab: { kind: "gitlab", fields: {} },
  buildkite: { kind: "buildkite", fields: {} },
  circleci: { kind: "circleci", fields: {} },
  "hcp-terraform": {
    kind: "hcp-terraform",
    fields: { project: "platform" },
    form: { ...FOR_ALL("app", "infrastructure"), permissions: { administration: "write", contents: "read" } },
  },
  "aws-sts": { kind: "aws", fields: {} },
  "aws-eks": { kind: "aws-eks", fields: {} },
  "google-service-account": { kind: "google", fields: {} },
  "google-gke": { kind: "google-gke", fields: { namespace: "deploy", account: "releaser" } },
  "azure-managed-identity": { kind: "azure", fields: {} },
  "azure-aks": { kind: "azure-aks", fields: { namespace: "apps", account: "dashboard" } },
  kubernetes: { kind: "kubernetes", fields: { namespace: "build", account: "bot" } },
  spiffe: { kind: "spiffe", fields: {} },
  auth0: { kind: "auth0", fields: {} },
  "open-pull-requests": {
    kind: "github-branch",
    fields: { ...CLASSIC, workflow: "dependencies.yml", event: "schedule" },
    form: { permissions: { contents: "write", pull_requests: "write" } },
  },
  "cross-repository": {
    kind: "github-environment",
    fields: { ...CLASSIC, repository: "app", environment: "release", branch: "main" },
    form: { ...FOR_ALL("charts", "documentation"), permissions: { contents: "write", pull_requests: "write" } },
  },
  "organization-members": {
    kind: "github-branch",
    fields: { ...CLASSIC, repository: "people", repository_id: "7333444", workflow: "sync.yml" },
    form: { ...FOR_ALL("people"), permissions: { members: "write" } },
  },
  "organization-runners": {
    kind: "aws",
    fields: { role_arn: "arn:aws:iam::123456789012:role/runner-scaler" },
    form: { ...FOR_ALL(".github"), permissions: { organization_self_hosted_runners: "write" } },
  },
  "outside-service": { kind: "fly", fields: {}, form: { permissions: { deployments: "read", issues: "write" } } },
  bitbucket: {
    kind: "bitbucket",
    fields: {},
    claims: {
      iss: "https://api.bitbucket.org/2.0/workspaces/acme/pipelines-config/identity/oidc",
      sub: `{${UUID}}:{${UUID.replace("6", "7")}}`,
      branchName: "main",
    },
  },
  github: { kind: "github", fields: { ...IMMUTABLE, ref: "ref:refs/heads/main" } },
  other: { kind: "other", fields: {}, claims: { iss: "https://id.acme.dev", sub: "backup" } },
};

export function workloadOf(name: string, row: Row): Workload {
  const { fields = {} } = WORKLOAD_KINDS.find((kind) => kind.name === row.kind) ?? {};
  // What is left empty is the token's own repository.
  const isLeft = (field: string) => ["owner", "repository"].includes(field);
  const needed = Object.entries(fields).filter(
    ([field, { optional, fallback }]) => !(optional || fallback || isLeft(field)),
  );
  const form: Form = {
    ...formFromState(new URLSearchParams({ kind: row.kind })),
    owner: "acme",
    repository: "app",
    identity: name,
    ...row.form,
    fields: { ...Object.fromEntries(needed.map(([field, { example }]) => [field, example])), ...row.fields },
  };
  const example = name === "github" ? "github-actions-immutable-subject" : name;
  return { name, form, claims: row.claims ?? claimsOfExample(example) };
}

export const WORKLOADS: readonly Workload[] = Object.entries(ROWS).map(([name, row]) => workloadOf(name, row));
