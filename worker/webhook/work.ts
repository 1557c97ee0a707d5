/** What an event leaves to do, as plain data. Pure. */
import { POLICY_DIRECTORY, POLICY_SUFFIX, roleOfFile } from "../../policies/file-names.ts";

/** Where the changes of a commit begin. Policies are read from the default branch alone, so it is all that a commit is compared with. */
export type Base =
  /** This commit itself: what the default branch was before a push that only added to it. */
  | { readonly kind: "commit"; readonly sha: string }
  /** Where the head parted from `of`, a branch or a commit; without it: the default branch, whose name no URL can take. */
  | { readonly kind: "parted"; readonly of?: string; readonly mayBeGone?: true }
  /** No history to compare with: all there is counts as new. */
  | { readonly kind: "nothing" };

export interface CheckWork {
  readonly owner: string;
  readonly repository: string;
  /** Of the App that hears of it, as GitHub sends it along with every event about a repository; absent: to be looked up. */
  readonly installation?: { readonly id: number; readonly accountId: number };
  readonly head: string;
  readonly base: Base;
  /** Somebody asked for the check once more. */
  readonly again: boolean;
  /** Files that the event says were added or changed, and that look like policies outside of their folder; words warnings only. */
  readonly strays: readonly string[];
}

/** What may no longer be taken from a cache. */
export type Invalidation =
  | { readonly kind: "files"; readonly owner: string; readonly repository: string; readonly paths: readonly string[] }
  | { readonly kind: "repository"; readonly owner: string; readonly repository: string }
  | { readonly kind: "owner"; readonly owner: string }
  /** Where the App is installed, and whether it sees these repositories. */
  | { readonly kind: "installation"; readonly owner: string; readonly repositories: readonly string[] };

export interface Work {
  readonly action?: string;
  /** Whom it is about. */
  readonly owners: readonly string[];
  readonly repository?: string;
  readonly invalidate: readonly Invalidation[];
  readonly check?: CheckWork;
}

/** A policy, an issuer list, or what was meant as one. The list is one of ours in whichever repository it is. */
export function concernsUs(path: string): boolean {
  const { role } = roleOfFile(path, true);
  // A folder of a policy's name stands where the policy would be read.
  return (
    (role !== "other" && role !== "test") || (path.startsWith(POLICY_DIRECTORY) && path.includes(`${POLICY_SUFFIX}/`))
  );
}

/** What lies in the policies' own folder is judged by what it is; everywhere else the name alone tells. */
export const isStray = (path: string): boolean => concernsUs(path) && !path.startsWith(POLICY_DIRECTORY);
