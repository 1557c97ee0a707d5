/** GITHUB_APPS, or the one App of GITHUB_APP_*. Pure; the private keys themselves are judged in `../github/app.ts`. */

import * as v from "valibot";
import { OWNER_NAME } from "../../policies/names.ts";
import type { Reader } from "./reader.ts";

export interface AppConfig {
  readonly id: string;
  /** For `app` and `app_pattern` in policies. */
  readonly name: string | undefined;
  /** GitHub's number of the App's bot, which its e-mail address has. */
  readonly botId: string | undefined;
  /** PEM or base64 text, as configured. */
  readonly privateKey: string;
  /** Lower case; empty: owners that no App names. */
  readonly owners: readonly string[];
  readonly webhookSecrets: readonly string[];
  /** The variable that this App came from, for messages. */
  readonly variable: string;
}

/** Without a webhook secret an App hears of nothing, and can report nothing. */
export const hearsWebhooks = (apps: readonly AppConfig[], id: string): boolean =>
  apps.some((app) => app.id === id && app.webhookSecrets.length > 0);

/** Not digits alone: policies name an App by its id as well. */
export const APP_NAME = /^(?!\d+$)[A-Za-z0-9][A-Za-z0-9._-]{0,99}$/;

export const NUMERIC_ID = /^[1-9]\d{0,15}$/;
const numericId = v.union([
  v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  v.pipe(v.string(), v.regex(NUMERIC_ID)),
]);

const AppsSchema = v.pipe(
  v.array(
    v.strictObject({
      id: numericId,
      name: v.optional(v.pipe(v.string(), v.regex(APP_NAME))),
      botId: v.optional(numericId),
      privateKey: v.pipe(v.string(), v.minLength(1)),
      owners: v.optional(v.array(v.pipe(v.string(), v.regex(OWNER_NAME)))),
      webhookSecret: v.optional(v.union([v.string(), v.array(v.string())])),
    }),
  ),
  v.minLength(1),
);

const APP_VARIABLES = ["GITHUB_APPS", "GITHUB_APP_ID", "GITHUB_APP_PRIVATE_KEY"];

/** A deployment whose App is still to be registered: nothing of one is set, and nothing else is wrong. Once all was read. */
export const hasNoAppYet = (reader: Reader): boolean =>
  !APP_VARIABLES.some((name) => reader.isSet(name)) &&
  reader.problems.every(({ variable }) => APP_VARIABLES.includes(variable));

export function readApps(reader: Reader): readonly AppConfig[] {
  const several = reader.text("GITHUB_APPS");
  const id = reader.text("GITHUB_APP_ID");
  const privateKey = reader.text("GITHUB_APP_PRIVATE_KEY");
  const name = reader.text("GITHUB_APP_NAME");
  const botId = reader.text("GITHUB_APP_BOT_ID");
  if (several !== undefined) return severalApps(reader, several);
  if (id === undefined) reader.problem("GITHUB_APP_ID", "is required (or GITHUB_APPS): the App's numeric id");
  else if (!NUMERIC_ID.test(id)) reader.problem("GITHUB_APP_ID", "must be the App's numeric id");
  if (privateKey === undefined) {
    reader.problem("GITHUB_APP_PRIVATE_KEY", "is required (or GITHUB_APPS): the App's private key as PEM");
  }
  if (name !== undefined && !APP_NAME.test(name)) {
    reader.problem("GITHUB_APP_NAME", "must be letters, digits, '.', '_' or '-', and not digits alone");
  }
  if (botId !== undefined && !NUMERIC_ID.test(botId)) {
    reader.problem("GITHUB_APP_BOT_ID", "must be the numeric id of the App's bot");
  }
  const webhookSecrets = reader.list("GITHUB_WEBHOOK_SECRET") ?? [];
  if (id === undefined || privateKey === undefined) return [];
  return [{ id, name, botId, privateKey, owners: [], webhookSecrets, variable: "GITHUB_APP_PRIVATE_KEY" }];
}

function severalApps(reader: Reader, text: string): readonly AppConfig[] {
  const parsed = v.safeParse(AppsSchema, parseJson(text));
  const shape = '[{"id": 1, "name": "ci", "privateKey": "...", "owners": ["acme"], "webhookSecret": "..."}]';
  if (!parsed.success) return reader.problem("GITHUB_APPS", `must be JSON of the form ${shape}`) ?? [];
  const shared = reader.list("GITHUB_WEBHOOK_SECRET") ?? [];
  const apps = parsed.output.map((app) => ({
    id: String(app.id),
    name: app.name,
    botId: app.botId === undefined ? undefined : String(app.botId),
    privateKey: app.privateKey,
    owners: (app.owners ?? []).map((owner) => owner.toLowerCase()),
    webhookSecrets: app.webhookSecret === undefined ? shared : [app.webhookSecret].flat().filter((s) => s !== ""),
    variable: "GITHUB_APPS",
  }));
  if (new Set(apps.map((app) => app.id)).size < apps.length) reader.problem("GITHUB_APPS", "names an id twice");
  if (apps.some((app, index) => apps.slice(0, index).some((other) => isMistakable(app, other)))) {
    reader.problem("GITHUB_APPS", "must not give one name to two Apps of the same owner");
  }
  return apps;
}

/** A policy of an owner that pins the name would get either. */
function isMistakable(one: AppConfig, other: AppConfig): boolean {
  if (one.name === undefined || one.name !== other.name) return false;
  const isForAll = one.owners.length === 0 && other.owners.length === 0;
  return isForAll || one.owners.some((owner) => other.owners.includes(owner));
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
