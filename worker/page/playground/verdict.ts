/** (what was given, what is known of the deployment, now) -> all that is shown beneath it. Pure; bounded as policies and tokens are. */
import { type CheckContext, checkPolicy, checkTrustedIssuers } from "../../../policies/check.ts";
import { type RefusalAnswer, readEvidence } from "../../../policies/cli/evidence.ts";
import { type ExplainRequest, explain, explainClause } from "../../../policies/cli/explain.ts";
import { clauseName, reasonOf } from "../../../policies/cli/explanation.ts";
import { NO_SUCH_CLAUSE, noClause, refusalNote, UNCHECKED, unshownNotes } from "../../../policies/cli/notes.ts";
import { refusedClause } from "../../../policies/cli/refused-clause.ts";
import { expiryNote } from "../../../policies/cli/token.ts";
import { type ClauseResult, positionOf } from "../../../policies/evaluate.ts";
import { MENDER } from "../../../policies/lint/mending/mender.ts";
import type { CompiledPolicy } from "../../../policies/policy/compile.ts";
import { type KnownFacts, ownerProblem, rulesOf } from "./assumptions.ts";
import { clauseView } from "./clause-view.ts";
import { findingsIn } from "./findings.ts";
import { grantView } from "./grant-view.ts";
import { type Input, readFileScope } from "./input.ts";
import { judgeIssuers } from "./issuers.ts";
import {
  asSentence,
  type Judged,
  type Judgement,
  NO_EVIDENCE,
  nothing,
  type PlaygroundOutcome,
  said,
  UNUSABLE,
  WHAT,
} from "./outcome.ts";

/** `now` in seconds. */
export function judge(input: Input, deployment: KnownFacts, now: number): Judgement {
  const scope = readFileScope(input.scope, input.file);
  const context: CheckContext = {
    kind: input.file === "issuers" ? undefined : input.file,
    owner: scope.owner,
    domain: input.domain || undefined,
    rules: rulesOf(deployment, input),
    mender: MENDER,
  };
  if (input.policy.trim() === "") return { findings: [], outcome: NO_POLICY, notes: [] };
  const problem = ownerProblem(deployment, scope);
  const beside = problem === undefined ? [] : [problem];
  if (input.file === "issuers") {
    const findings = findingsIn(input.policy, checkTrustedIssuers(input.policy, MENDER), "issuers", context);
    const { outcome, notes } = judgeIssuers(input, now);
    return { findings, outcome, notes: [...beside, ...notes] };
  }
  const { policy, diagnostics } = checkPolicy(input.policy, context);
  const findings = findingsIn(input.policy, diagnostics, input.file, context);
  if (policy === undefined) return { findings, outcome: UNUSABLE, notes: beside };
  const { outcome, notes } = judgePolicy(policy, { input, context, repository: scope.repository, now });
  return { findings, outcome, notes: [...beside, ...notes] };
}

const NO_POLICY = nothing("Write or paste a policy: what is wrong with it is told at once.");
const NO_AUDIENCE = nothing(
  "The policy names no audience, so that the deployment's domain is needed: it is the default audience.",
  true,
);

interface Circumstances {
  readonly input: Input;
  readonly context: CheckContext;
  readonly repository: string | undefined;
  readonly now: number;
}

function judgePolicy(policy: CompiledPolicy, { input, context, repository, now }: Circumstances): Judged {
  if (input.evidence.trim() === "") return { outcome: NO_EVIDENCE, notes: [] };
  const evidence = readEvidence(input.evidence, WHAT);
  if (!evidence.ok) return { outcome: nothing(`${asSentence(evidence.message)}.`, true), notes: [] };
  const request: ExplainRequest = { policy, text: input.policy, context };
  const needsDomain = context.domain === undefined && policy.audience === undefined;
  const { claims, refusal } = evidence;
  if (claims === undefined) return judgeRefusal(refusal, request, needsDomain);
  if (needsDomain) return { outcome: NO_AUDIENCE, notes: [] };
  const { verdict, changes, mended } = explain(request, claims);
  const failed = verdict.trace.filter(({ passed }) => !passed);
  const outcome: PlaygroundOutcome = {
    kind: "verdict",
    allow: verdict.allow,
    headline: verdict.failed === undefined ? "Allowed: every clause matches" : headlineOf(verdict.failed),
    clauses: verdict.trace.map((result) =>
      clauseView(result, { claims, at: positionOf(result, policy), compared: failed.indexOf(result) }),
    ),
    advice: changes.map((change, i) => ({ ...change, clause: failed[i] === undefined ? "" : clauseName(failed[i]) })),
    mended,
    grant: verdict.allow ? grantView(policy, repository) : undefined,
  };
  return { outcome, notes: said([refusalNote(refusal), expiryNote(claims, now), UNCHECKED]) };
}

/** A refusal says of the token what one clause was put to. */
function judgeRefusal(refusal: RefusalAnswer, request: ExplainRequest, needsDomain: boolean): Judged {
  const refused = refusedClause(refusal.message);
  if (refused === undefined) return { outcome: nothing(`${asSentence(noClause(refusal))}.`), notes: [] };
  if (needsDomain && refused.clause === "audience") return { outcome: NO_AUDIENCE, notes: [] };
  const explained = explainClause(request, refused);
  if (explained === undefined) return { outcome: nothing(NO_SUCH_CLAUSE, true), notes: [] };
  const { result, change, mended } = explained;
  const name = clauseName(result);
  const outcome: PlaygroundOutcome = {
    kind: "verdict",
    allow: result.passed,
    headline: result.passed
      ? `${asSentence(name)} matches: this policy lets in what was refused there`
      : headlineOf(result),
    clauses: [clauseView(result, { at: positionOf(result, request.policy) })],
    advice: change === undefined ? [] : [{ ...change, clause: name }],
    mended: mended && { ...mended, allow: true },
    grant: undefined,
  };
  return { outcome, notes: unshownNotes(refused) };
}

const headlineOf = (result: ClauseResult): string => `Refused: ${clauseName(result)} ${reasonOf(result)}`;
