// Routes of a repository and of git's objects in it: trees and blobs. No state of its own.

import { inLines, toBase64 } from "../core/base64.ts";
import { type Answer, nodeId, notFound, ok } from "./answers.ts";
import type { Git, TreeItem } from "./git.ts";
import { type Context, permitted, type Route } from "./route.ts";
import { repositoryJson } from "./shapes.ts";
import { fullName, type Repository } from "./state.ts";

const CONTENTS = { permission: "contents", level: "read" } as const;

const apiOf = (at: Context, repository: Repository): string => `${at.bases.api}/repos/${fullName(repository)}`;

function repository(at: Context): Answer {
  const place = permitted(at, { permission: "metadata", level: "read" });
  if (place.stop !== undefined) return place.stop;
  return ok({
    ...repositoryJson(place.value, at.bases),
    network_count: 0,
    subscribers_count: 0,
  });
}

interface Listed extends TreeItem {
  readonly path: string;
}

function walk(git: Git, sha: string, prefix: string, deep: boolean): Listed[] {
  return (git.trees.get(sha) ?? []).flatMap((item) => {
    const here: Listed = { ...item, path: prefix + item.name };
    return deep && item.type === "tree" ? [here, ...walk(git, item.sha, `${here.path}/`, true)] : [here];
  });
}

/** By the id of a tree or a commit, or by a branch. Any value of `recursive`, also 0 and false, means deep. */
function tree(at: Context): Answer {
  const place = permitted(at, CONTENTS);
  if (place.stop !== undefined) return place.stop;
  const { git } = place.value;
  const wanted = at.params.sha ?? "";
  const sha = git.trees.has(wanted) ? wanted : git.resolve(wanted)?.tree;
  if (sha === undefined) return notFound("/git/trees#get-a-tree");
  const all = walk(git, sha, "", at.url.searchParams.has("recursive"));
  const api = apiOf(at, place.value);
  const max = at.state.treeEntriesMax;
  return ok({
    sha,
    url: `${api}/git/trees/${sha}`,
    tree: all.slice(0, max).map(({ path, mode, type, sha: id }) => ({
      path,
      mode,
      type,
      sha: id,
      ...(type === "blob" ? { size: git.blobs.get(id)?.length ?? 0 } : {}),
      ...(type === "commit" ? {} : { url: `${api}/git/${type}s/${id}` }),
    })),
    truncated: all.length > max,
  });
}

function blob(at: Context): Answer {
  const place = permitted(at, CONTENTS);
  if (place.stop !== undefined) return place.stop;
  const sha = at.params.sha ?? "";
  const bytes = place.value.git.blobs.get(sha);
  if (bytes === undefined) return notFound("/git/blobs#get-a-blob");
  if (/\.raw\b/.test(at.request.headers.get("accept") ?? "")) return ok(bytes);
  return ok({
    sha,
    node_id: nodeId("B", bytes.length),
    size: bytes.length,
    url: `${apiOf(at, place.value)}/git/blobs/${sha}`,
    content: inLines(toBase64(bytes), 60),
    encoding: "base64",
  });
}

const REPO = "/repos/:owner/:repo";

export const gitRoutes: readonly Route[] = [
  { id: "gh.repo", method: "GET", path: REPO, answer: repository },
  { id: "gh.tree", method: "GET", path: `${REPO}/git/trees/:sha`, answer: tree },
  { id: "gh.blob", method: "GET", path: `${REPO}/git/blobs/:sha`, answer: blob },
];
