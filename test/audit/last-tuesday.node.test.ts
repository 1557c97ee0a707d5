// "Who got a token for this repository last Tuesday, and why?": a day of real exchanges, written as the consumer of the queue writes
// them, and the query of worker/README.md as it stands there, run by the jq of this machine.

import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { afterAll, expect, it } from "vitest";
import { createApp } from "../../worker/app.ts";
import { isRecordedEvent, objectsOf, type RecordedEvent } from "../../worker/audit/archive.ts";
import { setUp } from "../../worker/services.ts";
import { appKeys } from "../emulators/core/keys.ts";
import { memoryKv } from "../support/memory-kv.ts";
import { Network } from "../support/network.ts";
import { claimsOf, DOMAIN, POLICY } from "../support/workload.ts";

const OWNER = "Acme";
const OWNER_ID = 5001;
const HOUR = 3_600_000;
const MONDAY = Date.UTC(2026, 10, 23);
const TUESDAY = "2026/11/24";

interface Granted {
  readonly request_id: string;
  readonly policy: { readonly path: string; readonly sha: string };
}

/** The Worker in this process; its KV is a map, and its queue a list. */
async function openDeployment() {
  const clock = { now: MONDAY };
  const now = () => clock.now;
  const network = new Network({ now });
  const { github } = network;
  const { privateKeyPem, publicKey } = await appKeys();
  github.addOrganization(OWNER, { id: OWNER_ID });
  for (const name of ["app", "other", ".github"]) github.addRepository(`${OWNER}/${name}`);
  github.addApp({ id: 7, publicKeys: [publicKey] });
  github.install({ app: 7, owner: OWNER, permissions: { contents: "write", issues: "write" } });
  const queued: RecordedEvent[] = [];
  const queue = { answersTooLate: false };
  const environment = {
    STS_DOMAIN: DOMAIN,
    GITHUB_APP_ID: "7",
    GITHUB_APP_PRIVATE_KEY: privateKeyPem,
    KNOWN_ISSUERS: network.issuers.issuer("").url,
    AUDIT_REQUIRED: "queue",
    STS_CACHE: memoryKv(),
    AUDIT_QUEUE: {
      async send(event: unknown) {
        const body: unknown = JSON.parse(JSON.stringify(event));
        if (isRecordedEvent(body)) queued.push(body);
        if (queue.answersTooLate) throw new Error("it has the message, and does not say so");
      },
    },
  };
  const fetcher = (request: Request) => network.fetch(request);
  const setup = setUp(environment, { fetcher, now, random: () => 0, log: () => undefined });
  const app = createApp(
    () => setup,
    () => undefined,
  );
  const ask = async (query: Readonly<Record<string, string>>, claims: Readonly<Record<string, unknown>> = {}) => {
    const usual = claimsOf({ owner: OWNER, ownerId: OWNER_ID });
    const token = await network.issuers.issuer("").sign({ ...usual, ...claims });
    const url = `https://${DOMAIN}/sts/exchange?${new URLSearchParams({ identity: "deploy", ...query })}`;
    const pending: Promise<unknown>[] = [];
    const context = {
      waitUntil: (work: Promise<unknown>) => pending.push(work),
      passThroughOnException() {},
      props: {},
    };
    const request = new Request(url, { headers: { Authorization: `Bearer ${token}` } });
    const response = await app.fetch(request, environment, context);
    for (const work of pending) await work;
    // A body of the service is JSON, whose fields are asserted below.
    return { status: response.status, body: (await response.json()) as Granted };
  };
  return { clock, network, github, queued, queue, ask, issuer: network.issuers.issuer("").url };
}

const folder = mkdtempSync(join(tmpdir(), "events-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Expected {
  readonly who: string;
  readonly at: string;
  readonly answer: Granted;
}

async function fillTheDays(): Promise<readonly Expected[]> {
  const expected: Expected[] = [];
  const { clock, github, queued, queue, ask, issuer } = await openDeployment();
  const path = ".github/chainguard/deploy.sts.yaml";
  const policy = `${POLICY(OWNER, issuer).replace("subject: ", "subject_pattern: ").replace("main", ".*")}claim_pattern:\n  ref: refs/heads/.*\n`;
  github.putFile(`${OWNER}/app`, path, policy);
  github.putFile(`${OWNER}/other`, path, policy);
  github.putFile(`${OWNER}/.github`, path, `${policy}repositories: []\n`);
  const granted = async (query: Readonly<Record<string, string>>, who: string) => {
    const { status, body } = await ask(query, { sub: who, ref: "refs/heads/main" });
    expect(status).toBe(200);
    if (new Date(clock.now).getUTCDate() === 24)
      expected.push({ who, at: new Date(clock.now).toISOString(), answer: body });
  };
  // From Monday's first hour to Wednesday's last.
  for (let hour = 0; hour < 72; hour += 3) {
    clock.now = MONDAY + hour * HOUR;
    if (hour === 36) github.putFile(`${OWNER}/app`, path, `${policy}description: another revision\n`);
    await granted({ scope: "aCME/App" }, `repo:${OWNER}/app:ref:refs/heads/hour-${hour}`);
    if (hour % 12 === 9) await granted({ scope: OWNER }, `repo:${OWNER}/app:ref:refs/heads/all`);
    // None of these got a token for the repository.
    await ask({ scope: `${OWNER}/other` });
    await ask({ scope: `${OWNER}/app` }, { sub: "repo:else/where" });
    await ask({ scope: `${OWNER}/app`, dry_run: "true" });
    queue.answersTooLate = hour % 12 === 0;
    if (queue.answersTooLate) expect((await ask({ scope: `${OWNER}/app` })).status).toBe(503);
    queue.answersTooLate = false;
    clock.now += HOUR / 2;
  }
  // In two batches that share some: a queue delivers at least once.
  const half = Math.floor(queued.length / 2);
  for (const batch of [queued.slice(0, half + 20), queued.slice(half - 20)]) {
    for (const { key, text } of await objectsOf(batch)) {
      const file = join(folder, key);
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    }
  }
  return expected;
}

/** The block of shell behind the question. */
function documentedQuery(): string {
  const text = readFileSync(join(import.meta.dirname, "../../worker/README.md"), "utf8");
  const [, query] =
    /\*\*Who got a token for this repository last Tuesday, and why\?\*\*[\s\S]*?```sh\n([\s\S]*?)```/.exec(text) ?? [];
  if (query === undefined) throw new Error("worker/README.md has no query");
  return query.trim();
}

it("who got a token for this repository last Tuesday, what may it do, why, and by which revision", async () => {
  const expected = await fillTheDays();
  const run = promisify(execFile);
  const cwd = join(folder, "events", TUESDAY);
  const { stdout } = await run("sh", ["-c", `${documentedQuery()} | jq -s .`], { cwd });
  const answers: Record<string, unknown>[] = JSON.parse(stdout);
  expect(expected.length).toBeGreaterThan(8);
  expect(answers.map(({ time }) => time)).toEqual(expected.map(({ at }) => at));
  const byId = (one: { request_id?: unknown }, other: { request_id?: unknown }) =>
    String(one.request_id).localeCompare(String(other.request_id));
  const inOrder = expected.toSorted((one, other) => byId(one.answer, other.answer));
  expect(answers.toSorted(byId)).toMatchObject(
    inOrder.map(({ who, at, answer: { request_id, policy } }) => ({
      time: at,
      request_id,
      who: { sub: who, claims: [{ name: "ref", value: "refs/heads/main" }] },
      permissions: { issues: "write" },
      by: `${policy.path} at ${policy.sha}`,
      because: expect.arrayContaining(["ref pattern refs/heads/.*"]),
    })),
  );
  // Whoever types the names as GitHub shows them is not told that nobody got one.
  const typed = documentedQuery().replace("owner acme", "owner ACME").replace("repository app", "repository App");
  expect((await run("sh", ["-c", `${typed} | jq -s .`], { cwd })).stdout).toBe(stdout);
  // The policy changed at noon.
  expect(new Set(expected.map(({ answer }) => answer.policy.sha)).size).toBe(3);
});
