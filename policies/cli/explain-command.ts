/**
 * `policy explain`: one policy put to one token. `now` in seconds.
 */

import { type Answer, judgeFile, report } from "./check.ts";
import { type Disk, mustRead, Unusable } from "./disk.ts";
import { explain, explanationAsText } from "./explain.ts";
import { type Paint, wrap } from "./layout.ts";
import type { Options } from "./options.ts";
import { createLocator } from "./targets.ts";
import { ageOf, claimsOf, type Payload, payloadOf } from "./token.ts";

/** Throws Unusable. */
export function explainCommand(operand: string, options: Options, disk: Disk, paint: Paint, now: number): Answer {
  const payload = payloadFrom(options, disk);
  if (!payload.ok) throw new Unusable(payload.message);
  const { domain, format } = options;
  const path = disk.absolute(operand);
  const { policy, findings } = judgeFile(path, createLocator(disk)(path, options), options, disk);
  if (policy === undefined) {
    const diagnostics = findings.filter(({ severity }) => severity === "fault");
    return { code: 1, text: report(diagnostics, 1, format, paint) };
  }
  if (domain === undefined && policy.audience === undefined) {
    throw new Unusable("the policy names no audience, so that --domain is needed: it is the default audience");
  }
  const explanation = explain(policy, payload.claims, domain ?? "");
  const notes = [ageOf(payload.claims, now), "The token's signature was not checked."].filter(
    (note) => note !== undefined,
  );
  const code = explanation.verdict.allow ? 0 : 1;
  if (format === "json") return { code, text: `${JSON.stringify({ ...explanation, notes }, undefined, 2)}\n` };
  const told = notes.flatMap((note) => wrap(note, 80)).map((line) => paint("dim", line));
  return { code, text: `${explanationAsText(explanation, policy, paint)}\n${told.join("\n")}\n` };
}

function payloadFrom({ claims, token, tokenFile }: Options, disk: Disk): Payload {
  const given = [claims, token, tokenFile].filter((value) => value !== undefined);
  if (given.length !== 1) throw new Unusable("explain needs one of --claims, --token-file, --token");
  if (claims !== undefined) return claimsOf(mustRead(disk, claims), claims);
  return payloadOf(token ?? mustRead(disk, tokenFile ?? ""));
}
