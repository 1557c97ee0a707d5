/**
 * Reading one file of an owner through its Apps, and what its text becomes. An answer that may be kept and a denial are told
 * apart here; caches and staleness are above.
 */

import { ofWholeFile } from "../../policies/diagnostics.ts";
import { POLICY_SUFFIX } from "../../policies/file-names.ts";
import { parseTrustedIssuers } from "../../policies/issuers.ts";
import { parsePolicy } from "../../policies/parse.ts";
import { nearest, plainSpelling } from "../../policies/suggest.ts";
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import { readFile } from "../github/contents.ts";
import type { App, FileContent, FileRef, GitHub, Installation } from "../github/github.ts";
import { accessElsewhere, moreActionable } from "./apps.ts";
import type { AllowListValue, PolicyValue } from "./cache-entries.ts";
import type { AccessCall, RepositoryAccess } from "./read-access.ts";
import { ALLOW_LIST_PATH, type Target } from "./target.ts";

/** An answer of GitHub about one file, good or bad, that may be kept. */
export interface FileReading {
  readonly content: FileContent | { readonly kind: "absent" };
  readonly repositoryId: number;
  readonly repositoryIsPublic: boolean;
  /** When the question was put, in ms: a push while GitHub answers must count as later. */
  readonly readAt: number;
}

export interface FileDeps {
  readonly github: GitHub;
  readonly now: () => number;
}

/** Reads the file once, with one access. */
export async function readWith(
  { github, now }: FileDeps,
  access: RepositoryAccess | undefined,
  file: FileRef,
  call: AccessCall,
): Promise<Result<FileReading>> {
  // Taking a missing access for "not visible" would lift the allow-list: it is a bug, and ends the exchange.
  if (!access) throw new Error("no access was opened to a file that is not cached");
  if (access.kind === "denied") return refuse(access.denial);
  if (access.kind === "not_visible") {
    const repository = `${file.owner}/${file.repository}`;
    return refuse({ reason: "repository_not_visible", repository, problem: access.problem });
  }
  const readAt = now();
  const read = await readFile(github, access.token, file, call);
  if (read.kind === "denied") return refuse(read.denial);
  const content = read.kind === "found" ? read.value : read;
  const { repositoryId, repositoryIsPublic } = access;
  return accept({ content, readAt, repositoryId, repositoryIsPublic });
}

export interface FirstTry {
  readonly app: App;
  readonly apps: readonly App[];
  /** Other Apps must be installed on the same account: the name may lead them to another one. */
  readonly installation: Installation;
  readonly denial: Denial;
}

/** The same file through the owner's other Apps, until one answers; else the most actionable of all denials. */
export async function readElsewhere(
  deps: FileDeps,
  file: FileRef,
  first: FirstTry,
  call: AccessCall,
): Promise<Result<FileReading>> {
  let { denial } = first;
  const name = file.repository.toLowerCase();
  for (const app of first.apps) {
    if (app.id === first.app.id) continue;
    const access = await accessElsewhere(deps.github, app, file, call);
    if (!access.ok && access.denial.reason === "app_not_installed") continue;
    if (access.ok && access.value.installation.accountId !== first.installation.accountId) {
      denial = moreActionable(denial, { reason: "repository_not_visible", repository: file.owner, problem: "moved" });
      continue;
    }
    const read = access.ok ? await readWith(deps, access.value.to.get(name), file, call) : access;
    if (read.ok) return read;
    denial = moreActionable(denial, read.denial);
  }
  return refuse(denial);
}

export function policyValue(
  target: Target,
  { content, repositoryId, repositoryIsPublic }: FileReading,
  ownerId: number,
): PolicyValue {
  const common = { ownerId, repositoryId, public: repositoryIsPublic };
  if (content.kind === "absent") return { state: "absent", ...common };
  if (content.kind !== "file") return { state: "unreadable", problem: content.kind, ...common };
  const parsed = parsePolicy(content.text, { kind: target.kind, owner: target.scope.owner });
  return parsed.ok
    ? { state: "present", sha: content.sha, policy: parsed.value, ...common }
    : { state: "broken", sha: content.sha, diagnostics: parsed.diagnostics, ...common };
}

/** At most three, the likeliest first; `my_policy` lies near `my-policy`. */
export function identitiesNear(identity: string, files: readonly string[]): readonly string[] {
  const policies = files
    .filter((name) => name.endsWith(POLICY_SUFFIX))
    .map((name) => name.slice(0, -POLICY_SUFFIX.length));
  const left = new Map(policies.map((name) => [plainSpelling(name), name]));
  const near: string[] = [];
  while (near.length < 3) {
    const plain = nearest(identity, [...left.keys()]);
    const name = plain === undefined ? undefined : left.get(plain);
    if (plain === undefined || name === undefined) break;
    near.push(name);
    left.delete(plain);
  }
  return near;
}

export function allowListValue({ content, repositoryId }: FileReading, ownerId: number): AllowListValue {
  const common = { ownerId, repositoryId };
  if (content.kind === "absent") return { state: "absent", because: "no_file", ...common };
  if (content.kind !== "file") {
    const message = `${ALLOW_LIST_PATH} is no readable file (${content.kind})`;
    return { state: "broken", diagnostics: [ofWholeFile("error", "invalid", message)], ...common };
  }
  const parsed = parseTrustedIssuers(content.text);
  return parsed.ok
    ? { state: "present", sha: content.sha, list: parsed.value, ...common }
    : { state: "broken", diagnostics: parsed.diagnostics, ...common };
}

const OUTAGES: ReadonlySet<Denial["reason"]> = new Set([
  "github_rate_limited",
  "github_unavailable",
  "github_invalid_answer",
]);

/** A stale copy may be served in place of these. */
export const isOutage = (denial: Denial): boolean => OUTAGES.has(denial.reason);

/** Every installed App was answered 422 for the list's repository. Only this counts as "no list". */
export const isListOutOfSight = (denial: Denial): boolean =>
  denial.reason === "repository_not_visible" && denial.problem === "not_selected";

/** Denials that are about the whole installation, not about the allow-list. */
const OF_INSTALLATION: ReadonlySet<Denial["reason"]> = new Set([
  "repository_not_visible",
  "installation_suspended",
  "permission_not_held",
  "app_credentials_rejected",
]);

/**
 * `access` is that of the exchange's own App. A denial of its whole installation is reported as it is; any other means that the
 * list could not be read.
 */
export function allowListDenial(denial: Denial, access: RepositoryAccess | undefined): Denial {
  const isOfInstallation =
    access?.kind === "denied" && access.denial.reason === denial.reason && OF_INSTALLATION.has(denial.reason);
  if (isOfInstallation) return denial;
  if (denial.reason === "github_rate_limited") {
    return { reason: "allow_list_rate_limited", retryAfterSeconds: denial.retryAfterSeconds };
  }
  return { reason: "allow_list_unavailable", problem: denial.reason };
}
