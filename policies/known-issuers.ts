/**
 * Issuers that every deployment knows, as exact strings: GitHub Actions, GitLab.com, Google, Buildkite, HCP Terraform. Their keys
 * may be fetched before any policy is read, and no policy may bring keys of its own for them. Pure data.
 */
export const BUILT_IN_ISSUERS: readonly string[] = [
  "https://token.actions.githubusercontent.com",
  "https://gitlab.com",
  "https://accounts.google.com",
  "https://agent.buildkite.com",
  "https://app.terraform.io",
];
