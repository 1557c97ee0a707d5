// Routes of commits: one, many, and what lies between two. No state of its own.

import { type Answer, nodeId, notFound, ok, refusal, timestamp } from "./answers.ts";
import type { Commit } from "./git.ts";
import { ancestry, commitsBetween, type Difference, differences, mergeBase } from "./history.ts";
import { type Context, paged, permitted, type Route } from "./route.ts";
import { fullName, type Repository } from "./state.ts";

type Json = Record<string, unknown>;

const CONTENTS = { permission: "contents", level: "read" } as const;
const FILES_MAX = 300;
const COMMITS_MAX = 250;

const apiOf = (at: Context, repository: Repository): string => `${at.bases.api}/repos/${fullName(repository)}`;
const webOf = (at: Context, repository: Repository): string => `${at.bases.web}/${fullName(repository)}`;

function commitJson(at: Context, place: Repository, commit: Commit): Json {
  const api = apiOf(at, place);
  const html = `${webOf(at, place)}/commit/`;
  const who = { name: "Octo Cat", email: "octo@example.test", date: timestamp(commit.at * 1000) };
  return {
    sha: commit.sha,
    node_id: nodeId("C", commit.at),
    commit: {
      author: who,
      committer: who,
      message: commit.message,
      tree: { sha: commit.tree, url: `${api}/git/trees/${commit.tree}` },
      url: `${api}/git/commits/${commit.sha}`,
      comment_count: 0,
      verification: { verified: false, reason: "unsigned", signature: null, payload: null, verified_at: null },
    },
    url: `${api}/commits/${commit.sha}`,
    html_url: html + commit.sha,
    comments_url: `${api}/commits/${commit.sha}/comments`,
    author: null,
    committer: null,
    parents: commit.parents.map((sha) => ({ sha, url: `${api}/commits/${sha}`, html_url: html + sha })),
  };
}

function fileJson(at: Context, place: Repository, commit: Commit, one: Difference): Json {
  const path = one.path.split("/").map(encodeURIComponent).join("/");
  const changed = one.status === "renamed" ? 0 : 1;
  return {
    sha: one.sha,
    filename: one.path,
    status: one.status,
    additions: one.status === "removed" ? 0 : changed,
    deletions: one.status === "added" ? 0 : changed,
    changes: changed,
    blob_url: `${webOf(at, place)}/blob/${commit.sha}/${path}`,
    raw_url: `${webOf(at, place)}/raw/${commit.sha}/${path}`,
    contents_url: `${apiOf(at, place)}/contents/${path}?ref=${commit.sha}`,
    ...(one.previous === undefined ? {} : { previous_filename: one.previous }),
  };
}

function commit(at: Context): Answer {
  const place = permitted(at, CONTENTS);
  if (place.stop !== undefined) return place.stop;
  const { git } = place.value;
  const ref = at.params.ref ?? "";
  const found = git.resolve(ref);
  if (found === null) return refusal(422, `No commit found for SHA: ${ref}`, "/commits/commits#get-a-commit");
  const parent = git.commits.get(found.parents[0] ?? "") ?? { ...found, files: new Map() };
  const files = differences(parent, found).slice(0, FILES_MAX);
  const stats = { total: files.length, additions: files.length, deletions: 0 };
  const listed = files.map((one) => fileJson(at, place.value, found, one));
  return ok({ ...commitJson(at, place.value, found), stats, files: listed });
}

/** `main...owner:branch` names a branch of a fork; a fork's commits are found by their ids under any name. */
function side(at: Context, home: Repository, ref: string): Commit | null {
  const colon = ref.indexOf(":");
  if (colon < 0) return home.git.resolve(ref);
  const login = ref.slice(0, colon).toLowerCase();
  const fork = at.state.repositories.find(
    (one) => one.owner.login.toLowerCase() === login && one.git.commits === home.git.commits,
  );
  return fork?.git.resolve(ref.slice(colon + 1)) ?? null;
}

/** From the merge base to the head, as three dots mean. At most 300 files, all on the first page. */
function compare(at: Context): Answer {
  const place = permitted(at, CONTENTS);
  if (place.stop !== undefined) return place.stop;
  const { git } = place.value;
  const [from = "", to = ""] = (at.params.basehead ?? "").split("...");
  const [base, head] = [side(at, place.value, from), side(at, place.value, to)];
  if (base === null || head === null) return notFound("/commits/commits#compare-two-commits");
  const shared = mergeBase(git, base, head);
  if (shared === null) return refusal(404, `No common ancestor between ${from} and ${to}.`);
  const ahead = commitsBetween(git, base, head);
  const behind = commitsBetween(git, head, base).length;
  const away = behind > 0 ? (ahead.length > 0 ? "diverged" : "behind") : ahead.length > 0 ? "ahead" : "identical";
  const { page, headers } = paged(at, ahead.slice(0, COMMITS_MAX));
  const html = `${webOf(at, place.value)}/compare/${base.sha}...${head.sha}`;
  const first = (at.url.searchParams.get("page") ?? "1") === "1";
  const files = first ? differences(shared, head).slice(0, FILES_MAX) : [];
  return ok(
    {
      url: `${apiOf(at, place.value)}/compare/${at.params.basehead}`,
      html_url: html,
      permalink_url: html,
      diff_url: `${html}.diff`,
      patch_url: `${html}.patch`,
      base_commit: commitJson(at, place.value, base),
      merge_base_commit: commitJson(at, place.value, shared),
      status: away,
      ahead_by: ahead.length,
      behind_by: behind,
      total_commits: ahead.length,
      commits: page.map((one) => commitJson(at, place.value, one)),
      files: files.map((one) => fileJson(at, place.value, head, one)),
    },
    200,
    headers,
  );
}

function history(at: Context): Answer {
  const place = permitted(at, CONTENTS);
  if (place.stop !== undefined) return place.stop;
  const { git } = place.value;
  const from = git.resolve(at.url.searchParams.get("sha") ?? git.defaultBranch);
  if (from === null) return notFound("/commits/commits#list-commits");
  const { page, headers } = paged(at, ancestry(git, from));
  return ok(
    page.map((one) => commitJson(at, place.value, one)),
    200,
    headers,
  );
}

const REPO = "/repos/:owner/:repo";

export const commitRoutes: readonly Route[] = [
  { id: "gh.commits", method: "GET", path: `${REPO}/commits`, answer: history },
  { id: "gh.commit", method: "GET", path: `${REPO}/commits/:ref`, answer: commit },
  { id: "gh.compare", method: "GET", path: `${REPO}/compare/:basehead`, answer: compare },
];
