// octo-sts's cases about tokens and issuers, put to a deployment that knows none of these issuers: what is refused before
// anything is read stays as it is, everything else is the one answer, and what was granted still is.

import { describe, expect, it } from "vitest";
import { type Answer, createIsolate } from "../../support/isolate.ts";
import { commonText } from "../../support/issuer-world.ts";
import { memoryKv } from "../../support/memory-kv.ts";
import vectors from "../../vectors/exchange.json";
import { type ExchangeCase, grantOf, prepareCase, type Replay } from "./replay.ts";

// JSON imports have the union of all cases' shapes; the file's README is the type.
const cases = (vectors as unknown as readonly ExchangeCase[]).filter(({ group }) =>
  ["tokens", "issuer syntax", "issuer trouble"].includes(group),
);

const DOMAIN = "sts.example.test";

/** The same case is played twice: neither run may find what the other kept. */
const FORGETFUL = { ...memoryKv(), put: async () => undefined };

interface Played {
  readonly answer: Answer;
  readonly reason: unknown;
  readonly told: unknown;
  readonly verified: unknown;
  readonly grant: ReturnType<typeof grantOf>;
  readonly issuerHosts: readonly string[];
}

async function played(vector: ExchangeCase, known: boolean): Promise<{ replay: Replay; steps: Played[] }> {
  const replay = await prepareCase(vector, { domain: DOMAIN, now: () => NOW });
  const { KNOWN_ISSUERS, ...variables } = replay.config.variables;
  const { network } = replay;
  const worker = createIsolate({
    network,
    now: () => NOW,
    variables: { ...variables, ...(known && { KNOWN_ISSUERS }) },
    bindings: { STS_CACHE: FORGETFUL },
  });
  const steps: Played[] = [];
  for (const step of replay.steps) {
    step.before();
    network.forgetCalls();
    const answer = await worker.fetch(step.request);
    const event = worker.audits().at(-1);
    const actor = event?.actor;
    steps.push({
      answer,
      reason: event?.reason,
      told: event?.told,
      verified: typeof actor === "object" && actor !== null && "verified" in actor && actor.verified,
      grant: typeof answer.body.token === "string" ? grantOf(network, answer.body.token) : null,
      issuerHosts: network.hosts().filter((host) => host !== "api.github.com"),
    });
  }
  return { replay, steps };
}

/** Both runs of a case live at one moment, as refusals name the time. */
const NOW = Date.UTC(2026, 10, 25, 12);

/** Decided by the request alone, before anything is asked (worker/README.md, "One exchange", steps 1 to 3). */
const EARLY = /^(token_|issuer_malformed|subject_malformed|audience_malformed)/;

const seenOf = ({ answer: { status, body } }: Played) => {
  const { request_id: _, error_description: __, error_uri: ___, ...rest } = body;
  return status === 200 ? { status } : { status, ...rest };
};

describe.each(["tokens", "issuer syntax", "issuer trouble"])("%s, of issuers that nobody knows", (group) => {
  it.concurrent.each(cases.filter((vector) => vector.group === group).map((vector) => [vector.id, vector] as const))(
    "%s",
    async (_id, vector) => {
      const known = await played(vector, true);
      const unknown = await played(vector, false);
      for (const [at, now] of unknown.steps.entries()) {
        const before = known.steps[at];
        if (!before) throw new Error("both runs have the same steps");
        const early = typeof before.reason === "string" && EARLY.test(before.reason);
        if (now.answer.status === 200 || early || now.verified) {
          expect(seenOf(now)).toEqual(seenOf(before));
          expect(now.grant).toEqual(before.grant);
        } else {
          expect(seenOf(now)).toEqual({
            status: 404,
            code: 5,
            message: commonText(unknown.replay.names.owner, "ok"),
            details: [],
            reason: "not_found",
            error: "invalid_target",
          });
          expect(before.answer.status).not.toBe(200);
        }
        if (early) expect(now.issuerHosts).toEqual([]);
        if (now.reason === "issuer_mismatch") expect(now.issuerHosts).toEqual([]);
      }
    },
  );
});

it("covers every case of the three groups", () => {
  expect(cases).toHaveLength(86);
});
