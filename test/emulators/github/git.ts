// A small git: blobs, trees, commits and branches with real object ids. Synchronous; the clock is passed in. No
// packs, no tags, no merge machinery.

import { gitId } from "../core/sha1.ts";

export type FileContent = string | Uint8Array | { readonly symlink: string } | { readonly submodule: string };

export interface Entry {
  /** 100644 file, 120000 symlink, 160000 submodule. */
  readonly mode: "100644" | "120000" | "160000";
  readonly sha: string;
}

export type Files = ReadonlyMap<string, Entry>;

export interface TreeItem {
  readonly name: string;
  readonly mode: "100644" | "120000" | "160000" | "040000";
  readonly type: "blob" | "tree" | "commit";
  readonly sha: string;
}

export interface Commit {
  readonly sha: string;
  readonly tree: string;
  readonly parents: readonly string[];
  readonly message: string;
  /** Seconds since the epoch. */
  readonly at: number;
  readonly files: Files;
}

/** Objects by id. A fork has those of the repository that it was made from. */
export interface Objects {
  readonly blobs: Map<string, Uint8Array>;
  readonly trees: Map<string, readonly TreeItem[]>;
  readonly commits: Map<string, Commit>;
}

export interface Git extends Objects {
  readonly defaultBranch: string;
  readonly branches: Map<string, string>;
  /** Commits the changes (null removes a file) on a branch, making the branch from the default one if it is new. */
  commit(change: Change): Commit;
  /** A branch, `refs/heads/x`, `heads/x`, or a commit's id. */
  resolve(ref: string): Commit | null;
}

export interface Change {
  readonly branch?: string;
  readonly message?: string;
  readonly files: Readonly<Record<string, FileContent | null>>;
  /** Ids of the parents; the branch's head without it. `[]` starts a history without a parent. */
  readonly parents?: readonly string[];
}

const utf8 = new TextEncoder();

function treeBytes(items: readonly TreeItem[]): Uint8Array {
  const parts: number[] = [];
  for (const item of items) {
    const mode = item.mode.replace(/^0/, "");
    parts.push(...utf8.encode(`${mode} ${item.name}\0`));
    for (let i = 0; i < 40; i += 2) parts.push(Number.parseInt(item.sha.slice(i, i + 2), 16));
  }
  return Uint8Array.from(parts);
}

// Git sorts a directory as if its name ended in a slash.
const sortKey = (item: TreeItem): string => (item.type === "tree" ? `${item.name}/` : item.name);
const byName = (a: TreeItem, b: TreeItem): number => (sortKey(a) < sortKey(b) ? -1 : sortKey(a) > sortKey(b) ? 1 : 0);

function writeTree(trees: Map<string, readonly TreeItem[]>, files: readonly (readonly [string, Entry])[]): string {
  const items: TreeItem[] = [];
  const folders = new Map<string, (readonly [string, Entry])[]>();
  for (const [path, entry] of files) {
    const slash = path.indexOf("/");
    if (slash < 0) {
      const type = entry.mode === "160000" ? "commit" : "blob";
      items.push({ name: path, mode: entry.mode, type, sha: entry.sha });
      continue;
    }
    const folder = folders.get(path.slice(0, slash)) ?? [];
    folder.push([path.slice(slash + 1), entry]);
    folders.set(path.slice(0, slash), folder);
  }
  for (const [name, inside] of folders) {
    items.push({ name, mode: "040000", type: "tree", sha: writeTree(trees, inside) });
  }
  items.sort(byName);
  const sha = gitId("tree", treeBytes(items));
  trees.set(sha, items);
  return sha;
}

function store(blobs: Map<string, Uint8Array>, content: FileContent): Entry {
  if (typeof content === "object" && "submodule" in content) return { mode: "160000", sha: content.submodule };
  const symlink = typeof content === "object" && "symlink" in content;
  const text = symlink ? content.symlink : content;
  const bytes = typeof text === "string" ? utf8.encode(text) : text;
  const sha = gitId("blob", bytes);
  blobs.set(sha, bytes);
  return { mode: symlink ? "120000" : "100644", sha };
}

export const emptyObjects = (): Objects => ({ blobs: new Map(), trees: new Map(), commits: new Map() });

export function createGit(now: () => number, defaultBranch = "main", objects: Objects = emptyObjects()): Git {
  const { blobs, trees, commits } = objects;
  const branches = new Map<string, string>();

  function resolve(ref: string): Commit | null {
    const branch = ref.replace(/^(refs\/)?heads\//, "");
    return commits.get(branches.get(branch) ?? ref.toLowerCase()) ?? null;
  }

  function commit(change: Change): Commit {
    const branch = change.branch ?? defaultBranch;
    const head = branches.get(branch) ?? branches.get(defaultBranch);
    const parents = change.parents ?? (head === undefined ? [] : [head]);
    const files = new Map(commits.get(parents[0] ?? "")?.files ?? []);
    for (const [path, content] of Object.entries(change.files)) {
      if (content === null) files.delete(path);
      else files.set(path, store(blobs, content));
    }
    const tree = writeTree(trees, [...files]);
    const at = Math.floor(now() / 1000);
    const who = `Octo Cat <octo@example.test> ${at} +0000`;
    const message = change.message ?? `Change ${Object.keys(change.files).join(", ")}`;
    const head_ = [`tree ${tree}`, ...parents.map((parent) => `parent ${parent}`)].join("\n");
    const sha = gitId("commit", utf8.encode(`${head_}\nauthor ${who}\ncommitter ${who}\n\n${message}\n`));
    const made: Commit = { sha, tree, parents, message, at, files };
    commits.set(sha, made);
    branches.set(branch, sha);
    return made;
  }

  return { defaultBranch, blobs, trees, commits, branches, commit, resolve };
}
