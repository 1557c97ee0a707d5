/**
 * Which policy files a commit changes: the trees of `.github/chainguard` at the base and at the head, compared entry by entry.
 * GitHub's lists of changed files end at 300 or 3,000 and cannot be relied on; they only word warnings about stray files here.
 */
import { POLICY_DIRECTORY, POLICY_SUFFIX, roleOfFile } from "../../policies/file-names.ts";
import type { Denial } from "../denial.ts";
import { compareCommits, readTree, type Tree, type TreeEntry } from "../github/git.ts";
import type { RepositoryRef } from "../github/github.ts";
import type { CheckWork } from "./events.ts";
import type { WebhookRun } from "./run.ts";

export interface FileChange {
  /** From the root of the repository. */
  readonly path: string;
  /** Absent: the file is new. */
  readonly before?: TreeEntry;
  /** Absent: the file is gone. */
  readonly after?: TreeEntry;
}

/** The two folders, by the ids of their trees; absent where there is none. */
export interface Folders {
  readonly before?: string;
  readonly after?: string;
}

export interface Changes {
  /** The commit that the head was compared with; absent: with nothing. */
  readonly base?: string;
  readonly folders: Folders;
  /** In the order of their paths. */
  readonly files: readonly FileChange[];
  /** New or changed files elsewhere whose names say that they were meant as policies. */
  readonly strays: readonly string[];
}

export type Found<T> =
  | { readonly kind: "found"; readonly value: T }
  /** The commit is gone, or was never there. */
  | { readonly kind: "gone" }
  | { readonly kind: "denied"; readonly denial: Denial };

export interface Reader {
  readonly run: WebhookRun;
  readonly token: string;
  readonly place: RepositoryRef;
}

const [GITHUB_FOLDER = "", POLICY_FOLDER = ""] = POLICY_DIRECTORY.split("/");

export async function changesOf(reader: Reader, work: CheckWork): Promise<Found<Changes>> {
  const start = await startOf(reader, work);
  if (start.kind !== "found") return start;
  const { base, listed } = start.value;
  const roots = await both(reader, { ...(base !== undefined && { before: base }), after: work.head });
  if (roots.kind !== "found") return roots;
  if (roots.value.after === undefined) return { kind: "gone" };
  const levels = [{ prefix: "", trees: roots.value }];
  let folders = foldersIn(roots.value, GITHUB_FOLDER);
  if (folders.before !== folders.after) {
    const github = await both(reader, folders);
    if (github.kind !== "found") return github;
    levels.push({ prefix: `${GITHUB_FOLDER}/`, trees: github.value });
    folders = foldersIn(github.value, POLICY_FOLDER);
  } else folders = {};
  const files = await filesIn(reader, folders);
  if (files.kind !== "found") return files;
  const near = levels.flatMap(({ prefix, trees }) => differing(trees, prefix).filter(({ after }) => after));
  const strays = straysIn([...listed, ...work.touched, ...near.map(({ path }) => path)]);
  return { kind: "found", value: { ...(base !== undefined && { base }), folders, files: files.value, strays } };
}

/** What differs between two folders of policies. Nothing is asked where they are one and the same. */
export async function filesIn(reader: Reader, folders: Folders): Promise<Found<readonly FileChange[]>> {
  if (folders.before === folders.after) return { kind: "found", value: [] };
  const trees = await both(reader, folders, true);
  if (trees.kind !== "found") return trees;
  const files = differing(trees.value, POLICY_DIRECTORY).filter(({ path, before, after }) => {
    const isFolder = (after ?? before)?.type === "tree";
    // A folder is a change of what lies in it, unless it stands where a policy would be read.
    return !isFolder || (after !== undefined && path.endsWith(POLICY_SUFFIX));
  });
  return { kind: "found", value: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)) };
}

interface Start {
  readonly base?: string;
  readonly listed: readonly string[];
}

async function startOf({ run, token, place }: Reader, { base, head }: CheckWork): Promise<Found<Start>> {
  if (base.kind === "nothing") return { kind: "found", value: { listed: [] } };
  if (base.kind === "commit") return { kind: "found", value: { base: base.sha, listed: [] } };
  const compared = await compareCommits(run.services.github, token, { ...place, base: base.of, head }, run.call);
  if (compared.kind === "denied") return compared;
  // Unrelated histories: all that is there counts as new, which hides nothing.
  if (compared.kind === "absent") return { kind: "found", value: { listed: [] } };
  const listed = compared.value.files.filter(({ removed }) => !removed).map(({ path }) => path);
  return { kind: "found", value: { base: compared.value.mergeBase, listed } };
}

interface Trees {
  readonly before?: Tree;
  readonly after?: Tree;
}

/** Both sides at once. A base that is gone (a force push) is no base; a listing with holes is none at all. */
async function both({ run, token, place }: Reader, ids: Folders, recursive = false): Promise<Found<Trees>> {
  const read = async (tree: string | undefined): Promise<Found<Tree | undefined>> => {
    if (tree === undefined) return { kind: "found", value: undefined };
    const found = await readTree(run.services.github, token, { ...place, tree, recursive }, run.call);
    if (found.kind === "denied") return found;
    if (found.kind === "absent") return { kind: "found", value: undefined };
    return found.value.truncated ? { kind: "denied", denial: TRUNCATED } : found;
  };
  const [before, after] = await Promise.all([read(ids.before), read(ids.after)]);
  if (before.kind !== "found") return before;
  if (after.kind !== "found") return after;
  const trees = { ...(before.value && { before: before.value }), ...(after.value && { after: after.value }) };
  return { kind: "found", value: trees };
}

const TRUNCATED: Denial = {
  reason: "github_invalid_answer",
  route: "GET /repos/{owner}/{repo}/git/trees/{tree_sha}",
  problem: "the folder has more entries than GitHub lists",
};

function foldersIn({ before, after }: Trees, name: string): Folders {
  const idIn = (tree: Tree | undefined) =>
    tree?.entries.find(({ path, type }) => path === name && type === "tree")?.sha;
  const [old, now] = [idIn(before), idIn(after)];
  return { ...(old !== undefined && { before: old }), ...(now !== undefined && { after: now }) };
}

function differing({ before, after }: Trees, prefix: string): readonly FileChange[] {
  const old = new Map(before?.entries.map((entry) => [entry.path, entry]));
  const now = new Map(after?.entries.map((entry) => [entry.path, entry]));
  return [...new Set([...old.keys(), ...now.keys()])].flatMap((name) => {
    const [from, to] = [old.get(name), now.get(name)];
    if (from?.sha === to?.sha && from?.mode === to?.mode) return [];
    return [{ path: prefix + name, ...(from && { before: from }), ...(to && { after: to }) }];
  });
}

/** What lies in the policies' own folder is judged by its tree; everywhere else the name alone tells. */
function straysIn(paths: readonly string[]): readonly string[] {
  return [...new Set(paths)]
    .filter((path) => !path.startsWith(POLICY_DIRECTORY) && roleOfFile(path, false).role === "never_read")
    .sort();
}
