// Questions to a history: where two commits parted, how far each went, what differs. Pure.

import type { Commit, Git } from "./git.ts";

/** The commit and all before it, nearest first. */
export function ancestry(git: Git, from: Commit): Commit[] {
  const seen = new Map<string, Commit>();
  const queue = [from];
  for (let commit = queue.shift(); commit !== undefined; commit = queue.shift()) {
    if (seen.has(commit.sha)) continue;
    seen.set(commit.sha, commit);
    for (const parent of commit.parents) {
      const found = git.commits.get(parent);
      if (found !== undefined) queue.push(found);
    }
  }
  return [...seen.values()];
}

export function mergeBase(git: Git, one: Commit, other: Commit): Commit | null {
  const known = new Set(ancestry(git, one).map((commit) => commit.sha));
  return ancestry(git, other).find((commit) => known.has(commit.sha)) ?? null;
}

/** What `to` has and `from` has not, oldest first. */
export function commitsBetween(git: Git, from: Commit, to: Commit): Commit[] {
  const known = new Set(ancestry(git, from).map((commit) => commit.sha));
  return ancestry(git, to)
    .filter((commit) => !known.has(commit.sha))
    .reverse();
}

export interface Difference {
  readonly path: string;
  readonly status: "added" | "removed" | "modified" | "renamed";
  readonly sha: string;
  /** renamed: where it was. Only an unchanged blob counts as renamed. */
  readonly previous?: string;
}

export function differences(from: Commit, to: Commit): Difference[] {
  const found: Difference[] = [];
  const gone = new Map<string, string>();
  for (const [path, entry] of from.files) if (!to.files.has(path)) gone.set(path, entry.sha);
  for (const [path, entry] of to.files) {
    const before = from.files.get(path);
    if (before?.sha === entry.sha) continue;
    if (before !== undefined) {
      found.push({ path, status: "modified", sha: entry.sha });
      continue;
    }
    const previous = [...gone].find(([, sha]) => sha === entry.sha)?.[0];
    if (previous === undefined) {
      found.push({ path, status: "added", sha: entry.sha });
      continue;
    }
    gone.delete(previous);
    found.push({ path, status: "renamed", sha: entry.sha, previous });
  }
  for (const [path, sha] of gone) found.push({ path, status: "removed", sha });
  return found.sort((a, b) => (a.path < b.path ? -1 : 1));
}
