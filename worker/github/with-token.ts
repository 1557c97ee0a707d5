/** Calls with an installation's token, and what their answers mean where nobody has a better use for them. */
import type { Denial } from "../denial.ts";
import { type ApiRequest, type CallContext, type CallDeps, callGitHub } from "./call.ts";
import { denialOf } from "./denials.ts";
import { meaningOf } from "./reply.ts";

export type Outcome<T> =
  | { readonly kind: "ok"; readonly value: T }
  /** GitHub has no such thing, or not any more. */
  | { readonly kind: "absent" }
  /** A limit, an outage, a refusal or a wrong answer: nothing is known. */
  | { readonly kind: "denied"; readonly denial: Denial };

/** The answer's headers go to `tap`, for the quota. */
export interface TokenDeps extends CallDeps {
  readonly tap: (headers: Headers) => void;
}

export interface RepositoryRef {
  readonly owner: string;
  readonly repository: string;
}

/** `parse` gives undefined for an answer that is not of its kind. */
export async function askWithToken<T>(
  deps: TokenDeps,
  request: ApiRequest,
  parse: (json: unknown) => T | undefined,
  call: CallContext,
): Promise<Outcome<T>> {
  const { route, path } = request;
  const reply = await callGitHub(deps, request, call);
  if (reply.kind === "answer") deps.tap(reply.headers);
  const meaning = meaningOf(reply, deps.now());
  switch (meaning.kind) {
    case "success": {
      const value = parse(meaning.json);
      if (value !== undefined) return { kind: "ok", value };
      break;
    }
    // To an unknown commit some routes say 404, others 422.
    case "not_found":
    case "unprocessable":
      return { kind: "absent" };
    case "moved": {
      const repository = `${path?.owner}/${path?.repo}`;
      return { kind: "denied", denial: { reason: "repository_not_visible", repository, problem: "moved" } };
    }
    case "unauthorized":
      // A token of a moment ago may not have reached every server of GitHub's: an outage, not a rejected App.
      return { kind: "denied", denial: { reason: "github_unavailable", route, problem: "the token was refused" } };
  }
  return { kind: "denied", denial: denialOf(meaning, { route, appId: "" }) };
}
