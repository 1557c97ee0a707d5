/** Reading one file of a repository with its revision, in one call. Tells a missing file from every kind that is no file. */
import type { Denial } from "../denial.ts";
import { CONTENTS_ANSWER_MAX_BYTES, POLICY_MAX_BYTES } from "../limits.ts";
import { type CallContext, type CallDeps, callGitHub } from "./call.ts";
import { denialOf } from "./denials.ts";
import { fileTextOf } from "./file-text.ts";
import { isTooLarge } from "./refusal-words.ts";
import { type Meaning, meaningOf } from "./reply.ts";
import { type Contents, parseContents } from "./shapes.ts";

export interface FileRef {
  readonly owner: string;
  readonly repository: string;
  /** From the root of the repository, on its default branch. */
  readonly path: string;
}

export type FileOutcome =
  /** `size` in bytes; `sha` of the blob. */
  | { readonly kind: "file"; readonly text: string; readonly sha: string; readonly size: number }
  | { readonly kind: "absent" | "not_a_file" | "too_large" | "not_utf8" }
  /** The names of its files, for hints. */
  | { readonly kind: "directory"; readonly files: readonly string[] }
  /** A limit, an outage, a refusal or a wrong answer: nothing is known of the file. */
  | { readonly kind: "denied"; readonly denial: Denial };

/** The answer's headers go to `tap`, for the quota. */
export interface ContentsDeps extends CallDeps {
  readonly tap: (headers: Headers) => void;
}

const ROUTE = "GET /repos/{owner}/{repo}/contents/{+path}";
const OBJECT = "application/vnd.github.object+json";

export async function readFile(
  deps: ContentsDeps,
  token: string,
  file: FileRef,
  call: CallContext,
): Promise<FileOutcome> {
  const request = {
    route: ROUTE,
    path: { owner: file.owner, repo: file.repository, path: file.path },
    token,
    accept: OBJECT,
    maxBytes: CONTENTS_ANSWER_MAX_BYTES,
    retry: true,
  };
  const reply = await callGitHub(deps, request, call);
  if (reply.kind === "answer") deps.tap(reply.headers);
  return fileOutcome(meaningOf(reply, deps.now()), file);
}

/** Exported for its test: everything that an answer can mean, without a call. */
export function fileOutcome(meaning: Meaning, file: FileRef): FileOutcome {
  switch (meaning.kind) {
    case "success": {
      const outcome = contentsOutcome(parseContents(meaning.json));
      if (outcome !== undefined) return outcome;
      break;
    }
    case "not_found":
      return { kind: "absent" };
    case "moved": {
      const repository = `${file.owner}/${file.repository}`;
      return { kind: "denied", denial: { reason: "repository_not_visible", repository, problem: "moved" } };
    }
    case "forbidden":
      if (isTooLarge(meaning.json)) return { kind: "too_large" };
      break;
    case "unauthorized": {
      // A token of a moment ago may not have reached every server of GitHub's: an outage, not a rejected App.
      const problem = "the read token was refused";
      return { kind: "denied", denial: { reason: "github_unavailable", route: ROUTE, problem } };
    }
  }
  return { kind: "denied", denial: denialOf(meaning, { route: ROUTE, appId: "" }) };
}

function contentsOutcome(contents: Contents | undefined): FileOutcome | undefined {
  if (contents === undefined) return undefined;
  switch (contents.kind) {
    case "directory":
      return contents;
    case "not_a_file":
      return { kind: "not_a_file" };
    case "file_without_content":
      return contents.size > POLICY_MAX_BYTES ? { kind: "too_large" } : undefined;
    case "file":
      return contents.size > POLICY_MAX_BYTES ? { kind: "too_large" } : textOutcome(contents);
  }
}

function textOutcome({ content, size, sha }: Contents & { kind: "file" }): FileOutcome | undefined {
  const found = fileTextOf(content, size);
  if (found === undefined) return undefined;
  return found.kind === "not_utf8" ? found : { kind: "file", text: found.text, sha, size };
}
