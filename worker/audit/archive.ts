/** Events as what is kept of them: newline-delimited JSON by day. No I/O. */
import { sha256, toHex } from "../store/digest.ts";

/** A message of the queue, of whatever version it is, as far as it is needed to know where it belongs. */
export interface RecordedEvent {
  readonly type: string;
  readonly request_id: string;
  /** RFC 3339 in UTC. */
  readonly time: string;
  readonly scope?: string | undefined;
  readonly identity?: string | undefined;
  readonly correction?: true | undefined;
  readonly traceparent?: string | undefined;
}

const TIME = /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)/;
const ID_CHARACTERS = 16;

export function isRecordedEvent(body: unknown): body is RecordedEvent {
  if (typeof body !== "object" || body === null) return false;
  const { type, request_id, time } = body as Readonly<Record<string, unknown>>;
  return typeof type === "string" && typeof request_id === "string" && typeof time === "string" && TIME.test(time);
}

/** One object for each day, its events oldest first and each once. */
export function objectsOf(events: readonly RecordedEvent[]): Promise<readonly StoredObject[]> {
  const byDay = new Map<string, RecordedEvent[]>();
  for (const event of events) {
    const day = event.time.slice(0, 10);
    byDay.set(day, [...(byDay.get(day) ?? []), event]);
  }
  return Promise.all([...byDay.values()].map(objectOf));
}

export interface StoredObject {
  readonly key: string;
  readonly text: string;
  readonly events: readonly RecordedEvent[];
}

/** The name is made of the content, so that a batch that is written again lies where it lay. */
async function objectOf(events: readonly RecordedEvent[]): Promise<StoredObject> {
  const lines = events.map((event) => ({
    at: `${event.time} ${event.request_id}`,
    line: `${JSON.stringify(event)}\n`,
  }));
  lines.sort((one, other) => (one.at < other.at ? -1 : 1));
  const text = [...new Set(lines.map(({ line }) => line))].join("");
  const id = toHex(await sha256(text)).slice(0, ID_CHARACTERS);
  const [, year, month, day, ...clock] = TIME.exec(lines[0]?.at ?? "") ?? [];
  return { key: `events/${year}/${month}/${day}/${clock.join("")}-${id}.ndjson`, text, events };
}
