// The action between the real Worker, an emulated GitHub Enterprise Server and the real git: what a job gets, uses and gives back.

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, expect, it } from "vitest";
import { GitHost, gitEnvironment } from "../emulators/git-http.ts";
import { type Ended, execute } from "../support/command.ts";
import { openWorkerd, type WorkerdWorld } from "../support/workerd.ts";
import { claimsOf, DOMAIN } from "../support/workload.ts";
import { openRunner, type Runner, type Step } from "./runner.ts";

let world: WorkerdWorld;
let host: GitHost;
let runner: Runner;
let claims: Readonly<Record<string, unknown>> = {};

beforeAll(async () => {
  world = await openWorkerd({ isActions: true });
  const issuer = world.network.issuers.issuer("");
  const policy = `issuer: ${issuer.url}\nsubject: repo:acme/app:ref:refs/heads/main\npermissions:\n  contents: read\n`;
  world.network.github.putFile("acme/app", ".github/chainguard/clone.sts.yaml", policy);
  host = await GitHost.open(world.network.github);
  host.add("acme/app", "# The app of acme\n");
  const workload = claimsOf({ owner: "acme", ownerId: 5001 });
  runner = await openRunner({
    env: { GITHUB_SERVER_URL: host.url },
    sign: (audience) => issuer.sign({ ...workload, aud: audience, ...claims }),
  });
  await git("init", "--quiet", "--initial-branch=main");
  await git("remote", "add", "origin", `${host.url}/acme/app`);
  // What actions/checkout leaves behind: credentials of the job's own, for the whole server.
  await git("config", "--local", `http.${host.url}/.extraheader`, "AUTHORIZATION: basic d3Jvbmc6d3Jvbmc=");
});
afterAll(async () => {
  await Promise.all([runner.close(), host.close(), world.close()]);
});
beforeEach(() => {
  claims = {};
});

function git(...args: readonly string[]): Promise<Ended> {
  return execute("git", args, { cwd: runner.workspace, env: gitEnvironment(runner.temp) });
}

const ask = (): Promise<Ended> => git("ls-remote", "origin", "refs/heads/main");
const config = (): string => readFileSync(join(runner.workspace, ".git/config"), "utf8");
const leftBehind = (): string[] => readdirSync(runner.temp).filter((name) => name.endsWith(".gitconfig"));

const main = (inputs: Readonly<Record<string, string>> = {}): Promise<Step> =>
  runner.main({ domain: `127.0.0.1:${world.port}`, audience: DOMAIN, identity: "clone", ...inputs });

/** What the policy was read with is revoked after the answer. */
const WAIT = { interval: 20 };

const problems = ({ commands }: Step) => commands.filter(({ name }) => name !== "add-mask");

it("lets git use the token for the checkout's remote, and leaves nothing of it", async () => {
  const before = config();
  expect(await ask()).toMatchObject({ code: 128, stderr: expect.stringContaining("could not read Username") });
  const step = await main({ git: "true" });
  expect(problems(step)).toEqual([]);
  await expect.poll(() => world.livingTokens(), WAIT).toEqual([step.outputs.token]);
  expect(await ask()).toMatchObject({ code: 0, stdout: expect.stringMatching(/^[0-9a-f]{40}\trefs\/heads\/main\n$/) });
  expect(config()).not.toContain(Buffer.from(`x-access-token:${step.outputs.token}`).toString("base64"));
  const [author] = (await git("var", "GIT_AUTHOR_IDENT")).stdout.split(" ", 2);
  expect([step.outputs["app-slug"], author]).toEqual(["app-7", "app-7[bot]"]);
  expect(leftBehind()).toHaveLength(1);
  for (const name of leftBehind()) expect(statSync(join(runner.temp, name)).mode & 0o777).toBe(0o600);

  const post = await runner.post(step);
  expect([post.code, problems(post)]).toEqual([0, []]);
  await expect.poll(() => world.livingTokens(), WAIT).toEqual([]);
  expect([config(), leftBehind()]).toEqual([before, []]);
  expect(await ask()).toMatchObject({ code: 128 });
});

it("takes away what it had written when git then failed", async () => {
  const before = config();
  const lock = join(runner.workspace, ".git/config.lock");
  writeFileSync(lock, "");
  const step = await main({ git: "true" });
  rmSync(lock);
  expect([step.code, problems(step).map(({ name }) => name), leftBehind().length]).toEqual([1, ["error"], 1]);
  const post = await runner.post(step);
  expect([post.code, problems(post), config(), leftBehind()]).toEqual([0, [], before, []]);
  await expect.poll(() => world.livingTokens(), WAIT).toEqual([]);
});

it("says what a dry run would be granted, and mints nothing", async () => {
  const step = await main({ dry_run: "true", git: "true" });
  expect(step).toMatchObject({ code: 0, state: {}, outputs: { token: "", repositories: '["app"]' } });
  expect(JSON.parse(step.outputs.permissions ?? "")).toMatchObject({ contents: "read" });
  expect(step.outputs.policy).toMatch(/^acme\/app\/\.github\/chainguard\/clone\.sts\.yaml@[0-9a-f]{40}$/);
  await expect.poll(() => world.livingTokens(), WAIT).toEqual([]);
});

it("does not mind a token that was given back before", async () => {
  const step = await main();
  const body = new URLSearchParams({ token: step.outputs.token ?? "" });
  expect((await fetch(`${world.url}/sts/revoke`, { method: "POST", body })).status).toBe(200);
  const post = await runner.post(step);
  expect([post.code, problems(post)]).toEqual([0, []]);
});

it("does not mind a checkout that is gone", async () => {
  const step = await main({ git: "true" });
  const away = `${runner.workspace}-away`;
  renameSync(runner.workspace, away);
  mkdirSync(runner.workspace);
  const post = await runner.post(step);
  rmSync(runner.workspace, { recursive: true });
  renameSync(away, runner.workspace);
  expect([post.code, problems(post).map(({ name }) => name), leftBehind()]).toEqual([0, ["warning"], []]);
  await expect.poll(() => world.livingTokens(), WAIT).toEqual([]);
  await git("config", "--local", "--unset-all", "include.path");
});

it("gives the token to no other server than the job's", async () => {
  await git("remote", "set-url", "origin", "https://elsewhere.example/acme/app");
  const step = await main({ git: "true" });
  await git("remote", "set-url", "origin", `${host.url}/acme/app`);
  expect(step).toMatchObject({ code: 1, state: {}, outputs: {} });
  expect(problems(step)[0]?.data).toContain(`needs a checkout of ${host.url} over https`);
});

it("tells the owner's job what the policy wants, and mints nothing", async () => {
  claims = { sub: "repo:acme/app:ref:refs/heads/feature" };
  const step = await main();
  expect(step.code).toBe(1);
  const [error] = problems(step);
  expect(error?.properties.title).toBe("No token: subject_mismatch");
  for (const words of [
    "refs/heads/feature",
    "refs/heads/main",
    `${host.url}/acme/app/blob/HEAD/.github/chainguard/clone.sts.yaml`,
  ]) {
    expect(error?.data).toContain(words);
  }
  // In the words of the deployment's page about this reason.
  expect(error?.data).toMatch(/^What to do: copy the token's claims .* \(whoever maintains the trust policy\)\.$/m);
  await expect.poll(() => world.livingTokens(), WAIT).toEqual([]);
});
