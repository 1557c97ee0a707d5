/**
 * Which policies there are, by the names in the folders of a repository: what they say of an identity that is asked for, and which
 * identities lie near it. Pure.
 */
import { POLICY_DIRECTORY, POLICY_SUFFIX } from "../../policies/file-names.ts";
import { nearest, plainSpelling } from "../../policies/suggest.ts";
import type { Directory } from "../github/github.ts";
import type { Entry } from "../store/cache.ts";
import type { OfPolicyRepository } from "./cache-entries.ts";

/** One folder of policies; empty where there is none. */
export interface FolderValue extends OfPolicyRepository, Directory {}

/** By path below the folder of all policies; that folder itself is "". */
export type KnownFolders = ReadonlyMap<string, Entry<FolderValue>>;

/** The folders on the way to an identity, outermost first: of `team/web` it is "" and "team". */
export function foldersOf(identity: string): readonly string[] {
  const segments = identity.split("/").slice(0, -1);
  return ["", ...segments.map((_, index) => segments.slice(0, index + 1).join("/"))];
}

/** In the repository, without a slash at the end. */
export const folderPath = (folder: string): string => `${POLICY_DIRECTORY}${folder}`.replace(/\/$/, "");

/** What the names say: there is none; it, or something of its name, is there; or which folder has to be read to know. */
export type Existence =
  | { readonly kind: "absent"; readonly by: Entry<FolderValue> }
  | { readonly kind: "there" | "unknown" }
  | { readonly kind: "unread"; readonly folder: string };

export function existenceOf(identity: string, folders: KnownFolders): Existence {
  const segments = `${identity}${POLICY_SUFFIX}`.split("/");
  for (const [depth, folder] of foldersOf(identity).entries()) {
    const by = folders.get(folder);
    if (by === undefined) return { kind: "unread", folder };
    const name = segments[depth] ?? "";
    const isLast = depth === segments.length - 1;
    const isThere = by.value.folders.includes(name) || (isLast && by.value.files.includes(name));
    if (!isThere) return by.value.isComplete ? { kind: "absent", by } : { kind: "unknown" };
  }
  return { kind: "there" };
}

/** At most three, the likeliest first; `my_policy` lies near `my-policy`. Only names of the same folder. */
export function identitiesNear(identity: string, folders: KnownFolders): readonly string[] {
  const folder = foldersOf(identity).at(-1) ?? "";
  const policies = (folders.get(folder)?.value.files ?? [])
    .filter((name) => name.endsWith(POLICY_SUFFIX))
    .map((name) => `${folder}/${name}`.replace(/^\//, "").slice(0, -POLICY_SUFFIX.length));
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
