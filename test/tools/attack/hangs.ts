// Hangs: callers who leave, and bindings, issuers and a GitHub that do not answer. Everybody who waits is answered within the time of
// an exchange, and no token stays alive that nobody was given.

import { isGrantMint } from "../../support/apps.ts";
import type { Fault } from "../../support/network.ts";
import { sendRaw } from "../../support/workerd/clients.ts";
import type { Operation } from "../../support/workerd/kv-server.ts";
import type { Part } from "../../support/workerd/platform-server.ts";
import { until, type WorkerdWorld } from "../../support/workerd.ts";
import { type Attack, type Budget, NOT_ANSWERED } from "./attack.ts";
import { ask, foreign, many, putPolicy } from "./requests.ts";

const TIMES = 20;

const COLD: Budget = {
  github: 8 * TIMES,
  others: 0,
  kvGets: 6 * TIMES,
  kvPuts: 2 * TIMES,
  cpuMs: 3_000,
  memoryMiB: 64,
};

const hang = (about: string, run: Attack["run"], more: Partial<Attack> = {}): Attack => ({
  part: "hang",
  about,
  budget: COLD,
  run,
  calm: ({ network, kv, platform }) => {
    network.clearFaults();
    kv.set("answer");
    platform.set("answer", "limiter", "queue");
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

/** What a Worker may have bound besides. */
const ofPlatform = (about: string, part: Part, run: Attack["run"]): Attack =>
  hang(about, run, {
    options: { hasPlatform: true },
    prepare: (world) => {
      putCold(world);
      world.platform.set("hang", part);
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
  hang(
    "callers who close their half of the connection",
    async (world) => {
      const headers = await world.headers();
      const answers = await Promise.all(
        Array.from({ length: TIMES }, async () => {
          const client = await sendRaw(world.port, { target: world.target(), headers });
          client.halfClose();
          return client.answer;
        }),
      );
      return answers.map((answer) => Number(/^HTTP\/1\.1 (\d{3}) /.exec(answer)?.[1] ?? NOT_ANSWERED));
    },
    { prepare: ({ network }) => network.fault({ ...GRANT, kind: "delay", delayMs: 1_000 }) },
  ),
  ofPlatform("the rate limiters never answer", "limiter", (world) =>
    many(TIMES, (i) => ask(world, { identity: `none-${i}`, claims: foreign(i) }), TIMES),
  ),
  ofPlatform("the audit queue never answers", "queue", cold),
  ofKv("KV never answers a read", "get"),
  ofKv("KV never answers a write", "put"),
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
