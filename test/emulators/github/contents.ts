// Reading and writing files through the contents API: files, directories, symlinks, submodules; as JSON, as `object`
// and as `raw`. No state of its own.

import { fromBase64, inLines, toBase64 } from "../core/base64.ts";
import { type Answer, notFound, ok, refusal, timestamp } from "./answers.ts";
import type { Commit, Entry } from "./git.ts";
import { type Context, isRecord, permitted, type Route } from "./route.ts";
import { fullName, type Repository } from "./state.ts";

const DOCS = "/repos/contents#get-repository-content";
/** Above this the JSON forms carry no content; above MAX nothing is given at all. */
const INLINE_MAX = 1024 * 1024;
const MAX = 100 * 1024 * 1024;

interface Place {
  readonly at: Context;
  readonly repository: Repository;
  readonly commit: Commit;
  readonly path: string;
  readonly ref: string;
}

type Json = Record<string, unknown>;

const name = (path: string): string => path.slice(path.lastIndexOf("/") + 1);
const escaped = (path: string): string => path.split("/").map(encodeURIComponent).join("/");

function common(place: Place, path: string, type: string, sha: string, size: number): Json {
  const { at, repository, ref } = place;
  const repo = fullName(repository);
  const self = `${at.bases.api}/repos/${repo}/contents/${escaped(path)}?ref=${encodeURIComponent(ref)}`;
  const kind = type === "dir" ? "trees" : "blobs";
  const git = type === "submodule" ? null : `${at.bases.api}/repos/${repo}/git/${kind}/${sha}`;
  const html = `${at.bases.web}/${repo}/${type === "dir" ? "tree" : "blob"}/${ref}/${escaped(path)}`;
  const plain = type === "file" || type === "symlink";
  const download = plain ? `${at.bases.web}/raw/${repo}/${ref}/${escaped(path)}` : null;
  return {
    type,
    size,
    name: name(path),
    path,
    sha,
    url: self,
    git_url: git,
    html_url: html,
    download_url: download,
    _links: { self, git, html },
  };
}

function bytesOf(place: Place, entry: Entry): Uint8Array {
  return place.repository.git.blobs.get(entry.sha) ?? new Uint8Array();
}

/** A directory's entries, one level deep. Submodules are called files here, for compatibility. */
function children(place: Place, folder: string): Json[] {
  const prefix = folder === "" ? "" : `${folder}/`;
  const tree = folderSha(place, folder);
  const items = place.repository.git.trees.get(tree ?? "") ?? [];
  return items.slice(0, 1000).map((item) => {
    const path = prefix + item.name;
    if (item.type === "tree") return common(place, path, "dir", item.sha, 0);
    const type = item.mode === "120000" ? "symlink" : "file";
    return common(place, path, type, item.sha, place.repository.git.blobs.get(item.sha)?.length ?? 0);
  });
}

function folderSha(place: Place, folder: string): string | null {
  let sha = place.commit.tree;
  for (const segment of folder === "" ? [] : folder.split("/")) {
    const item = place.repository.git.trees.get(sha)?.find((one) => one.name === segment && one.type === "tree");
    if (item === undefined) return null;
    sha = item.sha;
  }
  return sha;
}

function wants(request: Request, form: "raw" | "object"): boolean {
  return new RegExp(`application/vnd\\.github\\.(?:v3\\.)?${form}(?:\\+json)?\\b`).test(
    request.headers.get("accept") ?? "",
  );
}

function file(place: Place, entry: Entry, bytes = bytesOf(place, entry)): Answer {
  if (bytes.length > MAX) return refusal(403, "This API returns blobs up to 100 MB in size.", DOCS);
  if (wants(place.at.request, "raw")) {
    return ok(bytes, 200, { "content-type": "application/vnd.github.raw+json; charset=utf-8" });
  }
  const inline = bytes.length <= INLINE_MAX;
  return ok({
    ...common(place, place.path, "file", entry.sha, bytes.length),
    content: inline ? inLines(toBase64(bytes), 60) : "",
    encoding: inline ? "base64" : "none",
  });
}

/** A link to a file of the repository answers with that file's content and size, and its own path and id. */
function symlink(place: Place, entry: Entry): Answer {
  const target = new TextDecoder().decode(bytesOf(place, entry));
  const folder = place.path.includes("/") ? place.path.slice(0, place.path.lastIndexOf("/") + 1) : "";
  const inside = new URL(`x:/${folder}${target}`).pathname.slice(1);
  const there = target.startsWith("/") ? undefined : place.commit.files.get(inside);
  if (there?.mode.startsWith("100")) return file(place, entry, bytesOf(place, there));
  return ok({ ...common(place, place.path, "symlink", entry.sha, target.length), target });
}

function submodule(place: Place, entry: Entry): Answer {
  const gitUrl = `${place.at.bases.web}/${fullName(place.repository)}-module.git`;
  return ok({ ...common(place, place.path, "submodule", entry.sha, 0), submodule_git_url: gitUrl });
}

function directory(place: Place): Answer {
  const sha = folderSha(place, place.path);
  if (sha === null) return notFound(DOCS);
  const entries = children(place, place.path);
  if (!wants(place.at.request, "object")) return ok(entries);
  return ok({ ...common(place, place.path, "dir", sha, 0), entries });
}

function read(at: Context): Answer {
  const place = permitted(at, { permission: "contents", level: "read" });
  if (place.stop !== undefined) return place.stop;
  const repository = place.value;
  const ref = at.url.searchParams.get("ref") ?? repository.git.defaultBranch;
  const commit = repository.git.resolve(ref);
  if (commit === null) return refusal(404, `No commit found for the ref ${ref}`, DOCS);
  const path = at.params.path ?? "";
  const here: Place = { at, repository, commit, path, ref };
  const entry = commit.files.get(path);
  if (entry === undefined) return directory(here);
  if (entry.mode === "160000") return submodule(here, entry);
  return entry.mode === "120000" ? symlink(here, entry) : file(here, entry);
}

function write(at: Context): Answer {
  const place = permitted(at, { permission: "contents", level: "write" });
  if (place.stop !== undefined) return place.stop;
  const { git } = place.value;
  const path = at.params.path ?? "";
  const { body } = at;
  if (!isRecord(body) || typeof body.message !== "string" || typeof body.content !== "string") {
    return refusal(422, 'Invalid request.\n\n"message", "content" weren\'t supplied.', DOCS);
  }
  const branch = typeof body.branch === "string" ? body.branch : git.defaultBranch;
  const before = git.resolve(branch)?.files.get(path);
  if (before !== undefined && body.sha === undefined) {
    return refusal(422, 'Invalid request.\n\n"sha" wasn\'t supplied.', DOCS);
  }
  if (before !== undefined && body.sha !== before.sha) {
    return refusal(409, `${path} does not match ${body.sha}`, DOCS);
  }
  const commit = git.commit({ branch, message: body.message, files: { [path]: fromBase64(body.content) } });
  const entry = commit.files.get(path);
  const here: Place = { at, repository: place.value, commit, path, ref: branch };
  const content = common(here, path, "file", entry?.sha ?? "", entry === undefined ? 0 : bytesOf(here, entry).length);
  const who = { name: "Octo Cat", email: "octo@example.test", date: timestamp(commit.at * 1000) };
  const url = `${at.bases.api}/repos/${fullName(place.value)}/git`;
  return ok(
    {
      content,
      commit: {
        sha: commit.sha,
        url: `${url}/commits/${commit.sha}`,
        author: who,
        committer: who,
        message: commit.message,
        tree: { sha: commit.tree, url: `${url}/trees/${commit.tree}` },
        parents: commit.parents.map((sha) => ({ sha, url: `${url}/commits/${sha}` })),
      },
    },
    before === undefined ? 201 : 200,
  );
}

const PATH = "/repos/:owner/:repo/contents/*path";

export const contentRoutes: readonly Route[] = [
  { id: "gh.contents", method: "GET", path: PATH, answer: read },
  { id: "gh.write", method: "PUT", path: PATH, okStatus: 201, answer: write },
];
