// octo-sts's recorded answers, put to this service: the same status, code and grant, or a label says why not.

import { describe, expect, it } from "vitest";
import { type Answer, createIsolate } from "../../support/isolate.ts";
import vectors from "../../vectors/exchange.json";
import { DIFFERENCES, type Difference } from "./differences.ts";
import { type ExchangeCase, grantOf, type OctoAnswer, prepareCase, type Replay } from "./replay.ts";

// JSON imports have the union of all cases' shapes; the file's README is the type.
const cases = vectors as unknown as readonly ExchangeCase[];

const DOMAIN = "sts.example.test";

interface Seen {
  readonly status: number;
  readonly code: unknown;
  readonly grant: string | null;
}

function seenOf(answer: Answer, replay: Replay): Seen {
  const { token } = answer.body;
  const grant = typeof token === "string" ? grantOf(replay.network, token) : null;
  return {
    status: answer.status,
    code: answer.body.code,
    grant: grant && `${grant.permissions} @ ${grant.repositories}`,
  };
}

function wantedOf(octo: OctoAnswer, difference: Difference | undefined): Seen {
  if (difference) return { status: difference.status, code: difference.code, grant: difference.grant ?? null };
  const body: unknown = octo.body.startsWith("{") ? JSON.parse(octo.body) : {};
  const code = typeof body === "object" && body !== null && "code" in body ? body.code : undefined;
  const { minted } = octo;
  return { status: octo.status, code, grant: minted ? `${minted.permissions} @ ${minted.repositories}` : null };
}

const keyOf = (id: string, step: number): string => (step === 0 ? id : `${id}#${step}`);

async function replayed(vector: ExchangeCase, variables: Readonly<Record<string, string>> = {}) {
  const replay = await prepareCase(vector, { domain: DOMAIN });
  const worker = createIsolate({ network: replay.network, variables: { ...replay.config.variables, ...variables } });
  const answers: { key: string; octo: OctoAnswer; answer: Answer; seen: Seen }[] = [];
  for (const [i, step] of replay.steps.entries()) {
    step.before();
    const answer = await worker.fetch(step.request);
    answers.push({ key: keyOf(vector.id, i), octo: step.octo, answer, seen: seenOf(answer, replay) });
  }
  return { replay, answers };
}

for (const group of new Set(cases.map((vector) => vector.group))) {
  describe(group, () => {
    it.concurrent.each(cases.filter((vector) => vector.group === group).map((vector) => [vector.id, vector] as const))(
      "%s",
      async (_id, vector) => {
        const { replay, answers } = await replayed(vector);
        for (const { key, octo, answer, seen } of answers) {
          const difference = DIFFERENCES[key];
          expect(seen, key).toEqual(wantedOf(octo, difference));
          if (difference?.reason) expect(answer.body.reason, key).toBe(difference.reason);
        }
        // Read tokens are gone, and nothing lives that was not handed out.
        const handedOut = new Set(answers.map(({ answer }) => answer.body.token));
        const forgotten = replay.network.github.tokens.filter((token) => !token.revoked && !handedOut.has(token.value));
        expect(forgotten.filter(() => !LEFT_BEHIND.has(vector.id))).toEqual([]);
      },
    );
  });
}

/** A mint whose answer was cut (nobody read the token), or a revocation that GitHub refuses: counted, and gone in an hour. */
const LEFT_BEHIND: ReadonlySet<string> = new Set(["gh-revoke-500", "gh-mint-policy-cut"]);

describe("the list of differences", () => {
  it("names only cases that exist, each really different", () => {
    const answers = new Map(
      cases.flatMap(({ id, octo }) => octo.map((answer, i) => [keyOf(id, i), wantedOf(answer, undefined)] as const)),
    );
    for (const [key, difference] of Object.entries(DIFFERENCES)) {
      const octo = answers.get(key);
      expect(octo, key).toBeDefined();
      expect({ status: difference.status, code: difference.code, grant: difference.grant ?? null }, key).not.toEqual(
        octo,
      );
    }
  });
});
