/**
 * GitHub as one check sees it: one repository, with a token of one App's that reads it and writes its check runs, and what the owner's
 * other Apps hold there.
 */
import { isAppAllowed } from "../../policies/grant.ts";
import type { CompiledPolicy } from "../../policies/parse.ts";
import { hearsWebhooks } from "../config/apps.ts";
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import type { App, GitHub, Installation, RepositoryRef } from "../github/github.ts";
import { missingPermissions } from "../github/mint.ts";
import { TO_CHECK } from "../github/needs.ts";
import { appsOf } from "../github/pool.ts";
import { settingsUrlOf } from "../github/web-url.ts";
import { CHECK_TOKEN_MARGIN_MS } from "../limits.ts";
import type { CheckToken } from "../services.ts";
import type { CheckRequest } from "./events.ts";
import type { DeliveryRun } from "./run.ts";

export interface CheckClient {
  readonly run: DeliveryRun;
  readonly github: GitHub;
  readonly app: App;
  readonly place: RepositoryRef;
  /** Whether it is the owner's policy repository. */
  readonly isPolicyRepository: boolean;
  readonly token: string;
  /** An earlier delivery minted it, and it may be dead. */
  readonly isReused: boolean;
  /** The App's webhook secrets, the present one first. */
  readonly secrets: readonly string[];
}

/**
 * The token is kept in this isolate's memory for the next delivery of the repository: most find nothing to do, and would each cost a
 * mint and a revocation.
 */
export async function openClient(run: DeliveryRun, app: App, request: CheckRequest): Promise<Result<CheckClient>> {
  const { config, github, now, webhooks } = run.services;
  const { owner, repository, installation } = request;
  const secrets = config.apps.find(({ id }) => id === app.id)?.webhookSecrets ?? [];
  const isPolicyRepository = repository.toLowerCase() === config.orgPolicyRepo.toLowerCase();
  const client = { run, github, app, place: { owner, repository }, isPolicyRepository, secrets };
  const kept = (): CheckToken | undefined => {
    const held = webhooks.tokens.get(keyOf(app, request));
    return held && held.expiresAt - now() > CHECK_TOKEN_MARGIN_MS ? held : undefined;
  };
  const reused = kept();
  if (reused) return accept({ ...client, token: reused.token, isReused: true });
  if (installation === undefined) return refuse({ reason: "app_not_installed", owner });
  const known: Installation = { ...UNKNOWN, ...installation, appId: app.id, owner };
  const minted = await github.mintCheckToken(app, known, repository, run.call);
  if (!minted.ok) return refuse(await explained(client, minted.denial));
  const { token, expiresAt } = minted.value;
  // Deliveries that come together each mint one; whichever is not kept would live on and be nobody's.
  if (kept()) run.minted(token);
  else webhooks.tokens.set(keyOf(app, request), { token, expiresAt: Date.parse(expiresAt) });
  return accept({ ...client, token, isReused: false });
}

/** It is of no more use, and is revoked in case that it lives. */
export function forgetToken({ run, app, place, token }: CheckClient): void {
  run.services.webhooks.tokens.delete(keyOf(app, place));
  run.minted(token);
}

const keyOf = ({ id }: App, { owner, repository }: RepositoryRef): string =>
  JSON.stringify([id, owner.toLowerCase(), repository.toLowerCase()]);

/** What an event does not say of an installation. It only words refusals, and is looked up for them. */
const UNKNOWN = {
  ownerType: "Organization",
  repositorySelection: "selected",
  permissions: new Map<string, string>(),
  suspended: false,
} as const;

type Opening = Pick<CheckClient, "run" | "github" | "app" | "place">;

async function explained({ run, github, app, place }: Opening, denial: Denial): Promise<Denial> {
  if (denial.reason === "repository_not_visible" && denial.problem === "gone") {
    return { reason: "app_not_installed", owner: place.owner };
  }
  if (denial.reason !== "permission_not_held") return denial;
  const found = await github.installations.find(app, place, run.call);
  if (!found.ok) return found.denial;
  const { installation } = found.value;
  const settingsUrl = settingsUrlOf(run.services.config.apiUrl, installation);
  return { ...denial, missing: missingPermissions(TO_CHECK, installation.permissions), settingsUrl };
}

/** What the Apps that see a repository are to its check. */
export interface AppsInstalled {
  /** Whether this App is the one that reports. */
  readonly isReporter: boolean;
  /** `name:level` of what the policy grants, and no App here holds that it lets make the token. Where nothing is known: nothing. */
  readonly missing: (policy: CompiledPolicy) => readonly string[];
}

/** Each App that is installed gets its own webhook: of those that can report, the one with the lowest id does, so that all agree without a store. */
export async function appsInstalled({ run, github, app: own, place }: CheckClient): Promise<AppsInstalled> {
  const { apps, config } = run.services;
  const looked = await Promise.all(
    appsOf(apps, place.owner).map(async (app) => {
      const found = await github.installations.find(app, place, run.call);
      return found.ok && found.value.hidden === undefined ? [{ app, held: found.value.installation.permissions }] : [];
    }),
  );
  const here = looked.flat();
  const reporting = here.filter(
    ({ app, held }) => hearsWebhooks(config.apps, app.id) && missingPermissions(TO_CHECK, held).length === 0,
  );
  return {
    isReporter: !reporting.some(({ app }) => isLower(app.id, own.id)),
    missing(policy) {
      const asked = Object.fromEntries(policy.document.permissions.map(({ name, level }) => [name, level]));
      const minting = here.filter(({ app }) => isAppAllowed(policy, app));
      const [first = [], ...rest] = minting.map(({ held }) => missingPermissions(asked, held));
      return first.filter((permission) => rest.every((list) => list.includes(permission)));
    },
  };
}

/** Ids are digits without a leading zero, and may be too long for a number. */
const isLower = (one: string, other: string): boolean =>
  one.length === other.length ? one < other : one.length < other.length;
