/**
 * The shapes of the webhook bodies that are handled, each with only the fields that are needed. Owners, repositories and ids have
 * the strict forms in which they may stand in a URL. Pure.
 */

import * as v from "valibot";
import { GIT_SHA, OWNER_NAME, REPOSITORY_NAME } from "../../policies/names.ts";

const sha = v.pipe(v.string(), v.regex(GIT_SHA));
const login = v.pipe(v.string(), v.regex(OWNER_NAME));
const repositoryName = v.pipe(v.string(), v.regex(REPOSITORY_NAME));
const text = v.pipe(v.string(), v.maxLength(4_096));
export const repository = v.object({
  name: repositoryName,
  owner: v.object({ login }),
  default_branch: v.optional(text),
});
export const actionShape = v.object({ action: text });
const paths = v.optional(v.array(v.string()), []);

export const pushShape = v.object({
  ref: text,
  before: sha,
  after: sha,
  deleted: v.optional(v.boolean(), false),
  forced: v.optional(v.boolean(), false),
  commits: v.optional(v.array(v.object({ added: paths, modified: paths, removed: paths })), []),
  repository,
});
export const pullRequestShape = v.object({
  pull_request: v.object({ head: v.object({ sha }), base: v.object({ sha }) }),
  repository,
});
export const suite = v.object({
  head_branch: v.nullish(text),
  head_sha: sha,
  before: v.nullish(sha),
  pull_requests: v.optional(v.array(v.object({ base: v.object({ sha }) })), []),
});
export const suiteShape = v.object({ check_suite: suite, repository });
export const runShape = v.object({
  check_run: v.object({ name: text, head_sha: sha, check_suite: suite }),
  repository,
});
export const mergeGroupShape = v.object({ merge_group: v.object({ head_sha: sha, base_sha: sha }), repository });
const names = v.optional(v.array(v.object({ name: repositoryName })), []);
const installation = v.object({ account: v.object({ login }) });
export const installationShape = v.object({ installation, repositories: names });
export const selectionShape = v.object({ installation, repositories_added: names, repositories_removed: names });
const account = v.optional(v.object({ login }));
export const repositoryShape = v.object({
  repository,
  changes: v.optional(
    v.object({
      repository: v.optional(v.object({ name: v.object({ from: repositoryName }) })),
      owner: v.optional(v.object({ from: v.object({ user: account, organization: account }) })),
    }),
    {},
  ),
});

export type Suite = v.InferOutput<typeof suite>;
export type Place = v.InferOutput<typeof repository>;

/** Undefined for what is not of the shape. */
export function outputOf<S extends v.GenericSchema>(schema: S, json: unknown): v.InferOutput<S> | undefined {
  const parsed = v.safeParse(schema, json);
  return parsed.success ? parsed.output : undefined;
}
