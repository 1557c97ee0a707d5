// The Apps of a deployment: how each is configured, and where it is installed.

import { appKeys } from "../emulators/core/keys.ts";
import type { GitHub } from "../emulators/github.ts";
import type { Call } from "./network.ts";

export const APP_ID = 7;
export const PERMISSIONS = { contents: "write", issues: "write", checks: "write", metadata: "read" };

export interface AppSpec {
  readonly id: number;
  /** For policies. */
  readonly name?: string;
  /** True: it names this world's owner. */
  readonly named?: boolean;
  readonly install?: boolean;
  readonly selected?: readonly string[];
  readonly permissions?: Readonly<Record<string, string>>;
  /** Of its keys, in the order in which they are configured; slot 0 by default, which is also what GitHub knows. */
  readonly keySlots?: readonly number[];
}

const INSTALLATIONS_FROM = 70_000;

/** Where a world names its Apps, an installation's id tells the App's. */
export const installationOf = (app: number): number => INSTALLATIONS_FROM + app;

/** Adds the Apps to GitHub, installs them on the owner, and gives the variables that configure them. */
export async function addApps(
  github: GitHub,
  owner: string,
  apps: readonly AppSpec[],
): Promise<Readonly<Record<string, string>>> {
  const configured: object[] = [];
  for (const { id, name, named, install, selected, permissions, keySlots = [0] } of apps) {
    const keys = await Promise.all(keySlots.map((slot) => appKeys(slot)));
    const { publicKey } = await appKeys(0);
    github.addApp({ id, publicKeys: [publicKey] });
    if (install !== false) {
      github.install({
        app: id,
        id: installationOf(id),
        owner,
        permissions: permissions ?? PERMISSIONS,
        repositories: selected ?? "all",
      });
    }
    const privateKey = keys.map(({ privateKeyPem }) => privateKeyPem).join("");
    configured.push({ id, name, privateKey, ...(named ? { owners: [owner] } : {}) });
  }
  return { GITHUB_APPS: JSON.stringify(configured) };
}

/** A mint of what the policy grants, as distinct from a read token's. */
export const isGrantMint = ({ route, body }: Call): boolean =>
  route === "gh.mint" && !/"permissions":\{"(?:contents|metadata)":"read"\}/.test(body);

const appOf = ({ path }: Call): number => Number(/\/installations\/(\d+)\//.exec(path)?.[1]) - INSTALLATIONS_FROM;

/** Which Apps were asked for the caller's token, in order. */
export const mintedBy = (calls: readonly Call[]): readonly number[] => calls.filter(isGrantMint).map(appOf);

/** Which Apps minted read tokens, in order. */
export const readBy = (calls: readonly Call[]): readonly number[] =>
  calls.filter((call) => call.route === "gh.mint" && !isGrantMint(call)).map(appOf);
