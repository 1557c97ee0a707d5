// Routes of check runs: made, changed and listed by Apps, with GitHub's bounds on annotations and summaries. Runs are
// kept in the repository; no other state.

import { type Answer, nodeId, notFound, ok, refusal, timestamp } from "./answers.ts";
import { bodyFault, invalid } from "./check-run.ts";
import { type Checked, type Context, isRecord, type Need, paged, permitted, type Route } from "./route.ts";
import { appJson } from "./shapes.ts";
import { type App, type CheckRun, fullName, type Repository } from "./state.ts";

const DOCS = "/checks/runs";

function runJson(at: Context, repository: Repository, run: CheckRun): Record<string, unknown> {
  const url = `${at.bases.api}/repos/${fullName(repository)}/check-runs/${run.id}`;
  const html = `${at.bases.web}/${fullName(repository)}/runs/${run.id}`;
  const app = at.state.apps.find((one) => one.id === run.appId);
  return {
    id: run.id,
    node_id: nodeId("CR", run.id),
    head_sha: run.headSha,
    name: run.name,
    external_id: run.externalId,
    url,
    html_url: html,
    details_url: run.detailsUrl ?? html,
    status: run.status,
    conclusion: run.conclusion,
    started_at: run.startedAt,
    completed_at: run.completedAt,
    output: { ...run.output, annotations_count: run.annotations.length, annotations_url: `${url}/annotations` },
    check_suite: { id: run.id + 1_000_000 },
    app: app === undefined ? null : appJson(app, 1, at.bases),
    pull_requests: [],
  };
}

const text = (value: unknown): string | null => (typeof value === "string" ? value : null);

/** A token belongs to an App; nobody else may write check runs. */
function writer(at: Context): Checked<{ repository: Repository; app: App }> {
  const need: Need = { permission: "checks", level: "write" };
  const place = permitted(at, need);
  if (place.stop !== undefined) return place;
  if (at.caller.kind !== "token") return { stop: refusal(403, "You must authenticate via a GitHub App.", DOCS) };
  return { value: { repository: place.value, app: at.caller.token.installation.app } };
}

/** Lays the body over the run. Annotations are added to those there are; a conclusion completes. */
function apply(at: Context, run: CheckRun, body: Record<string, unknown>): void {
  const now = timestamp(at.state.now());
  run.status = body.conclusion === undefined ? (text(body.status) ?? run.status) : "completed";
  run.conclusion = text(body.conclusion) ?? run.conclusion;
  run.startedAt = text(body.started_at) ?? run.startedAt ?? now;
  run.completedAt = text(body.completed_at) ?? (run.status === "completed" ? now : null);
  run.externalId = text(body.external_id) ?? run.externalId;
  run.detailsUrl = text(body.details_url) ?? run.detailsUrl;
  if (!isRecord(body.output)) return;
  const { output } = body;
  run.output = { title: text(output.title), summary: text(output.summary), text: text(output.text) };
  if (Array.isArray(output.annotations)) run.annotations.push(...output.annotations.filter(isRecord));
}

function create(at: Context): Answer {
  const place = writer(at);
  if (place.stop !== undefined) return place.stop;
  const { repository, app } = place.value;
  const { body } = at;
  if (!isRecord(body) || typeof body.name !== "string" || typeof body.head_sha !== "string") {
    return invalid('"name", "head_sha" weren\'t supplied.');
  }
  const fault = bodyFault(body);
  if (fault !== null) return fault;
  if (!repository.git.commits.has(body.head_sha))
    return refusal(422, `No commit found for SHA: ${body.head_sha}`, DOCS);
  const run: CheckRun = {
    id: at.state.nextId++,
    appId: app.id,
    name: body.name,
    headSha: body.head_sha,
    externalId: "",
    detailsUrl: null,
    status: "queued",
    conclusion: null,
    startedAt: null,
    completedAt: null,
    output: { title: null, summary: null, text: null },
    annotations: [],
  };
  apply(at, run, body);
  repository.checkRuns.push(run);
  return ok(runJson(at, repository, run), 201);
}

const byId = (at: Context, repository: Repository): CheckRun | undefined =>
  repository.checkRuns.find((run) => String(run.id) === at.params.id);

function update(at: Context): Answer {
  const place = writer(at);
  if (place.stop !== undefined) return place.stop;
  const { repository, app } = place.value;
  const run = byId(at, repository);
  if (run === undefined) return notFound(DOCS);
  if (run.appId !== app.id)
    return refusal(
      403,
      `Invalid app_id \`${app.id}\` - check run can only be modified by the GitHub App that created it.`,
      DOCS,
    );
  if (!isRecord(at.body)) return refusal(400, "Body should be a JSON object", DOCS);
  const fault = bodyFault(at.body);
  if (fault !== null) return fault;
  apply(at, run, at.body);
  return ok(runJson(at, repository, run));
}

function one(at: Context): Answer {
  const place = permitted(at, { permission: "checks", level: "read" });
  if (place.stop !== undefined) return place.stop;
  const run = byId(at, place.value);
  return run === undefined ? notFound(DOCS) : ok(runJson(at, place.value, run));
}

function annotations(at: Context): Answer {
  const place = permitted(at, { permission: "checks", level: "read" });
  if (place.stop !== undefined) return place.stop;
  const run = byId(at, place.value);
  if (run === undefined) return notFound(DOCS);
  const href = `${at.bases.web}/${fullName(place.value)}/blob/${run.headSha}`;
  const blank = { start_column: null, end_column: null, title: null, raw_details: null };
  const { page, headers } = paged(at, run.annotations);
  return ok(
    page.map((note) => ({ ...blank, ...note, blob_href: `${href}/${note.path}` })),
    200,
    headers,
  );
}

/** By default only the latest run of each name and App. */
function listed(at: Context): Answer {
  const place = permitted(at, { permission: "checks", level: "read" });
  if (place.stop !== undefined) return place.stop;
  const commit = place.value.git.resolve(at.params.ref ?? "");
  if (commit === null) return refusal(422, `No commit found for SHA: ${at.params.ref}`, DOCS);
  const asked = (name: string): string | null => at.url.searchParams.get(name);
  const fits = (run: CheckRun): boolean =>
    run.headSha === commit.sha &&
    (asked("check_name") ?? run.name) === run.name &&
    (asked("app_id") ?? String(run.appId)) === String(run.appId) &&
    (asked("status") ?? run.status) === run.status;
  const all = place.value.checkRuns.filter(fits).reverse();
  const latest = new Map([...all].reverse().map((run) => [`${run.appId} ${run.name}`, run]));
  const shown = asked("filter") === "all" ? all : all.filter((run) => latest.get(`${run.appId} ${run.name}`) === run);
  const { page, headers } = paged(at, shown);
  const runs = page.map((run) => runJson(at, place.value, run));
  return ok({ total_count: shown.length, check_runs: runs }, 200, headers);
}

const RUNS = "/repos/:owner/:repo/check-runs";

export const checkRoutes: readonly Route[] = [
  { id: "gh.check_create", method: "POST", path: RUNS, okStatus: 201, answer: create },
  { id: "gh.check_update", method: "PATCH", path: `${RUNS}/:id`, answer: update },
  { id: "gh.check", method: "GET", path: `${RUNS}/:id`, answer: one },
  { id: "gh.check_annotations", method: "GET", path: `${RUNS}/:id/annotations`, answer: annotations },
  { id: "gh.checks", method: "GET", path: "/repos/:owner/:repo/commits/:ref/check-runs", answer: listed },
];
