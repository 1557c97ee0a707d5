/**
 * The story of one check, top to bottom: who reports, what changed, is there a run already, read and judge, tell. A check that
 * cannot be done ends in a run that says so, or goes on later through the queue.
 */
import type { Denial } from "../denial.ts";
import { type Changes, changesOf, type Found, filesIn, type Reader } from "./changes.ts";
import { invalidatePaths } from "./invalidation.ts";
import type { Job } from "./job.ts";
import { isOurs, type Setting } from "./judge.ts";
import { goOn, tryLater } from "./later.ts";
import { NO_PROGRESS, type Progress } from "./progress.ts";
import { add, annotationsThatFit, begin, end, findRun, type Slot, slotOf } from "./report.ts";
import { reporterFor } from "./reporter.ts";
import { judgeRound, type Round } from "./round.ts";
import type { WebhookRun } from "./run.ts";
import { annotationsOf, digestOf, readMarker, underway, undone, verdict } from "./summary.ts";
import { wordsOf } from "./words.ts";

export type CheckOutcome =
  /** `success`, `failure`: what the run says. */
  | { readonly kind: "reported"; readonly conclusion: string }
  | { readonly kind: "nothing"; readonly why: "another_app" | "unchanged" | "known" | "gone" }
  | { readonly kind: "postponed" }
  | { readonly kind: "failed"; readonly denial: Denial };

interface Checking {
  readonly run: WebhookRun;
  readonly job: Job;
  readonly reader: Reader;
  readonly setting: Setting;
}

/** `isDefaultBranch`: what changed is struck out of the caches as well. */
export async function check(run: WebhookRun, job: Job, isDefaultBranch = false): Promise<CheckOutcome> {
  const { owner, work, resume } = job;
  const place = { owner, repository: work.repository };

  // 1. The App that reports; without its token nothing can be read and nothing told.
  const found = await reporterFor(run, place, work.again || resume !== undefined);
  if (found.kind === "another_app") return { kind: "nothing", why: "another_app" };
  if (found.kind === "denied") {
    return (await tryLater(run, job, found.denial)) ? { kind: "postponed" } : { kind: "failed", denial: found.denial };
  }
  const { reader } = found;
  const checking: Checking = { run, job, reader, setting: settingOf(run, job, found.lacking) };

  // 2. What changed, by the trees.
  const changed = await whatChanged(reader, job);
  if (changed.kind === "gone") return { kind: "nothing", why: "gone" };
  if (changed.kind === "denied") return giveUp(checking, undefined, NO_PROGRESS, changed.denial);
  const { files, strays } = changed.value;
  if (isDefaultBranch) {
    await invalidatePaths(
      run,
      place,
      files.map(({ path }) => path),
    );
  }
  const changes = {
    ...changed.value,
    files: files.filter((file) => isOurs(file, checking.setting.isPolicyRepository)),
  };
  const isChanged = changes.files.length + strays.length > 0;
  if (!isChanged && !work.again) return { kind: "nothing", why: "unchanged" };

  // 3. The check run: looked for, else made.
  const slot = await slotFor(checking, changes, isChanged);
  if (slot.kind === "nothing") return slot;
  if (slot.kind === "denied") return giveUp(checking, undefined, NO_PROGRESS, slot.denial);

  // 4. Read, judge, tell: from here on a run is there that must be ended.
  try {
    return await tell(checking, changes, slot.value);
  } catch (bug) {
    run.bug(bug);
    return giveUp(checking, slot.value, resume?.progress ?? NO_PROGRESS, { reason: "internal" });
  }
}

/** As much as this invocation may read; what is left goes on, or is named. */
async function tell(checking: Checking, changes: Changes, slot: Slot): Promise<CheckOutcome> {
  const { run, job, reader, setting } = checking;
  const { progress = NO_PROGRESS, next: first = 0 } = job.resume ?? {};
  const goesOn = run.services.webhooks.queue !== undefined;
  const round = await judgeRound(reader, changes, setting, { first, progress, goesOn });
  if (round.denial && (await tryLater(run, job, round.denial))) return { kind: "postponed" };
  if (round.isUnfinished && !round.denial) return nextRound(checking, changes, slot, round);
  return conclude(checking, changes, slot, round);
}

function settingOf(run: WebhookRun, { owner, work }: Job, lacking: Setting["lacking"]): Setting {
  const { config, deploymentRules } = run.services;
  return {
    owner,
    isPolicyRepository: work.repository.toLowerCase() === config.orgPolicyRepo.toLowerCase(),
    domain: config.stsDomain,
    rules: deploymentRules,
    lacking,
  };
}

async function whatChanged(reader: Reader, { work, resume }: Job): Promise<Found<Changes>> {
  if (resume === undefined) return changesOf(reader, work);
  const files = await filesIn(reader, resume.folders);
  if (files.kind !== "found") return files;
  const base = resume.base === undefined ? {} : { base: resume.base };
  return { kind: "found", value: { ...base, folders: resume.folders, files: files.value, strays: [] } };
}

type SlotFound =
  | { readonly kind: "found"; readonly value: Slot }
  | { readonly kind: "denied"; readonly denial: Denial }
  | { readonly kind: "nothing"; readonly why: "known" | "gone" | "unchanged" };

/** At most one run for a head: an earlier one with the same base has said it all, unless somebody asked again. */
async function slotFor(
  { run, reader, job }: Checking,
  { base = "none" }: Changes,
  isChanged: boolean,
): Promise<SlotFound> {
  const { work, resume } = job;
  if (resume) return { kind: "found", value: { head: work.head, id: resume.run } };
  const known = await findRun(reader, work.head, run.call);
  if (known.kind === "denied") return known;
  if (known.kind === "absent") return { kind: "nothing", why: "gone" };
  if (known.value === undefined && !isChanged) return { kind: "nothing", why: "unchanged" };
  const isDone = known.value?.status === "completed" && readMarker(known.value.summary)?.base === base;
  if (isDone && !work.again) return { kind: "nothing", why: "known" };
  const begun = await begin(reader, slotOf(work.head, known.value), underway());
  return begun.kind === "absent" ? { kind: "nothing", why: "gone" } : begun;
}

/** What is found so far is told at once, and the rest goes to the queue; without its help the check ends here. */
async function nextRound(checking: Checking, changes: Changes, slot: Slot, round: Round): Promise<CheckOutcome> {
  const { run, job, reader } = checking;
  const annotations = annotationsOf(round.findings).slice(0, annotationsThatFit(reader));
  const state = underway(round.progress);
  const added = await add(reader, slot, { state, annotations });
  if (added.kind === "absent") return { kind: "nothing", why: "gone" };
  if (added.kind === "denied") return giveUp(checking, slot, round.progress, added.denial);
  const { id } = added.value;
  const { base, folders } = changes;
  const { next, progress } = round;
  const resume = id !== undefined && { ...(base !== undefined && { base }), folders, run: id, next, progress };
  if (resume && (await goOn(run, job, resume))) return { kind: "postponed" };
  const denial: Denial = { reason: "github_unavailable", route: "queue", problem: "the queue took nothing" };
  return giveUp(checking, added.value, round.progress, denial);
}

async function conclude(
  checking: Checking,
  { base = "none" }: Changes,
  slot: Slot,
  round: Round,
): Promise<CheckOutcome> {
  const { job, reader } = checking;
  const all = annotationsOf(round.findings);
  const annotations = all.slice(0, annotationsThatFit(reader));
  const digest = job.resume ? "many" : await digestOf(annotations);
  const state = verdict(round.progress, { base, annotations: digest }, all.length - annotations.length);
  const ended = await end(reader, slot, { state, annotations });
  if (ended.kind === "absent") return { kind: "nothing", why: "gone" };
  if (ended.kind === "denied") return giveUp(checking, slot, round.progress, ended.denial);
  if (round.denial) return { kind: "failed", denial: round.denial };
  return { kind: "reported", conclusion: state.conclusion };
}

/** Later, if it may pass; else the run says that the check could not be done. It never stays pending. */
async function giveUp(
  { run, job, reader }: Checking,
  known: Slot | undefined,
  progress: Progress,
  denial: Denial,
): Promise<CheckOutcome> {
  if (await tryLater(run, job, denial)) return { kind: "postponed" };
  let slot = known ?? { head: job.work.head, ...(job.resume && { id: job.resume.run }) };
  if (slot.id === undefined) {
    const found = await findRun(reader, slot.head, run.lastCall);
    const earlier = found.kind === "found" ? found.value : undefined;
    // A verdict that was given stays: it is about this very commit.
    const isDone = earlier?.status === "completed" && readMarker(earlier.summary) !== undefined;
    if (isDone && !job.work.again) return { kind: "failed", denial };
    slot = slotOf(slot.head, earlier);
  }
  const told = await end(reader, slot, { state: undone(wordsOf(denial), progress), annotations: [] });
  if (told.kind !== "found") run.log("not_told");
  return { kind: "failed", denial };
}
