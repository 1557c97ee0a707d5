// One attack against a Worker of its own, and what it cost.

import { openWorkerd, until, type WorkerdWorld } from "../../support/workerd.ts";
import { type Attack, NOT_ANSWERED, type Outcome, type OwnerAsks } from "./attack.ts";
import { ask, putPolicy } from "./requests.ts";

const MIB = 1024 * 1024;
const SAMPLE_MS = 100;
/** What runs after an answer: events, writes, and three tries to revoke. */
const AFTERMATH_MS = 20_000;
const QUIET_MS = 300;
/** Longer than GitHub is left alone after it failed. */
const OWNER_PATIENCE_MS = 10_000;
const AGAIN_MS = 500;
const OWN_COLD = "own-cold";

export async function measure(attack: Attack): Promise<Outcome> {
  const world = await openWorkerd({ isActions: true, limits: "deployed", ...attack.options });
  try {
    // As in any isolate that serves somebody: code is warm, and keys, installation and list are known.
    for (let i = 0; i < 20; i += 1) await ask(world);
    putPolicy(world, OWN_COLD);
    await attack.prepare?.(world);
    return await counted(world, attack);
  } finally {
    await world.close();
  }
}

async function counted(world: WorkerdWorld, attack: Attack): Promise<Outcome> {
  await quiet(world);
  const { calls } = world.network;
  const before = {
    calls: calls.length,
    gets: world.kv.count("get"),
    puts: world.kv.count("put"),
    ...(await world.usage()),
  };
  const livingBefore = world.livingTokens().length;
  const peak = watchMemory(world);
  const statuses = await attack.run(world);
  await quiet(world);
  const memoryMiB = Math.max(0, ((await peak.end()) - before.rssBytes) / MIB);
  const { cpuMs } = await world.usage();
  const spent = calls.slice(before.calls);
  const github = spent.filter(({ route }) => route.startsWith("gh.")).length;
  const granted = statuses.filter((status) => status === 200).length;
  attack.calm?.(world);
  const handedOut = (attack.part === "flood" ? 0 : granted) + (attack.tokensKept ?? 0);
  await until(() => world.livingTokens().length <= livingBefore + handedOut, AFTERMATH_MS).catch(() => undefined);
  const tokensLeft = Math.max(0, world.livingTokens().length - livingBefore - handedOut);
  return {
    statuses,
    spent: {
      github,
      others: spent.length - github,
      kvGets: world.kv.count("get") - before.gets,
      kvPuts: world.kv.count("put") - before.puts,
      cpuMs: cpuMs - before.cpuMs,
      memoryMiB,
    },
    tokensLeft,
    isOwnerServed: await isOwnerServed(world, attack.ownerAsks ?? "cold"),
  };
}

/** The owner's own workload, which comes again where it is told to. */
async function isOwnerServed(world: WorkerdWorld, asks: OwnerAsks): Promise<boolean> {
  if (asks === "nothing") return true;
  const asked = asks === "warm" ? {} : { identity: OWN_COLD };
  const deadline = Date.now() + OWNER_PATIENCE_MS;
  for (;;) {
    const status = await ask(world, asked).catch(() => NOT_ANSWERED);
    if (status === 200) return true;
    if (status !== 503 || Date.now() > deadline) return false;
    await new Promise((resolve) => setTimeout(resolve, AGAIN_MS));
  }
}

/** Until nothing was called for a while. */
async function quiet({ network, kv }: WorkerdWorld): Promise<void> {
  const seen = () => network.calls.length + kv.operations.length;
  for (let before = -1; before !== seen(); ) {
    before = seen();
    await new Promise((resolve) => setTimeout(resolve, QUIET_MS));
  }
}

function watchMemory(world: WorkerdWorld): { end(): Promise<number> } {
  let [peak, isOver] = [0, false];
  const sample = async (): Promise<void> => {
    const { rssBytes } = await world.usage();
    peak = Math.max(peak, rssBytes);
  };
  const sampling = (async () => {
    while (!isOver) {
      await sample();
      await new Promise((resolve) => setTimeout(resolve, SAMPLE_MS));
    }
  })();
  return {
    async end() {
      isOver = true;
      await sampling;
      await sample();
      return peak;
    },
  };
}
