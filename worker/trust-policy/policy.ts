/** Step 6 for the trust policy: what is remembered, else one read; and after a 404 the names that lie beside it. */
import { accept, type Result, refuse } from "../denial.ts";
import type { CacheResult } from "../event.ts";
import { readFile } from "../github/contents.ts";
import type { Directory, FileRef } from "../github/github.ts";
import type { PolicyAccess } from "./apps.ts";
import type { AllowListValue, PolicyValue } from "./cache-entries.ts";
import type { SourceCaches } from "./caches.ts";
import { type FileDeps, type FileReading, policyValue, readElsewhere, readUnvoided } from "./files.ts";
import { existenceOf, folderPath, foldersOf, identitiesNear } from "./identities.ts";
import type { AccessCall } from "./read-access.ts";
import type { Recalled } from "./recalled.ts";
import { type ForeignMisses, isOutage, servedStale } from "./staleness.ts";

export interface SourceDeps extends FileDeps {
  readonly caches: SourceCaches;
  readonly foreignMisses: ForeignMisses;
  readonly orgPolicyRepo: string;
}

export async function readPolicy(
  deps: SourceDeps,
  access: PolicyAccess,
  call: AccessCall,
): Promise<Result<PolicyValue>> {
  const { caches, foreignMisses } = deps;
  const { target, policy, installation } = access;
  const { accountId } = installation;
  const fresh = caches.freshPolicy(policy.recalled);
  call.cached?.("policy", foundIn(policy.recalled, fresh));
  if (fresh) return accept(fresh);
  const file = { owner: installation.owner, repository: target.repository, path: target.path };
  let read = await readUnvoided(deps, policy, file, call);
  if (!read.ok && isOutage(read.denial)) {
    const { denial } = read;
    const stale = foreignMisses.mayServeStale(denial, accountId, call) && (await caches.stalePolicy(policy.recalled));
    if (stale) return servedStale("policy", stale, call);
    const mayAnother = denial.reason === "github_rate_limited" && !access.lastResort;
    if (mayAnother) read = await readElsewhere(deps, file, { ...access, denial }, call);
  }
  if (!read.ok) return refuse(read.denial);
  const value = await learned(deps, access, read.value, call);
  caches.keepPolicy(policy.recalled, { value, readAt: read.value.readAt }, call.writes);
  return accept(value);
}

/** Where what is fresh was remembered, if it was. */
export function foundIn<V extends PolicyValue | AllowListValue>(
  { from }: Recalled<V>,
  fresh: V | undefined,
): CacheResult {
  if (fresh === undefined) return "miss";
  return fresh.state === "absent" ? "negative" : from;
}

async function learned(
  deps: SourceDeps,
  access: PolicyAccess,
  reading: FileReading,
  call: AccessCall,
): Promise<PolicyValue> {
  const { accountId } = access.installation;
  const value = policyValue(access.target, reading, accountId);
  if (value.state !== "absent") return value;
  deps.foreignMisses.note(accountId, call);
  return { ...value, nearMisses: await namesBeside(deps, access, value, call) };
}

/**
 * The first 404 of a repository reads the names in its folder: they answer every other identity that is not there without a call.
 * Folders below it are read as far as they exist.
 */
async function namesBeside(
  deps: SourceDeps,
  { target, policy, installation }: PolicyAccess,
  { ownerId, repositoryId, public: isPublic }: PolicyValue,
  call: AccessCall,
): Promise<readonly string[]> {
  const { caches, now } = deps;
  const folders = new Map(caches.folders(target));
  for (const _ of foldersOf(target.identity)) {
    const existence = existenceOf(target.identity, folders);
    if (existence.kind !== "unread" || policy.access?.kind !== "token") break;
    const { folder } = existence;
    if (!caches.mayReadFolder(target, folder)) break;
    const file = { owner: installation.owner, repository: target.repository, path: folderPath(folder) };
    const readAt = now();
    const names = await readNames(deps, policy.access.token, file, call);
    if (names === undefined) break;
    const entry = { value: { ownerId, repositoryId, public: isPublic, ...names }, readAt };
    caches.keepFolder(target, folder, entry);
    folders.set(folder, entry);
  }
  return identitiesNear(target.identity, folders);
}

const NO_NAMES: Directory = { files: [], folders: [], isComplete: true };

/** Undefined when GitHub does not say: there is no hint then, and nothing is remembered. */
async function readNames(
  { github }: SourceDeps,
  token: string,
  folder: FileRef,
  call: AccessCall,
): Promise<Directory | undefined> {
  const read = await readFile(github, token, folder, call);
  if (read.kind === "absent") return NO_NAMES;
  if (read.kind === "denied" || read.value.kind !== "directory") return undefined;
  const { files, folders, isComplete } = read.value;
  return { files, folders, isComplete };
}
