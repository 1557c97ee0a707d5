/** Whose tokens a policy lets in. */

import { type Cases, GITHUB, matching, WRITE } from "./all.ts";

const GITLAB = "https://gitlab.com";
const pinned = { job_workflow_ref: "acme/app/\\.github/workflows/a\\.yml@refs/heads/main" };
const unpinned = { job_workflow_ref: "acme/app/\\.github/workflows/a\\.yml@.*" };

export const SUBJECTS: Readonly<Record<string, Cases>> = {
  "subject-of-anyone": {
    severity: "warning",
    fires: [
      { keys: matching("repo:acme.*:ref:refs/heads/main"), at: "subject_pattern" },
      { keys: matching("repo:[^/]+/app:ref:refs/heads/main"), at: "subject_pattern" },
      { keys: matching(".*"), at: "subject_pattern" },
      {
        keys: { issuer: GITLAB, ...matching("project_path:acme.*:ref_type:branch:ref:main") },
        at: "subject_pattern",
      },
      { keys: { issuer: "https://accounts.google.com", ...matching("[0-9]+") }, at: "subject_pattern" },
      {
        keys: { issuer: "https://agent.buildkite.com", ...matching("organization:.+:pipeline:app:.*") },
        at: "subject_pattern",
      },
      { keys: matching(".*", { claim_pattern: { repository_owner: ".*" } }), at: "subject_pattern" },
    ],
    silent: [
      // Issuers of one enterprise's own.
      { keys: { issuer: "https://github.acme.dev/_services/token", ...matching("repo:.*:ref:refs/heads/main") } },
      { keys: { issuer: "https://token.actions.acme.ghe.com", ...matching("repo:[^:]+:ref:refs/heads/main") } },
      { keys: { issuer: `${GITHUB}/acme`, ...matching("repo:[^:]+:ref:refs/heads/main") } },
      { keys: matching("repo:acme/[^/:]+:ref:refs/heads/main") },
      { keys: matching("repo:[^/]+/app:ref:refs/heads/main", { claim_pattern: { repository_owner_id: "123" } }) },
      {
        keys: {
          issuer: "https://accounts.google.com",
          ...matching("[0-9]+", { claim_pattern: { email: ".*@acme\\.iam\\.gserviceaccount\\.com" } }),
        },
      },
      { keys: { issuer: "https://gitlab.acme.dev", ...matching("project_path:.+:ref_type:branch:ref:main") } },
      { keys: { issuer: "https://accounts.google.com", ...matching("(116393215694983881739|106196350728716637481)") } },
    ],
  },
  "wildcard-crosses-boundary": {
    severity: "warning",
    fires: [
      { keys: matching("repo:acme/.*:ref:refs/heads/main"), at: "subject_pattern" },
      { keys: matching("repo:acme/app.*"), at: "subject_pattern" },
      { keys: matching("repo:acme/[^/]+:ref:refs/heads/main"), at: "subject_pattern" },
      {
        keys: matching("repo:acme/.*:ref:refs/heads/main", { claim_pattern: { repository_owner: "acme" } }),
        at: "subject_pattern",
      },
      { keys: matching("repo:acme/(?:a.*|b):ref:refs/heads/main"), at: "subject_pattern" },
      {
        keys: { issuer: "https://k8s.acme.dev", ...matching("system:serviceaccount:.*:deployer") },
        at: "subject_pattern",
      },
      {
        keys: { issuer: "https://spire.acme.dev", ...matching("spiffe://acme\\.dev/ns/.+/sa/app") },
        at: "subject_pattern",
      },
    ],
    silent: [
      { keys: matching("repo:acme/[^/:]+:ref:refs/heads/main") },
      { keys: matching("repo:acme/app:ref:refs/heads/release/.*") },
      { keys: matching("repo:acme/app:ref:refs/heads/(?:release/.*|main)") },
      { keys: { issuer: "https://k8s.acme.dev", ...matching("system:serviceaccount:apps:.*") } },
      { keys: matching("repo:acme/\\.\\*:ref:refs/heads/main") },
      { keys: matching("repo:acme/[.*]:ref:refs/heads/main") },
      { keys: matching("repo:acme/.*:ref:refs/heads/main", { claim_pattern: { repository_id: "123" } }) },
    ],
  },
  "open-subject-write": {
    fires: [
      { keys: matching("repo:acme/app:.*", WRITE), at: "subject_pattern", severity: "warning" },
      { keys: matching("repo:acme/app:ref:refs/heads/.+", WRITE), at: "subject_pattern", severity: "warning" },
      { keys: matching("repo:acme/app:ref:refs/tags/v.*", WRITE), at: "subject_pattern", severity: "notice" },
      {
        keys: { issuer: "https://id.acme.dev", ...matching("service-.*", WRITE) },
        at: "subject_pattern",
        severity: "warning",
      },
    ],
    silent: [
      { keys: matching("repo:acme/app:.*") },
      { keys: matching("repo:acme/app:.*", { ...WRITE, claim_pattern: pinned }) },
      { keys: matching("repo:acme/app:ref:refs/heads/[a-z]+", WRITE) },
      { keys: matching("repo:acme/app:ref:refs/heads/main\\.\\*", WRITE) },
    ],
  },
  "any-branch": {
    fires: [
      { keys: matching("repo:acme/app:.*"), at: "subject_pattern", severity: "notice" },
      { keys: matching("repo:acme/app:ref:refs/heads/[a-z]+", WRITE), at: "subject_pattern", severity: "warning" },
      {
        keys: matching("repo:acme/app:.*", { ...WRITE, claim_pattern: { event_name: "push|schedule" } }),
        at: "subject_pattern",
        severity: "warning",
      },
      {
        keys: {
          issuer: "https://gitlab.acme.dev",
          ...matching("project_path:acme/app:ref_type:(branch|tag):ref:.*"),
        },
        at: "subject_pattern",
        severity: "notice",
      },
      {
        keys: {
          issuer: "https://agent.buildkite.com",
          ...matching("organization:acme:pipeline:app:ref:refs/heads/[^:]+:commit:[0-9a-f]+:step:[^:]*"),
        },
        at: "subject_pattern",
        severity: "notice",
      },
    ],
    silent: [
      { keys: matching("repo:acme/app:ref:refs/heads/release-.*") },
      { keys: matching("repo:acme/app:.*", { claim_pattern: { ref: "refs/heads/main" } }) },
      { keys: matching("repo:acme/app:.*", { claim_pattern: { ref_protected: "true" } }) },
      { keys: matching("repo:acme/app:.*", { claim_pattern: { event_name: "schedule" } }) },
      { keys: matching("repo:acme/app:.*", { claim_pattern: pinned }) },
      { keys: { subject: "repo:acme/app:environment:production", ...WRITE } },
    ],
  },
  "any-pull-request": {
    severity: "notice",
    fires: [
      { keys: { subject: "repo:acme/app:pull_request" }, at: "subject" },
      { keys: matching("repo:acme/(?:app|web):pull_request"), at: "subject_pattern" },
    ],
    silent: [
      { keys: { subject: "repo:acme/app:pull_request", ...WRITE } },
      { keys: { subject: "repo:acme/app:pull_request", claim_pattern: { actor: "dependabot\\[bot\\]" } } },
      { keys: { subject: "repo:acme/pull_request:ref:refs/heads/main" } },
    ],
  },
  "pull-request-write": {
    severity: "warning",
    fires: [
      { keys: { subject: "repo:acme/app:pull_request", ...WRITE }, at: "subject" },
      {
        keys: matching("repo:acme/app:(?:pull_request|environment:x)", { ...WRITE, claim_pattern: unpinned }),
        at: "subject_pattern",
      },
      {
        keys: {
          subject: "repo:acme/app:pull_request",
          ...WRITE,
          claim_pattern: { job_workflow_ref: "acme/app/\\.github/workflows/a\\.yml@refs/pull/[0-9]+/merge" },
        },
        at: "subject",
      },
      // Whoever opens the pull request names its branch.
      {
        keys: { subject: "repo:acme/app:pull_request", ...WRITE, claim_pattern: { head_ref: "renovate/.*" } },
        at: "subject",
      },
    ],
    silent: [
      { keys: { subject: "repo:acme/app:pull_request" } },
      { keys: { subject: "repo:acme/app:pull_request", ...WRITE, claim_pattern: pinned } },
      { keys: { subject: "repo:acme/app:ref:refs/heads/pull_request", ...WRITE } },
    ],
  },
  "workflow-ref-unpinned": {
    fires: [
      {
        keys: matching("repo:acme/app:.*", { ...WRITE, claim_pattern: unpinned }),
        at: "claim_pattern.job_workflow_ref",
        severity: "warning",
      },
      {
        keys: matching("repo:acme/app:ref:refs/heads/.+", {
          claim_pattern: { workflow_ref: "acme/app/\\.github/workflows/a\\.yml@refs/heads/.+" },
        }),
        at: "claim_pattern.workflow_ref",
        severity: "notice",
      },
      {
        keys: {
          issuer: GITLAB,
          ...matching("project_path:acme/app:ref_type:branch:ref:.+"),
          claim_pattern: { ci_config_ref_uri: "gitlab\\.com/acme/app//\\.gitlab-ci\\.yml@.*" },
        },
        at: "claim_pattern.ci_config_ref_uri",
        severity: "notice",
      },
    ],
    silent: [
      { keys: { claim_pattern: pinned } },
      // The subject decides from which branch the run comes.
      { keys: { claim_pattern: unpinned, ...WRITE } },
      {
        keys: {
          claim_pattern: { job_workflow_ref: "acme/app/\\.github/workflows/a\\.yml@refs/tags/v[0-9]+\\.[0-9]+" },
        },
      },
      { keys: { claim_pattern: { job_workflow_ref: "acme/app/\\.github/workflows/a\\.yml@\\.\\*" } } },
      { keys: { issuer: "https://id.acme.dev", subject: "x", claim_pattern: { job_workflow_ref: ".*@.*" } } },
    ],
  },
  "mutable-names": {
    severity: "notice",
    fires: [
      { keys: { subject: "repo:other/app:ref:refs/heads/main" }, context: { owner: "acme" }, at: "subject" },
      { keys: matching("repo:other/(?:a|b):ref:refs/heads/main"), context: { owner: "acme" }, at: "subject_pattern" },
      { keys: matching("repo:acme@[0-9]+/app@[0-9]+:ref:refs/heads/main"), at: "subject_pattern" },
      { keys: {}, context: {}, at: "subject" },
    ],
    silent: [
      { keys: { subject: "repo:Acme/app:ref:refs/heads/main" }, context: { owner: "acme" } },
      { keys: { subject: "repo:other@12/app@34:ref:refs/heads/main" }, context: { owner: "acme" } },
      {
        keys: { subject: "repo:other/app:ref:refs/heads/main", claim_pattern: { repository_id: "34" } },
        context: { owner: "acme" },
      },
      {
        keys: { issuer: GITLAB, subject: "project_path:other/app:ref_type:branch:ref:main" },
        context: { owner: "acme" },
      },
    ],
  },
  "subject-customized": {
    severity: "notice",
    fires: [
      { keys: { subject: "repo:acme/app" }, at: "subject" },
      { keys: matching("repo:acme/(?:app|web)"), at: "subject_pattern" },
      { keys: { subject: "repository_owner:acme" }, at: "subject" },
      { keys: { issuer: GITLAB, subject: "project_path:acme/app" }, at: "subject" },
    ],
    silent: [
      { keys: { subject: "repo:acme/app:ref:refs/heads/main" } },
      { keys: matching("repo:acme/app(?::.*)?") },
      { keys: { subject: "repo:acme/app:refs/heads/main" } },
      { keys: { issuer: "https://id.acme.dev", subject: "repo:acme/app" } },
    ],
  },
  "owner-case": {
    severity: "warning",
    fires: [
      { keys: { subject: "repo:Acme/app:ref:refs/heads/main" }, context: { owner: "acme" }, at: "subject" },
      { keys: matching("repo:acme@12/(?:a|b)@34:.*"), context: { owner: "Acme" }, at: "subject_pattern" },
      {
        keys: { claim_pattern: { repository_owner: "ACME" } },
        context: { owner: "acme" },
        at: "claim_pattern.repository_owner",
      },
    ],
    silent: [
      { keys: {}, context: { owner: "acme" } },
      { keys: { subject: "repo:acme-web/app:ref:refs/heads/main" }, context: { owner: "Acme" } },
      { keys: matching("(?i)repo:acme/app:ref:refs/heads/main"), context: { owner: "Acme" } },
      { keys: { issuer: GITLAB, subject: "project_path:Acme/app:ref_type:tag:ref:v1" }, context: { owner: "acme" } },
    ],
  },
  "head-ref-chosen": {
    fires: [
      {
        keys: { subject: "repo:acme/app:pull_request", claim_pattern: { head_ref: "^renovate/.*" }, ...WRITE },
        at: "claim_pattern.head_ref",
        severity: "warning",
      },
      {
        keys: { subject: "repo:acme/app:pull_request", claim_pattern: { head_ref: "renovate/x" } },
        at: "claim_pattern.head_ref",
        severity: "notice",
      },
    ],
    silent: [
      { keys: { claim_pattern: { base_ref: "main" } } },
      { keys: { issuer: "https://id.acme.dev", subject: "x", claim_pattern: { head_ref: "x" } } },
    ],
  },
  "claim-never-issued": {
    severity: "warning",
    fires: [
      { keys: { claim_pattern: { ref_path: "refs/heads/main" } }, at: "claim_pattern.ref_path" },
      { keys: { claim_pattern: { ["__proto__"]: "x" } }, at: "claim_pattern.__proto__" },
      {
        keys: {
          issuer: GITLAB,
          subject: "project_path:acme/app:ref_type:branch:ref:main",
          claim_pattern: { job_name: "deploy" },
        },
        at: "claim_pattern.job_name",
      },
      {
        keys: {
          issuer: "https://accounts.google.com",
          subject: "116393215694983881739",
          claim_pattern: { repository: "acme/app" },
        },
        at: "claim_pattern.repository",
      },
      {
        keys: {
          issuer: "https://app.terraform.io",
          subject: "organization:acme:project:p:workspace:w:run_phase:apply",
          claim_pattern: { terraform_workspace: "w" },
        },
        at: "claim_pattern.terraform_workspace",
      },
    ],
    silent: [
      { keys: { claim_pattern: { ref: "refs/heads/main", repo_property_team: "web" } } },
      { keys: { issuer: "https://id.acme.dev", subject: "x", claim_pattern: { ref_path: "x" } } },
      {
        keys: {
          issuer: "https://oidc.circleci.com/org/0a1b2c3d-1111-2222-3333-444455556666",
          subject: "org/o/project/p/user/u",
          claim_pattern: { "oidc.circleci.com/project-id": "p" },
        },
      },
      {
        keys: {
          issuer: "https://k8s.acme.dev",
          subject: "system:serviceaccount:apps:deployer",
          claim_pattern: { "kubernetes.io/serviceaccount/name": "deployer" },
        },
      },
      {
        keys: {
          issuer: "https://agent.buildkite.com",
          subject: "organization:acme:pipeline:app:ref:refs/heads/main:commit:c:step:s",
          claim_pattern: { "agent_tag:queue": "deploy", build_branch: "main" },
        },
      },
      {
        keys: {
          issuer: "https://0a1b2c3d-1111.tokens.sts.global.api.aws",
          subject: "arn:aws:iam::111122223333:role/app",
          claim_pattern: { "https://sts.amazonaws.com/aws_account": "111122223333" },
        },
      },
      { keys: { issuer: `${GITHUB}/acme`, claim_pattern: { enterprise: "acme" } } },
    ],
  },
};
