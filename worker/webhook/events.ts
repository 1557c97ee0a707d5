/**
 * A webhook's body -> what there is to do. Only names, ids and paths are taken from it, those that go into URLs in a strict form; what
 * a policy says is never among them. Pure: no I/O, no clock.
 */
import * as v from "valibot";
import { isPolicyPath, POLICY_DIRECTORY, POLICY_SUFFIX } from "../../policies/file-names.ts";
import { GIT_SHA, OWNER_NAME, REPOSITORY_NAME } from "../../policies/names.ts";
import { CHECK_NAME } from "../github/checks.ts";
import { PUSH_COMMITS_LISTED_MAX, PUSH_FILES_LISTED_MAX, WEBHOOK_NAMES_MAX } from "../limits.ts";

export interface Work {
  readonly action?: string;
  /** Whom it is about. */
  readonly owners: readonly string[];
  readonly repository?: string;
  readonly invalidate: readonly Invalidation[];
  readonly check?: CheckRequest;
}

/** What may no longer be taken from a cache. */
export type Invalidation =
  | { readonly kind: "files"; readonly owner: string; readonly repository: string; readonly paths: readonly string[] }
  | { readonly kind: "repository"; readonly owner: string; readonly repository: string }
  | { readonly kind: "owner"; readonly owner: string }
  /** Where the App is installed, and whether it sees these repositories. */
  | { readonly kind: "installation"; readonly owner: string; readonly repositories: readonly string[] };

/** A commit that is to be checked. */
export interface CheckRequest {
  readonly owner: string;
  readonly repository: string;
  /** Of the App that hears of it, as GitHub sends it along with every event about a repository. */
  readonly installation: { readonly id: number; readonly accountId: number } | undefined;
  readonly head: string;
  readonly base: Base;
  /** Somebody asked for the check once more. */
  readonly again: boolean;
  /** Files that the event says were added or changed, and that look like policies outside of their folder; words warnings only. */
  readonly misplaced: readonly string[];
}

/** Where the changes of a commit begin. Policies are read from the default branch alone, so it is all that a commit is compared with. */
export type Base =
  /** This commit itself: what the default branch was before a push that only added to it. */
  | { readonly kind: "commit"; readonly sha: string }
  /** Where the head parted from `ref`, a branch or a commit. */
  | { readonly kind: "merge_base"; readonly ref: string; readonly mayBeGone?: true }
  /** No history to compare with: all there is counts as new. */
  | { readonly kind: "nothing" };

/** The list is one of ours in whichever repository it is; a folder of a policy's name stands where the policy would be read. */
export const concernsPolicies = (path: string): boolean =>
  isPolicyPath(path, true) || (path.startsWith(POLICY_DIRECTORY) && path.includes(`${POLICY_SUFFIX}/`));

/** What lies in the policies' own folder is judged by what it is; everywhere else by its name alone. */
export const isMisplaced = (path: string): boolean => concernsPolicies(path) && !path.startsWith(POLICY_DIRECTORY);

/** Undefined for what is no such event. */
type Reading = Work | "ignored" | undefined;

interface Reader {
  /** All of them without it. */
  readonly actions?: readonly string[];
  readonly read: (json: unknown, action: string) => Reading;
}

const READERS: ReadonlyMap<string, Reader> = new Map<string, Reader>([
  ["push", { read: readPush }],
  ["pull_request", { actions: ["opened", "synchronize", "reopened", "edited"], read: readHead }],
  ["merge_group", { actions: ["checks_requested"], read: readHead }],
  ["check_suite", { actions: ["rerequested"], read: readHead }],
  ["check_run", { actions: ["rerequested"], read: readHead }],
  ["repository", { read: readRepository }],
  ["installation", { read: readInstallation }],
  ["installation_repositories", { read: readInstallation }],
  ["installation_target", { actions: ["renamed"], read: readTarget }],
]);

export function readEvent(name: string, json: unknown): Reading {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return undefined;
  const reader = READERS.get(name);
  if (reader === undefined) return "ignored";
  const action = parsed(actionShape, json)?.action;
  if (action === undefined && name !== "push") return undefined;
  if (reader.actions && !reader.actions.includes(action ?? "")) return "ignored";
  const work = reader.read(json, action ?? "");
  return typeof work === "object" && action !== undefined ? { action, ...work } : work;
}

const sha = v.pipe(v.string(), v.regex(GIT_SHA));
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
    default_branch: v.optional(text, ""),
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
const headShape = v.object({
  ...placeShape.entries,
  pull_request: v.optional(v.object({ head: v.object({ sha }) })),
  merge_group: v.optional(v.object({ head_sha: sha })),
  check_suite: v.optional(v.object({ head_sha: sha })),
  check_run: v.optional(v.object({ name: text, head_sha: sha })),
  changes: v.optional(v.object({ base: v.optional(v.object({})) })),
});
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
const installationShape = v.object({
  installation: v.object({ account: v.object({ login }) }),
  repositories: names,
  repositories_added: names,
  repositories_removed: names,
});
const targetShape = v.object({
  account: v.object({ login }),
  changes: v.object({ login: v.optional(v.object({ from: login })) }),
});

type Place = v.InferOutput<typeof placeShape>;
type Push = v.InferOutput<typeof pushShape>;

function parsed<S extends v.GenericSchema>(schema: S, json: unknown): v.InferOutput<S> | undefined {
  const { success, output } = v.safeParse(schema, json);
  return success ? output : undefined;
}

function readPush(json: unknown): Reading {
  const push = parsed(pushShape, json);
  if (push === undefined) return undefined;
  if (!push.ref.startsWith("refs/heads/") || push.deleted || isZero(push.after)) return "ignored";
  const { name: repository, owner, default_branch: main } = push.repository;
  const isMain = push.ref === `refs/heads/${main}`;
  const isNew = isZero(push.before);
  const isComplete = isListComplete(push) && !(isMain && (isNew || push.commits.length === 0));
  const added = push.commits.flatMap((commit) => [...commit.added, ...commit.modified]);
  const ours = [...added, ...push.commits.flatMap((commit) => commit.removed)].filter(concernsPolicies);
  if (isComplete && ours.length === 0) return "ignored";
  const misplaced = added.filter(isMisplaced).slice(0, WEBHOOK_NAMES_MAX);
  if (!isMain) return checkOf(push, push.after, { misplaced });
  const at = { owner: owner.login, repository };
  return {
    ...checkOf(push, push.after, { misplaced, base: isNew ? { kind: "nothing" } : formerHead(push) }),
    invalidate: [isComplete ? { kind: "files", ...at, paths: ours } : { kind: "repository", ...at }],
  };
}

/** GitHub lists so many commits of a push, and so many files of each; a forced push also takes back what it does not list. */
const isListComplete = ({ forced, commits }: Push): boolean =>
  !forced &&
  commits.length < PUSH_COMMITS_LISTED_MAX &&
  commits.every(
    ({ added, modified, removed }) => added.length + modified.length + removed.length < PUSH_FILES_LISTED_MAX,
  );

const formerHead = ({ before, forced }: Push): Base =>
  forced ? { kind: "merge_base", ref: before, mayBeGone: true } : { kind: "commit", sha: before };

/** Of a suite's pull requests none is looked at: they may belong to another repository. */
function readHead(json: unknown, action: string): Reading {
  const event = parsed(headShape, json);
  const { pull_request: pull, merge_group: group, check_suite: suite, check_run: run } = event ?? {};
  const head = pull?.head.sha ?? group?.head_sha ?? suite?.head_sha ?? run?.head_sha;
  if (event === undefined || head === undefined) return undefined;
  const isOtherEdit = action === "edited" && event.changes?.base === undefined;
  // Runs of other names are made with tokens that workloads got: theirs to repeat.
  const isOtherRun = run !== undefined && run.name !== CHECK_NAME;
  if (isOtherEdit || isOtherRun || isZero(head)) return "ignored";
  return checkOf(event, head, { again: action === "rerequested" });
}

/** Whatever branch a pull request goes to: what a commit does to access is what it does when it reaches the default branch. */
function checkOf(place: Place, head: string, more: Partial<Pick<CheckRequest, "base" | "again" | "misplaced">>): Work {
  const { name: repository, owner, default_branch: main } = place.repository;
  const base: Base = { kind: "merge_base", ref: isPlainBranch(main) ? main : "HEAD" };
  const installation = place.installation && { id: place.installation.id, accountId: owner.id };
  const check = { owner: owner.login, repository, installation, head, base, again: false, misplaced: [], ...more };
  return { owners: [owner.login], repository, invalidate: [], check };
}

/** Names that may stand in a URL; GitHub knows the default branch as `HEAD` as well. */
const isPlainBranch = (name: string): boolean =>
  /^(?!-)[A-Za-z0-9._-]{1,100}(?:\/[A-Za-z0-9._-]{1,100})*$/.test(name) && !name.includes("..");

const isZero = (commit: string): boolean => /^0+$/.test(commit);

/** Whatever happened to a repository, what was read under its name before may be another's: under its old name and its new one. */
function readRepository(json: unknown, action: string): Reading {
  const event = parsed(repositoryShape, json);
  if (event === undefined) return undefined;
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

/** The App sees other repositories than before, or none. */
function readInstallation(json: unknown): Reading {
  const event = parsed(installationShape, json);
  if (event === undefined) return undefined;
  const owner = event.installation.account.login;
  const listed = [...event.repositories, ...event.repositories_added, ...event.repositories_removed];
  const repositories = listed.slice(0, WEBHOOK_NAMES_MAX).map(({ name }) => name);
  return { owners: [owner], invalidate: [{ kind: "installation", owner, repositories }] };
}

/** The account has another name, and somebody else may take the old one. */
function readTarget(json: unknown): Reading {
  const event = parsed(targetShape, json);
  if (event === undefined) return undefined;
  const { account, changes } = event;
  const owners = [account.login, ...(changes.login ? [changes.login.from] : [])];
  const voided = owners.flatMap((owner): Invalidation[] => [
    { kind: "owner", owner },
    { kind: "installation", owner, repositories: [] },
  ]);
  return { owners, invalidate: voided };
}
