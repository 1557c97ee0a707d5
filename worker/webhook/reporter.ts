/**
 * Which App reports on a repository, and the token that it works with. Each App that is installed gets its own webhook: of those
 * that can, the one with the lowest id reports, so that all agree without a store.
 */
import type { AppConfig } from "../config.ts";
import { accept, type Denial, type Result, refuse } from "../denial.ts";
import type { App, Installation, RepositoryRef } from "../github/github.ts";
import { missingPermissions } from "../github/mint.ts";
import { appsOf } from "../github/pool.ts";
import type { Reader } from "./changes.ts";
import type { Setting } from "./judge.ts";
import type { WebhookRun } from "./run.ts";

export type Reporter =
  | { readonly kind: "reporter"; readonly reader: Reader; readonly lacking: Setting["lacking"] }
  | { readonly kind: "another_app"; readonly appId: string }
  | { readonly kind: "denied"; readonly denial: Denial };

interface Seen {
  readonly app: App;
  readonly installation: Installation;
}

const NEEDED = { contents: "read", checks: "write" };

/** `itself`: the event is for this App alone, whoever else is there. */
export async function reporterFor(run: WebhookRun, place: RepositoryRef, itself: boolean): Promise<Reporter> {
  const { services, origin } = run;
  const apps = appsOf(services.apps, place.owner);
  const own = apps.find(({ id }) => id === origin.appId);
  if (own === undefined) return { kind: "denied", denial: { reason: "app_not_installed", owner: place.owner } };
  const looked = await Promise.all(apps.map(async (app) => ({ app, seen: await installed(run, app, place) })));
  const seen = looked.flatMap(({ seen: found }) => (found.ok ? [found.value] : []));
  const others = seen.filter(({ app }) => app !== own && hears(services.config.apps, app) && canReport(app, seen));
  const lower = others
    .filter(({ app }) => isLower(app.id, own.id))
    .sort((a, b) => (isLower(a.app.id, b.app.id) ? -1 : 1));
  if (lower[0] && !itself) return { kind: "another_app", appId: lower[0].app.id };
  const mine = looked.find(({ app }) => app === own)?.seen;
  if (!mine?.ok) return { kind: "denied", denial: mine?.denial ?? notInstalled(place) };
  const token = await mint(run, mine.value, place);
  if (!token.ok) return { kind: "denied", denial: token.denial };
  return { kind: "reporter", reader: { run, token: token.value, place }, lacking: lackingIn(seen) };
}

/** Held by any App of the owner's is held: each of them may make the token. */
function lackingIn(seen: readonly Seen[]): Setting["lacking"] {
  return (asked) => {
    const lists = seen.map(({ installation }) => missingPermissions(asked, installation.permissions));
    const [first = [], ...rest] = lists;
    return first.filter((permission) => rest.every((list) => list.includes(permission)));
  };
}

async function installed(run: WebhookRun, app: App, place: RepositoryRef): Promise<Result<Seen>> {
  const found = await run.services.github.installations.find(app, place, run.call);
  if (!found.ok) return found;
  const { installation, hidden: problem } = found.value;
  if (problem === undefined) return accept({ app, installation });
  return refuse({ reason: "repository_not_visible", repository: `${place.owner}/${place.repository}`, problem });
}

/** A cached installation may be gone: it is looked up once more. */
async function mint(run: WebhookRun, { app, installation }: Seen, place: RepositoryRef): Promise<Result<string>> {
  const { github } = run.services;
  const ask = (at: Installation) => github.mintCheckToken(app, at, place.repository, run.call);
  let minted = await ask(installation);
  if (isGone(minted)) {
    github.installations.forget(app, place.owner, run.writes);
    const again = await installed(run, app, place);
    if (!again.ok) return again;
    minted = await ask(again.value.installation);
    if (isGone(minted)) return refuse(notInstalled(place));
  }
  if (!minted.ok) return minted;
  run.minted(minted.value.token);
  return accept(minted.value.token);
}

const isGone = (minted: Result<unknown>): boolean =>
  !minted.ok && minted.denial.reason === "repository_not_visible" && minted.denial.problem === "gone";

const notInstalled = ({ owner }: RepositoryRef): Denial => ({ reason: "app_not_installed", owner });

/** An App without a webhook secret hears of nothing, and can report nothing. */
const hears = (apps: readonly AppConfig[], { id }: App): boolean =>
  apps.some((app) => app.id === id && app.webhookSecrets.length > 0);

const canReport = (app: App, seen: readonly Seen[]): boolean =>
  seen.some((one) => one.app === app && missingPermissions(NEEDED, one.installation.permissions).length === 0);

/** Ids are digits without a leading zero, and may be too long for a number. */
const isLower = (one: string, other: string): boolean =>
  one.length === other.length ? one < other : one.length < other.length;
