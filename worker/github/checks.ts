/**
 * Check runs: found, made, added to. Only the App that made a run may change it. What a run says is decided elsewhere. The calls are
 * urgent: that a check could not be done for a limit is to be told, too.
 */
import * as v from "valibot";
import { type CallContext, lookUp, type RepositoryRef, type TokenApi } from "./call.ts";
import type { Lookup } from "./response.ts";

/** octo-sts's name, so that branch protection which requires it keeps working. */
export const CHECK_NAME = "Trust Policy Validation";

export type Conclusion = "success" | "failure";

export interface CheckRun {
  readonly id: number;
  /** GitHub has more of them than we give; null while a run is not completed. */
  readonly conclusion: string | null;
  readonly summary: string;
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
  /** GitHub takes 50 in one call, and adds them to those that the run has. */
  readonly annotations?: readonly Annotation[];
}

export interface CompletedRun {
  readonly conclusion: Conclusion;
  /** Where "Details" leads to. */
  readonly detailsUrl: string;
  readonly output: CheckOutput;
}

const LIST = `GET /repos/{owner}/{repo}/commits/{ref}/check-runs?check_name=${encodeURIComponent(CHECK_NAME)}&app_id={app_id}`;
const CREATE = "POST /repos/{owner}/{repo}/check-runs";
const UPDATE = "PATCH /repos/{owner}/{repo}/check-runs/{check_run_id}";

const runShape = v.object({
  id: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  name: v.string(),
  conclusion: v.nullable(v.string()),
  output: v.object({ summary: v.nullish(v.string()) }),
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
  const found = await lookUp(api, { route: LIST, path, token, retry: true, urgent: true }, listOf, call);
  if (found.kind !== "found") return found;
  const ours = found.value.filter(({ name }) => name === CHECK_NAME).sort((a, b) => b.id - a.id);
  return { kind: "found", value: ours[0] && runOf(ours[0]) };
}

/** Completed from its first moment: nothing that ends us leaves it pending. Not repeated: a lost answer may hide a run that was made. */
export function createCheckRun(
  api: TokenApi,
  token: string,
  { owner, repository, head, verdict }: RepositoryRef & { readonly head: string; readonly verdict: CompletedRun },
  call: CallContext,
): Promise<Lookup<CheckRun>> {
  const { conclusion, detailsUrl, output } = verdict;
  const said = { external_id: head, details_url: detailsUrl, status: "completed", conclusion, output };
  const body = { name: CHECK_NAME, head_sha: head, ...said };
  const request = { route: CREATE, path: { owner, repo: repository }, body, token, retry: false, urgent: true };
  return lookUp(api, request, parseRun, call);
}

/** Annotations beyond those that a run was made with. Not repeated: a lost answer may hide that they were added. */
export function addAnnotations(
  api: TokenApi,
  token: string,
  { owner, repository, id, output }: RepositoryRef & { readonly id: number; readonly output: CheckOutput },
  call: CallContext,
): Promise<Lookup<CheckRun>> {
  const path = { owner, repo: repository, check_run_id: id };
  return lookUp(api, { route: UPDATE, path, body: { output }, token, retry: false, urgent: true }, parseRun, call);
}

function listOf(json: unknown): readonly v.InferOutput<typeof runShape>[] | undefined {
  const parsed = v.safeParse(listShape, json);
  return parsed.success ? parsed.output.check_runs : undefined;
}

function parseRun(json: unknown): CheckRun | undefined {
  const parsed = v.safeParse(runShape, json);
  return parsed.success ? runOf(parsed.output) : undefined;
}

function runOf({ id, conclusion, output }: v.InferOutput<typeof runShape>): CheckRun {
  return { id, conclusion, summary: output.summary ?? "" };
}
