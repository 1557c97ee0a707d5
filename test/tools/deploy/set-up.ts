// `npm run setup`, step by step. Each step can be repeated: what is there already is offered as the answer, or kept.

import { Answers, routed } from "./answers.ts";
import { theApp } from "./apps.ts";
import type { Machine } from "./machine.ts";
import { GITHUB } from "./new-app.ts";
import { preflight } from "./preflight.ts";
import { organization } from "./questions.ts";
import { isReady } from "./ready.ts";
import type { Settings } from "./settings.ts";

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
  const pending = await theApp({ machine, answers, organization: owner, stored, hasAccount });

  const findings = preflight(answers.settings);
  for (const { severity, text } of findings) machine.tell(`${severity}: ${text}`);
  if (findings.some(({ severity }) => severity === "error")) return false;
  const config = generate(file, answers.settings);
  if (!hasAccount) return dryRun(machine, config);
  if (!(await isDeployed(machine, config))) return false;
  const appSecrets = await pending();
  const readyToken = newReadyToken(machine, stored);
  const secrets = { ...appSecrets, ...(readyToken !== undefined && { READY_TOKEN: readyToken }) };
  return (
    (await areStored(machine, config, secrets)) &&
    (await isReady(machine, answers.variable("STS_DOMAIN") ?? "", readyToken))
  );
}

/** None where there is no such Worker yet. */
async function storedSecrets(machine: Machine, config: string): Promise<ReadonlySet<string>> {
  const { code, stdout } = await machine.wrangler(["secret", "list", "--format", "json", "--config", config], {
    isQuiet: true,
  });
  return new Set(code === 0 ? [...stdout.matchAll(/"name":\s*"([A-Z_]+)"/g)].map(([, name = ""]) => name) : []);
}

/** Nobody has to bring it. What is stored stays, so that a second run breaks nothing. */
function newReadyToken(machine: Machine, stored: ReadonlySet<string>): string | undefined {
  if (stored.has("READY_TOKEN")) return undefined;
  const token = machine.secret();
  machine.tell(`\nREADY_TOKEN, by which /readyz says what is wrong (keep it): ${token}`);
  return token;
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

async function isDeployed(machine: Machine, config: string): Promise<boolean> {
  const { code } = await machine.wrangler(["deploy", "--config", config]);
  if (code !== 0)
    machine.tell("\nNothing was deployed, as wrangler says above. When that is mended: npm run setup again.");
  return code === 0;
}

/** Tried until the person gives up: a key that came with the browser cannot be had again. */
async function areStored(
  machine: Machine,
  config: string,
  secrets: Readonly<Record<string, string>>,
): Promise<boolean> {
  if (Object.keys(secrets).length === 0) return true;
  for (;;) {
    const { code } = await machine.wrangler(["secret", "bulk", "--config", config], { input: JSON.stringify(secrets) });
    if (code === 0) return true;
    machine.tell("\nThe secrets were not stored, as wrangler says above.");
    if ((await machine.ask("Enter tries once more (stop: later, with npm run setup and a new key): ")) === "stop")
      return false;
  }
}
