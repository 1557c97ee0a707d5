/**
 * What names of owners, repositories, identities and git objects look like: the one rule for requests, policies, configuration
 * and GitHub's events. Pure.
 */

import { MAX_IDENTITY_CHARACTERS } from "./limits.ts";

export const OWNER_NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$/;
/** Neither `.` nor `..`, which would climb in a path. */
export const REPOSITORY_NAME = /^(?!\.{1,2}$)[A-Za-z0-9._-]{1,100}$/;
/** SHA-1, or SHA-256 in repositories that use it. */
export const GIT_SHA = /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/;

/** The host of a deployment, as it is or in its URL, in lower case; undefined for anything else. */
export function hostOfDeployment(text: string): string | undefined {
  const [, host] = /^(?:https?:\/\/)?([a-z0-9][a-z0-9.-]*(?::[0-9]+)?)(?:\/.*)?$/.exec(text.trim().toLowerCase()) ?? [];
  return host;
}

/** Why no exchange can name the identity; undefined if one can. A path, as the file of a policy may lie in a subfolder. */
export function identityProblem(identity: string): string | undefined {
  if (identity.length > MAX_IDENTITY_CHARACTERS) return `it is longer than ${MAX_IDENTITY_CHARACTERS} characters`;
  const segments = identity.split("/");
  if (segments.some((segment) => segment === "" || segment === "." || segment === "..")) return "a part of it is empty";
  if (segments.some((segment) => !/^[A-Za-z0-9._-]+$/.test(segment)))
    return "it has other characters than letters, digits, `.`, `_` and `-`";
  return undefined;
}
