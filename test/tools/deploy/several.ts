// Several Apps in one deployment: GITHUB_APPS, by asking for each.

import { OWNER_NAME } from "../../../policies/names.ts";
import { APP_NAME } from "../../../worker/config/apps.ts";
import { readConfig } from "../../../worker/config.ts";
import { registerInBrowser } from "./browser.ts";
import type { Machine } from "./machine.ts";
import { type AppSetting, type Pending, requestOf, showLink, tellRegistered } from "./new-app.ts";
import { answerOf, appId, newWebhookSecret, privateKey } from "./questions.ts";
import type { Registration } from "./registration.ts";

/** What Cloudflare takes of one secret, and what one App fills of that. */
const SECRET_MAX_BYTES = 5_120;
const APP_BYTES = 1_850;

/** An App's member of GITHUB_APPS, but for its name and owners. */
interface OwnSecrets {
  readonly id: string;
  readonly privateKey: string;
  readonly webhookSecret: string;
}

interface NewApp {
  readonly name: string;
  readonly owners: readonly string[];
  /** What is there, or how it comes to be there. */
  readonly secrets: OwnSecrets | Registration;
}

/** Those that are still to be registered are, one after the other, once the deployment is there. */
export async function several(setting: AppSetting): Promise<Pending> {
  const { machine } = setting;
  const apps: NewApp[] = [];
  for (;;) {
    const app = await nextApp(setting, apps);
    if (app === undefined) break;
    apps.push(app);
  }
  return async () => {
    const entries: object[] = [];
    for (const { name, owners, secrets } of apps) {
      const own = "id" in secrets ? secrets : await registered(machine, secrets);
      entries.push({ name, ...(owners.length > 0 && { owners }), ...own });
    }
    const text = JSON.stringify(entries);
    const problem = problemOf(text);
    if (problem === undefined) return { GITHUB_APPS: text };
    machine.tell(`  GITHUB_APPS ${problem}: npm run setup again, and say several`);
    return {};
  };
}

async function nextApp(setting: AppSetting, before: readonly NewApp[]): Promise<NewApp | undefined> {
  const { machine } = setting;
  const place = `App ${before.length + 1}`;
  const end = before.length === 0 ? "" : " (Enter: no more)";
  const name = await answerOf(machine, `${place}: its name, by which policies choose it${end}: `, (text) => {
    if (text === "" && before.length > 0) return undefined;
    if (before.some((app) => app.name === text)) return "is the name of another";
    const isTooMuch = (before.length + 1) * APP_BYTES > SECRET_MAX_BYTES;
    if (isTooMuch) return `is one too many: Cloudflare takes ${SECRET_MAX_BYTES} bytes of a secret`;
    return APP_NAME.test(text) ? undefined : "must be letters, digits, '.', '_' or '-', and not digits alone";
  });
  if (name === "") return undefined;
  const whose = await answerOf(machine, `${place}: owners that it serves (Enter: those that no App names): `, (text) =>
    listOf(text).every((owner) => OWNER_NAME.test(owner))
      ? undefined
      : "must be names of owners, separated by commas or spaces",
  );
  const app = { name, owners: listOf(whose) };
  const way = await answerOf(
    machine,
    `${place}: browser registers it with yours (Enter), hand takes one that is there: `,
    (text) => (["", "browser", "hand"].includes(text) ? undefined : "must be browser or hand"),
  );
  return { ...app, secrets: way === "hand" ? await byHand(machine) : await requestOf(setting, name) };
}

const listOf = (text: string): string[] => text.split(/[\s,]+/).filter((owner) => owner !== "");

async function registered(machine: Machine, request: Registration): Promise<OwnSecrets> {
  machine.tell(`\n${request.name}:`);
  const app = await registerInBrowser(machine, request);
  if (app === undefined) {
    showLink(machine, request);
    return byHand(machine);
  }
  tellRegistered(machine, app);
  const { id, privateKey, webhookSecret = machine.secret() } = app;
  return { id, privateKey: inOneLine(privateKey), webhookSecret };
}

async function byHand(machine: Machine): Promise<OwnSecrets> {
  const id = (await appId(machine, false)) ?? "";
  const key = (await privateKey(machine, false)) ?? "";
  return { id, privateKey: inOneLine(key), webhookSecret: newWebhookSecret(machine) };
}

/** As the Worker reads it. */
function problemOf(text: string): string | undefined {
  const reading = readConfig({ STS_DOMAIN: "sts.example", GITHUB_APPS: text });
  if (!reading.ok) return reading.problems[0]?.problem;
  const size = new TextEncoder().encode(text).length;
  return size > SECRET_MAX_BYTES
    ? `has ${size} bytes, and Cloudflare takes ${SECRET_MAX_BYTES} of a secret`
    : undefined;
}

/** A key alone, without PEM around it: it is smaller so. */
function inOneLine(key: string): string {
  const [, body] = /^\s*-----BEGIN [A-Z ]+-----([A-Za-z0-9+/=\s]+)-----END [A-Z ]+-----\s*$/.exec(key) ?? [];
  return body?.replace(/\s+/g, "") ?? key;
}
