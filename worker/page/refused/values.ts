/** The message of a refusal -> what it names: the clause, the values on both sides, places, times. Pure. */
import { type RefusedClause, refusedClause, unquoted } from "../../../policies/cli/refused-clause.ts";
import type { Reason } from "../../denial.ts";

export interface NamedValue {
  readonly name: string;
  readonly value: string;
  /** Text of the service, and not a value to be compared to the letter. */
  readonly isProse?: true;
}

const QUOTED = '"(?:[^"\\\\]|\\\\.)*"';
const quotedAfter = (words: string): RegExp => new RegExp(`${words} (${QUOTED})`);

type Part = readonly [name: string, form: RegExp, isProse?: true];

const OWNER: Part = ["Owner", quotedAfter("(?:found for|for org|installation on)")];
const IDENTITY: Part = ["Identity", quotedAfter("trust policy (?:found )?for")];
const SERVER_TIME: Part = ["The server's time", /\(server time ([^)]+)\)/];
const AMOUNT: Part = ["By how much", /(\d+ seconds)/];
const FAULTS: Part = ["Faults", /(?:invalid|trust policy found for "[^"]*"): (.+)$/, true];
const SETTINGS: Part = ["Where it is set", /\((https:\/\/[^\s()]+)\)$/];

const PARTS: Partial<Readonly<Record<Reason, readonly Part[]>>> = {
  invalid_request: [["What is wrong", /invalid request: (.+)$/, true]],
  narrowing_invalid: [["What is wrong", /^(.+)$/, true]],
  authorization_missing: [["What came", /header, got (.+)$/, true]],
  token_malformed: [["What is wrong", /token: (.+)$/, true]],
  subject_malformed: [["What is wrong", /token: (.+)$/, true]],
  audience_malformed: [["What is wrong", /token: (.+)$/, true]],
  token_unsupported: [["What is wrong", /token: (.+)$/, true]],
  signature_invalid: [["What is wrong", /token: (.+)$/, true]],
  token_expired: [AMOUNT, SERVER_TIME],
  token_not_yet_valid: [AMOUNT, SERVER_TIME],
  token_from_the_future: [AMOUNT, SERVER_TIME],
  misconfigured: [["Variables", /misconfigured: (.+)$/]],
  owner_not_served: [OWNER],
  not_found: [OWNER, IDENTITY],
  app_not_installed: [OWNER, ["Install it at", /\((https:\/\/[^\s()]+)\)$/]],
  repository_not_visible: [
    ["Repository", quotedAfter("found for")],
    ["What is the matter", /found for "[^"]*": (.+)$/, true],
  ],
  installation_suspended: [OWNER],
  allow_list_invalid: [FAULTS],
  policy_not_found: [IDENTITY, ["No such file", /no file ([^\s;]+)/], ["What lies near", /did you mean (.+)\?$/]],
  policy_unreadable: [IDENTITY, ["What is the matter", /found for "[^"]*": (.+)$/, true]],
  policy_invalid: [IDENTITY, FAULTS],
  token_too_long_lived: [
    ["The token lives", /lives (\d+ seconds)/],
    ["The policy's max_token_lifetime", /max_token_lifetime (\d+)/],
    ["Where", /\(([^\s()]+)\)$/],
  ],
  app_not_available: [["What is the matter", /available: (.+)$/, true]],
  narrowing_exceeds_policy: [["Too much", /grants: (.+)$/]],
  permission_not_held: [["Missing", /grants: ([^()]+?)(?: \(|$)/], SETTINGS],
  repository_not_in_installation: [["Missing", /names: ([^()]+?)(?: \(|$)/], SETTINGS],
};

/** A message is one line, and what it quotes is cut. */
const MAX_CHARACTERS = 8_192;

export function namedValues(reason: Reason, text: string): readonly NamedValue[] {
  const message = text.slice(0, MAX_CHARACTERS);
  const clause = refusedClause(message);
  if (clause !== undefined) return clauseValues(clause, message);
  return (PARTS[reason] ?? []).flatMap(([name, form, isProse]) => {
    const found = form.exec(message)?.[1];
    if (found === undefined) return [];
    const value = new RegExp(`^${QUOTED}$`).test(found) ? unquoted(found) : found;
    return [{ name, value, ...(isProse && { isProse }) }];
  });
}

/** The policy's line as it says it, and octo-sts's shorter form. */
const WANTED = new RegExp(
  `did not match (?:the policy's (\\w+) |pattern )?(${QUOTED})|it is to match the policy's (\\w+) (${QUOTED})`,
);
const DEFAULT_AUDIENCE = new RegExp(`the default audience (${QUOTED}(?: or ${QUOTED})*)`);
const PLACE = /\(([^\s()]+\.sts\.yaml(?::\d+)?)\)/;
const HINT = /\.sts\.yaml(?::\d+)?\): (.+)$/;

function clauseValues({ clause, name, actual }: RefusedClause, message: string): readonly NamedValue[] {
  const wanted = WANTED.exec(message);
  const byDefault = DEFAULT_AUDIENCE.exec(message)?.[1];
  const place = PLACE.exec(message)?.[1];
  const hint = HINT.exec(message)?.[1];
  return [
    { name: "Clause", value: clause === "claim" ? `claim_pattern: ${name}` : clause },
    { name: `The token's ${name}`, ...shown(actual) },
    ...(wanted
      ? [{ name: `The policy's ${wanted[1] ?? wanted[3] ?? clause}`, value: unquoted(wanted[2] ?? wanted[4] ?? "") }]
      : []),
    ...(byDefault === undefined ? [] : [{ name: "The default audience", value: byDefault }]),
    ...(place === undefined ? [] : [{ name: "Where", value: place }]),
    ...(hint === undefined ? [] : [{ name: "What to know", value: hint, isProse: true as const }]),
  ];
}

function shown(actual: RefusedClause["actual"]): Omit<NamedValue, "name"> {
  if (actual === undefined) return { value: "not in the token, or not told", isProse: true };
  return { value: typeof actual === "string" ? actual : actual.join("\n") };
}
