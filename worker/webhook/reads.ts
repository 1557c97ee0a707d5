/**
 * Reading the blobs of changed files within what one invocation may ask. Each blob once; the planning is a pure function.
 */
import type { Denial } from "../denial.ts";
import { readBlob, type TreeEntry } from "../github/git.ts";
import { WEBHOOK_READS_AT_ONCE } from "../limits.ts";
import type { FileChange, Reader } from "./changes.ts";
import type { Sides, Standing } from "./judge.ts";

export interface ReadPlan {
  /** How many of the files, from the first, this round is about. */
  readonly files: number;
  /** Ids, in the order in which they are read. */
  readonly blobs: readonly string[];
}

/**
 * `goesOn`: what does not fit is done in another invocation, so files are taken whole. Else what the files are now comes first,
 * since the verdict is about that, and what they were before only as far as there are calls.
 */
export function planReads(files: readonly FileChange[], calls: number, goesOn: boolean): ReadPlan {
  const room = Math.max(1, calls);
  if (!goesOn) {
    const wanted = [...files.flatMap(({ after }) => idOf(after)), ...files.flatMap(({ before }) => idOf(before))];
    return { files: files.length, blobs: [...new Set(wanted)].slice(0, room) };
  }
  const blobs = new Set<string>();
  let taken = 0;
  for (const { before, after } of files) {
    const more = [...idOf(after), ...idOf(before)].filter((id) => !blobs.has(id));
    if (taken > 0 && blobs.size + new Set(more).size > room) break;
    for (const id of more) blobs.add(id);
    taken += 1;
  }
  return { files: taken, blobs: [...blobs] };
}

export interface Texts {
  /** By the blob's id. */
  readonly found: ReadonlyMap<string, Standing>;
  /** Why reading ended early. */
  readonly denial?: Denial;
}

export async function readBlobs({ run, token, place }: Reader, blobs: readonly string[]): Promise<Texts> {
  const found = new Map<string, Standing>();
  for (let at = 0; at < blobs.length; at += WEBHOOK_READS_AT_ONCE) {
    const ids = blobs.slice(at, at + WEBHOOK_READS_AT_ONCE);
    const read = await Promise.all(
      ids.map((blob) => readBlob(run.services.github, token, { ...place, blob }, run.call)),
    );
    let denial: Denial | undefined;
    for (const [index, outcome] of read.entries()) {
      if (outcome.kind === "found") found.set(ids[index] ?? "", outcome.value);
      else if (outcome.kind === "denied") denial ??= outcome.denial;
    }
    // What stands in the way of one stands in the way of the next.
    if (denial) return { found, denial };
  }
  return { found };
}

/** Undefined: the file as it is now was not read. A former text that was not read is left out. */
export function sidesOf({ before, after }: FileChange, { found }: Texts): (Sides & { isWhole: boolean }) | undefined {
  const [old, now] = [before && standingOf(before, found), after && standingOf(after, found)];
  if (after && now === undefined) return undefined;
  const isWhole = before === undefined || old !== undefined;
  return { ...(old && { before: old }), ...(now && { after: now }), isWhole };
}

function standingOf({ mode, type, sha }: TreeEntry, found: Texts["found"]): Standing | undefined {
  if (type === "tree") return { kind: "folder" };
  if (type === "commit") return { kind: "submodule" };
  return mode === "120000" ? { kind: "link" } : found.get(sha);
}

/** Only a file has a text to be read. */
const idOf = (entry: TreeEntry | undefined): readonly string[] =>
  entry?.type === "blob" && entry.mode !== "120000" ? [entry.sha] : [];
