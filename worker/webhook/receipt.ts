/**
 * Whether a request is a webhook delivery of one of our Apps, and what it is about. Everything that is cheap is judged before the
 * body is read, and nothing of the body is looked at before its signature is proven. Asks GitHub nothing.
 */

import type { AppConfig } from "../config/apps.ts";
import type { Config } from "../config.ts";
import { WEBHOOK_BODY_MAX_BYTES, WEBHOOK_BODY_TIMEOUT_MS } from "../limits.ts";
import { parseJson } from "../store/fetch.ts";
import { isHmacOf } from "../store/hmac.ts";
import type { Limiter } from "../store/limiter.ts";
import { raceAbort } from "../store/race-abort.ts";
import type { Room } from "../store/room.ts";
import { readEvent, type Work } from "./events.ts";

export interface WebhookRequest {
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
  /** The caller's address as a key for limits. */
  readonly caller: string;
}

export interface Delivery {
  readonly appId: string;
  /** GitHub's id of the delivery. */
  readonly id: string;
  readonly event: string;
  readonly work: Work;
}

/** `nothing`: genuine, and nothing to us: another event, another owner. */
export type Receipt = Delivery | "nothing" | Refusal;

/** `unsigned` covers all that says who may send: nothing else is told of it. */
export type Refusal =
  | "no_secret"
  | "rate_limited"
  | "unsigned"
  | "not_json"
  | "no_length"
  | "too_large"
  | "no_room"
  | "late"
  | "not_an_event";

export interface ReceiptDeps {
  readonly config: Pick<Config, "apps" | "allowedOwners">;
  readonly callers: Limiter;
  readonly room: Room;
}

const DELIVERY_ID = /^[A-Za-z0-9-]{1,100}$/;
const EVENT_NAME = /^[a-z0-9_]{1,100}$/;
/** Anything else is none, two headers joined by a comma included. */
const SIGNATURE = /^sha256=([0-9a-f]{64})$/;
const APP_ID = /^[1-9]\d{0,15}$/;
const JSON_TYPE = /^application\/json[ \t]*(?:;|$)/i;

export async function receive(request: WebhookRequest, deps: ReceiptDeps): Promise<Receipt> {
  const { headers, body, caller } = request;
  const { apps } = deps.config;
  if (!apps.some(({ webhookSecrets }) => webhookSecrets.length > 0)) return "no_secret";
  const app = appOf(headers, apps);
  // A stranger's App can make GitHub itself send us what fails, so each App that is named has a count of its own.
  const limitKey = `webhook ${app?.id ?? "unknown"} ${caller}`;
  if (deps.callers.isOver(limitKey)) return "rate_limited";
  const charged = async (why: Refusal) => ((await deps.callers.consume(limitKey)) ? why : "rate_limited");

  const signature = SIGNATURE.exec(headers.get("X-Hub-Signature-256") ?? "")?.[1];
  if (app === undefined || signature === undefined) return charged("unsigned");
  if (!JSON_TYPE.test(headers.get("Content-Type") ?? "")) return "not_json";
  const bytes = lengthOf(headers);
  if (bytes === undefined) return "no_length";
  if (bytes > WEBHOOK_BODY_MAX_BYTES) return "too_large";
  const release = deps.room.acquire(caller, bytes);
  if (release === undefined) return "no_room";
  const expected = { bytes, signature, secrets: app.webhookSecrets, timeoutMs: WEBHOOK_BODY_TIMEOUT_MS };
  const signed = await readSigned(body, expected).finally(release);
  return signed instanceof Uint8Array ? deliveryOf(headers, signed, app, deps.config) : charged(signed);
}

/** Everything here is GitHub's, but for the headers, which nobody signed. */
function deliveryOf(headers: Headers, body: Uint8Array, app: AppConfig, config: ReceiptDeps["config"]): Receipt {
  const id = headers.get("X-GitHub-Delivery") ?? "";
  const event = headers.get("X-GitHub-Event") ?? "";
  const work = DELIVERY_ID.test(id) && EVENT_NAME.test(event) ? readEvent(event, parseJson(body)) : undefined;
  if (work === undefined) return "not_an_event";
  if (work === "ignored" || !isServed(work, app, config)) return "nothing";
  return { appId: app.id, id, event, work };
}

export interface Expected {
  /** Announced; a body that is longer is no longer read. */
  readonly bytes: number;
  /** 64 hex digits. */
  readonly signature: string;
  /** Any of them may have signed, while they are rotated. */
  readonly secrets: readonly string[];
  readonly timeoutMs: number;
}

/**
 * The body, if its HMAC-SHA256 is the expected one. Never throws: a body that breaks off has no signature that fits. It is read into
 * one piece of the announced length, so that the largest is held once.
 */
export async function readSigned(
  body: ReadableStream<Uint8Array> | null,
  { bytes, signature, secrets, timeoutMs }: Expected,
): Promise<Uint8Array | "unsigned" | "late"> {
  const timeout = AbortSignal.timeout(timeoutMs);
  const reader = (body ?? new Blob().stream()).getReader();
  const received = new Uint8Array(bytes);
  let end = 0;
  try {
    for (;;) {
      const { done, value } = await raceAbort(reader.read(), timeout);
      if (done) break;
      if (end + value.byteLength > bytes) return "unsigned";
      received.set(value, end);
      end += value.byteLength;
    }
    const whole = received.subarray(0, end);
    for (const secret of secrets) {
      // An empty secret would be one that everybody knows; octo-sts takes it for "no check".
      if (secret !== "" && (await isHmacOf(signature, whole, new TextEncoder().encode(secret)))) return whole;
    }
    return "unsigned";
  } catch {
    return timeout.aborted ? "late" : "unsigned";
  } finally {
    // The rest is nobody's: closing the stream is a courtesy that may fail.
    reader.cancel().catch(() => undefined);
  }
}

/** Room is given by what a body announces, so a body that announces nothing is not read. */
function lengthOf(headers: Headers): number | undefined {
  const announced = headers.get("Content-Length") ?? "";
  return /^\d{1,15}$/.test(announced) ? Number(announced) : undefined;
}

/** Hooks of repositories and organizations name something else than an App, and none of our secrets is theirs. */
function appOf(headers: Headers, apps: readonly AppConfig[]): AppConfig | undefined {
  const type = headers.get("X-GitHub-Hook-Installation-Target-Type") ?? "integration";
  const id = headers.get("X-GitHub-Hook-Installation-Target-ID") ?? "";
  if (type !== "integration" || !APP_ID.test(id)) return undefined;
  return apps.find((app) => app.id === id);
}

/** The deployment's owners, and among these the App's: those that it names, else those that no App names. Any of them is enough. */
function isServed({ owners }: Work, app: AppConfig, { apps, allowedOwners }: ReceiptDeps["config"]): boolean {
  return owners.some((owner) => {
    const wanted = owner.toLowerCase();
    if (allowedOwners && !allowedOwners.includes(wanted)) return false;
    if (app.owners.includes(wanted)) return true;
    return app.owners.length === 0 && !apps.some((other) => other.owners.includes(wanted));
  });
}
