// `npm run setup`, step by step. Each step can be repeated: what is there already is offered as the answer, or kept.

import { OWNER_NAME } from "../../../policies/names.ts";
import { readAppKeys } from "../../../worker/github/app.ts";
import { Answers, routed } from "./answers.ts";
import type { Machine } from "./machine.ts";
import { preflight } from "./preflight.ts";
import { isReady } from "./ready.ts";
import { OWN_PERMISSIONS, type Permissions, permissionsFor, registrationLink } from "./registration.ts";
import type { Settings } from "./settings.ts";

const GITHUB = "https://api.github.com";

export interface SetUp {
  readonly machine: Machine;
  /** The operator's own settings. */
  readonly file: string;
  /** Writes what wrangler reads, and answers its path. */
  readonly generate: (file: string, settings: Settings) => string;
}

/** Whether all that could be done is well. */
export async function setUp({ machine, file, generate }: SetUp): Promise<boolean> {
  const answers = new Answers(machine, file);
  machine.tell(`Your settings go to ${file}, which git does not see. Enter takes what stands in brackets.\n`);
  const hint = `${answers.settings.name}.SUBDOMAIN.workers.dev without a domain of yours`;
  await answers.ask("STS_DOMAIN", `Host name of the deployment (${hint})`, { also: routed });
  await answers.ask("GITHUB_API_URL", "REST base of GitHub", { fallback: GITHUB, none: GITHUB });
  const owner = await organization(machine);
  const owned = owner === undefined ? {} : { fallback: owner };
  await answers.ask("ALLOWED_OWNERS", "Owners to serve, or any", { ...owned, none: "any" });

  const { code } = await machine.wrangler(["whoami", "--json"], { isQuiet: true });
  const hasAccount = code === 0;
  const stored = hasAccount ? await storedSecrets(machine, generate(file, answers.settings)) : new Set<string>();
  const secrets = hasAccount ? newSecrets(machine, stored) : {};
  const key = stored.has("GITHUB_APPS") ? undefined : await theApp({ machine, answers, owner, stored, hasAccount });

  const findings = preflight(answers.settings);
  for (const { severity, text } of findings) machine.tell(`${severity}: ${text}`);
  if (findings.some(({ severity }) => severity === "error")) return false;
  const config = generate(file, answers.settings);
  if (!hasAccount) return dryRun(machine, config);
  const all = { ...secrets, ...(key !== undefined && { GITHUB_APP_PRIVATE_KEY: key }) };
  return (
    (await online(machine, config, all)) &&
    (await isReady(machine, answers.variable("STS_DOMAIN") ?? "", secrets.READY_TOKEN))
  );
}

interface TheApp {
  readonly machine: Machine;
  readonly answers: Answers;
  readonly owner: string | undefined;
  readonly stored: ReadonlySet<string>;
  readonly hasAccount: boolean;
}

/** Its private key, unless the one that is stored is kept. Several Apps (GITHUB_APPS) are not asked for. */
async function theApp({ machine, answers, owner, stored, hasAccount }: TheApp): Promise<string | undefined> {
  if (answers.variable("GITHUB_APP_ID") === undefined) await register(machine, answers, owner);
  await answers.ask("GITHUB_APP_ID", "The App's id, from its page");
  return hasAccount ? privateKey(machine, stored.has("GITHUB_APP_PRIVATE_KEY")) : undefined;
}

async function organization(machine: Machine): Promise<string | undefined> {
  for (;;) {
    const name = await machine.ask("Organization whose App it is (Enter for your own account): ");
    if (name === "") return undefined;
    if (OWNER_NAME.test(name)) return name;
    machine.tell("  must be the name of an organization at GitHub, without its URL");
  }
}

/** None where there is no such Worker yet. */
async function storedSecrets(machine: Machine, config: string): Promise<ReadonlySet<string>> {
  const { code, stdout } = await machine.wrangler(["secret", "list", "--format", "json", "--config", config], {
    isQuiet: true,
  });
  return new Set(code === 0 ? [...stdout.matchAll(/"name":\s*"([A-Z_]+)"/g)].map(([, name = ""]) => name) : []);
}

/** Those that nobody has to bring. What is stored stays, so that a second run breaks nothing. */
function newSecrets(
  machine: Machine,
  stored: ReadonlySet<string>,
): { READY_TOKEN?: string; GITHUB_WEBHOOK_SECRET?: string } {
  const secrets: { READY_TOKEN?: string; GITHUB_WEBHOOK_SECRET?: string } = {};
  if (!stored.has("READY_TOKEN")) {
    secrets.READY_TOKEN = machine.secret();
    machine.tell(`\nREADY_TOKEN, by which /readyz says what is wrong (keep it): ${secrets.READY_TOKEN}`);
  }
  if (!stored.has("GITHUB_WEBHOOK_SECRET")) {
    secrets.GITHUB_WEBHOOK_SECRET = machine.secret();
    machine.tell(`Webhook secret, for the App's page at GitHub: ${secrets.GITHUB_WEBHOOK_SECRET}`);
  }
  return secrets;
}

async function register(machine: Machine, answers: Answers, owner: string | undefined): Promise<void> {
  const permissions = await wantedPermissions(machine, owner);
  const link = registrationLink({
    apiUrl: answers.variable("GITHUB_API_URL") ?? GITHUB,
    organization: owner,
    domain: answers.variable("STS_DOMAIN") ?? "",
    permissions,
  });
  machine.tell(`\nRegister the App; the form is filled in:\n\n  ${link}\n`);
  machine.tell(
    "There: content type application/json and the webhook's secret. Then make a private key on its page, and install it.",
  );
}

async function wantedPermissions(machine: Machine, owner = "owner"): Promise<Permissions> {
  for (;;) {
    const folder = await machine.ask("Folder with the policies that it shall serve (Enter for none yet): ");
    if (folder === "") return OWN_PERMISSIONS;
    const paths = machine.policiesBelow(folder);
    if (paths !== undefined && paths.length > 0) {
      const files = paths.map((path) => ({ path, text: machine.read(path) ?? "" }));
      const { permissions, unread } = permissionsFor(files, owner);
      for (const path of unread)
        machine.tell(`  ${path} is no valid policy, and left out: npm run policy -- check tells why`);
      machine.tell(`  ${[...permissions].map(([name, level]) => `${name}: ${level}`).join(", ")}`);
      return permissions;
    }
    machine.tell("  there is no such folder, or no *.sts.yaml in it");
  }
}

async function privateKey(machine: Machine, isStored: boolean): Promise<string | undefined> {
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

async function dryRun(machine: Machine, config: string): Promise<boolean> {
  const { code } = await machine.wrangler(["deploy", "--dry-run", "--config", config]);
  machine.tell(
    code === 0
      ? "\nNothing is online: wrangler knows no account of yours. Then: npx wrangler login, and npm run setup again."
      : "\nIt does not build, as wrangler says above.",
  );
  return code === 0;
}

async function online(machine: Machine, config: string, secrets: Readonly<Record<string, string>>): Promise<boolean> {
  const deployed = await machine.wrangler(["deploy", "--config", config]);
  if (deployed.code !== 0) {
    machine.tell("\nNothing was deployed, as wrangler says above. When that is mended: npm run setup again.");
    return false;
  }
  if (Object.keys(secrets).length === 0) return true;
  const kept = await machine.wrangler(["secret", "bulk", "--config", config], { input: JSON.stringify(secrets) });
  if (kept.code !== 0) machine.tell("\nThe secrets were not stored, as wrangler says above: npm run setup again.");
  return kept.code === 0;
}
