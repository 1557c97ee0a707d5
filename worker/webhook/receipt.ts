/**
 * Whether a request is a webhook delivery of one of our Apps, and what it is about. Everything that is cheap is judged before the
 * body is read, and nothing of the body is looked at before its signature is proven. Asks GitHub nothing.
 */
import type { AppConfig, Config } from "../config.ts";
import { WEBHOOK_BODY_MAX_BYTES } from "../limits.ts";
import { parseJson } from "../store/fetch.ts";
import type { Limiter } from "../store/limiter.ts";
import { readEvent, type Work } from "./events.ts";
import { isSigned, readSignature } from "./signature.ts";

export interface Knock {
  readonly headers: Headers;
  /** The caller's address as a key for limits. */
  readonly caller: string;
  /** The body, or undefined once it proves larger. */
  read(maxBytes: number): Promise<Uint8Array | undefined>;
}

export interface Delivery {
  readonly appId: string;
  /** GitHub's id of the delivery. */
  readonly id: string;
  readonly event: string;
  /** What a redelivery has in common with the first one. */
  readonly key: readonly string[];
  readonly work: Work;
}

export type Receipt =
  | { readonly kind: "delivery"; readonly delivery: Delivery }
  /** Genuine, and nothing to us: another event, another owner. */
  | { readonly kind: "nothing" }
  | { readonly kind: "refused"; readonly why: Refusal };

/** `unsigned` covers all that says who may send: nothing else is told of it. */
export type Refusal = "no_secret" | "rate_limited" | "unsigned" | "not_json" | "too_large" | "not_an_event";

export interface ReceiptDeps {
  readonly config: Pick<Config, "apps" | "allowedOwners">;
  readonly callers: Limiter;
}

const DELIVERY_ID = /^[A-Za-z0-9-]{1,100}$/;
const EVENT_NAME = /^[a-z0-9_]{1,100}$/;
const APP_ID = /^[1-9]\d{0,15}$/;
const JSON_TYPE = /^application\/json[ \t]*(?:;|$)/i;

const refused = (why: Refusal): Receipt => ({ kind: "refused", why });

export async function receive(knock: Knock, deps: ReceiptDeps): Promise<Receipt> {
  const { headers } = knock;
  const { apps } = deps.config;
  if (!apps.some(({ webhookSecrets }) => webhookSecrets.length > 0)) return refused("no_secret");
  const app = appOf(headers, apps);
  // A stranger's App can make GitHub itself send us what fails, so each App that is named has a count of its own.
  const limitKey = `webhook ${app?.id ?? "unknown"} ${knock.caller}`;
  if (deps.callers.isOver(limitKey)) return refused("rate_limited");
  const charged = async (why: Refusal) => refused((await deps.callers.charge(limitKey)) ? why : "rate_limited");

  const signature = readSignature(headers.get("X-Hub-Signature-256"));
  if (app === undefined || signature === undefined) return charged("unsigned");
  if (!JSON_TYPE.test(headers.get("Content-Type") ?? "")) return refused("not_json");
  const announced = Number(headers.get("Content-Length") ?? 0);
  const body = announced > WEBHOOK_BODY_MAX_BYTES ? undefined : await knock.read(WEBHOOK_BODY_MAX_BYTES);
  // Nobody has proven anything: what is too large to be verified is charged like what fails.
  if (body === undefined) return charged("too_large");
  if (!(await isSigned(body, signature, app.webhookSecrets))) return charged("unsigned");

  const id = headers.get("X-GitHub-Delivery") ?? "";
  const event = headers.get("X-GitHub-Event") ?? "";
  const reading = DELIVERY_ID.test(id) && EVENT_NAME.test(event) ? readEvent(event, parseJson(body)) : undefined;
  if (reading === undefined || reading.kind === "malformed") return refused("not_an_event");
  if (reading.kind === "ignored" || !isServed(reading.work, app, deps.config)) return { kind: "nothing" };
  // Neither the id nor the event's name is signed: with the signature in the key an old body under a new delivery's id
  // cannot keep that delivery out.
  const key = [app.id, event, id, headers.get("X-Hub-Signature-256") ?? ""];
  return { kind: "delivery", delivery: { appId: app.id, id, event, key, work: reading.work } };
}

/** Hooks of repositories and organizations name something else than an App, and none of our secrets is theirs. */
function appOf(headers: Headers, apps: readonly AppConfig[]): AppConfig | undefined {
  const type = headers.get("X-GitHub-Hook-Installation-Target-Type") ?? "integration";
  const id = headers.get("X-GitHub-Hook-Installation-Target-ID") ?? "";
  if (type !== "integration" || !APP_ID.test(id)) return undefined;
  return apps.find((app) => app.id === id);
}

/** The deployment's owners, and among these the App's: those that it names, else those that no App names. */
function isServed({ owner }: Work, app: AppConfig, { apps, allowedOwners }: ReceiptDeps["config"]): boolean {
  if (owner === undefined) return true;
  const wanted = owner.toLowerCase();
  if (allowedOwners && !allowedOwners.includes(wanted)) return false;
  if (app.owners.includes(wanted)) return true;
  return app.owners.length === 0 && !apps.some(({ owners }) => owners.includes(wanted));
}
