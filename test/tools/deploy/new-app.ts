// What all ways to a new App have in common: what it asks for, and what is told of it.

import type { Answers } from "./answers.ts";
import type { Machine } from "./machine.ts";
import { wantedPermissions } from "./questions.ts";
import { type Registration, registrationLink } from "./registration.ts";

export const GITHUB = "https://api.github.com";

export interface AppSetting {
  readonly machine: Machine;
  readonly answers: Answers;
  /** Whose App it is; undefined: the account of whoever registers it. */
  readonly organization: string | undefined;
  /** Names of the secrets that the deployment has. */
  readonly stored: ReadonlySet<string>;
  readonly hasAccount: boolean;
}

/** Secrets that are to be stored once the deployment is there: a key that GitHub hands out once is asked for only then. */
export type Pending = () => Promise<Readonly<Record<string, string>>>;

export async function requestOf({ machine, answers, organization }: AppSetting, name: string): Promise<Registration> {
  const permissions = await wantedPermissions(machine, organization);
  const apiUrl = answers.variable("GITHUB_API_URL") ?? GITHUB;
  return { apiUrl, organization, domain: answers.variable("STS_DOMAIN") ?? "", name, permissions };
}

export function showLink(machine: Machine, request: Registration): void {
  machine.tell(`\nRegister the App; the form is filled in:\n\n  ${registrationLink(request)}\n`);
  machine.tell(
    "There: content type application/json and the webhook's secret. Then make a private key on its page, and install it.",
  );
}

export function tellRegistered(machine: Machine, { id, slug }: { readonly id: string; readonly slug: string }): void {
  machine.tell(`\n${slug} is registered: App ${id}. Its key goes straight to the deployment's secrets.`);
}
