/** GitHub Actions. Data only. */

import { claimNamesOf, type Forms, REGISTERED } from "./forms.ts";

const EVENTS =
  "push workflow_dispatch schedule release pull_request pull_request_target repository_dispatch workflow_run merge_group create delete deployment deployment_status discussion discussion_comment fork gollum issue_comment issues label milestone page_build project project_card project_column public pull_request_review pull_request_review_comment registry_package status watch branch_protection_rule check_run check_suite image_version dynamic workflow_call";
const NOT_OF_PULL_REQUESTS = EVENTS.replaceAll(/ pull_request\w*/g, "").replaceAll(" ", "|");

const CONTEXTS = "ref:refs/heads/BRANCH ref:refs/tags/TAG environment:ENVIRONMENT pull_request".split(" ");
const behind = (repository: string) => CONTEXTS.map((context) => `${repository}:${context}`).join(" ");
const WORKFLOW = "OWNER/REPOSITORY/.github/workflows/FILE";

/** https://docs.github.com/en/actions/reference/security/oidc#oidc-token-claims */
const TABLE: Forms = {
  issuer: "GitHub Actions",
  hosts: /actions\.githubusercontent\.com|^(?:www\.|api\.)?github\.com(?!\/login\/)|\.ghe\.com/,
  iss: "https://token.actions.githubusercontent.com | https://token.actions.githubusercontent.com/NAME https://token.actions.NAME.ghe.com https://token.actions.NAME.ghe.com/NAME",
  sub: `${behind("repo:OWNER/REPOSITORY")} | ${behind("repo:OWNER@ID/REPOSITORY@ID")} repo:OWNER/REPOSITORY:ref:REF`,
  claims: {
    "": `${REGISTERED} check_run_id enterprise environment environment_node_id issuer_scope workflow`,
    "refs/heads/BRANCH refs/tags/TAG refs/pull/NUMBER/merge | REF": "ref",
    "branch tag": "ref_type",
    "true false": "ref_protected",
    [EVENTS]: "event_name",
    "OWNER/REPOSITORY": "repository",
    OWNER: "repository_owner",
    "OWNER OWNER[bot]": "actor",
    ID: "repository_id repository_owner_id actor_id enterprise_id run_id run_number run_attempt",
    [`${WORKFLOW}@refs/heads/BRANCH ${WORKFLOW}@refs/tags/TAG ${WORKFLOW}@SHA | ${WORKFLOW}@REF dynamic/PATH@REF`]:
      "job_workflow_ref workflow_ref",
    SHA: "sha job_workflow_sha workflow_sha",
    "public private internal": "repository_visibility",
    "github-hosted self-hosted": "runner_environment",
    "BRANCH_NAME | NONE": "base_ref head_ref",
  },
  prefixes: ["repo_property_"],
  growing: "event_name",
  pairs: [
    "ref sub repo:[^:]+:(?:ref:{}|environment:.+|pull_request)",
    "ref_type sub branch repo:[^:]+:(?:ref:refs/[hp].+|environment:.+|pull_request) tag repo:[^:]+:(?:ref:refs/t.+|environment:.+)",
    `event_name sub pull_request repo:[^:]+:(?:environment:.+|pull_request) pull_request_.+ .+ ${NOT_OF_PULL_REQUESTS} repo:[^:]+:(?:environment|ref):.+`,
    "environment sub [^:]* repo:[^:]+:(?:environment:{}|ref:.+|pull_request) .*:.* .+",
    "repository sub repo:(?:{}|[^:]+@[^:]+):.+",
    "repository_owner sub repo:{}(?:@[0-9]+)?/.+",
    "repository_id sub repo:[^:@]+(?:@[^:]+@{})?:.+",
    "repository_owner_id sub repo:[^:@]+(?:@{}/[^:]+)?:.+",
    "ref_type ref branch refs/[hp].+ tag refs/t.+",
    "repository_owner repository {}/.+",
  ],
  hint: "environment sub repo:[^:]+:environment:.+",
};

/** `KEY:VALUE` of any claims, the repository as `repo`: "Customizing the subject claims" of the same page. */
const KEYS = claimNamesOf(TABLE)
  .join("|")
  .replace(/\bref\|/, "")
  .replace("|environment|", "|");
const ITEM = `(?:repo:OWNER(?:@ID)?/REPOSITORY(?:@ID)?|ref:REF|environment:[^:]*|pull_request|(?:${KEYS}|repo_property_[a-z0-9_]+):[^:\\x00-\\x20]*)`;

export const GITHUB_FORMS: Forms = {
  ...TABLE,
  customized: [`(?:${ITEM}:)*${ITEM}`, "an owner who customized GitHub's subjects (`include_claim_keys`)"],
};

/** A GitHub Enterprise Server: only its address differs. */
export const GITHUB_SERVER_FORMS: Forms = {
  ...GITHUB_FORMS,
  hosts: /^[^/]+\/_services(?:\/|$)/,
  iss: "https://HOST/_services/token",
};
