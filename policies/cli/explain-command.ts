/**
 * `policy explain`: what a policy says to a token, or to what a refusal tells of one.
 */

import { inFile } from "../check.ts";
import type { VerifiedClaims } from "../claims.ts";
import { type CommandResult, checkFile, report } from "./check.ts";
import { type Disk, mustRead, shown, Unusable } from "./disk.ts";
import { type RefusalAnswer, readEvidence } from "./evidence.ts";
import { type ExplainRequest, explain, explainClause } from "./explain.ts";
import { clauseExplanationAsText, explanationAsText } from "./explanation.ts";
import { COLUMNS, type Paint, wrap } from "./layout.ts";
import type { Options } from "./options.ts";
import { createLocator } from "./place.ts";
import { refusedClause } from "./refused-clause.ts";
import { expiryNote } from "./token.ts";

/** `now` in seconds. Throws Unusable. */
export function explainCommand(
  operand: string,
  options: Options,
  disk: Disk,
  paint: Paint,
  now: number,
): CommandResult {
  const { claims, refusal } = evidenceFrom(options, disk);
  const { domain, rules, format } = options;
  const path = disk.absolute(operand);
  const place = createLocator(disk)(path, options);
  const { policy, diagnostics } = checkFile(path, place, options, disk);
  if (policy === undefined) {
    const errors = diagnostics.filter(({ severity }) => severity === "error");
    return { code: 1, text: report(inFile(shown(disk, path), errors), 1, format, paint) };
  }
  const context = { kind: policy.document.kind, owner: place.owner, domain, rules };
  const request = { policy, text: mustRead(disk, path), context };
  const output = { format, paint };
  if (claims === undefined) return ofRefusal(refusal, request, output);
  if (domain === undefined && policy.audience === undefined) throw new Unusable(NEEDS_DOMAIN);
  const notes = [refusalNote(refusal), expiryNote(claims, now), "The token's signature was not checked."];
  return ofToken(
    claims,
    request,
    output,
    notes.filter((note) => note !== undefined),
  );
}

const NEEDS_DOMAIN = "the policy names no audience, so that --domain is needed: it is the default audience";

interface Output {
  readonly format: string;
  readonly paint: Paint;
}

function ofToken(
  claims: VerifiedClaims,
  request: ExplainRequest,
  { format, paint }: Output,
  notes: readonly string[],
): CommandResult {
  const explanation = explain(request, claims);
  const code = explanation.verdict.allow ? 0 : 1;
  if (format === "json") return { code, text: `${JSON.stringify({ ...explanation, notes }, undefined, 2)}\n` };
  const told = notes.flatMap((note) => wrap(note, COLUMNS)).map((line) => paint("dim", line));
  return { code, text: `${explanationAsText(explanation, request.policy, paint)}\n${told.join("\n")}\n` };
}

/** A refusal says of the token what one clause was put to. */
function ofRefusal(
  refusal: RefusalAnswer | undefined,
  request: ExplainRequest,
  { format, paint }: Output,
): CommandResult {
  const refused = refusedClause(refusal?.message ?? "");
  if (refused === undefined) {
    const name = refusal?.reason === undefined ? "the refusal" : `the refusal ${refusal.reason}`;
    throw new Unusable(`${name} is about no clause of a policy: ${refusal?.message}`);
  }
  if (refused.clause === "audience" && request.policy.audience === undefined && request.context.domain === undefined) {
    throw new Unusable(NEEDS_DOMAIN);
  }
  const explanation = explainClause(request, refused);
  if (explanation === undefined) {
    return {
      code: 1,
      text: "The policy has no clause that the refusal names: it was another policy, or an older one.\n",
    };
  }
  const notes = [
    ...(refused.isWhole ? [] : ["The refusal does not show the whole value."]),
    "Of the other clauses the refusal says nothing: for these give the claims, which octo-sts/action prints in the job's log.",
  ];
  const code = explanation.result.passed ? 0 : 1;
  if (format === "json") return { code, text: `${JSON.stringify({ ...explanation, notes }, undefined, 2)}\n` };
  const told = notes.flatMap((note) => wrap(note, COLUMNS)).map((line) => paint("dim", line));
  return { code, text: `${clauseExplanationAsText(explanation, request.policy, paint)}\n${told.join("\n")}\n` };
}

/** What a log says beside the claims: it may be about no clause, and then no policy is to be mended. */
function refusalNote(refusal: RefusalAnswer | undefined): string | undefined {
  if (refusal === undefined || refusedClause(refusal.message) !== undefined) return undefined;
  return `The job was refused with: ${refusal.message}`;
}

function evidenceFrom({ claims, token, tokenFile }: Options, disk: Disk) {
  const given = [claims, token, tokenFile].filter((value) => value !== undefined);
  if (given.length !== 1) throw new Unusable("explain needs one of --claims, --token-file, --token");
  const file = claims ?? tokenFile;
  const evidence = readEvidence(file === undefined ? (token ?? "") : mustRead(disk, file), file ?? "--token");
  if (!evidence.ok) throw new Unusable(evidence.message);
  return evidence;
}
