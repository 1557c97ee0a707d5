/** What a value means more or less than it looks like. */

import { type Cases, GITHUB, issuedBy, matching } from "./all.ts";

const GITLAB = "https://gitlab.com";

const OWN = { subject: "x" };

export const VALUES: Readonly<Record<string, Cases>> = {
  "unescaped-dot": {
    severity: "warning",
    fires: [
      { keys: issuedBy("https://token.actions.githubusercontent.com"), at: "issuer_pattern" },
      { keys: issuedBy("https://id.acme.dev/.+", OWN), at: "issuer_pattern" },
      { keys: { claim_pattern: { repository: "acme.dev/app" } }, at: "claim_pattern.repository" },
      {
        keys: { issuer: GITLAB, ...matching("project_path:acme.io/app:ref_type:tag:ref:v1") },
        at: "subject_pattern",
      },
      {
        keys: {
          issuer: "https://accounts.google.com",
          subject: "1",
          claim_pattern: { email: "(a@x\\.dev|bot@acme.iam.gserviceaccount\\.com)" },
        },
        at: "claim_pattern.email",
      },
    ],
    silent: [
      { keys: issuedBy("https://token\\.actions\\.githubusercontent\\.com") },
      // Without another dot it is no host.
      { keys: issuedBy("https://gitlab.com", { subject: "project_path:acme/app:ref_type:tag:ref:v1" }) },
      { keys: { issuer: "https://id.acme.dev", subject: "x", claim_pattern: { email: ".*@acme.dev" } } },
      // The same owner's repositories, files that are read from one place alone, and whoever may push tags.
      { keys: { claim_pattern: { job_workflow_ref: "acme/app/.github/workflows/a.yml@refs/heads/main" } } },
      { keys: matching("repo:acme/(a|b).js:ref:refs/heads/main") },
      { keys: matching("repo:acme/app:ref:refs/tags/v[0-9]+.[0-9]+") },
      { keys: matching("\\Qrepo:acme.x/a.js\\E:ref:refs/heads/(main|dev)") },
    ],
  },
  "doubled-backslash": {
    severity: "warning",
    fires: [
      { keys: { claim_pattern: { workflow: "a\\\\.b" } }, at: "claim_pattern.workflow" },
      { keys: { issuer: "https://id.acme.dev", ...matching("bot\\\\d+") }, at: "subject_pattern" },
      {
        keys: { claim_pattern: { job_workflow_ref: "acme/app/\\\\.github/workflows/a\\\\.yml@refs/heads/main" } },
        at: "claim_pattern.job_workflow_ref",
      },
    ],
    silent: [
      { keys: { claim_pattern: { workflow: "a\\.b" } } },
      { keys: { issuer: "https://id.acme.dev", ...matching("CORP\\\\deployer") } },
      { keys: { issuer: "https://id.acme.dev", ...matching("CORP\\\\\\.x") } },
    ],
  },
  "brackets-are-a-class": {
    severity: "warning",
    fires: [
      { keys: { claim_pattern: { actor: "dependabot[bot]" } }, at: "claim_pattern.actor" },
      { keys: { claim_pattern: { actor: "^(renovate|dependabot)[bot]$" } }, at: "claim_pattern.actor" },
    ],
    silent: [
      { keys: { claim_pattern: { actor: "dependabot\\[bot\\]" } } },
      { keys: { claim_pattern: { actor: "[a-z]+" } } },
      { keys: { claim_pattern: { actor: "\\Qdependabot[bot]\\E" } } },
    ],
  },
  "never-together": {
    fires: [
      { keys: { claim_pattern: { ref: "refs/heads/master" } }, at: "claim_pattern.ref", severity: "warning" },
      { keys: { claim_pattern: { environment: "prod" } }, at: "claim_pattern.environment", severity: "notice" },
    ],
    silent: [{ keys: { claim_pattern: { ref: "refs/heads/.+" } } }, { keys: { claim_pattern: { actor: "x" } } }],
  },
  "glob-as-pattern": {
    severity: "warning",
    fires: [
      { keys: matching("repo:acme/*"), at: "subject_pattern" },
      { keys: matching("repo:acme/app:ref:refs/heads/*"), at: "subject_pattern" },
      { keys: { claim_pattern: { ref: "refs/heads/release-*" } }, at: "claim_pattern.ref" },
      { keys: matching("repo:acme/app:ref:refs/tags/v*"), at: "subject_pattern" },
    ],
    silent: [
      { keys: matching("repo:acme/app:ref:refs/heads/.*") },
      { keys: { claim_pattern: { ref: "refs/tags/v[0-9]*" } } },
      { keys: { claim_pattern: { ref: "refs/heads/[/*]" } } },
      { keys: { claim_pattern: { ref: "refs/heads/\\*" } } },
      { keys: { claim_pattern: { ref: "refs/heads(?:/x)*" } } },
    ],
  },
  "exact-looks-like-pattern": {
    severity: "warning",
    fires: [
      { keys: { subject: "repo:acme/app:ref:refs/heads/*" }, at: "subject" },
      { keys: { subject: "repo:acme/app:.*" }, at: "subject" },
      { keys: { subject: "repo:acme/app:ref:refs/heads/(main|dev)" }, at: "subject" },
      { keys: { issuer: "^https://id\\.acme\\.dev$" }, at: "issuer" },
      { keys: { audience: "https://sts.acme.dev/.*" }, at: "audience" },
    ],
    silent: [
      { keys: { issuer: "https://id.acme.dev", subject: "auth0|5f7c8ec7c33c6c004bbafe82" } },
      { keys: { subject: "repo:acme/app.js:ref:refs/heads/main" } },
      { keys: { issuer: "https://id.acme.dev", subject: "a+b@acme.dev" } },
      { keys: { subject: "repo:acme/app:actor:dependabot[bot]" } },
    ],
  },
  "matches-nothing": {
    severity: "warning",
    fires: [
      { keys: matching("repo:acme/app:^ref:.*"), at: "subject_pattern" },
      { keys: matching("repo:acme/app:ref:refs/heads/(main|dev) "), at: "subject_pattern" },
      { keys: { claim_pattern: { ref: "refs/heads/main$/x" } }, at: "claim_pattern.ref" },
      { keys: { issuer: "id.acme.dev", subject: "x" }, at: "issuer" },
      { keys: { issuer: "http://id.acme.dev", subject: "x" }, at: "issuer" },
      { keys: { subject: " repo:acme/app:ref:refs/heads/main" }, at: "subject" },
      { keys: { subject: "repo:acme/app:actor:dependabot\u200b" }, at: "subject" },
      { keys: { subject: "repo:acme/app:refs/heads/main" }, at: "subject" },
      { keys: { claim_pattern: { ref: "main" } }, at: "claim_pattern.ref" },
      { keys: { claim_pattern: { event_name: "not_known_yet" } }, at: "claim_pattern.event_name", severity: "notice" },
      { keys: issuedBy("https://id\\.acme\\.dev/\\?tenant=[a-z]+", OWN), at: "issuer_pattern" },
    ],
    silent: [
      { keys: matching("(^repo:acme/app:ref:refs/heads/main$)") },
      { keys: matching("repo:acme/app:ref:refs/heads/(|main)") },
      { keys: { claim_pattern: { workflow: "Build and ship" } } },
      { keys: { claim_pattern: { ref: "refs/heads/\\bmain\\b" } } },
      { keys: { issuer: "http://localhost:8080", subject: "x" } },
    ],
  },
  "top-level-alternation": {
    severity: "notice",
    fires: [
      { keys: { claim_pattern: { event_name: "push|schedule" } }, at: "claim_pattern.event_name" },
      {
        keys: matching("repo:acme/a:ref:refs/heads/main|repo:acme/b:ref:refs/heads/main"),
        at: "subject_pattern",
      },
      { keys: { claim_pattern: { ref: "^refs/heads/a$|^refs/heads/b$" } }, at: "claim_pattern.ref" },
    ],
    silent: [
      { keys: { claim_pattern: { event_name: "(push|schedule)" } } },
      { keys: { claim_pattern: { event_name: "a\\|b" } } },
      { keys: { claim_pattern: { event_name: "[a|b]" } } },
      { keys: { claim_pattern: { event_name: "\\Qa|b\\E" } } },
    ],
  },
  placeholder: {
    severity: "warning",
    fires: [
      { keys: { subject: "repo:REPLACE_WITH_OWNER/app:ref:refs/heads/main" }, at: "subject" },
      { keys: { subject: "repo:<owner>/app:ref:refs/heads/main" }, at: "subject" },
      { keys: { subject: "repo:your-org/app:ref:refs/heads/main" }, at: "subject" },
      { keys: { subject: "repo:OWNER/REPO:ref:refs/heads/main" }, at: "subject" },
      { keys: { issuer: "https://id.example.com", subject: "x" }, at: "issuer" },
      { keys: issuedBy("https://[a-z]+\\.example\\.com", OWN), at: "issuer_pattern" },
      { keys: { claim_pattern: { repository: "{{ repository }}" } }, at: "claim_pattern.repository" },
    ],
    silent: [
      { keys: { subject: "repo:acme/example-app:ref:refs/heads/main" } },
      { keys: { subject: "repo:acme/todo:ref:refs/heads/main" } },
      { keys: { claim_pattern: { ref: "(?P<ref>refs/heads/(main|dev))" } } },
      { keys: { issuer: "https://example.acme.dev", subject: "x" } },
    ],
  },
  "issuer-misspelt": {
    severity: "warning",
    fires: [
      { keys: { issuer: `${GITHUB}/` }, at: "issuer" },
      { keys: { issuer: "https://GitLab.com", subject: "project_path:acme/app:ref_type:tag:ref:v1" }, at: "issuer" },
      { keys: { issuer: `${GITHUB}/.well-known/openid-configuration` }, at: "issuer" },
      { keys: { issuer: "http://accounts.google.com", subject: "116393215694983881739" }, at: "issuer" },
    ],
    silent: [
      { keys: { issuer: GITHUB } },
      { keys: { issuer: `${GITHUB}/acme` } },
      { keys: { issuer: "https://acme.eu.auth0.com/", subject: "x" } },
    ],
  },
  "issuer-of-anyone": {
    severity: "warning",
    fires: [
      { keys: issuedBy("https://.*", OWN), at: "issuer_pattern" },
      { keys: issuedBy("https://.*\\.acme\\.dev", OWN), at: "issuer_pattern" },
      { keys: issuedBy("https://[^/]*acme\\.dev", OWN), at: "issuer_pattern" },
      { keys: issuedBy("https://id\\.acme\\.dev.*", OWN), at: "issuer_pattern" },
      { keys: issuedBy("https://[a-z]+\\.github\\.io", OWN), at: "issuer_pattern" },
      { keys: issuedBy("https://id\\.acme\\.dev|.*", OWN), at: "issuer_pattern" },
    ],
    silent: [
      { keys: issuedBy("https://[^/]+\\.acme\\.dev", OWN) },
      { keys: issuedBy("https://id\\.acme\\.(?:dev|com)", OWN) },
      { keys: issuedBy("https://id\\.acme\\.co\\.uk/realms/.*", OWN) },
      { keys: issuedBy("https://[a-z]+\\.acme\\.co\\.uk", OWN) },
    ],
  },
  "issuer-of-any-customer": {
    severity: "warning",
    fires: [
      {
        keys: issuedBy("https://oidc\\.eks\\.eu-west-1\\.amazonaws\\.com/id/[0-9A-F]{32}", OWN),
        at: "issuer_pattern",
      },
      { keys: issuedBy("https://sts\\.windows\\.net/.*", OWN), at: "issuer_pattern" },
      { keys: issuedBy("https://[^/]+\\.auth0\\.com/", OWN), at: "issuer_pattern" },
      { keys: issuedBy("https://[0-9a-f-]+\\.tokens\\.sts\\.global\\.api\\.aws", OWN), at: "issuer_pattern" },
      {
        keys: issuedBy("https://container\\.googleapis\\.com/v1/projects/.*", OWN),
        at: "issuer_pattern",
      },
    ],
    silent: [
      { keys: issuedBy("https://oidc\\.eks\\.eu-west-1\\.amazonaws\\.com/id/(?:0A1B|2C3D)", OWN) },
      { keys: issuedBy("https://container\\.googleapis\\.com/v1/projects/acme/.*", OWN) },
      { keys: issuedBy("https://acme\\.(?:eu|us)\\.auth0\\.com/", OWN) },
    ],
  },
};
