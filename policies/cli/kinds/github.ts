/**
 * GitHub Actions. Data only.
 */

import { OF_EVERY_TOKEN, TAGGED_VERSION, type WorkloadKind } from "./kind.ts";

export const GITHUB: WorkloadKind = {
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
  volatileParts: [
    {
      found: /(?<=gh-readonly-queue\/[^:]{0,200}?)pr-[0-9]+-[0-9a-f]{40}/g,
      pattern: "pr-[0-9]+-[0-9a-f]{40}",
      isGone: true,
    },
    { found: /(?<=refs\/pull\/)[0-9]+/g, pattern: "[0-9]+" },
    // Previews of pull requests have environments of their own.
    { found: /(?<=:environment:(?:[^:]{0,100}[-_/])?(?:pr|preview|review)[-_/]?)[0-9]+(?=$|:)/g, pattern: "[0-9]+" },
    // Subjects can be made of other claims too, by the repository's own template.
    { found: /(?<=:(?:run_id|run_number|run_attempt|check_run_id):)[0-9]+/g, pattern: "[0-9]+" },
    { found: /(?<=:sha:)[0-9a-f]{40}/g, pattern: "[0-9a-f]{40}" },
    TAGGED_VERSION,
  ],
  volatileClaims: [...OF_EVERY_TOKEN, "run_id", "run_number", "run_attempt", "check_run_id", "sha"],
  ask: [
    "permissions:",
    "  id-token: write",
    "steps:",
    "  - id: sts",
    "    uses: octo-sts/action@<full commit SHA>",
    "    with: { domain: {audience}, scope: {scope}, identity: {identity} }",
  ],
};
