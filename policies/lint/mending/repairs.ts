/**
 * How values that were written in another way become such of the issuer's form, by issuer and name: in turn, each where it applies. Data
 * only. Apart from the forms, as the Worker tells the form and no more.
 */

export type Repair = readonly [wrong: RegExp, right: string];

interface Repairs {
  /** By names, separated by spaces. */
  readonly repairs: Readonly<Record<string, readonly Repair[]>>;
  /** What to do where no value can be made of what was written, by name. */
  readonly advice?: Readonly<Record<string, string>>;
}

/** For refs that were written without their path. */
const REF_REPAIRS: readonly Repair[] = [
  [/^(?:heads|branches)\//, ""],
  [/^tags\//, "refs/tags/"],
  [/^(\(?)(v[0-9\\[])/, "$1refs/tags/$2"],
  [/^(?!\^?\(?refs\/)/, "refs/heads/"],
];

const own = (name: string) => `oidc.circleci.com/${name}`;

export const REPAIRS: Readonly<Record<string, Repairs>> = {
  "GitHub Actions": {
    repairs: {
      iss: [[/^https:\/\/(?:[a-z]+\.)*([a-z0-9-]+)\.ghe\.com.*$/, "https://token.actions.$1.ghe.com"]],
      sub: [
        [/^(?:https?:\/\/)?github\\?\.com\//, ""],
        [/^repository:|^(?=[A-Za-z0-9-]+(?:@[0-9]+)?\/[^:]*(?::|$))/, "repo:"],
        [/:(?:ref:)?(?=refs\/)/, ":ref:"],
        [/:(?:ref:)?(?:tags\/|tag:|ref:(?=v[0-9]))/, ":ref:refs/tags/"],
        [/:(?:(?:ref:)?(?:heads\/|branch:)|ref:(?!refs\/))/, ":ref:refs/heads/"],
        [/:env:/, ":environment:"],
        [/:pull[-_]requests?$/, ":pull_request"],
        [/:(?:environment:([^:]+):ref:.*|ref:[^:]+:environment:([^:]+))$/, ":environment:$1$2"],
        [/^(repo:[^:]+)$/, "$1:ref:refs/heads/main"],
      ],
      ref: REF_REPAIRS,
      repository: [
        [/^(?:https?:\/\/)?github\\?\.com\//, ""],
        [/^(?=[^/]+$)/, "OWNER/"],
      ],
      "job_workflow_ref workflow_ref": [
        [/^(?:https?:\/\/)?github\\?\.com\//, ""],
        [/(?<=\.ya?ml)$/, "@refs/heads/main"],
        [/@(?=(?:main|master)$)/, "@refs/heads/"],
        [/@(?=v[0-9][0-9.\\]*$)/, "@refs/tags/"],
      ],
      "head_ref base_ref": [[/^refs\/heads\//, ""]],
    },
  },
  GitLab: {
    repairs: {
      sub: [
        [/^(?:https?:\/\/)?gitlab\\?\.com\//, ""],
        [/^(?:repo|project|repository):|^(?=[^:]+\/[^:]+(?::|$))/, "project_path:"],
        [/(?<!ref_type:(?:branch|tag)):ref:(?:refs\/)?tags\//, ":ref_type:tag:ref:"],
        [/(?<!ref_type:(?:branch|tag)):ref:(?:refs\/heads\/)?/, ":ref_type:branch:ref:"],
        [/:ref:refs\/(?:heads|tags)\//, ":ref:"],
        [/^(project_path:[^:]+)$/, "$1:ref_type:branch:ref:main"],
      ],
      ref: [[/^refs\/(?:heads|tags)\//, ""]],
      project_path: [[/^(?:https?:\/\/)?gitlab\\?\.com\//, ""]],
      ref_path: REF_REPAIRS,
      ci_config_ref_uri: [[/(?<=\.ya?ml)$/, "@refs/heads/main"]],
    },
  },
  Buildkite: {
    repairs: {
      sub: [
        [/:ref:(?!refs\/)/, ":ref:refs/heads/"],
        [/^(organization:[^:]+:pipeline:[^:]+)$/, "$1:ref:refs/heads/main"],
        [/^(organization:[^:]+:pipeline:[^:]+:ref:[^:]+)$/, "$1:commit:[0-9a-f]{40}:step:[^:]*"],
      ],
      "build_branch build_tag": [[/^refs\/(?:heads|tags)\//, ""]],
    },
  },
  CircleCI: {
    repairs: {
      sub: [[/^(org\/[^/]+\/project\/[^/]+)\/?$/, "$1/user/[^/]+"]],
      [own("vcs-ref")]: REF_REPAIRS,
      [own("vcs-origin")]: [[/^https?:\/\//, ""]],
    },
  },
  "HCP Terraform": {
    repairs: {
      sub: [
        [/^(organization:[^:]+):workspace:/, "$1:project:Default Project:workspace:"],
        [/(:workspace:[^:]+)$/, "$1:run_phase:apply"],
      ],
    },
  },
  Google: {
    repairs: {},
    advice: {
      sub: "write the account's number, which `gcloud iam service-accounts describe EMAIL --format 'value(uniqueId)'` prints, and the e-mail below `claim_pattern` as `email`",
    },
  },
  "AWS STS": {
    repairs: {
      sub: [
        [/^arn:([a-z-]+):sts::([0-9]+):assumed-role\/([^/]+)(?:\/.*)?$/, "arn:$1:iam::$2:role/$3"],
        [/^arn:([a-z-]+):iam:([0-9]+:)/, "arn:$1:iam::$2"],
      ],
    },
    advice: { iss: "write the account's own, which `aws iam get-outbound-web-identity-federation-info` prints" },
  },
  "Microsoft Entra": {
    repairs: {
      iss: [
        [
          /^https?:\/\/login\.(?:microsoft|windows)[^/]*\/([^/]+)(?:\/.*)?$/,
          "https://login.microsoftonline.com/$1/v2.0",
        ],
        [/^https?:\/\/sts\.windows\.net\/([^/]+).*$/, "https://sts.windows.net/$1/"],
      ],
    },
  },
  Kubernetes: {
    repairs: {
      sub: [
        [/^(?:system:serviceaccounts:|serviceaccounts?:|sa:|(?=[a-z0-9-]+[:/][a-z0-9.-]+$))/, "system:serviceaccount:"],
        [/^(system:serviceaccount:[^:/]+)\//, "$1:"],
        [/^system:serviceaccount:([^:]+)$/, "system:serviceaccount:$1:default"],
      ],
    },
  },
};
