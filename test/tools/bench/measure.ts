// Processor time of one exchange beside that of its floors. Ours and the floors take turns in short rounds, so that whatever else the
// machine does hits both alike; a ratio is that of one round.

import { readdir, readFile } from "node:fs/promises";
import { usageOf } from "../../support/workerd/process.ts";
import { send } from "./load.ts";
import { FLOORS_OF, type Floor, KINDS, type Kind, type Subject, type Subjects } from "./subjects.ts";

export interface Plan {
  /** Exchanges of each kind before anything is measured. */
  readonly warmUp: number;
  readonly rounds: number;
  readonly perRound: number;
}

/** Of one exchange, in ms of processor time. */
export interface Cost {
  readonly median: number;
  readonly least: number;
}

export interface Compared extends Cost {
  /** By floor: its own cost, and ours against it. */
  readonly floors: Readonly<Partial<Record<Floor, Cost & { readonly ratio: number }>>>;
}

export interface Measured {
  readonly kinds: Readonly<Record<Kind, Compared>>;
  /** Warm exchanges that the process answered in a second of the clock, and its share of a core meanwhile; the best round. */
  readonly perSecond: { readonly exchanges: number; readonly coreShare: number };
}

interface Round {
  readonly cpuMs: number;
  readonly wallMs: number;
}

export class Measurement {
  readonly #subjects: Subjects;
  readonly #plan: Plan;
  /** How many were sent to each so far: no new policy is asked for twice. */
  readonly #sent = new Map<Subject, number>();

  constructor(subjects: Subjects, plan: Plan) {
    this.#subjects = subjects;
    this.#plan = plan;
  }

  async run(): Promise<Measured> {
    const { ours, floors } = this.#subjects;
    const all = [...Object.values(ours), ...Object.values(floors)];
    for (const subject of all) await this.#round(subject, this.#plan.warmUp);
    const rounds = new Map<Subject, Round[]>(all.map((subject) => [subject, []]));
    for (let round = 0; round < this.#plan.rounds; round++) {
      for (const kind of KINDS) {
        const turn = [ours[kind], ...FLOORS_OF[kind].map((floor) => floors[floor])];
        for (const subject of round % 2 === 0 ? turn : turn.reverse()) {
          rounds.get(subject)?.push(await this.#round(subject, this.#plan.perRound));
        }
      }
    }
    const of = (subject: Subject): readonly Round[] => rounds.get(subject) ?? [];
    const kinds = KINDS.map((kind) => [kind, this.#compared(kind, of)] as const);
    return { kinds: Object.fromEntries(kinds) as Measured["kinds"], perSecond: this.#perSecond(of(ours.warm)) };
  }

  /** What the process holds after each of so many parts of `count` more exchanges of this kind, in bytes. */
  async grow(kind: Kind, count: number, parts: number): Promise<readonly number[]> {
    const samples: number[] = [];
    for (let part = 0; part < parts; part++) {
      await this.#round(this.#subjects.ours[kind], count / parts);
      samples.push(await this.rssBytes());
    }
    return samples;
  }

  async rssBytes(): Promise<number> {
    return (await usageOf(this.#subjects.ours.warm.process.pid)).rssBytes;
  }

  async #round(subject: Subject, count: number): Promise<Round> {
    const { process, load } = subject;
    const from = this.#sent.get(subject) ?? 1;
    this.#sent.set(subject, from + count);
    const before = await cpuMsOf(process.pid);
    const wallMs = await send(process.port, load, count, from);
    await this.#subjects.outside.idle();
    return { cpuMs: (await cpuMsOf(process.pid)) - before, wallMs };
  }

  #compared(kind: Kind, of: (subject: Subject) => readonly Round[]): Compared {
    const { ours, floors } = this.#subjects;
    const own = of(ours[kind]);
    const beside = FLOORS_OF[kind].map((floor) => {
      const rounds = of(floors[floor]);
      const ratio = median(own.map(({ cpuMs }, index) => cpuMs / (rounds[index]?.cpuMs ?? 0)));
      return [floor, { ...this.#costOf(rounds), ratio }] as const;
    });
    return { ...this.#costOf(own), floors: Object.fromEntries(beside) };
  }

  #costOf(rounds: readonly Round[]): Cost {
    const each = rounds.map(({ cpuMs }) => cpuMs / this.#plan.perRound);
    return { median: median(each), least: Math.min(...each) };
  }

  #perSecond(rounds: readonly Round[]): Measured["perSecond"] {
    const [best] = [...rounds].sort((one, other) => one.wallMs - other.wallMs);
    if (!best) return { exchanges: 0, coreShare: 0 };
    return { exchanges: (this.#plan.perRound / best.wallMs) * 1000, coreShare: best.cpuMs / best.wallMs };
  }
}

function median(numbers: readonly number[]): number {
  const sorted = [...numbers].sort((one, other) => one - other);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? 0;
  return sorted.length % 2 === 1 ? upper : (upper + (sorted[middle - 1] ?? 0)) / 2;
}

/** User and system time of all threads: what utime and stime of proc(5) add up to, but to the nanosecond. */
async function cpuMsOf(pid: number): Promise<number> {
  const threads = await readdir(`/proc/${pid}/task`);
  const times = await Promise.all(
    threads.map((thread) => readFile(`/proc/${pid}/task/${thread}/schedstat`, "utf8").catch(() => "0")),
  );
  return times.reduce((sum, time) => sum + Number(time.split(" ", 1)[0]), 0) / 1_000_000;
}
