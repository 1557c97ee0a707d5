// The App or the Apps of a deployment: kept, registered with a browser or by a link, or named one after the other.

import { suggestedName } from "../../../worker/page/app/manifest.ts";
import { registerInBrowser } from "./browser.ts";
import { type AppSetting, type Pending, requestOf, showLink, tellRegistered } from "./new-app.ts";
import { answerOf, appId, newWebhookSecret, privateKey } from "./questions.ts";
import type { Registration } from "./registration.ts";
import { several } from "./several.ts";

const nothing: Pending = async () => ({});

export async function theApp(setting: AppSetting): Promise<Pending> {
  const { machine, answers, hasAccount, stored } = setting;
  // Without an account there is nowhere to store a key.
  if (!hasAccount) return byHand(setting);
  const hasId = stored.has("GITHUB_APP_ID") || answers.variable("GITHUB_APP_ID") !== undefined;
  const isThere = stored.has("GITHUB_APPS") || (hasId && stored.has("GITHUB_APP_PRIVATE_KEY"));
  const ways = "browser: register it now with yours; hand: without one; several: more than one App";
  const enter = isThere ? "keeps what is stored" : "is browser";
  const answer = await answerOf(machine, `The App (${ways}; Enter ${enter}): `, (text) => {
    if (!["", "browser", "hand", "several"].includes(text)) return "must be browser, hand or several";
    if (!stored.has("GITHUB_APPS") || text === "" || text === "several") return undefined;
    return "GITHUB_APPS is stored, and goes before one App: npm run wrangler -- secret delete GITHUB_APPS";
  });
  if (answer === "" && isThere) return nothing;
  if (answer === "hand") return byHand(setting);
  return answer === "several" ? several(setting) : inBrowser(setting);
}

async function inBrowser(setting: AppSetting): Promise<Pending> {
  const { machine, answers } = setting;
  const request = await newRequest(setting);
  // A variable and a secret of one name cannot both be deployed.
  answers.forget("GITHUB_APP_ID");
  return async () => {
    const app = await registerInBrowser(machine, request);
    if (app === undefined) return onlySecrets(setting, request);
    tellRegistered(machine, app);
    const { id, privateKey, webhookSecret } = app;
    const webhook = webhookSecret === undefined ? {} : { GITHUB_WEBHOOK_SECRET: webhookSecret };
    return { GITHUB_APP_ID: id, GITHUB_APP_PRIVATE_KEY: privateKey, ...webhook };
  };
}

/** With a link to GitHub's form, which is filled in. */
async function byHand(setting: AppSetting): Promise<Pending> {
  const { machine, answers, stored, hasAccount } = setting;
  if (stored.has("GITHUB_APP_ID")) return () => onlySecrets(setting, undefined);
  if (answers.variable("GITHUB_APP_ID") === undefined) showLink(machine, await newRequest(setting));
  await answers.ask("GITHUB_APP_ID", "The App's id, from its page");
  if (!hasAccount) return nothing;
  const secrets = await keys(setting);
  return async () => secrets;
}

/** Once it is deployed, or where it is one already, the id is a secret as well. */
async function onlySecrets(setting: AppSetting, request: Registration | undefined) {
  const { machine, stored } = setting;
  if (request !== undefined) showLink(machine, request);
  const id = await appId(machine, stored.has("GITHUB_APP_ID"));
  return { ...(id !== undefined && { GITHUB_APP_ID: id }), ...(await keys(setting)) };
}

async function keys({ machine, stored }: AppSetting) {
  const key = await privateKey(machine, stored.has("GITHUB_APP_PRIVATE_KEY"));
  return {
    ...(key !== undefined && { GITHUB_APP_PRIVATE_KEY: key }),
    ...(!stored.has("GITHUB_WEBHOOK_SECRET") && { GITHUB_WEBHOOK_SECRET: newWebhookSecret(machine) }),
  };
}

const newRequest = (setting: AppSetting): Promise<Registration> =>
  requestOf(setting, suggestedName(setting.answers.variable("STS_DOMAIN") ?? "", setting.organization));
