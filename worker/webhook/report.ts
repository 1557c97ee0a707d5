/**
 * The check run of one commit at GitHub: looked for before it is made, begun, added to, and ended. What it says comes from
 * `summary.ts`. GitHub adds an update's annotations to those of before, so a verdict that differs needs a run of its own.
 */
import {
  type Annotation,
  type CheckRun,
  type CheckState,
  createCheckRun,
  findCheckRun,
  updateCheckRun,
} from "../github/checks.ts";
import type { CallContext, Lookup } from "../github/github.ts";
import { CHECK_ANNOTATIONS_PER_CALL } from "../limits.ts";
import type { Reader } from "./changes.ts";
import { digestOf, readMarker } from "./summary.ts";

/** A run that may take the verdict. */
export interface Slot {
  readonly head: string;
  /** Absent: there is none yet. */
  readonly id?: number;
  /** The digest of the annotations that an earlier verdict left; absent when there are none. */
  readonly kept?: string;
}

export function slotOf(head: string, run: CheckRun | undefined): Slot {
  if (run === undefined) return { head };
  const kept = run.annotations > 0 ? (readMarker(run.summary)?.annotations ?? "unknown") : undefined;
  return { head, id: run.id, ...(kept !== undefined && { kept }) };
}

export async function findRun(
  { run, token, place }: Reader,
  head: string,
  call: CallContext,
): Promise<Lookup<CheckRun | undefined>> {
  return findCheckRun(run.services.github, token, { ...place, head, appId: run.origin.appId }, call);
}

/** In progress, so that people see that something is done. A run with an earlier verdict keeps it until there is a new one. */
export async function begin(reader: Reader, slot: Slot, state: CheckState): Promise<Lookup<Slot>> {
  if (slot.kept !== undefined) return { kind: "found", value: slot };
  return write(reader, slot, state);
}

/** Adds annotations to a run that is still in progress. */
export async function add(
  reader: Reader,
  slot: Slot,
  { state, annotations }: { readonly state: CheckState; readonly annotations: readonly Annotation[] },
): Promise<Lookup<Slot>> {
  let target = slot.kept === undefined ? slot : { head: slot.head };
  for (const batch of batchesOf(annotations)) {
    const written = await write(reader, target, withAnnotations(state, batch));
    if (written.kind !== "found") return written;
    target = written.value;
  }
  return target.id === undefined ? write(reader, target, state) : { kind: "found", value: target };
}

/** The last word. `state` has a conclusion; it goes with the last of the annotations. */
export async function end(
  reader: Reader,
  slot: Slot,
  { state, annotations }: { readonly state: CheckState; readonly annotations: readonly Annotation[] },
): Promise<Lookup<Slot>> {
  const isSame = slot.kept !== undefined && slot.kept === (await digestOf(annotations));
  const isUndone = annotations.length === 0 && readMarker(state.output.summary) === undefined;
  if (isSame || isUndone) return write(reader, slot, state);
  const batches = batchesOf(annotations);
  const last = batches.pop() ?? [];
  const { conclusion: _, ...open } = state;
  const fresh = slot.kept === undefined ? slot : { head: slot.head };
  if (batches.length === 0) return write(reader, fresh, withAnnotations(state, last));
  const added = await add(reader, fresh, { state: open, annotations: batches.flat() });
  return added.kind === "found" ? write(reader, added.value, withAnnotations(state, last)) : added;
}

/** How many annotations there are calls for, with one left for the conclusion and one for the revocation. */
export function annotationsThatFit({ run }: Reader): number {
  return Math.max(1, run.callsLeft - 2) * CHECK_ANNOTATIONS_PER_CALL;
}

async function write(reader: Reader, slot: Slot, state: CheckState): Promise<Lookup<Slot>> {
  const { run, token, place } = reader;
  const { github } = run.services;
  const { head, id } = slot;
  const written =
    id === undefined
      ? await create(reader, head, state)
      : await updateCheckRun(github, token, { ...place, id, state }, run.lastCall);
  return written.kind === "found" ? { kind: "found", value: { ...slot, id: written.value.id } } : written;
}

/** A lost answer may hide a run that was made: it is looked for before another one is. */
async function create(reader: Reader, head: string, state: CheckState): Promise<Lookup<CheckRun>> {
  const { run, token, place } = reader;
  const { github } = run.services;
  const made = await createCheckRun(github, token, { ...place, head, state }, run.lastCall);
  if (made.kind !== "denied" || !isLost(made.denial.reason)) return made;
  const found = await findRun(reader, head, run.lastCall);
  if (found.kind !== "found") return made;
  if (found.value === undefined) return createCheckRun(github, token, { ...place, head, state }, run.lastCall);
  return updateCheckRun(github, token, { ...place, id: found.value.id, state }, run.lastCall);
}

const isLost = (reason: string): boolean => reason === "github_unavailable" || reason === "github_invalid_answer";

const withAnnotations = (state: CheckState, annotations: readonly Annotation[]): CheckState =>
  annotations.length === 0 ? state : { ...state, output: { ...state.output, annotations } };

function batchesOf(annotations: readonly Annotation[]): (readonly Annotation[])[] {
  const count = Math.ceil(annotations.length / CHECK_ANNOTATIONS_PER_CALL);
  return Array.from({ length: count }, (_, index) =>
    annotations.slice(index * CHECK_ANNOTATIONS_PER_CALL, (index + 1) * CHECK_ANNOTATIONS_PER_CALL),
  );
}
