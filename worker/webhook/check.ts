/**
 * The story of one check, top to bottom: a token, where the changes begin, is there a verdict already, what changed, judge, tell. One
 * commit has one verdict, whatever events tell of it: it is compared with the default branch, the only one that policies are read from.
 */
import type { TrustedIssuers } from "../../policies/issuers.ts";
import type { Denial } from "../denial.ts";
import { findCheckRun } from "../github/checks.ts";
import type { App } from "../github/github.ts";
import { appsOf } from "../github/pool.ts";
import { type Changes, changesOf, type Start, startOf } from "./changes.ts";
import { type Desk, deskFor, forgetToken } from "./desk.ts";
import { type JudgeContext, judgeFile, judgeStray, listIn } from "./judge.ts";
import { readMarker, reportVerdict } from "./report.ts";
import { type Reporters, reportersOf } from "./reporter.ts";
import type { WebhookRun } from "./run.ts";
import { type Findings, reasonText, undone, verdictOf } from "./summary.ts";
import type { CheckWork } from "./work.ts";

export type CheckOutcome =
  /** `success`, `failure`: what the run says. */
  | { readonly kind: "reported"; readonly conclusion: string }
  | { readonly kind: "nothing"; readonly why: "another_app" | "in_progress" | "unchanged" | "known" | "gone" }
  | { readonly kind: "failed"; readonly denial: Denial };

/** A push and its pull request come at the same time: within this isolate one of them is enough. */
export async function check(run: WebhookRun, work: CheckWork): Promise<CheckOutcome> {
  const { apps, webhooks } = run.services;
  const app = appsOf(apps, work.owner).find(({ id }) => id === run.origin.appId);
  if (app === undefined) return { kind: "failed", denial: { reason: "app_not_installed", owner: work.owner } };
  const { owner, repository, head, base } = work;
  const key = JSON.stringify([app.id, owner.toLowerCase(), repository.toLowerCase(), head, base]);
  if (work.again) return steps(run, app, work);
  if (webhooks.inProgress.has(key)) return nothing("in_progress");
  webhooks.inProgress.add(key);
  return steps(run, app, work).finally(() => webhooks.inProgress.delete(key));
}

const nothing = (why: Extract<CheckOutcome, { kind: "nothing" }>["why"]): CheckOutcome => ({ kind: "nothing", why });

async function steps(run: WebhookRun, app: App, work: CheckWork): Promise<CheckOutcome> {
  // 1. A token, and where the changes begin.
  const begun = await begin(run, app, work);
  if ("denial" in begun) {
    return begun.desk ? giveUp(begun.desk, work, begun.denial) : { kind: "failed", denial: begun.denial };
  }
  const { desk, start } = begun;
  if (start.isNothingOurs && !work.again) return nothing("unchanged");

  // 2. A verdict that was given stays, unless somebody asks again.
  const known = await findCheckRun(
    desk.github,
    desk.token,
    { ...desk.place, head: work.head, appId: app.id },
    run.call,
  );
  if (known.kind === "denied") return giveUp(desk, work, known.denial, start);
  if (known.kind === "absent") return nothing("gone");
  const former = known.value && (await readMarker(desk, work.head, known.value));
  if (former?.isDone && !work.again) return nothing("known");
  // A commit that has reached the default branch is compared with what it was compared with before.
  const base = start.base === work.head ? former?.base : (start.base ?? "none");
  if (base === undefined) return nothing("unchanged");

  // 3. What changed, and who is to say so.
  const { orgPolicyRepo } = run.services.config;
  const isPolicyRepository = work.repository.toLowerCase() === orgPolicyRepo.toLowerCase();
  const compared = { base: base === "none" ? undefined : base, head: work.head };
  const changes = await changesOf(desk, compared, isPolicyRepository);
  if (!changes.ok) return giveUp(desk, work, changes.denial, start);
  const isChanged = changes.value.files.length + changes.value.unread.length + start.strays.length > 0;
  if (!isChanged && known.value === undefined) return nothing("unchanged");
  const reporters = await reportersOf(desk);
  if (!reporters.isOurs && !work.again) return nothing("another_app");

  // 4. Judge, and tell.
  const context = await contextOf(desk, { reporters, changes: changes.value, isPolicyRepository });
  const told = verdictOf(findingsOf(changes.value, start, context), run.services.config.stsDomain);
  const { denial } = changes.value;
  const reported = await reportVerdict(desk, { head: work.head, told, base, isDone: denial === undefined });
  if (reported.kind === "gone") return nothing("gone");
  if (reported.kind === "denied") return { kind: "failed", denial: reported.denial };
  return denial ? { kind: "failed", denial } : reported;
}

type Begun = { readonly desk: Desk; readonly start: Start } | { readonly desk?: Desk; readonly denial: Denial };

/** A kept token may have died with its installation: then one more is minted. */
async function begin(run: WebhookRun, app: App, work: CheckWork): Promise<Begun> {
  const desk = await deskFor(run, app, work);
  if (!desk.ok) return { denial: desk.denial };
  const start = await startOf(desk.value, work);
  if (start.ok) return { desk: desk.value, start: start.value };
  if (!desk.value.isKept || LASTING.includes(start.denial.reason)) return { desk: desk.value, denial: start.denial };
  forgetToken(desk.value);
  return begin(run, app, work);
}

/** Another token would be told the same. */
const LASTING: readonly Denial["reason"][] = ["github_rate_limited", "deadline_exceeded"];

interface Known {
  readonly reporters: Reporters;
  readonly changes: Changes;
  readonly isPolicyRepository: boolean;
}

async function contextOf(desk: Desk, { reporters, changes, isPolicyRepository }: Known): Promise<JudgeContext> {
  const { run, place } = desk;
  const list = isPolicyRepository ? listIn(changes.issuerList) : await ownersList(desk, changes);
  return {
    owner: place.owner,
    isPolicyRepository,
    domain: run.services.config.stsDomain,
    rules: { ...run.services.deploymentRules, apps: appsOf(run.services.apps, place.owner) },
    missing: reporters.missing,
    enforcedList: list?.mode === "enforce" ? list : undefined,
  };
}

/** Through the exchange's own caches; what cannot be read says nothing. */
async function ownersList({ run, place }: Desk, { files }: Changes): Promise<TrustedIssuers | undefined> {
  if (!files.some(({ after }) => after !== undefined)) return undefined;
  const call = { ...run.call, minted: (token: string) => run.minted(token), isWorkloadOf: () => true };
  const list = await run.services.policySource.allowList(place.owner, call);
  return list.ok && list.value.state === "present" ? list.value.list : undefined;
}

function findingsOf({ files, unread, denial }: Changes, { strays }: Start, context: JudgeContext): Findings {
  const verdicts = [...strays.map(judgeStray), ...files.map((file) => judgeFile(file, context))];
  const why = denial ? reasonText(denial) : "there were more files than one delivery may read; change fewer at once";
  return { verdicts, unchecked: unread, why };
}

/** The run says that the check could not be done, unless a verdict was given. */
async function giveUp(
  desk: Desk,
  { head, base: from, again }: CheckWork,
  denial: Denial,
  start?: Start,
): Promise<CheckOutcome> {
  const { run, github, token, place, app } = desk;
  const found = await findCheckRun(github, token, { ...place, head, appId: app.id }, run.lastCall);
  const earlier = found.kind === "found" && found.value ? await readMarker(desk, head, found.value) : undefined;
  if (earlier?.isDone && !again) return { kind: "failed", denial };
  const compared = from.kind === "commit" ? from.sha : start?.base;
  const base = compared === head ? earlier?.base : compared;
  const reported = await reportVerdict(desk, {
    head,
    told: undone(denial, run.services.config.stsDomain),
    base,
    isDone: false,
  });
  if (reported.kind !== "reported") run.log("not_told");
  return { kind: "failed", denial };
}
