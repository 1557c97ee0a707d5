/**
 * A webhook's body -> what there is to do. Only names, ids and SHAs are taken from it, each of a strict form, since they go into
 * URLs; what a policy says is never among them. Pure: no I/O, no clock.
 */
import { POLICY_DIRECTORY, POLICY_SUFFIX } from "../../policies/file-names.ts";
import { CHECK_NAME } from "../github/checks.ts";
import { WEBHOOK_NAMES_MAX } from "../limits.ts";
import {
  actionShape,
  installationShape,
  mergeGroupShape,
  outputOf,
  type Place,
  pullRequestShape,
  pushShape,
  repositoryShape,
  runShape,
  type Suite,
  selectionShape,
  suiteShape,
} from "./event-shapes.ts";

/** Where the changes of a commit begin. */
export type Base =
  /** This commit itself: what a branch was before a push. */
  | { readonly kind: "commit"; readonly sha: string }
  /** Where the head parted from this commit or branch. */
  | { readonly kind: "merge_base"; readonly of: string }
  /** No history to compare with: all there is counts as new. */
  | { readonly kind: "nothing" };

export interface CheckWork {
  readonly repository: string;
  readonly head: string;
  readonly base: Base;
  /** Somebody asked for the check once more. */
  readonly again: boolean;
  /** Paths elsewhere that the event says were added or changed, and that look like policies; words warnings only. */
  readonly touched: readonly string[];
}

export interface Work {
  readonly action?: string;
  /** Absent for an event about no owner. */
  readonly owner?: string;
  readonly check?: CheckWork;
  /** A push to the default branch: the paths that changed, as far as the event lists them. */
  readonly pushed?: { readonly repository: string; readonly paths: readonly string[] };
  /** Installations to be looked up again, by owner, with the repositories that may have come into sight. */
  readonly forget?: readonly { readonly owner: string; readonly repositories: readonly string[] }[];
}

export type EventReading =
  | { readonly kind: "work"; readonly work: Work }
  | { readonly kind: "ignored" }
  | { readonly kind: "malformed" };

type Reader = (json: unknown, action: string) => Work | "ignored" | undefined;

/** Null prototype: the name comes from a header. */
const READERS: Readonly<Record<string, Reader | undefined>> = Object.assign(Object.create(null), {
  ping: () => ({}),
  push: readPush,
  pull_request: only(["opened", "synchronize", "reopened", "ready_for_review"], readPullRequest),
  check_suite: only(["requested", "rerequested"], readSuite),
  check_run: only(["rerequested"], readRun),
  merge_group: only(["checks_requested"], readMergeGroup),
  installation: readInstallation,
  installation_repositories: readSelection,
  repository: only(["renamed", "transferred", "deleted", "privatized"], readRepository),
} satisfies Record<string, Reader>);

export function readEvent(name: string, json: unknown): EventReading {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return { kind: "malformed" };
  const reader = READERS[name];
  if (reader === undefined) return { kind: "ignored" };
  const named = outputOf(actionShape, json)?.action;
  const read = reader(json, named ?? "");
  if (read === "ignored") return { kind: "ignored" };
  if (read === undefined) return { kind: "malformed" };
  return { kind: "work", work: named === undefined ? read : { action: named, ...read } };
}

function only(actions: readonly string[], reader: Reader): Reader {
  return (json, named) => {
    if (named === "") return undefined;
    return actions.includes(named) ? reader(json, named) : "ignored";
  };
}

function readPush(json: unknown): Work | "ignored" | undefined {
  const push = outputOf(pushShape, json);
  if (push === undefined) return undefined;
  const { name, owner, default_branch: main } = push.repository;
  if (!push.ref.startsWith("refs/heads/") || push.deleted || isZero(push.after)) return "ignored";
  const listed = push.commits.flatMap(({ added, modified }) => [...added, ...modified]);
  const touched = listed
    .filter((path) => path.endsWith(POLICY_SUFFIX) && !isPolicyPath(path))
    .slice(0, WEBHOOK_NAMES_MAX);
  const isMain = push.ref === `refs/heads/${main}`;
  const before: Base = isZero(push.before) ? { kind: "nothing" } : { kind: "commit", sha: push.before };
  const check = {
    repository: name,
    head: push.after,
    base: isMain ? before : parted(main, before),
    again: false,
    touched,
  };
  if (!isMain) return { owner: owner.login, check };
  const removed = push.commits.flatMap((commit) => commit.removed);
  return {
    owner: owner.login,
    check,
    pushed: { repository: name, paths: [...listed, ...removed].filter(isPolicyPath) },
  };
}

function readPullRequest(json: unknown): Work | undefined {
  const event = outputOf(pullRequestShape, json);
  if (event === undefined) return undefined;
  const { head, base } = event.pull_request;
  return checkOf(event.repository, head.sha, { kind: "merge_base", of: base.sha }, false);
}

function readMergeGroup(json: unknown): Work | undefined {
  const event = outputOf(mergeGroupShape, json);
  if (event === undefined) return undefined;
  const { head_sha: head, base_sha: of } = event.merge_group;
  return checkOf(event.repository, head, { kind: "merge_base", of }, false);
}

function readSuite(json: unknown, named: string): Work | "ignored" | undefined {
  const event = outputOf(suiteShape, json);
  return event && ofSuite(event.check_suite, event.repository, named === "rerequested");
}

/** Runs of other names are made with tokens that workloads got: theirs to repeat. */
function readRun(json: unknown): Work | "ignored" | undefined {
  const event = outputOf(runShape, json);
  if (event === undefined) return undefined;
  const { name, check_suite: of } = event.check_run;
  return name === CHECK_NAME ? ofSuite(of, event.repository, true) : "ignored";
}

function ofSuite(
  { head_branch: branch, head_sha: head, before, pull_requests: pulls }: Suite,
  place: Place,
  again: boolean,
): Work | "ignored" {
  if (isZero(head)) return "ignored";
  const [pull] = pulls;
  if (pull) return checkOf(place, head, { kind: "merge_base", of: pull.base.sha }, again);
  const start: Base = !before || isZero(before) ? { kind: "nothing" } : { kind: "commit", sha: before };
  const isMain = typeof branch === "string" && branch === place.default_branch;
  return checkOf(place, head, isMain ? start : parted(place.default_branch, start), again);
}

/** A branch is compared with the default one, whatever was pushed to it before: a force push or a new branch has no other base. */
function parted(main: string | undefined, otherwise: Base): Base {
  return main !== undefined && isPlainBranch(main) ? { kind: "merge_base", of: main } : otherwise;
}

/** Names that may stand in a URL; with others the branch's former head is the base. */
const isPlainBranch = (name: string): boolean =>
  /^(?!-)[A-Za-z0-9._-]{1,100}(?:\/[A-Za-z0-9._-]{1,100})*$/.test(name) && !name.includes("..");

function checkOf(place: Place, head: string, base: Base, again: boolean): Work {
  return { owner: place.owner.login, check: { repository: place.name, head, base, again, touched: [] } };
}

function readInstallation(json: unknown): Work | undefined {
  const event = outputOf(installationShape, json);
  return event && forgetting(event.installation.account.login, event.repositories);
}

function readSelection(json: unknown): Work | undefined {
  const event = outputOf(selectionShape, json);
  if (event === undefined) return undefined;
  return forgetting(event.installation.account.login, [...event.repositories_added, ...event.repositories_removed]);
}

function forgetting(owner: string, repositories: readonly { readonly name: string }[]): Work {
  return { owner, forget: [{ owner, repositories: repositories.slice(0, WEBHOOK_NAMES_MAX).map(({ name }) => name) }] };
}

/** Under its old name and under its new one, at its old owner and at its new one. */
function readRepository(json: unknown): Work | undefined {
  const event = outputOf(repositoryShape, json);
  if (event === undefined) return undefined;
  const { changes, repository: now } = event;
  const formerName = changes.repository?.name.from;
  const from = changes.owner?.from;
  const formerOwner = (from?.organization ?? from?.user)?.login;
  const repositories = [...new Set([now.name, formerName ?? now.name])];
  const owners = [now.owner.login, ...(formerOwner === undefined ? [] : [formerOwner])];
  return { owner: now.owner.login, forget: owners.map((owner) => ({ owner, repositories })) };
}

const isPolicyPath = (path: string): boolean => path.startsWith(POLICY_DIRECTORY);

const isZero = (id: string): boolean => /^0+$/.test(id);
