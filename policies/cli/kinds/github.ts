/**
 * GitHub Actions. Data only.
 */

import { OWNER_NAME, REPOSITORY_NAME } from "../../names.ts";
import {
  BRANCH,
  HTTPS,
  NUMBER,
  OF_EVERY_TOKEN,
  PART,
  REF_NAME,
  TAGGED_VERSION,
  type WorkloadField,
  type WorkloadKind,
} from "./kind.ts";

const OWNER: Readonly<Record<string, WorkloadField>> = {
  owner: { label: "Owner", about: "the account that the workflow belongs to", example: "acme", rule: OWNER_NAME },
  owner_id: {
    label: "Owner's number",
    about: "`gh api users/OWNER --jq .id`",
    example: "1234567",
    rule: NUMBER,
  },
};

const REPOSITORY: Readonly<Record<string, WorkloadField>> = {
  repository: {
    label: "Repository",
    about: "the workflow's repository, without its owner",
    example: "app",
    rule: REPOSITORY_NAME,
  },
  repository_id: {
    label: "Repository's number",
    about: "`gh api repos/OWNER/REPOSITORY --jq .id`",
    example: "7654321",
    rule: NUMBER,
  },
};

const ISSUER: WorkloadField = {
  label: "Issuer",
  about: "of GitHub Enterprise: `https://HOST/_services/token`, or `https://token.actions.NAME.ghe.com`",
  example: "https://token.actions.githubusercontent.com",
  fallback: "https://token.actions.githubusercontent.com",
  rule: HTTPS,
};

/** The two forms in which subjects begin. `repository`: as each has it. */
const subjectsOf = (immutable: string, classic: string): WorkloadField => ({
  label: "Subjects",
  about: "whether the repository's subjects have numbers in them",
  example: "immutable",
  fallback: "immutable",
  choices: {
    immutable: {
      about: "with numbers: repositories made or renamed since 15 July 2026, or that opted in",
      text: immutable,
    },
    classic: { about: "names alone: older repositories", text: classic },
  },
});

const SUBJECTS = subjectsOf("repo:{owner}@{owner_id}/{repository}@{repository_id}", "repo:{owner}/{repository}");

const CLAIMS = {
  iss: "{issuer}",
  repository: "{owner}/{repository}",
  repository_id: "{repository_id}",
  repository_owner_id: "{owner_id}",
};

export const GITHUB: WorkloadKind = {
  name: "github",
  about: "GitHub Actions",
  issuer:
    /^https:\/\/(?:token\.actions\.(?:githubusercontent\.com|[a-z0-9-]+\.ghe\.com)|[^/]+\/_services\/token)(?:\/|$)/,
  fields: {
    ...OWNER,
    ...REPOSITORY,
    ref: {
      label: "Rest of the subject",
      about: "what runs, as `ref:refs/heads/main` or `environment:production`",
      example: "ref:refs/heads/main",
    },
    subjects: SUBJECTS,
    issuer: ISSUER,
  },
  claims: { ...CLAIMS, sub: "{subjects}:{ref}" },
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
};

export const GITHUB_BRANCH: WorkloadKind = {
  ...GITHUB,
  name: "github-branch",
  about: "GitHub Actions: one branch",
  fields: {
    ...OWNER,
    ...REPOSITORY,
    branch: BRANCH,
    workflow: {
      label: "Workflow file",
      about: "one file of .github/workflows, so that no other workflow of the branch is let in",
      example: "release.yml",
      rule: /^[^\s/@\p{Cc}]{1,200}\.ya?ml$/u,
      optional: true,
    },
    event: {
      label: "Event",
      about: "what starts the run, so that no other event does",
      example: "schedule",
      rule: /^[a-z_]{1,50}$/,
      optional: true,
    },
    subjects: SUBJECTS,
    issuer: ISSUER,
  },
  claims: {
    ...CLAIMS,
    sub: "{subjects}:ref:refs/heads/{branch}",
    workflow_ref: "{owner}/{repository}/.github/workflows/{workflow}@refs/heads/{branch}",
    event_name: "{event}",
  },
};

export const GITHUB_TAG: WorkloadKind = {
  ...GITHUB,
  name: "github-tag",
  about: "GitHub Actions: release tags",
  fields: {
    ...OWNER,
    ...REPOSITORY,
    tag: {
      label: "Tag",
      about: "any one of them: the three numbers of a version may be others next time",
      example: "v1.2.3",
      rule: REF_NAME,
    },
    subjects: SUBJECTS,
    issuer: ISSUER,
  },
  claims: { ...CLAIMS, sub: "{subjects}:ref:refs/tags/{tag}" },
};

export const GITHUB_ENVIRONMENT: WorkloadKind = {
  ...GITHUB,
  name: "github-environment",
  about: "GitHub Actions: a deployment environment",
  fields: {
    ...OWNER,
    ...REPOSITORY,
    environment: {
      label: "Environment",
      about: "the environment of the job, from the repository's settings",
      example: "production",
      rule: PART,
    },
    branch: {
      ...BRANCH,
      about: "the only branch that may use it, where the environment's own rules do not say so",
      optional: true,
    },
    subjects: SUBJECTS,
    issuer: ISSUER,
  },
  claims: { ...CLAIMS, sub: "{subjects}:environment:{environment}", ref: "refs/heads/{branch}" },
};

/** A name that stands for the repository of any caller. */
const ANY = "any-repository";

export const GITHUB_REUSABLE: WorkloadKind = {
  ...GITHUB,
  name: "github-reusable-workflow",
  about: "GitHub Actions: a reusable workflow, whichever repository calls it",
  fields: {
    ...OWNER,
    workflow: {
      label: "Reusable workflow",
      about: "with its repository and its revision, as `job_workflow_ref` of a token has it",
      example: "acme/workflows/.github/workflows/publish.yml@refs/tags/v3",
      rule: /^[^\s/@]+\/[^\s/@]+\/\.github\/workflows\/[^\s/@]+\.ya?ml@(?:refs\/(?:heads|tags)\/[^\s:]+|[0-9a-f]{40})$/,
    },
    branch: { ...BRANCH, about: "the branch of the calling repositories" },
    subjects: subjectsOf(`repo:{owner}@{owner_id}/${ANY}@1`, `repo:{owner}/${ANY}`),
    issuer: ISSUER,
  },
  claims: {
    iss: "{issuer}",
    sub: "{subjects}:ref:refs/heads/{branch}",
    repository_owner_id: "{owner_id}",
    job_workflow_ref: "{workflow}",
  },
  pins: ["repository_owner_id", "job_workflow_ref"],
  volatileParts: [
    { found: new RegExp(`(?<=^repo:[^/:]+/)${ANY}@1(?=:)`, "g"), pattern: "[A-Za-z0-9._-]+@[0-9]+" },
    { found: new RegExp(`(?<=^repo:[^/:]+/)${ANY}(?=:)`, "g"), pattern: "[A-Za-z0-9._-]+" },
  ],
};
