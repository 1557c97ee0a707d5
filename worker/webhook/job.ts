/**
 * A check as plain data: what to check, and, when it goes on in another invocation, how far it came. What a queue hands back is
 * read as strictly as what comes from outside. Pure.
 */

import * as v from "valibot";
import { GIT_SHA, OWNER_NAME, REPOSITORY_NAME } from "../../policies/names.ts";
import type { CheckWork } from "./events.ts";
import { ProgressSchema } from "./progress.ts";

const sha = v.pipe(v.string(), v.regex(GIT_SHA));
const branch = v.pipe(v.string(), v.regex(/^[A-Za-z0-9._/-]{1,1000}$/));

const BaseSchema = v.variant("kind", [
  v.strictObject({ kind: v.literal("commit"), sha }),
  v.strictObject({ kind: v.literal("merge_base"), of: branch }),
  v.strictObject({ kind: v.literal("nothing") }),
]);

const ResumeSchema = v.strictObject({
  base: v.exactOptional(sha),
  folders: v.strictObject({ before: v.exactOptional(sha), after: v.exactOptional(sha) }),
  /** The check run, and how many of the changed files are done with. */
  run: v.pipe(v.number(), v.safeInteger()),
  next: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  progress: ProgressSchema,
});

export const JobSchema = v.strictObject({
  version: v.literal(1),
  delivery: v.string(),
  event: v.string(),
  appId: v.string(),
  owner: v.pipe(v.string(), v.regex(OWNER_NAME)),
  work: v.strictObject({
    repository: v.pipe(v.string(), v.regex(REPOSITORY_NAME)),
    head: sha,
    base: BaseSchema,
    again: v.boolean(),
    touched: v.array(v.string()),
  }),
  /** How often it failed. */
  failures: v.pipe(v.number(), v.safeInteger(), v.minValue(0)),
  resume: v.exactOptional(ResumeSchema),
});

export type Resume = Readonly<v.InferOutput<typeof ResumeSchema>>;

export interface Job extends Readonly<Omit<v.InferOutput<typeof JobSchema>, "work" | "resume">> {
  readonly work: CheckWork;
  readonly resume?: Resume;
}

export function readJob(message: unknown): Job | undefined {
  const parsed = v.safeParse(JobSchema, message);
  return parsed.success ? parsed.output : undefined;
}
