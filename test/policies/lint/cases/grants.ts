/** What a policy grants, to whom it is addressed, and what octo-sts does not understand. */

import { type Cases, issuedBy } from "./all.ts";

const grant = (permissions: Readonly<Record<string, string>>) => ({ permissions });
const organization = "organization" as const;
const domain = "sts.acme.dev";
const owner = "acme";
const AWS = "https://0a1b2c3d-1111.tokens.sts.global.api.aws";
const RSA_KEY = { kty: "RSA", e: "AQAB", n: `${"x".repeat(341)}w` };

export const GRANTS: Readonly<Record<string, Cases>> = {
  "powerful-permission": {
    fires: [
      { keys: grant({ administration: "write" }), at: "permissions.administration", severity: "warning" },
      {
        keys: { ...grant({ workflows: "write" }), subject: "repo:acme/app:pull_request" },
        at: "permissions.workflows",
        severity: "warning",
      },
      { keys: grant({ members: "write" }), kind: organization, at: "permissions.members", severity: "warning" },
      {
        keys: grant({ organization_secrets: "write" }),
        kind: organization,
        at: "permissions.organization_secrets",
        severity: "warning",
      },
      {
        keys: grant({ organization_projects: "admin" }),
        kind: organization,
        at: "permissions.organization_projects",
        severity: "warning",
      },
    ],
    silent: [
      { keys: grant({ administration: "read" }) },
      { keys: grant({ contents: "write", workflows: "write" }) },
      { keys: grant({ contents: "write", pull_requests: "write", actions: "write" }) },
      { keys: grant({ members: "read" }), kind: organization },
    ],
  },
  "forgeable-check": {
    severity: "warning",
    fires: [
      { keys: grant({ checks: "write" }), at: "permissions.checks" },
      { keys: grant({ contents: "read", checks: "write" }), kind: organization, at: "permissions.checks" },
    ],
    silent: [{ keys: grant({ checks: "read" }) }, { keys: grant({ statuses: "write" }) }],
  },
  "organization-read-in-repository-policy": {
    severity: "warning",
    fires: [
      { keys: grant({ members: "read" }), at: "permissions.members" },
      { keys: grant({ contents: "read", organization_projects: "read" }), at: "permissions.organization_projects" },
    ],
    silent: [{ keys: grant({ members: "read" }), kind: organization }, { keys: grant({ administration: "read" }) }],
  },
  "permission-level-assumed": {
    severity: "warning",
    fires: [
      { keys: grant({ actions_variables: "admin" }), at: "permissions.actions_variables" },
      { keys: grant({ codespaces_metadata: "write" }), at: "permissions.codespaces_metadata" },
    ],
    silent: [{ keys: grant({ actions_variables: "write" }) }, { keys: grant({ repository_projects: "admin" }) }],
  },
  "repositories-absent": {
    severity: "warning",
    fires: [
      { keys: {}, kind: organization, at: "repositories" },
      { keys: { repositories: null }, kind: organization, at: "repositories" },
    ],
    silent: [
      { keys: { repositories: [] }, kind: organization },
      { keys: { repositories: ["app"] }, kind: organization },
      { keys: {} },
    ],
  },
  "policies-writable": {
    severity: "warning",
    fires: [
      { keys: { ...grant({ contents: "write" }), repositories: [] }, kind: organization, at: "repositories" },
      {
        keys: { ...grant({ contents: "write" }), repositories: ["app", ".GitHub"] },
        kind: organization,
        at: "repositories",
      },
      { keys: grant({ contents: "write" }), kind: organization, at: "repositories" },
      {
        keys: { ...grant({ contents: "write" }), repositories: ["policies"] },
        kind: organization,
        context: { owner, policyRepository: "policies" },
        at: "repositories",
      },
    ],
    silent: [
      { keys: { ...grant({ contents: "write" }), repositories: ["app"] }, kind: organization },
      { keys: { ...grant({ contents: "read" }), repositories: [] }, kind: organization },
      { keys: { ...grant({ issues: "write" }), repositories: [".github"] }, kind: organization },
      { keys: grant({ contents: "write" }) },
    ],
  },
  "app-pinned-checks": {
    severity: "notice",
    fires: [
      { keys: { app: "ci", permissions: { checks: "write" } }, at: "app" },
      { keys: { app_pattern: "ci-[a-z]+", permissions: { contents: "read", checks: "write" } }, at: "app_pattern" },
    ],
    silent: [
      { keys: { permissions: { checks: "write" } } },
      { keys: { app: "ci", permissions: { checks: "read", contents: "write" } } },
    ],
  },
  "duplicate-repository": {
    severity: "notice",
    fires: [
      { keys: { repositories: ["app", "web", "app"] }, kind: organization, at: "repositories[2]" },
      { keys: { repositories: ["app", "acme/App"] }, kind: organization, at: "repositories[1]" },
    ],
    silent: [
      { keys: { repositories: ["app", "web"] }, kind: organization },
      { keys: { repositories: ["app", "app.js"] }, kind: organization },
    ],
  },
  "extension-used": {
    severity: "notice",
    fires: [
      { keys: { description: "Nightly release" }, at: "description" },
      { keys: { max_token_lifetime: 600 }, at: "max_token_lifetime" },
      { keys: { app: "ci" }, at: "app" },
      { keys: { app_pattern: "ci-.*" }, at: "app_pattern" },
      { keys: { issuer: "https://k8s.acme.dev", subject: "x", jwks: { keys: [RSA_KEY] } }, at: "jwks" },
      {
        keys: {
          issuer: "https://k8s.acme.dev",
          subject: "system:serviceaccount:apps:deployer",
          claim_pattern: { "kubernetes.io/namespace": "apps" },
        },
        at: "claim_pattern.kubernetes.io/namespace",
      },
      {
        keys: {
          issuer: AWS,
          subject: "arn:aws:iam::111122223333:role/app",
          claim_pattern: { "https://sts.amazonaws.com/aws_account": "111122223333" },
        },
        at: "claim_pattern.https://sts.amazonaws.com/aws_account",
      },
      { keys: grant({ artifact_metadata: "write" }), at: "permissions.artifact_metadata" },
    ],
    silent: [
      { keys: {} },
      {
        keys: {
          issuer: "https://acme.eu.auth0.com/",
          subject: "auth0|1",
          claim_pattern: { "https://acme.dev/roles": "deployer" },
        },
      },
      {
        keys: {
          issuer: "https://oidc.circleci.com/org/0a1b2c3d-1111-2222-3333-444455556666",
          subject: "org/o/project/p/user/u",
          claim_pattern: { "oidc.circleci.com/vcs-ref": "refs/heads/main" },
        },
      },
    ],
  },
  "audience-not-domain": {
    severity: "notice",
    fires: [
      { keys: { audience: "sts.amazonaws.com" }, context: { domain, owner }, at: "audience" },
      { keys: { audience: `https://${domain}/` }, context: { domain, owner }, at: "audience" },
      { keys: { audience_pattern: "(?:a|b)\\.acme\\.dev" }, context: { domain, owner }, at: "audience_pattern" },
    ],
    silent: [
      { keys: { audience: domain }, context: { domain, owner } },
      { keys: { audience: `https://${domain}` }, context: { domain, owner } },
      { keys: { audience: "sts.amazonaws.com" } },
      { keys: { audience_pattern: "(?:a|sts)\\.acme\\.dev" }, context: { domain, owner } },
      { keys: {}, context: { domain, owner } },
    ],
  },
  "audience-of-anyone": {
    severity: "warning",
    fires: [
      { keys: { audience_pattern: ".*" }, at: "audience_pattern" },
      { keys: { audience_pattern: "https://[^/]+" }, context: { domain, owner }, at: "audience_pattern" },
    ],
    silent: [
      { keys: { audience_pattern: "(?:https://)?sts\\.acme\\.dev" } },
      { keys: { audience: "sts.acme.dev" } },
      { keys: issuedBy("https://[a-z]+\\.acme\\.dev", { subject: "x" }) },
    ],
  },
};
