/**
 * Who gets the audit events, and what became of them. After the answer each event goes to every sink; where AUDIT_REQUIRED names
 * one, that sink takes the event of a grant before the answer. What fails is counted and told to the log, and fails nothing else.
 */
import type { AuditEvent } from "../audit.ts";
import { AUDIT_DELIVERY_MAX_MS, AUDIT_REQUIRED_MAX_MS } from "../limits.ts";
import type { TimeLeft } from "../store/deadline.ts";
import { withinTime } from "../store/within-time.ts";
import type { AuditSampler } from "./sampler.ts";
import type { Lost, SentEvent, Sink, SinkAnswer, SinkName } from "./sink.ts";

export interface AuditDeliveryDeps {
  readonly sinks: readonly Sink[];
  /** One of the sinks. */
  readonly required: SinkName | undefined;
  readonly sampler: AuditSampler;
  readonly log: (line: string) => void;
}

/** Since the isolate started. */
export interface AuditLosses {
  readonly sinks: Readonly<Partial<Record<SinkName, Readonly<Record<SinkAnswer, number>>>>>;
  /** Of callers over a limit: sent to no sink. */
  readonly sampled_out: number;
}

export class AuditDelivery {
  readonly #deps: AuditDeliveryDeps;
  readonly #required: Sink | undefined;
  readonly #counts: ReadonlyMap<Sink, Record<SinkAnswer, number>>;
  #sampledOut = 0;

  constructor(deps: AuditDeliveryDeps) {
    this.#deps = deps;
    this.#required = deps.sinks.find(({ name }) => name === deps.required);
    // Grants must not go unrecorded because somebody composed this wrongly.
    if (deps.required !== undefined && this.#required === undefined) throw new Error("the required sink is missing");
    this.#counts = new Map(deps.sinks.map((sink) => [sink, { taken: 0, lost: 0, left_out: 0 }]));
  }

  get isRequired(): boolean {
    return this.#required !== undefined;
  }

  /** For how long no grant can be recorded where that is required, as far as it is known without asking; in ms. */
  get pausedMs(): number {
    return this.#required?.pausedMs ?? 0;
  }

  /** For `/readyz`. */
  get losses(): AuditLosses {
    return {
      sinks: Object.fromEntries([...this.#counts].map(([{ name }, counts]) => [name, { ...counts }])),
      sampled_out: this.#sampledOut,
    };
  }

  /** Before the answer: whether the required sink took the event of a grant. If not, it may have it all the same. */
  async secure(event: AuditEvent, deadline: TimeLeft): Promise<boolean> {
    if (this.#required === undefined) return true;
    const answer = this.#offer(this.#required, sentOf(event), AUDIT_REQUIRED_MAX_MS);
    return (await withinTime(Promise.resolve(answer), deadline.leftMs).catch(() => "lost")) === "taken";
  }

  /** After the answer. Never rejects; undefined where every sink answered at once. */
  deliver(event: AuditEvent, isSecured: boolean): Promise<unknown> | undefined {
    if (this.#isSampledOut(event)) return undefined;
    const sent = sentOf(event);
    const late: Promise<SinkAnswer>[] = [];
    for (const sink of this.#deps.sinks) {
      if (isSecured && sink === this.#required) continue;
      const answer = this.#offer(sink, sent, AUDIT_DELIVERY_MAX_MS);
      if (answer instanceof Promise) late.push(answer);
    }
    return late.length === 0 ? undefined : Promise.allSettled(late);
  }

  #isSampledOut(event: AuditEvent): boolean {
    if (event.reason !== "caller_rate_limited" || event.correction) return false;
    const skipped = this.#deps.sampler.admit();
    if (skipped === undefined) this.#sampledOut += 1;
    else if (skipped > 0) event.counts.events_left_out = skipped;
    return skipped === undefined;
  }

  #offer(sink: Sink, sent: SentEvent, maxMs: number): SinkAnswer | Promise<SinkAnswer> {
    const answer = answerOf(sink, sent, maxMs);
    if (!(answer instanceof Promise)) return this.#counted(sink, sent, answer);
    return answer.then((settled) => this.#counted(sink, sent, settled));
  }

  #counted(sink: Sink, sent: SentEvent, answer: SinkAnswer | Lost): SinkAnswer {
    const { delivery, problem } =
      typeof answer === "string" ? { delivery: answer } : { delivery: "lost" as const, problem: answer.lost };
    const counts = this.#counts.get(sink);
    if (counts) counts[delivery] += 1;
    if (delivery !== "taken") {
      const { request_id } = sent.event;
      const line = { type: "audit_sink_failed", request_id, sink: sink.name, delivery, problem, ...counts };
      try {
        this.#deps.log(JSON.stringify(line));
      } catch {
        // Where the log fails as well, there is nobody to tell.
      }
    }
    return delivery;
  }
}

/** A binding may also throw at once. */
function answerOf(sink: Sink, sent: SentEvent, maxMs: number): ReturnType<Sink["take"]> {
  try {
    const answer = sink.take(sent, maxMs);
    return answer instanceof Promise ? withinTime(answer, maxMs).catch(() => "lost" as const) : answer;
  } catch {
    return "lost";
  }
}

/** V8 takes a third of the time where all objects are plain, and no text is a concatenation that it has yet to put together. */
const sentOf = (event: AuditEvent): SentEvent => ({ event, json: JSON.stringify(event) });
