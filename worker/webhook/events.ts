/**
 * A webhook's body -> what there is to do. Only names, ids and paths are taken from it, those that go into URLs in a strict form; what
 * a policy says is never among them. Pure: no I/O, no clock.
 */
import * as v from "valibot";
import { OWNER_NAME, REPOSITORY_NAME } from "../../policies/names.ts";
import { CHECK_NAME } from "../github/checks.ts";
import { PUSH_COMMITS_LISTED_MAX, PUSH_FILES_LISTED_MAX, WEBHOOK_NAMES_MAX } from "../limits.ts";
import { type Base, concernsUs, type Invalidation, isStray, type Work } from "./work.ts";

export type EventReading =
  | { readonly kind: "work"; readonly work: Work }
  /** Another event, or one of which nothing follows. */
  | { readonly kind: "ignored" }
  | { readonly kind: "malformed" };

type Reader = (json: unknown, action: string) => Work | "ignored" | undefined;

/** Null prototype: the name comes from a header. */
const READERS: Readonly<Record<string, Reader | undefined>> = Object.assign(Object.create(null), {
  push: readPush,
  pull_request: only(["opened", "synchronize", "reopened", "edited"], readPullRequest),
  merge_group: only(["checks_requested"], readMergeGroup),
  check_suite: only(["rerequested"], readSuite),
  check_run: only(["rerequested"], readRun),
  repository: readRepository,
  installation: readInstallation,
  installation_repositories: readSelection,
  installation_target: only(["renamed"], readTarget),
} satisfies Record<string, Reader>);

export function readEvent(name: string, json: unknown): EventReading {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return { kind: "malformed" };
  const reader = READERS[name];
  if (reader === undefined) return { kind: "ignored" };
  const action = read(actionShape, json)?.action;
  const work = reader(json, action ?? "");
  if (work === "ignored") return { kind: "ignored" };
  if (work === undefined) return { kind: "malformed" };
  return { kind: "work", work: action === undefined ? work : { action, ...work } };
}

function only(actions: readonly string[], reader: Reader): Reader {
  return (json, action) => {
    if (action === "") return undefined;
    return actions.includes(action) ? reader(json, action) : "ignored";
  };
}

const sha = v.pipe(v.string(), v.regex(/^(?:[0-9a-f]{40}|[0-9a-f]{64})$/));
const login = v.pipe(v.string(), v.regex(OWNER_NAME));
const repositoryName = v.pipe(v.string(), v.regex(REPOSITORY_NAME));
const text = v.pipe(v.string(), v.maxLength(4_096));
const id = v.pipe(v.number(), v.safeInteger(), v.minValue(1));
const paths = v.optional(v.array(v.string()), []);
const names = v.optional(v.array(v.object({ name: repositoryName })), []);
const former = v.optional(v.object({ login }));

const actionShape = v.object({ action: text });
const placeShape = v.object({
  repository: v.object({
    name: repositoryName,
    owner: v.object({ login, id: v.optional(id, 0) }),
    default_branch: v.optional(text),
  }),
  installation: v.optional(v.object({ id })),
});
const pushShape = v.object({
  ...placeShape.entries,
  ref: text,
  before: sha,
  after: sha,
  deleted: v.optional(v.boolean(), false),
  forced: v.optional(v.boolean(), false),
  commits: v.optional(v.array(v.object({ added: paths, modified: paths, removed: paths })), []),
});
const pullRequestShape = v.object({
  ...placeShape.entries,
  pull_request: v.object({ head: v.object({ sha }) }),
  changes: v.optional(v.object({ base: v.optional(v.object({})) }), {}),
});
const mergeGroupShape = v.object({ ...placeShape.entries, merge_group: v.object({ head_sha: sha }) });
const suiteShape = v.object({ ...placeShape.entries, check_suite: v.object({ head_sha: sha }) });
const runShape = v.object({ ...placeShape.entries, check_run: v.object({ name: text, head_sha: sha }) });
const repositoryShape = v.object({
  ...placeShape.entries,
  changes: v.optional(
    v.object({
      repository: v.optional(v.object({ name: v.object({ from: repositoryName }) })),
      owner: v.optional(v.object({ from: v.object({ user: former, organization: former }) })),
      default_branch: v.optional(v.object({})),
    }),
    {},
  ),
});
const accountShape = v.object({ installation: v.object({ account: v.object({ login }) }) });
const installationShape = v.object({ ...accountShape.entries, repositories: names });
const selectionShape = v.object({ ...accountShape.entries, repositories_added: names, repositories_removed: names });
const targetShape = v.object({
  account: v.object({ login }),
  changes: v.object({ login: v.optional(v.object({ from: login })) }),
});

type Place = v.InferOutput<typeof placeShape>;

function read<S extends v.GenericSchema>(schema: S, json: unknown): v.InferOutput<S> | undefined {
  const parsed = v.safeParse(schema, json);
  return parsed.success ? parsed.output : undefined;
}

function readPush(json: unknown): Work | "ignored" | undefined {
  const push = read(pushShape, json);
  if (push === undefined) return undefined;
  if (!push.ref.startsWith("refs/heads/") || push.deleted || isZero(push.after)) return "ignored";
  const { name: repository, owner, default_branch: main } = push.repository;
  const isMain = push.ref === `refs/heads/${main}`;
  const isNew = isZero(push.before);
  const isComplete = isListComplete(push) && !(isMain && (isNew || push.commits.length === 0));
  const added = push.commits.flatMap((commit) => [...commit.added, ...commit.modified]);
  const ours = [...added, ...push.commits.flatMap((commit) => commit.removed)].filter(concernsUs);
  if (isComplete && ours.length === 0) return "ignored";
  const strays = added.filter(isStray).slice(0, WEBHOOK_NAMES_MAX);
  if (!isMain) return checkOf(push, push.after, partedFrom(main), { strays });
  const before: Base = push.forced
    ? { kind: "parted", of: push.before, mayBeGone: true }
    : { kind: "commit", sha: push.before };
  const at = { owner: owner.login, repository };
  return {
    ...checkOf(push, push.after, isNew ? { kind: "nothing" } : before, { strays }),
    invalidate: [isComplete ? { kind: "files", ...at, paths: ours } : { kind: "repository", ...at }],
  };
}

/** GitHub lists so many commits of a push, and so many files of each; a forced push also takes back what it does not list. */
const isListComplete = ({ forced, commits }: v.InferOutput<typeof pushShape>): boolean =>
  !forced &&
  commits.length < PUSH_COMMITS_LISTED_MAX &&
  commits.every(
    ({ added, modified, removed }) => added.length + modified.length + removed.length < PUSH_FILES_LISTED_MAX,
  );

function readPullRequest(json: unknown, action: string): Work | "ignored" | undefined {
  const event = read(pullRequestShape, json);
  if (event === undefined) return undefined;
  if (action === "edited" && event.changes.base === undefined) return "ignored";
  return checkOf(event, event.pull_request.head.sha, partedFrom(event.repository.default_branch));
}

function readMergeGroup(json: unknown): Work | undefined {
  const event = read(mergeGroupShape, json);
  return event && checkOf(event, event.merge_group.head_sha, partedFrom(event.repository.default_branch));
}

function readSuite(json: unknown): Work | "ignored" | undefined {
  const event = read(suiteShape, json);
  return event && askedAgain(event, event.check_suite.head_sha);
}

/** Runs of other names are made with tokens that workloads got: theirs to repeat. */
function readRun(json: unknown): Work | "ignored" | undefined {
  const event = read(runShape, json);
  if (event === undefined) return undefined;
  return event.check_run.name === CHECK_NAME ? askedAgain(event, event.check_run.head_sha) : "ignored";
}

/** The pull requests of a suite are not looked at: they may belong to another repository. */
function askedAgain(place: Place, head: string): Work | "ignored" {
  if (isZero(head)) return "ignored";
  return checkOf(place, head, partedFrom(place.repository.default_branch), { again: true });
}

function checkOf(
  { repository: { name: repository, owner }, installation }: Place,
  head: string,
  base: Base,
  { again = false, strays = [] }: { readonly again?: boolean; readonly strays?: readonly string[] } = {},
): Work {
  const heard = installation && { installation: { id: installation.id, accountId: owner.id } };
  const place = { owner: owner.login, repository, ...heard };
  return { owners: [owner.login], repository, invalidate: [], check: { ...place, head, base, again, strays } };
}

/** Whatever branch a pull request goes to: what a commit does to access is what it does when it reaches the default branch. */
const partedFrom = (branch: string | undefined): Base => ({
  kind: "parted",
  ...(branch !== undefined && isPlainBranch(branch) && { of: branch }),
});

/** Names that may stand in a URL. */
const isPlainBranch = (name: string): boolean =>
  /^(?!-)[A-Za-z0-9._-]{1,100}(?:\/[A-Za-z0-9._-]{1,100})*$/.test(name) && !name.includes("..");

const isZero = (commit: string): boolean => /^0+$/.test(commit);

/** Whatever happened to a repository, what was read under its name before may be another's: under its old name and its new one. */
function readRepository(json: unknown, action: string): Work | "ignored" | undefined {
  const event = read(repositoryShape, json);
  if (event === undefined || action === "") return undefined;
  const { changes, repository: now } = event;
  if (action === "edited" && changes.default_branch === undefined) return "ignored";
  const from = changes.owner?.from;
  const formerOwner = (from?.organization ?? from?.user)?.login;
  const owners = [now.owner.login, ...(formerOwner === undefined ? [] : [formerOwner])];
  const repositories = [...new Set([now.name, changes.repository?.name.from ?? now.name])];
  const voided = owners.flatMap((owner): Invalidation[] => [
    ...repositories.map((repository): Invalidation => ({ kind: "repository", owner, repository })),
    { kind: "installation", owner, repositories },
  ]);
  return { owners, repository: now.name, invalidate: voided };
}

function readInstallation(json: unknown): Work | undefined {
  const event = read(installationShape, json);
  return event && seenAnew(event.installation.account.login, event.repositories);
}

function readSelection(json: unknown): Work | undefined {
  const event = read(selectionShape, json);
  if (event === undefined) return undefined;
  return seenAnew(event.installation.account.login, [...event.repositories_added, ...event.repositories_removed]);
}

function seenAnew(owner: string, repositories: readonly { readonly name: string }[]): Work {
  const seen = repositories.slice(0, WEBHOOK_NAMES_MAX).map(({ name }) => name);
  return { owners: [owner], invalidate: [{ kind: "installation", owner, repositories: seen }] };
}

/** The account has another name, and somebody else may take the old one. */
function readTarget(json: unknown): Work | undefined {
  const event = read(targetShape, json);
  if (event === undefined) return undefined;
  const { account, changes } = event;
  const owners = [account.login, ...(changes.login ? [changes.login.from] : [])];
  const voided = owners.flatMap((owner): Invalidation[] => [
    { kind: "owner", owner },
    { kind: "installation", owner, repositories: [] },
  ]);
  return { owners, invalidate: voided };
}
