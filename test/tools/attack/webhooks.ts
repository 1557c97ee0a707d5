// Floods of what anybody can make GitHub deliver: whoever forks a public repository pushes to his own pull request as often as he
// likes, and the checks of it are paid with the rate limit that exchanges need.

import type { WorkerdWorld } from "../../support/workerd.ts";
import { CHAINGUARD, delivery, pullRequest, repositoryJson, SECRET } from "../../webhook/payloads.ts";
import type { Attack, Statuses } from "./attack.ts";
import { many } from "./requests.ts";

const PUSHES = 20;
const POLICIES = 40;
/** More than fifty annotations, in further calls; and the first ones at once may each need a token, and give it back. */
const PUSHED_CALLS = 9;
const KNOWN_CALLS = 2;

const repositoryOf = ({ owner }: WorkerdWorld): string => `${owner}/app`;

/** A commit of a fork with so many policies, none of which can be read. */
function fork({ network, owner }: WorkerdWorld, branch: string): string {
  const text = (i: number) => `issuer: x\nunknown_${branch}_${i}: ${"x".repeat(1_000)}\n`;
  const files = Array.from({ length: POLICIES }, (_, i) => [`${CHAINGUARD}/fork-${i}.sts.yaml`, text(i)] as const);
  return network.github.commit(`${owner}/app`, { branch, files: Object.fromEntries(files) }).sha;
}

async function deliver(world: WorkerdWorld, head: string): Promise<number> {
  const { github } = world.network;
  const base = github.repository(repositoryOf(world)).git.branches.get("main") ?? "";
  const [installation] = github.state.installations;
  const event = pullRequest(repositoryJson(world.owner, "app"), base, head, "synchronize");
  const request = await delivery("pull_request", { ...event, installation: { id: installation?.id } });
  const headers = Object.fromEntries([...request.headers].filter(([name]) => name !== "content-length"));
  const body = await request.text();
  return (await fetch(`${world.url}/webhook`, { method: "POST", headers, body })).status;
}

const ofDeliveries = (about: string, calls: number, run: (world: WorkerdWorld) => Promise<Statuses>): Attack => ({
  part: "flood",
  about,
  options: { variables: { GITHUB_WEBHOOK_SECRET: SECRET } },
  budget: { github: calls * PUSHES, others: 0, kvGets: 10 * PUSHES, kvPuts: 0, cpuMs: 6_000, memoryMiB: 64 },
  tokensKept: 1,
  run,
});

export const WEBHOOKS: readonly Attack[] = [
  ofDeliveries("20 pushes to the pull request of a fork, 40 broken policies each", PUSHED_CALLS, (world) => {
    const heads = Array.from({ length: PUSHES }, (_, i) => fork(world, `push-${i}`));
    return many(PUSHES, (i) => deliver(world, heads[i] ?? ""));
  }),
  ofDeliveries("20 events of one commit of a fork", KNOWN_CALLS, async (world) => {
    const head = fork(world, "once");
    return many(PUSHES, () => deliver(world, head), 1);
  }),
];
