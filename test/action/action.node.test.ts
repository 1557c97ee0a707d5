// The action as the runner runs it, at a deployment that answers what the test says.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Reason } from "../../worker/denial.ts";
import { gitEnvironment } from "../emulators/git-http.ts";
import { createIssuers } from "../emulators/oidc.ts";
import { ROOT } from "../policies/cli/process.ts";
import { execute } from "../support/command.ts";
import { Deployment, GRANTED, granted, REQUEST_ID, refused, TOKEN } from "./deployment.ts";
import { ACTION, actionFile, openRunner, type Runner, type Step } from "./runner.ts";

const CLAIMS = { sub: "repo:acme@12/app@34:ref:refs/heads/main", repository: "acme/app" };
const BASIC = Buffer.from(`x-access-token:${TOKEN}`).toString("base64");
const POLICY_URL = "https://github.com/acme/app/blob/HEAD/.github/chainguard/release.sts.yaml";
const issuer = createIssuers({ base: "https://token.actions.githubusercontent.com" }).issuer("");

let deployment: Deployment;
let runner: Runner;
const audiences: string[] = [];

beforeAll(async () => {
  deployment = await Deployment.open();
  runner = await openRunner({
    sign(audience) {
      audiences.push(audience);
      return issuer.sign({ ...CLAIMS, aud: audience });
    },
  });
});
afterAll(async () => {
  await Promise.all([deployment.close(), runner.close()]);
});
beforeEach(() => {
  deployment.asked.length = 0;
  audiences.length = 0;
});

function main(answers: Deployment["answers"], inputs: Readonly<Record<string, string>> = {}): Promise<Step> {
  deployment.answers = answers;
  return runner.main({ domain: deployment.domain, identity: "release", ...inputs });
}

/** The paths that the deployment was asked for. */
const asked = () => deployment.asked.map(({ url }) => url.pathname);

/** How often it was asked for a token. */
const times = () => asked().filter((path) => path === "/sts/exchange").length;

/** Errors and warnings: what is in colour on the run's page. */
const annotations = ({ commands }: Step) => commands.filter(({ name }) => name !== "add-mask");

/** Nothing secret is in what people see, and each secret was masked before anything else was said of it. */
function expectSilent(step: Step, ...secrets: readonly string[]): void {
  for (const secret of secrets) {
    expect(step.masks).toContain(secret);
    expect(step.output.replaceAll(`::add-mask::${secret}\n`, "")).not.toContain(secret);
    const lines = step.output.split("\n");
    const before = lines.slice(0, lines.indexOf(`::add-mask::${secret}`));
    expect(before.filter((line) => !line.startsWith("::add-mask::"))).toEqual([]);
  }
}

describe("a grant", () => {
  it("is handed over whole, masked before anything is said", async () => {
    const step = await main([() => granted()], { scope: "acme/app", audience: "other", permissions: "contents: read" });
    expect(step).toMatchObject({
      code: 0,
      summary: "",
      outputs: {
        token: TOKEN,
        expiry: GRANTED.expiry,
        permissions: '{"contents":"write"}',
        repositories: '["app"]',
        policy: "acme/app/.github/chainguard/release.sts.yaml@5076451083f1",
        "app-slug": "acme-sts",
        "request-id": REQUEST_ID,
      },
    });
    const [oidcToken = ""] = step.masks;
    expect(oidcToken.split(".")).toHaveLength(3);
    expectSilent(step, oidcToken, TOKEN, BASIC);
    expect(annotations(step)).toEqual([]);
    expect(audiences).toEqual(["other"]);
    const [asked] = deployment.asked;
    expect(asked?.headers.get("Authorization")).toBe(`Bearer ${oidcToken}`);
    expect([...(asked?.url.searchParams ?? [])]).toEqual([
      ["scope", "acme/app"],
      ["identity", "release"],
      ["permissions", "contents:read"],
    ]);
  });

  it("is asked for this repository, with the domain as audience, and lists in any form", async () => {
    const step = await main([() => granted()], {
      permissions: "\ncontents: read\nissues:write,\n",
      repositories: "a, b",
    });
    expect(step.code).toBe(0);
    expect(audiences).toEqual([deployment.domain]);
    expect(Object.fromEntries(deployment.asked[0]?.url.searchParams ?? [])).toEqual({
      scope: "acme/app",
      identity: "release",
      permissions: "contents:read,issues:write",
      repositories: "a,b",
    });
  });

  it("has all the outputs that action.yml promises, and no other", async () => {
    const { outputs } = await main([() => granted()]);
    expect(Object.keys(outputs).sort()).toEqual(Object.keys(actionFile().outputs).sort());
  });

  it("gives no later step anything that the answer smuggles in", async () => {
    const hostile = "x\nghadelimiter\ntoken=evil\r\n::set-output name=token::evil\n##[add-mask]x";
    const step = await main([
      () => granted({ ...GRANTED, expiry: hostile, app_slug: hostile, repositories: [hostile] }),
    ]);
    expect(step.outputs.token).toBe(TOKEN);
    expect(Object.keys(step.outputs).sort()).toEqual(Object.keys(actionFile().outputs).sort());
    expect(step.commands.map(({ name }) => name)).toEqual(["add-mask", "add-mask", "add-mask"]);
  });

  it.each([
    ["acme-sts", "1+acme-sts[bot]@users.noreply.github.com", "1+acme-sts[bot]@users.noreply.github.com"],
    ["acme-sts", undefined, "acme-sts[bot]@users.noreply.github.com"],
    ["acme-sts", 'x@y.z"\n[core]\nsshCommand = evil', "acme-sts[bot]@users.noreply.github.com"],
    ['x"]\n[core]\nsshCommand = evil', "a@b.c", undefined],
  ])("lets git commit as the App, and nothing else: slug %j, address %j", async (app_slug, email, expected) => {
    const other = await openRunner({ sign: async () => "e30.e30.c2ln" });
    const git = (...args: readonly string[]) =>
      execute("git", args, { cwd: other.workspace, env: gitEnvironment(other.temp) });
    await git("init", "--quiet");
    await git("remote", "add", "origin", "https://github.com/acme/app.git");
    deployment.answers = [() => granted({ ...GRANTED, app_slug, bot: { name: `${app_slug}[bot]`, email } })];
    const { code } = await other.main({ domain: deployment.domain, identity: "release", git: "true" });
    const { stdout } = await git("config", "--local", "--includes", "--list");
    await other.close();
    expect(code).toBe(0);
    expect(stdout).not.toContain("core.sshcommand");
    expect(/^user\.email=(.*)$/m.exec(stdout)?.[1]).toBe(expected);
    expect(stdout).toContain(`http.https://github.com/.extraheader=AUTHORIZATION: basic ${BASIC}`);
  });

  it("is none when the answer holds no token that one line can carry", async () => {
    for (const token of [undefined, "ghs_a\nb", "ghs_ä"]) {
      const step = await main([() => granted({ ...GRANTED, token })]);
      expect(step).toMatchObject({ code: 1, outputs: {}, state: {} });
    }
  });
});

describe("a dry run", () => {
  const { permissions, repositories, policy } = GRANTED;

  it("says what would be granted, and hands over nothing", async () => {
    const answer = { granted: false, would_grant: { permissions, repositories, policy }, request_id: REQUEST_ID };
    const step = await main([() => Response.json(answer)], { dry_run: "true" });
    expect(step).toMatchObject({ code: 0, state: {}, outputs: { token: "", permissions: '{"contents":"write"}' } });
    expect(step.lines.join("\n")).toContain('would grant {"contents":"write"} on ["app"]');
    expect(deployment.asked[0]?.url.searchParams.get("dry_run")).toBe("true");
  });

  it("fails where the deployment hands out a token nevertheless, which is masked and given back", async () => {
    const step = await main([() => granted()], { dry_run: "true" });
    expect(step).toMatchObject({ code: 1, outputs: { token: "" }, state: { token: TOKEN } });
    expectSilent(step, TOKEN, BASIC);
  });
});

describe("a refusal", () => {
  it("is told once, with its reason, what to do, the policy's address and the request's id", async () => {
    const message = 'trust policy: subject "repo:acme/app" did not match, 100%: a, b';
    const page = () => Response.json({ remedy: "mend it", who: "the caller" });
    const step = await main([() => refused("subject_mismatch", message), page]);
    expect(step).toMatchObject({ code: 1, outputs: {}, state: {} });
    expect(asked()).toEqual(["/sts/exchange", "/reasons/subject_mismatch"]);
    const [error] = annotations(step);
    expect(annotations(step)).toHaveLength(1);
    expect(error).toMatchObject({ name: "error", properties: { title: "No token: subject_mismatch" } });
    const [first, ...rest] = (error?.data ?? "").split("\n");
    expect(first).toBe(message);
    expect(rest[0]).toBe("What to do: mend it (the caller).");
    expect(rest).toContain(`Policy: ${POLICY_URL}`);
    expect(rest).toContain(`Request id: ${REQUEST_ID}`);
    for (const part of [message, "`subject_mismatch`", "mend it (the caller).", POLICY_URL, REQUEST_ID])
      expect(step.summary).toContain(part);
    expectSilent(step, step.masks[0] ?? "");
  });

  it("has no markup of the deployment's in the summary but code", async () => {
    const page = () => Response.json({ remedy: "a | b\\| ![x](https://e.example) <i> *b* `c <d>` `|`" });
    const { summary } = await main([() => refused("subject_mismatch", "no"), page]);
    const told = "a \\| b\\\\\\| !\\[x\\](https://e.example) \\<i\\> \\*b\\* `c <d>` \\`\\|\\`.";
    expect(summary).toContain(`| What to do | ${told} |`);
  });

  it("gives a command that explains it, on the claims of this very job", async () => {
    const step = await main([() => refused("subject_mismatch", "no")]);
    const [, script = ""] = /```sh\n(.*?)\n```/s.exec(step.summary) ?? [];
    const [, claims = "", command = ""] = /^cat > claims\.json <<'END'\n(.*)\nEND\npolicy (.*)$/s.exec(script) ?? [];
    writeFileSync(join(runner.workspace, "claims.json"), claims);
    const policy = join(runner.workspace, "release.sts.yaml");
    const text = `issuer: ${issuer.url}\nsubject: repo:acme/app:ref:refs/heads/main\npermissions:\n  contents: read\n`;
    writeFileSync(policy, text);
    const args = command.replace(".github/chainguard/release.sts.yaml", policy).split(" ");
    const cli = [join(ROOT, "policies/cli.ts"), ...args];
    const explained = await execute(process.execPath, cli, { cwd: runner.workspace });
    expect(explained).toMatchObject({ code: 1, stdout: expect.stringContaining("refused: subject does not match") });
    const log = step.lines.map((line) => `2026-11-25T12:00:00.0000000Z ${line}`);
    writeFileSync(join(runner.workspace, "claims.json"), log.join("\n"));
    const ofLog = await execute(process.execPath, cli, { cwd: runner.workspace });
    expect(ofLog.stdout.split("\n\n")[0]).toBe(explained.stdout.split("\n\n")[0]);
    expect(ofLog.code).toBe(1);
  });

  const AGAIN: readonly Reason[] = ["github_rate_limited", "allow_list_unavailable"];
  const ONCE: readonly Reason[] = [
    "invalid_request",
    "claim_mismatch",
    "not_found",
    "deadline_exceeded",
    "misconfigured",
  ];

  it.each(ONCE)("%s is asked once, and says what to do", async (reason) => {
    const step = await main([() => refused(reason, "words")]);
    expect([step.code, times()]).toEqual([1, 1]);
    expect(annotations(step)[0]?.data).toMatch(/^words\nWhat to do: \w/);
  });

  it.each(AGAIN)("%s is asked three times when it says when to come again", async (reason) => {
    const step = await main([() => refused(reason, "words", { "Retry-After": "0" })]);
    expect([step.code, times()]).toEqual([1, 3]);
    expect(annotations(step)).toHaveLength(1);
  });

  it.each([undefined, "31", "soon", "-1"])("that may pass is asked once with Retry-After %s", async (after) => {
    const headers = after === undefined ? {} : { "Retry-After": after };
    await main([() => refused("github_unavailable", "words", headers)]);
    expect(times()).toBe(1);
  });

  it("that passes is none", async () => {
    const later = () => refused("github_unavailable", "words", { "Retry-After": "0" });
    const step = await main([later, later, () => granted()]);
    expect([step.code, deployment.asked.length, annotations(step)]).toEqual([0, 3, []]);
  });

  it("without a word of its own has the status, and no foreign page", async () => {
    const page = () => new Response("<html>::error::x</html>", { status: 502, headers: { "X-Request-Id": "a" } });
    const step = await main([page]);
    expect(step.code).toBe(1);
    expect(annotations(step)[0]?.data).toContain("answered 502, and nothing that says why");
    expect(step.output + step.summary).not.toContain("html");
  });

  it("is a network that fails three times", async () => {
    const step = await main([() => Promise.reject(new Error("cut"))]);
    expect([step.code, deployment.asked.length]).toEqual([1, 3]);
    expect(annotations(step)[0]?.data).toContain(`${deployment.domain} gave no answer`);
  });

  it("follows no redirect, which would carry the token elsewhere", async () => {
    const step = await main([() => new Response("", { status: 307, headers: { Location: "/elsewhere" } })]);
    expect([step.code, deployment.asked.length]).toEqual([1, 1]);
  });
});

describe("a step that cannot ask", () => {
  it.each([
    ["a domain with a path", { domain: "sts.example.com/x" }, "`domain` is"],
    ["a domain with credentials", { domain: "sts.example.com@evil.example" }, "`domain` is"],
    ["no identity", { identity: "" }, "`identity` is missing"],
    ["a dry run that is neither", { dry_run: "yes" }, "`dry_run` is neither"],
    ["git without a checkout", { git: "true" }, "needs a checkout"],
  ])("says so and asks nobody: %s", async (_, inputs, problem) => {
    const step = await main([() => granted()], inputs);
    expect(step.code).toBe(1);
    expect(annotations(step)[0]?.data).toContain(problem);
    expect([deployment.asked.length, audiences.length]).toEqual([0, 0]);
  });

  it("names the permission that the job lacks", async () => {
    const env = { ACTIONS_ID_TOKEN_REQUEST_URL: undefined };
    const other = await openRunner({ env, sign: async () => "" });
    const step = await other.main({ domain: deployment.domain, identity: "release" });
    await other.close();
    expect(step.code).toBe(1);
    expect(annotations(step)[0]?.data).toContain("permissions: { id-token: write }");
  });

  it.each([
    [403, 1],
    [502, 3],
  ])("names the status of an endpoint that gives no OIDC token: %s", async (status, tries) => {
    let asked = 0;
    const sign = async () => {
      asked += 1;
      return status;
    };
    const other = await openRunner({ sign });
    const step = await other.main({ domain: deployment.domain, identity: "release" });
    await other.close();
    expect([step.code, asked]).toEqual([1, tries]);
    expect(annotations(step)[0]?.data).toContain(`answered ${status}, and no token`);
    expect(deployment.asked).toEqual([]);
  });
});

describe("the post step", () => {
  const revoked = () => Response.json({ request_id: REQUEST_ID });

  async function post(answers: Deployment["answers"], domain = deployment.domain): Promise<Step> {
    deployment.answers = answers;
    return runner.post({ state: { token: TOKEN, domain } });
  }

  it("gives the token back at the deployment, whatever GitHub it serves", async () => {
    const { state } = await main([() => granted()]);
    deployment.asked.length = 0;
    deployment.answers = [revoked];
    const step = await runner.post({ state });
    expect([step.code, annotations(step)]).toEqual([0, []]);
    const [asked] = deployment.asked;
    expect(deployment.asked).toHaveLength(1);
    expect([asked?.method, asked?.url.pathname, asked?.url.search]).toEqual(["POST", "/sts/revoke", ""]);
    expect(new URLSearchParams(asked?.body).get("token")).toBe(TOKEN);
    expect(step.output).not.toContain(TOKEN);
  });

  it("does nothing where there is no token", async () => {
    const step = await runner.post(await main([() => refused("not_found", "no")]));
    expect([step.code, step.output]).toEqual([0, ""]);
    expect(asked()).toEqual(["/sts/exchange", "/reasons/not_found"]);
  });

  it.each([
    ["an outage", [() => refused("github_unavailable", "x", { "Retry-After": "0" })], 3],
    ["a refusal", [() => refused("invalid_request", "x")], 1],
    ["no connection", [() => Promise.reject(new Error("cut"))], 3],
  ] as const)("warns, and fails nothing: %s", async (_, answers, times) => {
    const step = await post([...answers]);
    expect([step.code, deployment.asked.length]).toEqual([0, times]);
    expect(annotations(step)).toMatchObject([{ name: "warning", data: expect.stringContaining("within the hour") }]);
    expect(step.output).not.toContain(TOKEN);
  });
});

describe("the action", () => {
  const sources = readdirSync(ACTION).filter((name) => name.endsWith(".js"));

  it("runs on node24 what is there, and needs nothing that is not Node's or its own", () => {
    const { using, main: first, post: last } = actionFile().runs;
    expect(using).toBe("node24");
    expect(sources).toEqual(expect.arrayContaining([first, last]));
    for (const name of sources) {
      const imported = [...readFileSync(join(ACTION, name), "utf8").matchAll(/^import .* from "(.*)";$/gm)];
      expect(imported.filter(([, from]) => !/^(?:node:[a-z/_]+|\.\/[a-z]+\.js)$/.test(from ?? ""))).toEqual([]);
    }
  });
});
