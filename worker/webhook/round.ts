/** One round of a check: as many of the changed files as this invocation may read, each judged by what it is and was. */
import type { FileDiagnostic } from "../../policies/check.ts";
import type { Denial } from "../denial.ts";
import { CHECK_FILES_MAX, WEBHOOK_CALLS_RESERVED } from "../limits.ts";
import type { Changes, FileChange, Reader } from "./changes.ts";
import { type FileVerdict, judgeFile, judgeStray, type Setting } from "./judge.ts";
import { type Progress, withUnchecked, withUncompared, withVerdict } from "./progress.ts";
import { planReads, readBlobs, sidesOf, type Texts } from "./reads.ts";
import { wordsOf } from "./words.ts";

export interface Round {
  readonly findings: readonly FileDiagnostic[];
  readonly progress: Progress;
  /** How many of the changed files are done with. */
  readonly next: number;
  /** Files are left for another round. */
  readonly isUnfinished: boolean;
  /** Why reading ended early. */
  readonly denial?: Denial;
}

export interface RoundStart {
  /** How many of the changed files earlier rounds did. */
  readonly first: number;
  readonly progress: Progress;
  /** Whether there can be another round. */
  readonly goesOn: boolean;
}

export async function judgeRound(
  reader: Reader,
  { files, strays }: Changes,
  setting: Setting,
  { first, progress: before, goesOn }: RoundStart,
): Promise<Round> {
  const left = files.slice(first, CHECK_FILES_MAX);
  const plan = planReads(left, reader.run.callsLeft - WEBHOOK_CALLS_RESERVED, goesOn);
  const texts = await readBlobs(reader, plan.blobs);
  const findings: FileDiagnostic[] = [];
  let progress = before;
  const keep = (verdict: FileVerdict) => {
    findings.push(...verdict.findings);
    progress = withVerdict(progress, verdict);
  };
  for (const stray of strays) keep({ findings: judgeStray(stray) });
  const taken = left.slice(0, plan.files);
  for (const file of taken) {
    const sides = sidesOf(file, texts);
    if (sides === undefined) continue;
    const { findings: said, access } = judgeFile(file, sides, setting);
    keep({ findings: said, ...(sides.isWhole && access && { access }) });
    if (!sides.isWhole) progress = withUncompared(progress, file.path);
  }
  progress = withUnchecked(progress, unreadOf(taken, texts), whyUnread(texts));
  const next = first + plan.files;
  const isUnfinished = plan.files < left.length;
  if (!isUnfinished) progress = withUnchecked(progress, pathsOf(files.slice(CHECK_FILES_MAX)), TOO_MANY);
  return { findings, progress, next, isUnfinished, ...(texts.denial && { denial: texts.denial }) };
}

const TOO_MANY = `more than ${CHECK_FILES_MAX} files changed; change fewer at once`;

const unreadOf = (files: readonly FileChange[], texts: Texts): readonly string[] =>
  pathsOf(files.filter((file) => sidesOf(file, texts) === undefined));

const pathsOf = (files: readonly FileChange[]): readonly string[] => files.map(({ path }) => path);

function whyUnread({ denial }: Texts): string {
  if (denial) return wordsOf(denial);
  return "there were more files than one invocation may read; change fewer at once, or bind WEBHOOK_QUEUE";
}
