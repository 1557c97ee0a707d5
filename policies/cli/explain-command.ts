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
import { NEEDS_DOMAIN, NO_SUCH_CLAUSE, noClause, refusalNote, UNCHECKED, unshownNotes } from "./notes.ts";
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
  const notes = [refusalNote(refusal), expiryNote(claims, now), UNCHECKED];
  return ofToken(
    claims,
    request,
    output,
    notes.filter((note) => note !== undefined),
  );
}

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
function ofRefusal(refusal: RefusalAnswer, request: ExplainRequest, { format, paint }: Output): CommandResult {
  const refused = refusedClause(refusal.message);
  if (refused === undefined) throw new Unusable(noClause(refusal));
  if (refused.clause === "audience" && request.policy.audience === undefined && request.context.domain === undefined) {
    throw new Unusable(NEEDS_DOMAIN);
  }
  const explanation = explainClause(request, refused);
  if (explanation === undefined) return { code: 1, text: `${NO_SUCH_CLAUSE}\n` };
  const notes = unshownNotes(refused);
  const code = explanation.result.passed ? 0 : 1;
  if (format === "json") return { code, text: `${JSON.stringify({ ...explanation, notes }, undefined, 2)}\n` };
  const told = notes.flatMap((note) => wrap(note, COLUMNS)).map((line) => paint("dim", line));
  return { code, text: `${clauseExplanationAsText(explanation, request.policy, paint)}\n${told.join("\n")}\n` };
}

function evidenceFrom({ claims, token, tokenFile }: Options, disk: Disk) {
  const given = [claims, token, tokenFile].filter((value) => value !== undefined);
  if (given.length !== 1) throw new Unusable("explain needs one of --claims, --token-file, --token");
  const file = claims ?? tokenFile;
  const evidence = readEvidence(file === undefined ? (token ?? "") : mustRead(disk, file), file ?? "--token");
  if (!evidence.ok) throw new Unusable(evidence.message);
  return evidence;
}
