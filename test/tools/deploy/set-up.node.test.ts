// `npm run setup` as a person goes through it, wrong answers and all: once as the process that it is, and by a scripted machine
// where an account would be needed.

import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { readConfig } from "../../../worker/config.ts";
import { readAppKeys } from "../../../worker/github/app.ts";
import { EVENTS } from "../../../worker/github/needs.ts";
import { allPermissions } from "../../../worker/page/app/manifest.ts";
import { readEvent } from "../../../worker/webhook/events.ts";
import { appKeys } from "../../emulators/core/keys.ts";
import { createGitHub, type GitHub } from "../../emulators/github.ts";
import { appJwtBy, browse } from "../../emulators/manifest-flow.ts";
import { execute } from "../../support/command.ts";
import { withKey } from "./lines.ts";
import { serveLoopback } from "./loopback.ts";
import type { Machine } from "./machine.ts";
import { permissionsFor, registrationLink } from "./registration.ts";
import { setUp } from "./set-up.ts";
import { parseOwn, ROOT, writeGenerated } from "./settings.ts";

const DOMAIN = "sts.example.com";
let folder: string;
let keyText: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "octo-sts-setup-"));
  keyText = (await appKeys()).privateKeyPem;
  mkdirSync(join(folder, "policies"));
  const policy = (lines: string) =>
    `issuer: https://token.actions.githubusercontent.com\nsubject: repo:acme/app:ref:refs/heads/main\n${lines}`;
  writeFileSync(join(folder, "policies/release.sts.yaml"), policy("permissions:\n  contents: write\n  issues: read\n"));
  writeFileSync(join(folder, "policies/team.sts.yaml"), policy("permissions:\n  members: read\nrepositories: [app]\n"));
  writeFileSync(join(folder, "policies/broken.sts.yaml"), "issuer: x\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

it("goes as far as a dry run where wrangler knows no account, and keeps what was answered", async () => {
  const own = join(folder, "typed.toml");
  const typed = [
    ["", `https://${DOMAIN}`, "sts example", DOMAIN],
    ["https://ghes.example", "https://api.github.com"],
    ["https://github.com/acme", "acme"],
    ["acme/app", ""],
    ["/nowhere", join(folder, "policies")],
    ["twelve", "12345"],
  ];
  const { CI: _, ...inherited } = process.env;
  const own_ = Object.entries(inherited).filter(([name]) => !/^(?:CLOUDFLARE|CF|WRANGLER)_/.test(name));
  const env = {
    ...Object.fromEntries(own_),
    HOME: folder,
    XDG_CONFIG_HOME: folder,
    WRANGLER_SEND_METRICS: "false",
    NO_COLOR: "1",
  };
  const args = [join(ROOT, "test/tools/setup.ts"), "--settings", own];
  const input = `${typed.flat().join("\n")}\n`;
  const ended = await execute(process.execPath, args, {
    cwd: ROOT,
    env: { ...env } as unknown as NodeJS.ProcessEnv,
    input,
  });
  expect(`${ended.stdout}${ended.stderr}`).toContain("--dry-run: exiting now");
  expect(ended.stdout).toContain("Nothing is online: wrangler knows no account of yours");
  expect(ended.code).toBe(0);
  // Each wrong answer was told, and asked for again.
  for (const told of [
    "is required",
    "must be a bare host name",
    "must end with /api/v3",
    "must be the name of an organization",
    "must be names of owners",
    "there is no such folder",
    "must be the App's numeric id",
    "broken.sts.yaml is no valid policy",
  ]) {
    expect(ended.stdout).toContain(told);
  }
  expect(ended.stdout).toContain("https://github.com/organizations/acme/settings/apps/new?");
  const { vars, routes, workers_dev } = parseOwn(readFileSync(own, "utf8"));
  expect(vars).toEqual({ STS_DOMAIN: DOMAIN, ALLOWED_OWNERS: "acme", GITHUB_APP_ID: "12345" });
  expect([routes, workers_dev]).toEqual([[{ pattern: DOMAIN, custom_domain: true }], false]);
});

interface Told {
  readonly said: string[];
  readonly runs: { readonly args: readonly string[]; readonly input: string | undefined }[];
  readonly files: Map<string, string>;
}

interface Script {
  /** Names of secrets. */
  readonly stored?: readonly string[];
  /** The command that wrangler refuses, as often as is said, or always. */
  readonly failing?: string;
  readonly failures?: number;
  readonly ready?: number;
  readonly github?: GitHub;
  /** What the person does with a browser before the answer. */
  readonly meanwhile?: (question: string) => Promise<void>;
}

const SECRET = "S3CRET";

/** An account is there. */
function scripted(answers: string[], told: Told, script: Script = {}): Machine {
  const { stored = [], failing = "none", failures = Number.POSITIVE_INFINITY, ready = 200, github } = script;
  let made = 0;
  let failed = 0;
  return {
    ask: async (question) => {
      told.said.push(question);
      await script.meanwhile?.(question);
      const answer = answers.shift();
      if (answer === undefined) throw new Error(`no answer to ${question}`);
      return answer;
    },
    tell: (text) => void told.said.push(text),
    wrangler: async (args, { input } = {}) => {
      told.runs.push({ args, input });
      const stdout = args[1] === "list" ? JSON.stringify(stored.map((name) => ({ name, type: "secret_text" }))) : "";
      const fails = args.join(" ").startsWith(failing) && failed < failures;
      if (fails) failed += 1;
      return { code: fails ? 1 : 0, stdout };
    },
    fetch: async (request) => (github ?? createGitHub()).fetch(request),
    serve: serveLoopback,
    get: async (url, bearer) => {
      told.said.push(`GET ${url} ${bearer}`);
      return { status: ready, text: '{"ready":false,"variables":["GITHUB_APP_ID"]}' };
    },
    wait: async () => undefined,
    read: (path) => told.files.get(path),
    write: (path, text) => void told.files.set(path, text),
    policiesBelow: () => undefined,
    secret: () => {
      made += 1;
      return `${SECRET}${made}`;
    },
  };
}

const newTold = (): Told => ({
  said: [],
  runs: [],
  files: new Map([
    ["key.pem", keyText],
    ["notes.pem", "no key"],
  ]),
});
const UP_TO_THE_APP = [DOMAIN, "", "acme", ""];
const FIRST = [...UP_TO_THE_APP, "by hand", "hand", "", "12345", "missing.pem", "notes.pem", "key.pem"];
const commandsOf = ({ runs }: Told) => runs.map(({ args }) => args.slice(0, 2).join(" ").replace(/ --.*/, ""));

describe("with an account", () => {
  const generate = () => "generated.json";

  it("deploys, hands over the secrets by standard input alone, and looks whether all is well", async () => {
    const told = newTold();
    const machine = scripted([...FIRST], told);
    expect(await setUp({ machine, file: "own.toml", generate })).toBe(true);
    expect(commandsOf(told)).toEqual(["whoami", "secret list", "deploy", "secret bulk"]);
    expect(JSON.parse(told.runs.at(-1)?.input ?? "")).toEqual({
      READY_TOKEN: `${SECRET}2`,
      GITHUB_WEBHOOK_SECRET: `${SECRET}1`,
      GITHUB_APP_PRIVATE_KEY: keyText,
    });
    const seen = JSON.stringify([
      told.runs.map(({ args }) => args),
      [...told.files].filter(([name]) => name === "own.toml"),
    ]);
    expect(seen).not.toMatch(/S3CRET|PRIVATE KEY/);
    for (const problem of ["must be browser, hand or several", "that file cannot be read"]) {
      expect(told.said).toContain(`  ${problem}`);
    }
    expect(told.said.at(-2)).toBe(`GET https://${DOMAIN}/readyz ${SECRET}2`);
    expect(told.said.join("\n")).not.toContain("BEGIN PRIVATE KEY");
  });

  it("can be gone through again by Enter alone: nothing changes, and no stored secret is replaced", async () => {
    const told = newTold();
    await setUp({ machine: scripted([...FIRST], told), file: "own.toml", generate });
    const before = told.files.get("own.toml");
    const stored = ["GITHUB_APP_PRIVATE_KEY", "GITHUB_WEBHOOK_SECRET", "READY_TOKEN"];
    told.runs.length = 0;
    expect(await setUp({ machine: scripted(["", "", "", "", ""], told, { stored }), file: "own.toml", generate })).toBe(
      true,
    );
    expect(told.files.get("own.toml")).toBe(before);
    expect(commandsOf(told)).toEqual(["whoami", "secret list", "deploy"]);
  });

  it.each([
    ["a deployment that fails", { failing: "deploy" }, ["whoami", "secret list", "deploy"], "Nothing was deployed"],
    [
      "secrets that are not taken",
      { failing: "secret bulk" },
      ["whoami", "secret list", "deploy", "secret bulk"],
      "were not stored",
    ],
    [
      "a deployment that is not well",
      { ready: 503 },
      ["whoami", "secret list", "deploy", "secret bulk"],
      "not green: 503",
    ],
  ])("says what to do after %s", async (_, options, commands, words) => {
    const told = newTold();
    const machine = scripted([...FIRST, "stop"], told, options);
    expect(await setUp({ machine, file: "own.toml", generate })).toBe(false);
    expect(commandsOf(told)).toEqual(commands);
    expect(told.said.filter((text) => !text.startsWith("Enter tries")).at(-1)).toContain(words);
  });

  it("keeps what was answered when the person leaves, and deploys nothing", async () => {
    const told = newTold();
    await expect(setUp({ machine: scripted([DOMAIN, ""], told), file: "own.toml", generate })).rejects.toThrow();
    expect(parseOwn(told.files.get("own.toml") ?? "").vars.STS_DOMAIN).toBe(DOMAIN);
    expect(told.runs).toEqual([]);
  });

  it("writes nothing that it could not read again", async () => {
    const told = newTold();
    const own = 'routes = [\n  { pattern = "old.example.com", custom_domain = true },\n]\n';
    told.files.set("own.toml", own);
    const machine = scripted([DOMAIN, "with \u007f"], told);
    await expect(setUp({ machine, file: "own.toml", generate })).rejects.toThrow("no answer");
    expect(told.said.filter((text) => text.includes("write it by hand"))).toHaveLength(2);
    expect(told.files.get("own.toml")).toBe(own);
  });

  it("deploys nothing while a person's own lines are wrong", async () => {
    const told = newTold();
    told.files.set("own.toml", '# mine\n[vars]\nALLOWED_OWNER = "acme" # sic\n');
    expect(await setUp({ machine: scripted([...FIRST], told), file: "own.toml", generate })).toBe(false);
    expect(commandsOf(told)).toEqual(["whoami", "secret list"]);
    expect(told.said.at(-1)).toContain("ALLOWED_OWNER must be ALLOWED_OWNERS");
    expect(told.files.get("own.toml")).toContain("# mine");
  });
});

describe("the App, with an account", () => {
  const generate = () => "generated.json";
  const IN_BROWSER = "Enter once it says";
  let github: GitHub;

  beforeEach(() => {
    github = createGitHub();
    github.addOrganization("acme");
    github.addUser("octocat");
    github.signIn("octocat", { owns: ["acme"] });
  });

  /** The page of this machine that was told last. */
  const pageTold = ({ said }: Told) =>
    said.map((text) => /http:\/\/127\.0\.0\.1:\d+\/\S+\//.exec(text)?.[0] ?? "").findLast(Boolean) ?? "";

  async function form(page: string) {
    const response = await fetch(page);
    const html = (await response.text()).replaceAll("&quot;", '"');
    const action = /action="([^"]+)"/.exec(html)?.[1] ?? "";
    const manifest = /name="manifest" value="(\{.*\})"/.exec(html)?.[1] ?? "";
    return { action, manifest, policy: response.headers.get("content-security-policy") ?? "", html };
  }

  /** All of it as a person does, to the end. */
  async function register(told: Told) {
    const { action, manifest } = await form(pageTold(told));
    const back = await (await browse(github, action, manifest)).confirm();
    return { back: back?.href ?? "", answer: await fetch(back?.href ?? "") };
  }

  const bulk = ({ runs }: Told) => JSON.parse(runs.findLast(({ args }) => args[1] === "bulk")?.input ?? "{}");

  it("is registered with the person's browser, and its secrets go to wrangler alone", async () => {
    const told = newTold();
    const statuses: number[] = [];
    let turn = 0;
    const meanwhile = async (question: string) => {
      if (!question.startsWith(IN_BROWSER)) return;
      turn += 1;
      if (turn === 1) return;
      const page = pageTold(told);
      const { action, manifest, policy, html } = await form(page);
      const nonce = /nonce="([^"]+)"/.exec(html)?.[1];
      expect(policy).toContain(`default-src 'none'; base-uri 'none'; frame-ancestors 'none'`);
      expect(policy).toContain(`form-action https://github.com; script-src 'nonce-${nonce}'`);
      const state = new URL(action).searchParams.get("state");
      expect(action).toBe(`https://github.com/organizations/acme/settings/apps/new?state=${state}`);
      // Somebody else's code, and one that is none, before the right one; the right one twice.
      for (const query of ["code=a&state=", `code=${"a".repeat(101)}&state=${state}`, `code=a%2Fb&state=${state}`]) {
        statuses.push((await fetch(`${page}registered?${query}`)).status);
      }
      const back = (await (await browse(github, action, manifest)).confirm())?.href ?? "";
      // Other users of the machine reach the port, but do not know the path: they neither see the state, nor bring a code of theirs.
      for (const url of [new URL("/", page), new URL(`/registered${new URL(back).search}`, page)]) {
        const strangers = await fetch(url);
        statuses.push(strangers.status);
        expect(await strangers.text()).not.toContain(state);
      }
      for (const url of [back, back, `${page}other`]) statuses.push((await fetch(url)).status);
      statuses.push((await fetch(page.replace("127.0.0.1", "localhost"))).status);
    };
    const answers = [...UP_TO_THE_APP, "", "", "", ""];
    expect(await setUp({ machine: scripted(answers, told, { github, meanwhile }), file: "own.toml", generate })).toBe(
      true,
    );
    expect(statuses).toEqual([400, 400, 400, 404, 404, 200, 400, 404, 403]);
    expect(told.said).toContain("  GitHub has not led back to this machine yet");
    expect(commandsOf(told)).toEqual(["whoami", "secret list", "deploy", "secret bulk"]);
    const app = github.state.apps.at(-1);
    const { GITHUB_APP_ID, GITHUB_APP_PRIVATE_KEY, GITHUB_WEBHOOK_SECRET, READY_TOKEN } = bulk(told);
    expect([GITHUB_APP_ID, app?.owner.login]).toEqual([String(app?.id), "acme"]);
    expect(GITHUB_WEBHOOK_SECRET).toBe(github.state.registrations[0]?.webhookSecret);
    expect(READY_TOKEN).toMatch(SECRET);
    const authorization = await appJwtBy(GITHUB_APP_PRIVATE_KEY, { iss: GITHUB_APP_ID, nowMs: Date.now() });
    const headers = { authorization, "user-agent": "test" };
    expect((await github.fetch("https://api.github.com/app", { headers })).status).toBe(200);
    expect(app?.manifest).toMatchObject({ hook_attributes: { url: `https://${DOMAIN}/webhook` }, public: false });
    expect(app?.permissions).toEqual({ checks: "write", contents: "read", metadata: "read", pull_requests: "read" });
    const seen = JSON.stringify([told.said, told.runs.map(({ args }) => args), told.files.get("own.toml")]);
    for (const secret of [GITHUB_WEBHOOK_SECRET, "PRIVATE KEY", GITHUB_APP_PRIVATE_KEY.split("\n")[1]]) {
      expect(seen).not.toContain(secret);
    }
  });

  it("keeps its key until wrangler has taken it", async () => {
    const told = newTold();
    const meanwhile = async (question: string) => {
      if (question.startsWith(IN_BROWSER)) await register(told);
    };
    const machine = scripted([...UP_TO_THE_APP, "browser", "", "", ""], told, {
      github,
      meanwhile,
      failing: "secret bulk",
      failures: 1,
    });
    expect(await setUp({ machine, file: "own.toml", generate })).toBe(true);
    expect(commandsOf(told).slice(-2)).toEqual(["secret bulk", "secret bulk"]);
    expect(bulk(told).GITHUB_APP_PRIVATE_KEY).toContain("RSA PRIVATE KEY");
  });

  it("is registered by hand where the browser does not lead back, or GitHub hands out no key", async () => {
    const told = newTold();
    const answers: string[] = [];
    const meanwhile = async (question: string) => {
      if (!question.startsWith(IN_BROWSER)) return;
      github.clearFaults();
      github.fault({ route: "gh.manifest_conversion", kind: "status", status: answers.length === 0 ? 404 : 500 });
      answers.push(String((await register(told)).answer.status));
      github.state.apps.length = 0;
    };
    const typed = [...UP_TO_THE_APP, "browser", "", "", "", "hand", "twelve", "12345", "key.pem"];
    expect(await setUp({ machine: scripted(typed, told, { github, meanwhile }), file: "own.toml", generate })).toBe(
      true,
    );
    expect(answers).toEqual(["502", "502", "502"]);
    expect(told.said.filter((text) => text.startsWith("  GitHub d"))).toEqual([
      "  GitHub does not know the code that it led back with: start over",
      "  GitHub did not hand out the App's key: make one on the App's page there, and say `hand` here",
    ]);
    expect(bulk(told)).toEqual({
      GITHUB_APP_ID: "12345",
      GITHUB_APP_PRIVATE_KEY: keyText,
      GITHUB_WEBHOOK_SECRET: expect.stringContaining(SECRET),
      READY_TOKEN: expect.stringContaining(SECRET),
    });
    expect(parseOwn(told.files.get("own.toml") ?? "").vars.GITHUB_APP_ID).toBeUndefined();
  });

  it("may be several, each with its name and owners, as the Worker reads them", async () => {
    const told = newTold();
    const meanwhile = async (question: string) => {
      if (question.startsWith(IN_BROWSER)) await register(told);
    };
    const first = ["12", "ci", "acme/app", "acme, octocat", "perhaps", "", ""];
    const second = ["ci", "release", "", "hand", "0", "77", "key.pem"];
    const typed = [...UP_TO_THE_APP, "several", ...first, ...second, "third", "", ""];
    const stored = ["GITHUB_APPS", "READY_TOKEN"];
    typed.splice(UP_TO_THE_APP.length, 0, "hand");
    const machine = scripted(typed, told, { github, meanwhile, stored });
    expect(await setUp({ machine, file: "own.toml", generate })).toBe(true);
    const { GITHUB_APPS, ...rest } = bulk(told);
    expect(rest).toEqual({});
    const reading = readConfig({ STS_DOMAIN: DOMAIN, GITHUB_APPS });
    const apps = reading.ok ? reading.config.apps : [];
    expect(apps.map(({ id, name, owners }) => [id, name, owners])).toEqual([
      [String(github.state.apps.at(-1)?.id), "ci", ["acme", "octocat"]],
      ["77", "release", []],
    ]);
    expect(apps.map(({ privateKey }) => readAppKeys(privateKey).ok)).toEqual([true, true]);
    expect(apps[0]?.webhookSecrets).toEqual([github.state.registrations[0]?.webhookSecret]);
    for (const problem of [
      "GITHUB_APPS is stored",
      "not digits alone",
      "must be names of owners",
      "must be browser or hand",
      "is the name of another",
      "must be the App's numeric id",
      "is one too many",
    ]) {
      expect(told.said.join("\n")).toContain(problem);
    }
  });
});

describe("one key of a person's file", () => {
  const OWN = '# mine\nworkers_dev = true\n\n[vars]\n# theirs\nA = "1"\n\n[placement]\nmode = "smart"\n';

  it.each<[string, Parameters<typeof withKey>, string]>([
    ["replaced", [OWN, "vars", "A", '"2"'], OWN.replace('A = "1"', 'A = "2"')],
    ["added", [OWN, "vars", "B", "true"], OWN.replace('A = "1"', 'A = "1"\nB = true')],
    ["taken away", [OWN, "vars", "A", undefined], OWN.replace('A = "1"\n', "")],
    ["above the tables", [OWN, undefined, "workers_dev", "false"], OWN.replace("true", "false")],
    ["of the same name in another table", [OWN, "vars", "mode", '"x"'], OWN.replace('A = "1"', 'A = "1"\nmode = "x"')],
    ["in a table that is not there", ["", "vars", "A", "1"], "[vars]\nA = 1\n"],
    ["that is not there", ["", "vars", "A", undefined], ""],
  ])("is %s, and all else stays", (_, args, expected) => expect(withKey(...args)).toBe(expected));
});

describe("the App's registration", () => {
  it("subscribes to nothing that the Worker would ignore", () => {
    expect(EVENTS.filter((event) => readEvent(event, {}) === "ignored")).toEqual([]);
    expect(readEvent("star", {})).toBe("ignored");
  });

  it("asks for what the policies grant and the service needs, and no more", () => {
    const files = ["release", "team", "broken"].map((name) => {
      const path = join(folder, `policies/${name}.sts.yaml`);
      return { path, text: readFileSync(path, "utf8") };
    });
    const { permissions, unread } = permissionsFor(files, "acme");
    expect(Object.fromEntries(allPermissions(permissions))).toEqual({
      checks: "write",
      contents: "write",
      issues: "read",
      members: "read",
      metadata: "read",
      pull_requests: "read",
    });
    expect(unread).toEqual([files[2]?.path]);
  });

  it.each([
    ["https://api.github.com", "acme", "https://github.com/organizations/acme/settings/apps/new"],
    ["https://ghes.example/api/v3", undefined, "https://ghes.example/settings/apps/new"],
    ["https://api.acme.ghe.com", "acme", "https://acme.ghe.com/organizations/acme/settings/apps/new"],
  ])("at %s for %s is a link with no secret in it", (apiUrl, organization, form) => {
    const url = new URL(
      registrationLink({
        apiUrl,
        organization,
        domain: DOMAIN,
        name: "sts",
        permissions: new Map([["issues", "read"]]),
      }),
    );
    expect(`${url.origin}${url.pathname}`).toBe(form);
    const { searchParams } = url;
    expect([searchParams.get("webhook_url"), searchParams.get("public")]).toEqual([
      `https://${DOMAIN}/webhook`,
      "false",
    ]);
    expect(searchParams.getAll("events[]")).toContain("push");
    expect([searchParams.get("issues"), searchParams.get("contents")]).toEqual(["read", "read"]);
    expect(searchParams.has("webhook_secret")).toBe(false);
  });
});

it("hands wrangler paths that hold wherever the generated file lies", () => {
  const path = writeGenerated(join(folder, "own.toml"), parseOwn(""));
  const generated = JSON.parse(readFileSync(path, "utf8")) as {
    readonly main: string;
    readonly alias: { readonly yaml: string };
  };
  for (const file of [generated.main, generated.alias.yaml]) expect(readFileSync(file, "utf8")).not.toBe("");
});
