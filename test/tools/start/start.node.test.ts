// What a person does first, as a person does it. Each test starts a Worker of its own, on ports that are free.

import { readFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { isFree, pastedRequests, portsIn, ROOT, type Run, run, start } from "./process.ts";

const open: Run[] = [];
afterEach(() => {
  for (const { child } of open.splice(0)) child.kill("SIGKILL");
});

async function serving(running: Run): Promise<number[]> {
  open.push(running);
  await expect.poll(() => running.output()).toContain("Serving until Ctrl-C.");
  return portsIn(running.output());
}

async function expectGone(ports: readonly number[]): Promise<void> {
  expect(ports).toHaveLength(2);
  await expect.poll(() => Promise.all(ports.map(isFree))).toEqual([true, true]);
}

/** The output without what differs from run to run. */
function timeless(output: string): string {
  return output
    .replaceAll(/:\d{4,5}\b/g, ":PORT")
    .replace(/revision [0-9a-f]{12}/, "revision SHA")
    .replace(/until \S+Z/, "until TIME")
    .replace(/"request_id":"[0-9a-f-]+"/, "REQUEST");
}

/** What the operator sees of the exchanges that were pasted. */
const auditsIn = (output: string): unknown[] =>
  output
    .split("\n")
    .filter((line) => line.startsWith('{"type":'))
    .map((line) => JSON.parse(line));

async function paste({ url, tokenUrl }: { url: string; tokenUrl: string }) {
  const token = await (await fetch(tokenUrl)).text();
  const answer = await fetch(url, { headers: { Authorization: `Bearer ${token}` } });
  return { status: answer.status, body: await answer.text() };
}

describe("npm start", () => {
  it("says in one line that a port is taken, and which", async () => {
    const blocker = createServer();
    const port = await new Promise<number>((resolve) => {
      blocker.listen(0, "127.0.0.1", () => {
        const address = blocker.address();
        resolve(typeof address === "object" && address !== null ? address.port : 0);
      });
    });
    const running = start("--once", "--port", String(port));
    expect(await running.ended).toBe(1);
    expect(running.output()).toBe(
      `port ${port} is taken, and the Worker needs it: choose others with npm start -- --port PORT\n`,
    );
    await new Promise((resolve) => blocker.close(resolve));
  });

  it("refuses options that it does not know", async () => {
    const running = start("--onse");
    expect(await running.ended).toBe(2);
    expect(running.output()).toBe("unknown option --onse (try --help)\n");
  });

  it("serves what it tells to paste, until whoever started it is gone", async () => {
    const shell = run("sh", "-c", `"${process.execPath}" test/tools/start.ts --port 0; true`);
    const ports = await serving(shell);
    const [more, refused] = pastedRequests(shell.output());
    if (more === undefined || refused === undefined) throw new Error("nothing to paste");
    const granted = await paste(more);
    expect(granted).toMatchObject({ status: 200, body: expect.stringMatching(/^\{"token":"ghs_/) });
    // A workload of the owner: it reads what the policy wants.
    expect(await paste(refused)).toMatchObject({ status: 403, body: expect.stringContaining("refs/heads/main") });
    await expect
      .poll(() => auditsIn(shell.output()))
      .toMatchObject([
        { outcome: "granted", scope: "acme/app" },
        { outcome: "refused", reason: "subject_mismatch" },
      ]);
    const reason = /curl -s (http:\S+\/reasons\/\w+)/.exec(shell.output())?.[1] ?? "";
    expect(await (await fetch(reason)).text()).toContain("Who must act: whoever maintains the trust policy");
    const given = new URL(/curl -s (http:\S+\/sts\/revoke) /.exec(shell.output())?.[1] ?? "");
    const { token } = JSON.parse(granted.body);
    const body = new URLSearchParams({ token });
    expect((await fetch(given, { method: "POST", body })).status).toBe(200);
    shell.child.kill("SIGKILL");
    await shell.ended;
    await expectGone(ports);
  });

  it("prints what the README shows, and ends on SIGTERM with nothing left behind", async () => {
    const running = start("--port", "0");
    const ports = await serving(running);
    const readme = await readFile(join(ROOT, "README.md"), "utf8");
    expect(readme.split("```").map(timeless)).toContain(`\n${timeless(running.output())}`);
    running.child.kill("SIGTERM");
    expect(await running.ended).toBe(0);
    await expectGone(ports);
  });

  it("leaves no Worker behind when it is killed", async () => {
    const running = start("--port", "0");
    const ports = await serving(running);
    running.child.kill("SIGKILL");
    expect(await running.ended).toBe("SIGKILL");
    await expectGone(ports);
  });

  it("exchanges once and ends: npm start -- --once", async () => {
    const npm = run("npm", "start", "--", "--once", "--port", "0");
    open.push(npm);
    expect(await npm.ended, npm.output()).toBe(0);
    const lines = npm.output().split("\n");
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(npm.output()).toContain("contents: read, metadata: read on app");
    expect(npm.output()).toContain("to read README.md:  200 # The app of acme");
    expect(npm.output()).toContain("to write README.md: 403 Resource not accessible by integration");
    await expectGone(portsIn(npm.output()));
  });
});
