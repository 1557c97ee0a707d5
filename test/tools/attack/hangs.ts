// Hangs: callers who leave, and bindings, issuers and a GitHub that do not answer. Everybody who waits is answered within the time of
// an exchange, and no token stays alive that nobody was given.

import { isGrantMint } from "../../support/apps.ts";
import type { Fault } from "../../support/network.ts";
import { sendRaw } from "../../support/workerd/clients.ts";
import type { Operation } from "../../support/workerd/kv-server.ts";
import { until, type WorkerdWorld } from "../../support/workerd.ts";
import type { Attack, Budget } from "./attack.ts";
import { ask, many, putPolicy } from "./requests.ts";

const TIMES = 20;

const hang = (about: string, run: Attack["run"], more: Partial<Attack> = {}, budget: Budget = {}): Attack => ({
  part: "hang",
  about,
  budget: { cpuMs: 3_000, memoryMiB: 64, github: 8 * TIMES, ...budget },
  run,
  calm: ({ network, kv }) => {
    network.clearFaults();
    kv.set("answer");
  },
  ...more,
});

/** Exchanges of which nothing is cached. */
const cold = (world: WorkerdWorld): Promise<readonly number[]> =>
  many(TIMES, (i) => ask(world, { identity: `cold-${i}` }), TIMES);

function putCold(world: WorkerdWorld): void {
  for (let i = 0; i < TIMES; i += 1) putPolicy(world, `cold-${i}`);
}

const ofKv = (about: string, ...operations: readonly Operation[]): Attack =>
  hang(about, cold, {
    prepare: (world) => {
      putCold(world);
      world.kv.set("hang", ...operations);
    },
  });

const GRANT = { route: "gh.mint", match: '"issues"' } as const;

const ofFault = (about: string, fault: Fault): Attack =>
  hang(about, cold, {
    prepare: (world) => {
      putCold(world);
      world.network.fault(fault);
    },
  });

export const HANGS: readonly Attack[] = [
  hang(
    "callers who leave while their token is minted",
    async (world) => {
      const before = world.network.calls.filter(isGrantMint).length;
      const headers = await world.headers();
      const clients = await Promise.all(
        Array.from({ length: TIMES }, () => sendRaw(world.port, { target: world.target(), headers })),
      );
      await until(() => world.network.calls.filter(isGrantMint).length >= before + TIMES);
      for (const client of clients) client.reset();
      // Whoever has his answer already keeps what it holds.
      return clients.map((client) => (client.received() === "" ? 0 : 200));
    },
    { prepare: ({ network }) => network.fault({ ...GRANT, kind: "delay", delayMs: 2_000 }), isUnanswered: true },
  ),
  ofKv("KV never answers a read", "get"),
  ofKv("KV never answers at all"),
  ofFault("GitHub never answers a read", { route: "gh.contents", kind: "hang" }),
  ofFault("GitHub never answers a mint", { ...GRANT, kind: "hang", times: TIMES }),
  ofFault("GitHub mints, and its answer is cut in the middle", { ...GRANT, kind: "cut" }),
  ofFault("GitHub mints, and its answer stops in the middle", { ...GRANT, kind: "stall" }),
  ofFault("GitHub never answers the first revocation", { route: "gh.revoke", kind: "hang", times: TIMES }),
  ofFault("GitHub refuses revocations for a while", {
    route: "gh.revoke",
    kind: "status",
    status: 503,
    times: TIMES / 2,
  }),
];
