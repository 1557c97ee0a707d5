/** Check runs: found, made, changed. Only the App that made a run may change it. What a run says is decided elsewhere. */
import * as v from "valibot";
import { type CallContext, lookUp, type RepositoryRef, type TokenApi } from "./call.ts";
import type { Lookup } from "./response.ts";

/** octo-sts's name, so that branch protection which requires it keeps working. */
export const CHECK_NAME = "Trust Policy Validation";

export interface CheckRun {
  readonly id: number;
  readonly status: string;
  readonly summary: string;
  /** How many there are. */
  readonly annotations: number;
}

export interface Annotation {
  readonly path: string;
  readonly start_line: number;
  readonly end_line: number;
  /** Only for annotations within one line. */
  readonly start_column?: number;
  readonly end_column?: number;
  readonly annotation_level: "failure" | "warning" | "notice";
  readonly title: string;
  readonly message: string;
}

export interface CheckOutput {
  readonly title: string;
  readonly summary: string;
  readonly text?: string;
  /** At most 50. GitHub adds them to those that the run has. */
  readonly annotations?: readonly Annotation[];
}

/** Without a conclusion it is in progress. */
export interface CheckState {
  readonly conclusion?: "success" | "failure";
  readonly output: CheckOutput;
}

const LIST = `GET /repos/{owner}/{repo}/commits/{ref}/check-runs?check_name=${encodeURIComponent(CHECK_NAME)}&app_id={app_id}`;
const CREATE = "POST /repos/{owner}/{repo}/check-runs";
const UPDATE = "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}";

const runShape = v.object({
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  status: v.string(),
  name: v.string(),
  output: v.object({ summary: v.nullish(v.string()), annotations_count: v.optional(v.number(), 0) }),
});
const listShape = v.object({ check_runs: v.array(runShape) });

/** This App's latest run of our name at the commit; undefined when there is none. */
export async function findCheckRun(
  api: TokenApi,
  token: string,
  { owner, repository, head, appId }: RepositoryRef & { readonly head: string; readonly appId: string },
  call: CallContext,
): Promise<Lookup<CheckRun | undefined>> {
  const path = { owner, repo: repository, ref: head, app_id: appId };
  const found = await lookUp(api, { route: LIST, path, token, retry: true }, listOf, call);
  if (found.kind !== "found") return found;
  const ours = found.value.filter(({ name }) => name === CHECK_NAME).sort((a, b) => b.id - a.id);
  return { kind: "found", value: ours[0] && runOf(ours[0]) };
}

/** Not repeated: a lost answer may hide a run that was made, so whoever gets no answer looks for it first. */
export function createCheckRun(
  api: TokenApi,
  token: string,
  { owner, repository, head, state }: RepositoryRef & { readonly head: string; readonly state: CheckState },
  call: CallContext,
): Promise<Lookup<CheckRun>> {
  const body = { name: CHECK_NAME, head_sha: head, external_id: head, ...bodyOf(state) };
  const request = { route: CREATE, path: { owner, repo: repository }, body, token, retry: false };
  return lookUp(api, request, parseRun, call);
}

/** Repeated once on an outage: an annotation that is shown twice is better than a run that never ends. */
export function updateCheckRun(
  api: TokenApi,
  token: string,
  { owner, repository, id, state }: RepositoryRef & { readonly id: number; readonly state: CheckState },
  call: CallContext,
): Promise<Lookup<CheckRun>> {
  const path = { owner, repo: repository, check_run_id: id };
  return lookUp(api, { route: UPDATE, path, body: bodyOf(state), token, retry: true }, parseRun, call);
}

function bodyOf({ conclusion, output }: CheckState): object {
  return { ...(conclusion ? { status: "completed", conclusion } : { status: "in_progress" }), output };
}

function listOf(json: unknown): readonly v.InferOutput<typeof runShape>[] | undefined {
  const parsed = v.safeParse(listShape, json);
  return parsed.success ? parsed.output.check_runs : undefined;
}

function parseRun(json: unknown): CheckRun | undefined {
  const parsed = v.safeParse(runShape, json);
  return parsed.success ? runOf(parsed.output) : undefined;
}

function runOf({ id, status, output }: v.InferOutput<typeof runShape>): CheckRun {
  return { id, status, summary: output.summary ?? "", annotations: output.annotations_count };
}
