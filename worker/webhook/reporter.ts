/**
 * Which App reports on a repository, and which permissions are held there. Each App that is installed gets its own webhook: of those
 * that can report, the one with the lowest id does, so that all agree without a store.
 */
import { isAppAllowed } from "../../policies/grant.ts";
import type { AppConfig } from "../config.ts";
import type { App, Installation } from "../github/github.ts";
import { missingPermissions } from "../github/mint.ts";
import { appsOf } from "../github/pool.ts";
import { type Desk, NEEDED } from "./desk.ts";
import type { JudgeContext } from "./judge.ts";

export interface Reporters {
  readonly isOurs: boolean;
  readonly missing: JudgeContext["missing"];
}

interface Seen {
  readonly app: App;
  readonly installation: Installation;
}

export async function reportersOf({ run, github, app: own, place }: Desk): Promise<Reporters> {
  const { apps, config } = run.services;
  const looked = await Promise.all(
    appsOf(apps, place.owner).map(async (app): Promise<readonly Seen[]> => {
      const found = await github.installations.find(app, place, run.call);
      return found.ok && found.value.hidden === undefined ? [{ app, installation: found.value.installation }] : [];
    }),
  );
  const seen = looked.flat();
  const reporting = seen.filter(({ app, installation }) => {
    return hears(config.apps, app) && missingPermissions(NEEDED, installation.permissions).length === 0;
  });
  return { isOurs: !reporting.some(({ app }) => isLower(app.id, own.id)), missing: missingIn(seen) };
}

/** Held by any App that may make the token is held. Where nothing is known nothing is said. */
function missingIn(seen: readonly Seen[]): JudgeContext["missing"] {
  return (policy) => {
    const asked = Object.fromEntries(policy.document.permissions.map(({ name, level }) => [name, level]));
    const minting = seen.filter(({ app }) => isAppAllowed(policy, app));
    const lists = minting.map(({ installation }) => missingPermissions(asked, installation.permissions));
    const [first = [], ...rest] = lists;
    return first.filter((permission) => rest.every((list) => list.includes(permission)));
  };
}

/** An App without a webhook secret hears of nothing, and can report nothing. */
const hears = (apps: readonly AppConfig[], { id }: App): boolean =>
  apps.some((app) => app.id === id && app.webhookSecrets.length > 0);

/** Ids are digits without a leading zero, and may be too long for a number. */
const isLower = (one: string, other: string): boolean =>
  one.length === other.length ? one < other : one.length < other.length;
