// `npm run bench:webhook`: processor time of one delivery in bare workerd, all of the process counted, so what Workers counts is less.
// "first" is the first delivery of a new process, as in an isolate that was just started; "then" the mean of those that follow. Linux only.

import { openWorkerd, until, type WorkerdWorld } from "../../support/workerd.ts";
import { CHAINGUARD, delivery, pullRequest, pushed, repositoryJson, SECRET } from "../../webhook/payloads.ts";

const WARM_UP = 20;
const ROUNDS = 40;
const PROCESSES = 5;

const policy = (subject: string): string =>
  `issuer: https://token.actions.githubusercontent.com\nsubject_pattern: repo:acme/app:ref:refs/heads/${subject}-.+\nclaim_pattern:\n  workflow_ref: acme/app/\\.github/workflows/[a-z]+\\.ya?ml@.*\npermissions:\n  contents: read\n  issues: write\n`;

type Files = Readonly<Record<string, string>>;
const policies = (count: number, round: number): Files =>
  Object.fromEntries(
    Array.from({ length: count }, (_, i) => [`${CHAINGUARD}/p${i}.sts.yaml`, policy(`r${round}-${i}`)]),
  );

/** What each delivery is about, by round: none finds the verdict of another. */
const KINDS: Readonly<Record<string, { readonly event: "push" | "pull_request"; files(round: number): Files }>> = {
  "push of nothing of ours": { event: "push", files: (round) => ({ "src/x.txt": String(round) }) },
  "pull request of nothing of ours": { event: "pull_request", files: (round) => ({ "src/x.txt": String(round) }) },
  "pull request of one policy": { event: "pull_request", files: (round) => policies(1, round) },
  "pull request of thirty policies": { event: "pull_request", files: (round) => policies(30, round) },
};

const done = (world: WorkerdWorld): number => world.logs().filter(({ what }) => what === "done").length;

async function deliver(world: WorkerdWorld, kind: string, round: number): Promise<void> {
  const { event, files } = KINDS[kind] ?? { event: "push", files: () => ({}) };
  const { git } = world.network.github.repository(`${world.owner}/app`);
  const base = git.branches.get("main") ?? "";
  const changed = files(round);
  const commit = git.commit({ branch: `topic-${kind}-${round}`, files: changed });
  const place = { ...repositoryJson(world.owner, "app") };
  const [installation] = world.network.github.state.installations;
  const payload =
    event === "push" ? pushed(place, "topic", base, commit, changed) : pullRequest(place, base, commit.sha);
  const request = await delivery(event, { ...payload, installation: { id: installation?.id } });
  const before = done(world);
  const response = await fetch(`${world.url}/webhook`, {
    method: "POST",
    headers: Object.fromEntries([...request.headers].filter(([name]) => name !== "content-length")),
    body: await request.text(),
  });
  if (response.status === 202) await until(() => done(world) > before);
}

async function measure(world: WorkerdWorld, kind: string, rounds: readonly number[]): Promise<number> {
  const before = await world.usage();
  for (const round of rounds) await deliver(world, kind, round);
  return ((await world.usage()).cpuMs - before.cpuMs) / rounds.length;
}

const range = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, i) => from + i);

console.log(`one delivery${" ".repeat(22)}CPU, ms (first)   CPU, ms (then)`);
for (const kind of Object.keys(KINDS)) {
  const firsts: number[] = [];
  let then = 0;
  for (let i = 0; i < PROCESSES; i += 1) {
    const world = await openWorkerd({ limits: "deployed", variables: { GITHUB_WEBHOOK_SECRET: SECRET } });
    try {
      firsts.push(await measure(world, kind, [0]));
      if (i > 0) continue;
      await measure(world, kind, range(1, WARM_UP));
      then = await measure(world, kind, range(1 + WARM_UP, ROUNDS));
    } finally {
      await world.close();
    }
  }
  const first = firsts.sort((a, b) => a - b)[Math.floor(PROCESSES / 2)] ?? 0;
  console.log(`${kind.padEnd(34)}${first.toFixed(0).padStart(15)}${then.toFixed(1).padStart(17)}`);
}
process.exit();
