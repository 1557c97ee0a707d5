/** Reading one file of a repository with its revision, in one call. Tells a missing file from every kind that is no file. */
import * as v from "valibot";
import { GIT_SHA } from "../../policies/names.ts";
import { ownProperty } from "../../policies/objects.ts";
import { CONTENTS_ANSWER_MAX_BYTES, POLICY_MAX_BYTES } from "../limits.ts";
import { blobIdOf, bytesOf, textOf } from "./blob.ts";
import type { CallContext, RepositoryRef, TokenApi } from "./call.ts";
import { type ApiResult, denialOf, isTooLarge, type Lookup } from "./response.ts";

export interface FileRef extends RepositoryRef {
  /** From the root of the repository. */
  readonly path: string;
  /** A commit; the default branch without it. */
  readonly ref?: string;
}

/** What lies at a path: a file with its text, or what is no text. */
export type FileContent =
  | FileAt
  | { readonly kind: "not_a_file" | "too_large" | "not_utf8" }
  | ({ readonly kind: "directory" } & Directory);

export interface FileAt {
  readonly kind: "file";
  readonly text: string;
  /** Git's id of this text. */
  readonly sha: string;
  /** In bytes. */
  readonly size: number;
  /** A symbolic link lies at the path, and this is the file that it leads to: a push that changes it does not name the path. */
  readonly linked: boolean;
}

const ROUTE = "GET /repos/{owner}/{repo}/contents/{+path}";
const OBJECT = "application/vnd.github.object+json";

export async function readFile(
  api: TokenApi,
  token: string,
  file: FileRef,
  call: CallContext,
): Promise<Lookup<FileContent>> {
  const { ref } = file;
  const path = { owner: file.owner, repo: file.repository, path: file.path, ...(ref !== undefined && { ref }) };
  const request = { route: ROUTE, path, token, accept: OBJECT, maxBytes: CONTENTS_ANSWER_MAX_BYTES, retry: true };
  return fileLookup(await api.ask(request, call), file);
}

/** Exported for its test: everything that a response can mean, without a call. */
export async function fileLookup(result: ApiResult, file: FileRef): Promise<Lookup<FileContent>> {
  switch (result.kind) {
    case "success": {
      const isElsewhere = ownProperty(result.json, "path") !== file.path;
      const value = await contentOf(parseContents(result.json), isElsewhere);
      if (value !== undefined) return { kind: "found", value };
      break;
    }
    case "not_found":
      return { kind: "absent" };
    case "moved": {
      const repository = `${file.owner}/${file.repository}`;
      return { kind: "denied", denial: { reason: "repository_not_visible", repository, problem: "moved" } };
    }
    case "forbidden":
      if (isTooLarge(result.json)) return { kind: "found", value: { kind: "too_large" } };
      break;
    case "unauthorized": {
      // A token of a moment ago may not have reached every server of GitHub's: an outage, not a rejected App.
      const problem = "the read token was refused";
      return { kind: "denied", denial: { reason: "github_unavailable", route: ROUTE, problem } };
    }
  }
  return { kind: "denied", denial: denialOf(result, { route: ROUTE }) };
}

async function contentOf(contents: Contents | undefined, isElsewhere: boolean): Promise<FileContent | undefined> {
  if (contents === undefined) return undefined;
  switch (contents.kind) {
    case "directory":
      return contents;
    case "not_a_file":
      return { kind: "not_a_file" };
    case "file_without_content":
      return contents.size > POLICY_MAX_BYTES ? { kind: "too_large" } : undefined;
    case "file":
      return contents.size > POLICY_MAX_BYTES ? { kind: "too_large" } : fileOf(contents, isElsewhere);
  }
}

/** Of a link to a file GitHub gives the file's content and size with the link's own path and id. */
async function fileOf({ content, size, sha }: Contents & { kind: "file" }, isElsewhere: boolean) {
  const bytes = bytesOf(content, size);
  if (bytes === undefined) return undefined;
  const found = textOf(bytes);
  if (found.kind === "not_utf8") return found;
  const id = await blobIdOf(bytes, sha.length);
  return { kind: "file", text: found.text, sha: id, size, linked: isElsewhere || id !== sha } as const;
}

/** What GitHub says that lies there. */
type Contents =
  | {
      readonly kind: "file";
      readonly sha: string;
      readonly size: number;
      readonly content: string;
    }
  /** Too large for GitHub to send along: above 1 MB. */
  | { readonly kind: "file_without_content"; readonly size: number }
  | ({ readonly kind: "directory" } & Directory)
  | { readonly kind: "not_a_file" };

const contentsShape = v.variant("encoding", [
  v.object({
    encoding: v.literal("base64"),
    // SHA-1, or SHA-256 in a repository of that format.
    sha: v.pipe(v.string(), v.regex(GIT_SHA)),
    size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
    content: v.string(),
  }),
  v.object({ encoding: v.literal("none"), size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)) }),
]);

/** Names that lie in a directory, as far as they could be part of a policy's path. */
export interface Directory {
  /** Links and submodules are among them: something lies there. */
  readonly files: readonly string[];
  readonly folders: readonly string[];
  /** Whether what is not listed is not there. */
  readonly isComplete: boolean;
}

const entryShape = v.object({ type: v.string(), name: v.string() });
const ENTRY_NAME = /^[A-Za-z0-9._-]{1,250}$/;
/** GitHub lists no more of a directory. */
const DIRECTORY_ENTRIES_MAX = 1_000;

function directoryOf(json: unknown): Directory {
  const entries: unknown = ownProperty(json, "entries");
  if (!Array.isArray(entries)) return { files: [], folders: [], isComplete: false };
  const parsed = entries.slice(0, DIRECTORY_ENTRIES_MAX).map((entry) => v.safeParse(entryShape, entry));
  const readable = parsed.flatMap(({ success, output }) => (success && ENTRY_NAME.test(output.name) ? [output] : []));
  const names = (isFolder: boolean) =>
    readable.filter(({ type }) => (type === "dir") === isFolder).map(({ name }) => name);
  const isComplete = entries.length < DIRECTORY_ENTRIES_MAX && parsed.every(({ success }) => success);
  return { files: names(false), folders: names(true), isComplete };
}

export function parseContents(json: unknown): Contents | undefined {
  const type = ownProperty(json, "type");
  // A list is what a directory looks like to a server that does not know the object media type.
  if (Array.isArray(json) || type === "dir") return { kind: "directory", ...directoryOf(json) };
  if (type === "symlink" || type === "submodule") return { kind: "not_a_file" };
  if (type !== "file") return undefined;
  const parsed = v.safeParse(contentsShape, json);
  if (!parsed.success) return undefined;
  if (parsed.output.encoding === "none") return { kind: "file_without_content", size: parsed.output.size };
  const { sha, size, content } = parsed.output;
  return { kind: "file", sha, size, content };
}
