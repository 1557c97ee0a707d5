// Floods: what is cheap to send and finds nothing. Whoever sends it from however many places, under however many names, it costs a
// number of calls that does not grow (worker/README.md, "Who pays").

import type { WorkerdWorld } from "../../support/workerd.ts";
import type { Attack, Budget } from "./attack.ts";
import { type Asked, address, ask, foreign, forged, issuerOf, many, putPolicy, send } from "./requests.ts";

const SHOTS = 300;
const TARGET = "/sts/exchange?";

/** An owner that is not known is looked for in KV under eight keys. */
const KV_GETS = 8 * SHOTS + 100;
const USUAL: Budget = { github: 60, others: 0, kvGets: KV_GETS, kvPuts: 0, cpuMs: 6_000, memoryMiB: 64 };

const flood = (about: string, budget: Partial<Budget>, run: Attack["run"], more: Partial<Attack> = {}): Attack => ({
  part: "flood",
  about,
  budget: { ...USUAL, ...budget },
  run,
  ...more,
});

const ofForeigners = (
  about: string,
  budget: Partial<Budget>,
  asked: (i: number) => Asked,
  more: Partial<Attack> = {},
): Attack => flood(about, budget, (world) => many(SHOTS, (i) => ask(world, { claims: foreign(i), ...asked(i) })), more);

const ofStrangers = (
  about: string,
  budget: Partial<Budget>,
  target: (i: number, world: WorkerdWorld) => Asked,
): Attack =>
  flood(about, budget, (world) =>
    many(SHOTS, (i) => {
      const { identity, scope, headers = forged(world) } = target(i, world);
      return send(world, world.target(identity, scope), { headers: { ...headers, ...address(i) } });
    }),
  );

const foreigners: readonly Attack[] = [
  ofForeigners("good tokens of 300 accounts, identities that do not exist", { github: 60 }, (i) => ({
    identity: `none-${i}`,
  })),
  ofForeigners("good tokens of 300 accounts, repositories that do not exist", { github: 60 }, (i) => ({
    scope: `acme/none-${i}`,
  })),
  ofForeigners("good tokens of 300 accounts, owners that do not exist", { github: 60, kvPuts: 1 }, (i) => ({
    scope: `none-${i}/app`,
  })),
  ofForeigners(
    "good tokens of one account, over its limit",
    { github: 0, kvGets: 0 },
    (i) => ({ identity: `more-${i}`, claims: foreign(0) }),
    {
      prepare: async (world) => {
        await many(150, (i) => ask(world, { identity: `none-${i}`, claims: foreign(0) }));
      },
    },
  ),
];

const strangers: readonly Attack[] = [
  ofStrangers("forged tokens from 300 /64s, identities", { github: 60 }, (i) => ({ identity: `none-${i}` })),
  ofStrangers("forged tokens from 300 /64s, repositories", { github: 60 }, (i) => ({ scope: `acme/none-${i}` })),
  ofStrangers("forged tokens from 300 /64s, owners", { github: 60, kvPuts: 1 }, (i) => ({ scope: `none-${i}/app` })),
  ofStrangers("forged tokens from 300 /64s, key ids of a known issuer", { github: 30, others: 40 }, (i, world) => ({
    headers: forged(world, { header: { kid: `k-${i}` }, claims: { iss: issuerOf(world) } }),
  })),
  flood(
    "issuers without end that a pattern of one policy fits",
    { github: 60, others: 80 },
    (world) =>
      many(SHOTS, (i) => {
        const headers = { ...forged(world, { claims: { iss: `${issuerOf(world)}/path-${i}` } }), ...address(i) };
        return send(world, world.target("any"), { headers });
      }),
    {
      prepare: (world) => {
        const origin = issuerOf(world).replaceAll(".", "\\.");
        putPolicy(
          world,
          "any",
          `issuer_pattern: '${origin}/.+'\nsubject_pattern: repo:.+\npermissions:\n  issues: write\n`,
        );
      },
    },
  ),
];

const clear = ({ network }: WorkerdWorld): void => network.clearFaults();

const outages: readonly Attack[] = [
  ofForeigners(
    "good tokens of 300 accounts while GitHub answers 500",
    { github: 200 },
    (i) => ({ scope: `acme/none-${i}` }),
    {
      prepare: ({ network }) => network.fault({ route: "gh.*", kind: "status", status: 500 }),
      calm: clear,
    },
  ),
  ofForeigners(
    "good tokens of 300 accounts while GitHub tells the App to wait a minute",
    { github: 30 },
    (i) => ({ scope: `acme/none-${i}` }),
    {
      prepare: ({ network }) => network.fault({ route: "gh.*", kind: "secondary", headers: { "retry-after": "60" } }),
      ownerAsks: "nothing",
    },
  ),
  ofForeigners(
    "good tokens of 300 accounts while GitHub tells the installation to wait a minute",
    { github: 90 },
    (i) => ({ identity: `none-${i}` }),
    {
      prepare: ({ network }) =>
        network.fault({ route: "gh.contents", kind: "secondary", headers: { "retry-after": "60" } }),
      calm: clear,
      ownerAsks: "warm",
    },
  ),
];

const others: readonly Attack[] = [
  flood("/readyz, by anybody", { github: 12 }, (world) => many(500, () => send(world, "/readyz"))),
  flood("/sts/revoke, 500 dead tokens at once from 250 addresses", { github: 500 }, (world) =>
    many(
      500,
      (i) =>
        send(world, "/sts/revoke", {
          method: "POST",
          headers: { Authorization: `Bearer ghs_${"x".repeat(36)}${i}`, ...address(i % 250) },
        }),
      500,
    ),
  ),
  flood("requests without a token", { github: 0, kvGets: 0 }, (world) =>
    many(SHOTS, (i) => send(world, `${TARGET}scope=acme/app&identity=x-${i}`, { headers: address(i) })),
  ),
];

/** A sink of events that takes none; `answer` says how. */
const ofSink = (about: string, answer: () => Response | Promise<Response>): Attack =>
  flood(
    about,
    // One for each event that finds it at work, and three tries of the one that finds out.
    { github: 300, others: SHOTS + 20 },
    (world) => many(SHOTS, (i) => ask(world, { claims: foreign(i) })),
    { options: { hasEventSink: true }, prepare: (world) => world.network.answer(world.eventsUrl, answer) },
  );

const sinks: readonly Attack[] = [
  ofSink("a sink of events that answers 500", () => new Response(null, { status: 500 })),
  ofSink("a sink of events that never answers", () => new Promise<never>(() => undefined)),
];

/** Rate limiters, counted outside of the isolate, that do not answer. */
const limiters: readonly Attack[] = [
  ofForeigners(
    "good tokens of 300 accounts while the rate limiters hang",
    { github: 200 },
    (i) => ({ scope: `acme/none-${i}` }),
    { options: { hasPlatform: true }, prepare: ({ platform }) => platform.set("hang", "limiter") },
  ),
];

export const FLOODS: readonly Attack[] = [...foreigners, ...strangers, ...outages, ...others, ...sinks, ...limiters];
