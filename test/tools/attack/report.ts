// What was measured, in rows. Pure.

import type { Attack, Budget, Outcome } from "./attack.ts";

const COLUMNS = ["github", "issuers", "kvGets", "kvPuts", "cpuMs", "memoryMiB"] as const;
const HEAD = ["sent", "GitHub", "issuers", "KV gets", "KV puts", "CPU ms", "MiB"];
const WIDTH = 12;

/** What is over its budget, or should not be, in words. */
export function faultsOf(attack: Attack, { statuses, spent, tokensLeft, isOwnerServed }: Outcome): readonly string[] {
  const over = COLUMNS.filter((name) => spent[name] > limitOf(attack.budget, name)).map((name) => `${name} over`);
  const unanswered = statuses.filter((status) => status === 0).length;
  const broken = statuses.filter((status) => status === 500).length;
  return [
    ...over,
    ...(unanswered > 0 && !attack.isUnanswered ? [`${unanswered} not answered`] : []),
    ...(broken > 0 ? [`${broken} internal errors`] : []),
    ...(tokensLeft > 0 ? [`${tokensLeft} tokens left alive`] : []),
    ...(isOwnerServed || attack.ownerWaits ? [] : ["the owner is locked out"]),
  ];
}

const limitOf = (budget: Budget, name: (typeof COLUMNS)[number]): number => budget[name] ?? Number.POSITIVE_INFINITY;

export const headOf = (): string => `${HEAD.map((cell) => cell.padStart(WIDTH)).join("")}  (measured/budget)`;

export function rowOf(attack: Attack, outcome: Outcome): string {
  const cells = COLUMNS.map((name) => {
    const limit = attack.budget[name];
    return `${Math.round(outcome.spent[name])}${limit === undefined ? "" : `/${limit}`}`;
  });
  const sent = String(outcome.statuses.length);
  const faults = faultsOf(attack, outcome);
  const verdict = faults.length === 0 ? "ok" : faults.join(", ");
  return `${[sent, ...cells].map((cell) => cell.padStart(WIDTH)).join("")}  ${attack.part}: ${attack.about}: ${verdict} (${statusesOf(outcome)})`;
}

function statusesOf({ statuses }: Outcome): string {
  const counts = new Map<number, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${count} x ${status === 0 ? "none" : status}`)
    .join(", ");
}
