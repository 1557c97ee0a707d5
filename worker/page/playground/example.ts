/** A policy and a token that it refuses, for a first look. */
import type { Input } from "./input.ts";

export const EXAMPLE: Omit<Input, "domain"> = {
  file: "repository",
  scope: "acme/app",
  policy: `# .github/chainguard/release.sts.yaml in acme/app
issuer: https://token.actions.githubusercontent.com
subject: repo:acme/app:ref:refs/heads/main
claim_pattern:
  event_name: push
permissions:
  contents: write
`,
  evidence: `{
  "iss": "https://token.actions.githubusercontent.com",
  "sub": "repo:acme/app:ref:refs/heads/feature",
  "aud": "{domain}",
  "ref": "refs/heads/feature",
  "event_name": "push",
  "repository": "acme/app",
  "repository_id": "7654321",
  "repository_owner": "acme",
  "repository_owner_id": "1234567",
  "actor": "octocat"
}
`,
};
