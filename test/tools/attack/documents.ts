// Bombs in what issuers and GitHub answer.

import { keySetOf } from "../../support/network.ts";
import type { WorkerdWorld } from "../../support/workerd.ts";
import type { Attack } from "./attack.ts";
import { bomb, TIMES } from "./bomb.ts";
import { ask, forged, issuerOf, many, putPolicy, send } from "./requests.ts";

const ENDLESS = { kind: "huge", bytes: Number.POSITIVE_INFINITY } as const;
const calm: Attack["calm"] = ({ network }) => network.clearFaults();

const policyOf = (issuer: string): string => `issuer: ${issuer}\nsubject_pattern: .+\npermissions:\n  issues: write\n`;

/** As large as is read: 256 KiB in 180 keys, each of 8,192 bits. */
const KEYS = Array.from({ length: 180 }, (_, i) => ({
  kty: "RSA",
  e: "AQAB",
  // Odd, and its first bit is set, as of any modulus.
  n: Buffer.from(Array.from({ length: 1_024 }, (_byte, j) => (j * 31 + i) | (j % 1_023 === 0 ? 129 : 0))).toString(
    "base64url",
  ),
}));

const large = (world: WorkerdWorld, i: number): string => `${issuerOf(world)}/large-${i}`;

export const DOCUMENTS: readonly Attack[] = [
  bomb(
    "discovery documents without end",
    (world) =>
      many(TIMES, (i) =>
        send(world, world.target("named"), { headers: forged(world, { claims: { sub: `repo:x/${i}` } }) }),
      ),
    { others: 10 },
    {
      prepare: (world) => {
        putPolicy(world, "named", policyOf(`${issuerOf(world)}/nobody`));
        world.network.fault({ route: "oidc.*", ...ENDLESS });
      },
      calm,
    },
  ),
  bomb(
    "20 key sets of 250 KiB, tokens that fit any of their keys of 8,192 bits",
    (world) =>
      many(TIMES, (i) => {
        const forgery = { header: { kid: undefined }, claims: { iss: large(world, i) }, signatureBytes: 1_024 };
        return send(world, world.target(`large-${i}`), { headers: forged(world, forgery) });
      }),
    // Their documents, and once more for a key that may be new; those that are kept are written.
    { others: 4 * TIMES, kvGets: 8 * TIMES, kvPuts: 2 * TIMES, memoryMiB: 96 },
    {
      prepare: (world) => {
        for (let i = 0; i < TIMES; i += 1) {
          putPolicy(world, `large-${i}`, policyOf(large(world, i)));
          world.network.publish(large(world, i), KEYS);
        }
        if (JSON.stringify({ keys: KEYS }).length > 256 * 1024) throw new Error(`${keySetOf("it")} is too large`);
      },
    },
  ),
  bomb(
    "answers of GitHub without end",
    (world) => many(TIMES, (i) => ask(world, { identity: `none-${i}` })),
    { cpuMs: 4_000, memoryMiB: 96 },
    { prepare: ({ network }) => network.fault({ route: "gh.contents", ...ENDLESS }), calm },
  ),
];
