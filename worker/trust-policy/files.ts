/**
 * Reading one file of an owner through its Apps, and what its text becomes. An answer that may be kept and a denial are told
 * apart here; caches and staleness are above.
 */

import { ofWholeFile } from "../../policies/diagnostics.ts";
import { parseTrustedIssuers } from "../../policies/issuers.ts";
import { parsePolicy } from "../../policies/parse.ts";
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import { type FileAt, readFile } from "../github/contents.ts";
import type { App, FileContent, FileRef, GitHub, Installation } from "../github/github.ts";
import { accessElsewhere, type FileAccess, moreActionable } from "./apps.ts";
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

/** The same for what is remembered of a file: once more if a webhook voided it while GitHub answered. */
export async function readUnvoided(
  deps: FileDeps,
  { recalled, access }: FileAccess<unknown>,
  file: FileRef,
  call: AccessCall,
): Promise<Result<FileReading>> {
  const known = recalled.voidBefore.known();
  const read = await readWith(deps, access, file, call);
  return read.ok && recalled.voidBefore.known() > known ? readWith(deps, access, file, call) : read;
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
  const file = { ...common, ...ofFile(content) };
  const parsed = parsePolicy(content.text, { kind: target.kind, owner: target.scope.owner });
  return parsed.ok
    ? { state: "present", policy: parsed.value, ...file }
    : { state: "broken", diagnostics: parsed.diagnostics, ...file };
}

export function allowListValue({ content, repositoryId }: FileReading, ownerId: number): AllowListValue {
  const common = { ownerId, repositoryId };
  if (content.kind === "absent") return { state: "absent", because: "no_file", ...common };
  if (content.kind !== "file") {
    const message = `${ALLOW_LIST_PATH} is no readable file (${content.kind})`;
    return { state: "broken", diagnostics: [ofWholeFile("error", "invalid", message)], ...common };
  }
  const { sha, ...file } = { ...common, ...ofFile(content) };
  const parsed = parseTrustedIssuers(content.text);
  return parsed.ok
    ? { state: "present", sha, list: parsed.value, ...file }
    : { state: "broken", diagnostics: parsed.diagnostics, ...file };
}

const ofFile = ({ sha, linked }: FileAt) => ({ sha, ...(linked && { linked }) });
