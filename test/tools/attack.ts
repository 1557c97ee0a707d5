// `npm run attack`: floods, bombs and hangs against a running Worker, each with its budget. Loopback only; ends by itself, with 1 if
// anything is over its budget. `npm run attack -- WORD...` runs those whose name has one of the words.

import type { Attack } from "./attack/attack.ts";
import { BODIES } from "./attack/bodies.ts";
import { DOCUMENTS } from "./attack/documents.ts";
import { FLOODS } from "./attack/floods.ts";
import { HANGS } from "./attack/hangs.ts";
import { measure } from "./attack/measure.ts";
import { POLICIES } from "./attack/policies.ts";
import { faultsOf, headOf, rowOf } from "./attack/report.ts";
import { WEBHOOKS } from "./attack/webhooks.ts";

/** Each has a Worker of its own, whose time and memory are its own. */
const AT_ONCE = 4;

const words = process.argv.slice(2);
const isAsked = ({ part, about }: Attack): boolean =>
  words.length === 0 || words.some((word) => `${part}: ${about}`.includes(word));

// Hangs first: they mostly wait, beside what computes.
const attacks = [...HANGS, ...FLOODS, ...WEBHOOKS, ...BODIES, ...POLICIES, ...DOCUMENTS].filter(isAsked);
const rows = new Map<Attack, string>();
let next = 0;

async function attackInTurn(): Promise<void> {
  for (let attack = attacks[next++]; attack; attack = attacks[next++]) {
    const outcome = await measure(attack);
    rows.set(attack, rowOf(attack, outcome));
    process.stderr.write(`${rows.size} of ${attacks.length}: ${attack.about}\n`);
    if (faultsOf(attack, outcome).length > 0) process.exitCode = 1;
  }
}

await Promise.all(Array.from({ length: AT_ONCE }, attackInTurn));
console.log([headOf(), ...attacks.map((attack) => rows.get(attack))].join("\n"));
