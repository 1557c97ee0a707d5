// What the person is asked of an App, each until the answer is right.

import { OWNER_NAME } from "../../../policies/names.ts";
import { NUMERIC_ID } from "../../../worker/config/apps.ts";
import { readAppKeys } from "../../../worker/github/app.ts";
import { allPermissions, type Permissions } from "../../../worker/page/app/manifest.ts";
import type { Machine } from "./machine.ts";
import { permissionsFor } from "./registration.ts";

/** Asked until nothing is wrong with the answer. */
export async function answerOf(
  machine: Machine,
  question: string,
  wrong: (text: string) => string | undefined,
): Promise<string> {
  for (;;) {
    const text = await machine.ask(question);
    const problem = wrong(text);
    if (problem === undefined) return text;
    machine.tell(`  ${problem}`);
  }
}

/** Undefined: the person's own account. */
export async function organization(machine: Machine): Promise<string | undefined> {
  const name = await answerOf(machine, "Organization whose App it is (Enter for your own account): ", (text) =>
    text === "" || OWNER_NAME.test(text) ? undefined : "must be the name of an organization at GitHub, without its URL",
  );
  return name === "" ? undefined : name;
}

export async function wantedPermissions(machine: Machine, owner = "owner"): Promise<Permissions> {
  for (;;) {
    const folder = await machine.ask("Folder with the policies that it shall serve (Enter for none yet): ");
    if (folder === "") return new Map();
    const paths = machine.policiesBelow(folder);
    if (paths !== undefined && paths.length > 0) {
      const files = paths.map((path) => ({ path, text: machine.read(path) ?? "" }));
      const { permissions, unread } = permissionsFor(files, owner);
      for (const path of unread)
        machine.tell(`  ${path} is no valid policy, and left out: npm run policy -- check tells why`);
      machine.tell(
        `  ${allPermissions(permissions)
          .map(([name, level]) => `${name}: ${level}`)
          .join(", ")}`,
      );
      return permissions;
    }
    machine.tell("  there is no such folder, or no *.sts.yaml in it");
  }
}

export function newWebhookSecret(machine: Machine): string {
  const secret = machine.secret();
  machine.tell(`Webhook secret, for the App's page at GitHub: ${secret}`);
  return secret;
}

/** Undefined: the one that is stored. */
export async function appId(machine: Machine, isStored: boolean): Promise<string | undefined> {
  const enter = isStored ? " (Enter keeps the one that is stored)" : "";
  const id = await answerOf(machine, `The App's id, from its page${enter}: `, (text) =>
    NUMERIC_ID.test(text) || (text === "" && isStored) ? undefined : "must be the App's numeric id",
  );
  return id === "" ? undefined : id;
}

export async function privateKey(machine: Machine, isStored: boolean): Promise<string | undefined> {
  for (;;) {
    const path = await machine.ask(
      `File of the App's private key${isStored ? " (Enter keeps the one that is stored)" : ""}: `,
    );
    if (path === "" && isStored) return undefined;
    const text = machine.read(path);
    const keys = text === undefined ? undefined : readAppKeys(text);
    if (keys?.ok === true) return text;
    machine.tell(`  ${keys === undefined ? "that file cannot be read" : keys.message}`);
  }
}
