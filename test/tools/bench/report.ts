// What was measured, as text for people, and against an earlier run.

import type { Kind as CountedKind, Counts } from "./counts.ts";
import type { Measured } from "./measure.ts";
import { FLOORS_OF, type Floor, KINDS, type Kind } from "./subjects.ts";

export interface Numbers extends Measured {
  readonly counts: Readonly<Partial<Record<CountedKind, Counts>>>;
  readonly ofNewPolicy: { readonly calls: number; readonly kv: number };
  /** Of the process, in bytes: before, and after each part of so many exchanges. */
  readonly memory?: {
    readonly start: number;
    readonly warm: readonly number[];
    readonly policies: readonly number[];
  };
}

/** How many times its floor an exchange may cost; of a new policy, by the calls to GitHub alone. */
const AIMS: Readonly<Partial<Record<`${Kind} ${Floor}`, number>>> = {
  "warm B": 1.5,
  "refused A": 1.4,
  "new policy C": 1.5,
};

const cell = (value: number | string, digits = 2): string =>
  (typeof value === "number" ? value.toFixed(digits) : value).padStart(10);

export function tableOf(numbers: Numbers): string {
  const { perSecond, memory } = numbers;
  return [
    ...countsOf(numbers),
    "",
    ...timesOf(numbers),
    "",
    `one process: ${perSecond.exchanges.toFixed(0)} warm exchanges a second, with ${(perSecond.coreShare * 100).toFixed(0)} % of a core`,
    ...(memory ? ["", ...memoryOf(memory)] : []),
  ].join("\n");
}

function countsOf({ counts }: Numbers): readonly string[] {
  const rows = Object.entries(counts).map(
    ([kind, { calls, kvReads, kvWrites }]) =>
      kind.padEnd(15) + [calls, kvReads, kvWrites].map((count) => cell(count, 0)).join(""),
  );
  return [`one exchange   ${cell("calls out")}${cell("KV reads")}${cell("KV writes")}`, ...rows];
}

function timesOf({ kinds, ofNewPolicy: { calls, kv } }: Numbers): readonly string[] {
  const rows = KINDS.flatMap((kind) =>
    FLOORS_OF[kind].map((floor) => {
      const { median, least, floors } = kinds[kind];
      const beside = floors[floor];
      const aim = AIMS[`${kind} ${floor}`];
      const numbers = [median, least, beside?.median ?? 0, beside?.least ?? 0, beside?.ratio ?? 0];
      return `${`${kind} (${floor})`.padEnd(15)}${numbers.map((number) => cell(number)).join("")}${cell(aim ?? "-")}`;
    }),
  );
  const heads = ["median", "least", "floor", "its least", "ratio", "aim"].map((head) => cell(head)).join("");
  return [
    `CPU, ms        ${heads}`,
    ...rows,
    "A: the token verified; B: and one call with its JSON;",
    `C: and the ${calls} calls of a new policy; D: and its ${kv} KV operations, each of which is a call here`,
  ];
}

const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(0);

function memoryOf({ start, warm, policies }: NonNullable<Numbers["memory"]>): readonly string[] {
  const series = (samples: readonly number[]): string => samples.map(mebibytes).join(", ");
  return [
    `memory, MiB     before ${mebibytes(start)}; in the course of the warm ones ${series(warm)}; of the policies ${series(policies)}`,
  ];
}

/** Ours now against then, and the same in floors, by which another machine, or a busier one, counts less. */
export function comparison({ kinds }: Numbers, { kinds: earlier }: Numbers): string {
  const rows = KINDS.flatMap((kind) =>
    FLOORS_OF[kind].map((floor) => {
      const [now, then] = [kinds[kind], earlier[kind]];
      const ofFloors = (now.floors[floor]?.ratio ?? 0) / (then?.floors[floor]?.ratio ?? 0);
      const ratios = [now.median / (then?.median ?? 0), now.least / (then?.least ?? 0), ofFloors];
      return `${`${kind} (${floor})`.padEnd(15)}${ratios.map((ratio) => cell(ratio)).join("")}`;
    }),
  );
  return ["", `now / then     ${["median", "least", "in floors"].map((head) => cell(head)).join("")}`, ...rows].join(
    "\n",
  );
}
