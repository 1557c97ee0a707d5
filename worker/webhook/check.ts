/**
 * The story of one check, top to bottom: a token, where the changes begin, is there a verdict already, what changed, judge, report. One
 * commit has one verdict, whatever events tell of it: it is compared with the default branch, the only one that policies are read from.
 */
import type { TrustedIssuers } from "../../policies/issuers.ts";
import type { Denial } from "../denial.ts";
import { TOKEN_REFUSED } from "../github/call.ts";
import { type Conclusion, findCheckRun } from "../github/checks.ts";
import type { App, Lookup } from "../github/github.ts";
import { appsOf } from "../github/pool.ts";
import { type Baseline, baselineOf, type Changes, changesOf } from "./changes.ts";
import { type AppsInstalled, appsInstalled, type CheckClient, forgetToken, openClient } from "./client.ts";
import type { CheckRequest } from "./events.ts";
import { type JudgeContext, judgeFile, listIn } from "./judge.ts";
import { type RunMarker, readMarker, reportRun } from "./report.ts";
import type { DeliveryRun } from "./run.ts";
import { couldNotCheck, reasonText, verdictOf } from "./summary.ts";

export type CheckOutcome =
  | { readonly kind: "reported"; readonly conclusion: Conclusion }
  | { readonly kind: "nothing"; readonly why: "another_app" | "in_progress" | "unchanged" | "known" | "gone" }
  | { readonly kind: "failed"; readonly denial: Denial };

/** A push and its pull request come at the same time: within this isolate one of them is enough. */
export async function check(run: DeliveryRun, request: CheckRequest): Promise<CheckOutcome> {
  const { apps, webhooks } = run.services;
  const app = appsOf(apps, request.owner).find(({ id }) => id === run.appId);
  if (app === undefined) return failed({ reason: "app_not_installed", owner: request.owner });
  const { owner, repository, head, base } = request;
  const key = JSON.stringify([app.id, owner.toLowerCase(), repository.toLowerCase(), head, base]);
  if (request.again) return steps(run, app, request);
  if (webhooks.inProgress.has(key)) return nothing("in_progress");
  webhooks.inProgress.add(key);
  return steps(run, app, request).finally(() => webhooks.inProgress.delete(key));
}

const failed = (denial: Denial): CheckOutcome => ({ kind: "failed", denial });
const nothing = (why: Extract<CheckOutcome, { kind: "nothing" }>["why"]): CheckOutcome => ({ kind: "nothing", why });

async function steps(run: DeliveryRun, app: App, request: CheckRequest): Promise<CheckOutcome> {
  // 1. A token, and where the changes begin.
  const begun = await begin(run, app, request);
  if ("denial" in begun) return begun.client ? giveUp(begun.client, request, begun.denial) : failed(begun.denial);
  const { client, start } = begun;
  if (start.touchesNoPolicy && !request.again) return nothing("unchanged");
  const outcome = await run.settled(() => stepsAfter(start, client, request));
  // A commit that brings a bug to light is not passed over in silence.
  return outcome ?? giveUp(client, request, { reason: "internal" }, start);
}

async function stepsAfter(start: Baseline, client: CheckClient, request: CheckRequest): Promise<CheckOutcome> {
  const { run } = client;
  const { head, again } = request;
  const { stsDomain: domain } = run.services.config;

  // 2. A verdict that was given stays, unless somebody asks again.
  const latest = await latestRun(client, head, run.call);
  if (latest.kind === "denied") return giveUp(client, request, latest.denial, start);
  if (latest.kind === "absent") return nothing("gone");
  const { hasRun, former } = latest.value;
  if (former?.isDone && !again) return nothing("known");
  const base = baseOf(head, start.base ?? "none", former);
  if (base === undefined) return nothing("unchanged");

  // 3. What changed, and who is to say so.
  const read = await changesOf(client, head, base === "none" ? undefined : base);
  if (!read.ok) return giveUp(client, request, read.denial, start);
  const changes = read.value;
  const isChanged = changes.files.length + changes.unread.length + start.misplaced.length > 0;
  if (!isChanged && !hasRun) return nothing("unchanged");
  const apps = await appsInstalled(client);
  if (!apps.isReporter && !again) return nothing("another_app");

  // 4. Judge, and report.
  const context = await contextOf(client, apps, changes);
  const verdicts = [...start.misplaced, ...changes.files].map((file) => judgeFile(file, context));
  const { unread, denial } = changes;
  const why = denial ? reasonText(denial) : "there is more to read than one delivery may; change fewer files at once";
  const verdict = verdictOf({ verdicts, unchecked: unread, why }, domain);
  const reported = await reportRun(client, verdict, { head, base, isDone: denial === undefined });
  if (reported.kind === "absent") return nothing("gone");
  if (reported.kind === "denied") return failed(reported.denial);
  return denial ? failed(denial) : { kind: "reported", conclusion: verdict.conclusion };
}

type Begun =
  | { readonly client: CheckClient; readonly start: Baseline }
  | { readonly client?: CheckClient; readonly denial: Denial };

/** A token of an earlier delivery may have died with its installation: then one more is minted. */
async function begin(run: DeliveryRun, app: App, request: CheckRequest): Promise<Begun> {
  const opened = await openClient(run, app, request);
  if (!opened.ok) return { denial: opened.denial };
  const client = opened.value;
  const start = await baselineOf(client, request);
  if (start.ok) return { client, start: start.value };
  if (!client.isReused || isLasting(start.denial)) return { client, denial: start.denial };
  forgetToken(client);
  return begin(run, app, request);
}

/** Another token would be told the same, and this one lives. */
function isLasting(denial: Denial): boolean {
  if (denial.reason === "github_unavailable") return denial.problem !== TOKEN_REFUSED;
  return denial.reason === "github_rate_limited" || denial.reason === "deadline_exceeded";
}

interface LatestRun {
  readonly hasRun: boolean;
  /** What the run is about, if it is of our making. */
  readonly former: RunMarker | undefined;
}

async function latestRun(client: CheckClient, head: string, call = client.run.lastCall): Promise<Lookup<LatestRun>> {
  const { github, token, place, app } = client;
  const found = await findCheckRun(github, token, { ...place, head, appId: app.id }, call);
  if (found.kind !== "found") return found;
  const former = found.value && (await readMarker(client, head, found.value));
  return { kind: "found", value: { hasRun: found.value !== undefined, former } };
}

/** A commit that has reached the default branch is compared with what it was compared with before. */
const baseOf = (head: string, compared: string | undefined, former: RunMarker | undefined): string | undefined =>
  compared === head ? former?.base : compared;

async function contextOf(client: CheckClient, apps: AppsInstalled, changes: Changes): Promise<JudgeContext> {
  const { isPolicyRepository, run, place } = client;
  const { owner } = place;
  const { config, deploymentRules, apps: all } = run.services;
  const list = isPolicyRepository ? listIn(changes.issuerList) : await ownersList(client, changes);
  return {
    owner,
    isPolicyRepository,
    policyRepository: config.orgPolicyRepo,
    domain: config.stsDomain,
    rules: { ...deploymentRules, apps: appsOf(all, owner) },
    missing: apps.missing,
    enforcedList: list?.mode === "enforce" ? list : undefined,
  };
}

/** Through the exchange's own caches; what cannot be read says nothing. */
async function ownersList({ run, place }: CheckClient, { files }: Changes): Promise<TrustedIssuers | undefined> {
  if (!files.some(({ after }) => after !== undefined)) return undefined;
  const call = { ...run.call, minted: (token: string) => run.minted(token), isWorkloadOf: () => true };
  const list = await run.services.policySource.allowList(place.owner, call);
  return list.ok && list.value.state === "present" ? list.value.list : undefined;
}

/** The run says that the check could not be done, unless a verdict was given. */
async function giveUp(
  client: CheckClient,
  { head, base: from, again }: CheckRequest,
  denial: Denial,
  start?: Baseline,
): Promise<CheckOutcome> {
  const { run } = client;
  const latest = await latestRun(client, head);
  const former = latest.kind === "found" ? latest.value.former : undefined;
  if (former?.isDone && !again) return failed(denial);
  const base = baseOf(head, from.kind === "commit" ? from.sha : start?.base, former);
  const verdict = couldNotCheck(denial, run.services.config.stsDomain);
  const reported = await reportRun(client, verdict, { head, base, isDone: false });
  if (reported.kind !== "found") run.log("not_reported");
  return failed(denial);
}
