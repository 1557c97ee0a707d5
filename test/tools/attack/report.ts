// What was measured, in rows of a table of Markdown, as worker/README.md has it. Pure.

import { ANSWER_TOO_LONG, type Attack, COSTS, NOT_ANSWERED, type Outcome } from "./attack.ts";

const HEAD = ["attack", "sent", "GitHub", "others", "KV gets", "KV puts", "CPU, ms", "MiB", "answers"];
const WIDTHS = [88, 4, 9, 9, 11, 9, 12, 9, 30];

/** What is over its budget, or should not be, in words. */
export function faultsOf(attack: Attack, { statuses, spent, tokensLeft, isOwnerServed }: Outcome): readonly string[] {
  const over = COSTS.filter((name) => spent[name] > attack.budget[name]).map((name) => `${name} over`);
  const count = (wanted: number) => statuses.filter((status) => status === wanted).length;
  const [unanswered, tooLong, broken] = [NOT_ANSWERED, ANSWER_TOO_LONG, 500].map(count);
  return [
    ...over,
    ...(unanswered && !attack.isUnanswered ? [`${unanswered} not answered`] : []),
    ...(tooLong ? [`${tooLong} answers too long`] : []),
    ...(broken ? [`${broken} internal errors`] : []),
    ...(tokensLeft > 0 ? [`${tokensLeft} tokens left alive`] : []),
    ...(isOwnerServed ? [] : ["the owner is locked out"]),
  ];
}

const row = (cells: readonly string[]): string =>
  `| ${cells.map((cell, i) => cell.padEnd(WIDTHS[i] ?? 0)).join(" | ")} |`;

export const headOf = (): string => `${row(HEAD)}\n${row(WIDTHS.map((width) => "-".repeat(width)))}`;

/** Each cost beside its budget. */
export function rowOf(attack: Attack, outcome: Outcome): string {
  const costs = COSTS.map((name) => `${Math.round(outcome.spent[name])} / ${attack.budget[name]}`);
  const faults = faultsOf(attack, outcome);
  const answers = [...(faults.length > 0 ? [`FAILED: ${faults.join(", ")}`] : []), statusesOf(outcome)].join("; ");
  return row([`${attack.part}: ${attack.about}`, String(outcome.statuses.length), ...costs, answers]);
}

function statusesOf({ statuses }: Outcome): string {
  const counts = new Map<number, number>();
  for (const status of statuses) counts.set(status, (counts.get(status) ?? 0) + 1);
  return [...counts]
    .sort(([a], [b]) => a - b)
    .map(([status, count]) => `${count} x ${status === NOT_ANSWERED ? "none" : status}`)
    .join(", ");
}
