/**
 * Where a check is worked on: one repository, with a token that reads it and writes its check runs. The token is kept in this
 * isolate's memory for the next delivery of the repository: most find nothing to do, and would each cost a mint and a revocation.
 */
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import type { App, GitHub, Installation, RepositoryRef } from "../github/github.ts";
import { missingPermissions } from "../github/mint.ts";
import { settingsUrlOf } from "../github/web-url.ts";
import { CHECK_TOKEN_MARGIN_MS } from "../limits.ts";
import type { WebhookRun } from "./run.ts";
import type { CheckWork } from "./work.ts";

export interface Desk {
  readonly run: WebhookRun;
  readonly github: GitHub;
  readonly app: App;
  readonly place: RepositoryRef;
  readonly token: string;
  /** An earlier delivery minted it, and it may be dead. */
  readonly isKept: boolean;
  /** The App's webhook secrets, the present one first. */
  readonly secrets: readonly string[];
}

export const NEEDED = { contents: "read", checks: "write" };

export async function deskFor(run: WebhookRun, app: App, work: CheckWork): Promise<Result<Desk>> {
  const { config, github, now, webhooks } = run.services;
  const { owner, repository } = work;
  const secrets = config.apps.find(({ id }) => id === app.id)?.webhookSecrets ?? [];
  const desk = { run, github, app, place: { owner, repository }, secrets };
  const kept = webhooks.tokens.get(keyOf(app, work));
  if (kept && kept.expiresAt - now() > CHECK_TOKEN_MARGIN_MS) {
    return accept({ ...desk, token: kept.token, isKept: true });
  }
  const installation = await installationFor(run, app, work);
  if (!installation.ok) return installation;
  const minted = await github.mintCheckToken(app, installation.value, repository, run.call);
  if (!minted.ok) return refuse(await explained(run, app, work, minted.denial));
  const { token, expiresAt } = minted.value;
  webhooks.tokens.set(keyOf(app, work), { token, expiresAt: Date.parse(expiresAt) });
  return accept({ ...desk, token, isKept: false });
}

export function forgetToken({ run, app, place }: Desk): void {
  run.services.webhooks.tokens.delete(keyOf(app, place));
}

const keyOf = ({ id }: App, { owner, repository }: RepositoryRef): string =>
  JSON.stringify([id, owner.toLowerCase(), repository.toLowerCase()]);

/** As the event says, which knows more lately than any cache: no look-up is needed. */
async function installationFor(run: WebhookRun, app: App, work: CheckWork): Promise<Result<Installation>> {
  const { owner, installation } = work;
  if (installation === undefined) {
    const found = await run.services.github.installations.find(app, work, run.call);
    return found.ok ? accept(found.value.installation) : found;
  }
  // What an event does not say only words refusals, and is looked up for them.
  const unknown = {
    ownerType: "Organization",
    repositorySelection: "selected",
    permissions: new Map(),
    suspended: false,
  } as const;
  return accept({ ...installation, appId: app.id, owner, ...unknown });
}

async function explained(run: WebhookRun, app: App, work: CheckWork, denial: Denial): Promise<Denial> {
  if (denial.reason === "repository_not_visible" && denial.problem === "gone") {
    return { reason: "app_not_installed", owner: work.owner };
  }
  if (denial.reason !== "permission_not_held") return denial;
  const found = await run.services.github.installations.find(app, work, run.call);
  if (!found.ok) return found.denial;
  const { installation } = found.value;
  const settingsUrl = settingsUrlOf(run.services.config.apiUrl, installation);
  return { ...denial, missing: missingPermissions(NEEDED, installation.permissions), settingsUrl };
}
