/**
 * Git's objects at GitHub: trees, blobs, and where two histories parted. All by id; what a blob means is not known here. A
 * fork's objects are found under the name of the repository that it was made from.
 */

import * as v from "valibot";
import { GIT_SHA } from "../../policies/names.ts";
import {
  COMPARE_FILES_LISTED_MAX,
  CONTENTS_ANSWER_MAX_BYTES,
  GIT_ANSWER_MAX_BYTES,
  POLICY_MAX_BYTES,
} from "../limits.ts";
import { bytesOf, textOf } from "./blob.ts";
import { type CallContext, lookUp, type RepositoryRef, type TokenApi } from "./call.ts";
import type { Lookup } from "./response.ts";

export interface TreeEntry {
  /** From the tree's own root. */
  readonly path: string;
  /** `100644` and `100755` are files, `120000` a symbolic link. */
  readonly mode: string;
  readonly type: "blob" | "tree" | "commit";
  readonly sha: string;
  /** Of a blob, in bytes. */
  readonly size?: number | undefined;
}

export interface GitTree {
  readonly entries: readonly TreeEntry[];
  /** GitHub left entries out. */
  readonly truncated: boolean;
}

export type Blob = { readonly kind: "text"; readonly text: string } | { readonly kind: "too_large" | "not_utf8" };

export interface ComparedFile {
  readonly path: string;
  readonly status: string;
  /** Of a file that was renamed. */
  readonly formerPath?: string;
}

export interface Comparison {
  readonly mergeBase: string;
  /** What differs between the merge base and the head, as far as GitHub lists it. */
  readonly files: readonly ComparedFile[];
  /** Nothing else differs. */
  readonly isComplete: boolean;
}

export interface Comparing {
  /** Ids of commits; the base may be a branch. */
  readonly base: string;
  readonly head: string;
}

const TREE = "GET /repos/{owner}/{repo}/git/trees/{tree_sha}";
const BLOB = "GET /repos/{owner}/{repo}/git/blobs/{file_sha}";
const COMPARE = "GET /repos/{owner}/{repo}/compare/{basehead}";

/** SHA-1, or SHA-256 in a repository of that format. */
export const sha = v.pipe(v.string(), v.regex(GIT_SHA));
const treeShape = v.object({
  tree: v.array(
    v.object({
      path: v.pipe(v.string(), v.minLength(1)),
      mode: v.pipe(v.string(), v.regex(/^[0-7]{6}$/)),
      type: v.picklist(["blob", "tree", "commit"]),
      sha,
      size: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0))),
    }),
  ),
  truncated: v.optional(v.boolean(), false),
});
const blobShape = v.object({
  size: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  encoding: v.string(),
  content: v.string(),
});
const comparisonShape = v.object({
  merge_base_commit: v.object({ sha }),
  files: v.optional(
    v.array(v.object({ filename: v.string(), status: v.string(), previous_filename: v.optional(v.string()) })),
  ),
});

/** `tree`: the id of a tree, or of a commit for its whole tree. */
export function readTree(
  api: TokenApi,
  token: string,
  { owner, repository, tree, recursive }: RepositoryRef & { readonly tree: string; readonly recursive: boolean },
  call: CallContext,
): Promise<Lookup<GitTree>> {
  // Any value of `recursive` means yes, also 0 and false.
  const path = { owner, repo: repository, tree_sha: tree, ...(recursive && { recursive: 1 }) };
  const request = { route: TREE, path, token, maxBytes: GIT_ANSWER_MAX_BYTES, retry: true };
  return lookUp(api, request, treeOf, call);
}

export function readBlob(
  api: TokenApi,
  token: string,
  { owner, repository, blob }: RepositoryRef & { readonly blob: string },
  call: CallContext,
): Promise<Lookup<Blob>> {
  const path = { owner, repo: repository, file_sha: blob };
  const request = { route: BLOB, path, token, maxBytes: CONTENTS_ANSWER_MAX_BYTES, retry: true };
  return lookUp(api, request, blobOf, call).then((outcome) =>
    // A blob that does not fit into the answer's bound does not fit into a policy's either.
    outcome.kind === "denied" && isTooLargeAnswer(outcome.denial)
      ? { kind: "found", value: { kind: "too_large" } }
      : outcome,
  );
}

/** One commit a page: only the merge base and the files are looked at, and these come with the first page. */
export async function compareCommits(
  api: TokenApi,
  token: string,
  { owner, repository, base, head }: RepositoryRef & Comparing,
  call: CallContext,
): Promise<Lookup<Comparison>> {
  const ask = (page: number) => {
    const path = { owner, repo: repository, basehead: `${base}...${head}`, per_page: 1, page };
    const request = { route: COMPARE, path, token, maxBytes: GIT_ANSWER_MAX_BYTES, retry: true };
    return lookUp(api, request, (json) => comparisonOf(json, page === 1), call);
  };
  const first = await ask(1);
  // The files carry their patches. Without them the second page still says where the histories parted.
  return first.kind === "denied" && isTooLargeAnswer(first.denial) ? ask(2) : first;
}

const isTooLargeAnswer = (denial: { readonly reason: string; readonly problem?: unknown }): boolean =>
  denial.reason === "github_invalid_answer" && denial.problem === "the answer is too large";

function treeOf(json: unknown): GitTree | undefined {
  const parsed = v.safeParse(treeShape, json);
  return parsed.success ? { entries: parsed.output.tree, truncated: parsed.output.truncated } : undefined;
}

function blobOf(json: unknown): Blob | undefined {
  const parsed = v.safeParse(blobShape, json);
  if (!parsed.success) return undefined;
  const { size, encoding, content } = parsed.output;
  if (size > POLICY_MAX_BYTES) return { kind: "too_large" };
  const bytes = encoding === "base64" ? bytesOf(content, size) : undefined;
  return bytes && textOf(bytes);
}

function comparisonOf(json: unknown, hasFiles: boolean): Comparison | undefined {
  const parsed = v.safeParse(comparisonShape, json);
  if (!parsed.success) return undefined;
  const { merge_base_commit: mergeBase, files } = parsed.output;
  return {
    mergeBase: mergeBase.sha,
    files: (files ?? []).map(({ filename, status, previous_filename: former }) => ({
      path: filename,
      status,
      ...(former !== undefined && { formerPath: former }),
    })),
    isComplete: hasFiles && files !== undefined && files.length < COMPARE_FILES_LISTED_MAX,
  };
}
