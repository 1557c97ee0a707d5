// Whether a deployment hands out what it should, and refuses what it must. Nothing here knows how it is asked.

import type { Outcome } from "../../../.github/actions/token/exchange.js";

export interface Probed {
  /** Gives the subject token back for a GitHub token, as a workload would. */
  readonly exchange: (subjectToken: string) => Promise<Outcome>;
  /** What went wrong, if something did. */
  readonly revoke: (token: string) => Promise<string | undefined>;
  /** Of a clock that only goes forward, in ms. */
  readonly now: () => number;
}

export interface ProbeReport {
  readonly ok: boolean;
  /** What is wrong, one line each. */
  readonly problems: readonly string[];
  /** Of the exchange that must succeed, and of the one that must not; for the operator's log. */
  readonly request_ids: readonly string[];
  readonly granted_ms: number;
  readonly refused_ms: number;
}

/** The signature is looked at before or after the policy, as the issuer is known or not. */
const REFUSED_AS_IT_MUST = ["signature_invalid", "not_found"];

/** One exchange that must succeed, and one with the same token but another signature. Whatever was handed out is revoked. */
export async function probe(subjectToken: string, probed: Probed): Promise<ProbeReport> {
  const granted = await timed(subjectToken, probed);
  const refused = await timed(forged(subjectToken), probed);
  const problems = [
    ...("refusal" in granted.outcome ? [`no token was handed out: ${wordsOf(granted.outcome.refusal)}`] : []),
    ...refusedProblems(refused.outcome),
    ...(await revokeProblems([granted.outcome, refused.outcome], probed)),
  ];
  return {
    ok: problems.length === 0,
    problems,
    request_ids: [granted.outcome, refused.outcome].map((outcome) =>
      "grant" in outcome ? outcome.grant.requestId : outcome.refusal.requestId,
    ),
    granted_ms: granted.ms,
    refused_ms: refused.ms,
  };
}

async function timed(token: string, { exchange, now }: Probed) {
  const startedAt = now();
  const outcome = await exchange(token);
  return { outcome, ms: Math.round(now() - startedAt) };
}

function refusedProblems(outcome: Outcome): readonly string[] {
  if ("grant" in outcome) return ["A TOKEN WAS HANDED OUT FOR A FORGED SIGNATURE: take the deployment down"];
  const { refusal } = outcome;
  if (REFUSED_AS_IT_MUST.includes(refusal.reason)) return [];
  return [`whether a forged signature is refused cannot be told: ${wordsOf(refusal)}`];
}

async function revokeProblems(outcomes: readonly Outcome[], { revoke }: Probed): Promise<readonly string[]> {
  const tokens = outcomes.flatMap((outcome) => ("grant" in outcome ? [outcome.grant.token] : []));
  const said = await Promise.all(tokens.map((token) => revoke(token)));
  return said.flatMap((problem) => (problem === undefined ? [] : [`a token could not be revoked: ${problem}`]));
}

const wordsOf = ({ reason, message }: { readonly reason: string; readonly message: string }): string =>
  reason === "" ? message : `${reason}: ${message}`;

/** Another signature of the same form: its first six bits are others. */
function forged(token: string): string {
  const at = token.lastIndexOf(".") + 1;
  return `${token.slice(0, at)}${token[at] === "A" ? "B" : "A"}${token.slice(at + 1)}`;
}
