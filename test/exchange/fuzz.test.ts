// Random changes to a whole request (path, query, headers, body, token): none mints what its signature does not say, none is
// answered with a 5xx, and nothing throws. `VITE_FUZZ_RUNS` asks for more than the few of every test run.

import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import type { Answer } from "../support/isolate.ts";
import { createIssuerWorld, type IssuerWorld, signerNamed } from "../support/issuer-world.ts";
import { DOMAIN } from "../support/workload.ts";
import { type Change, changes, type Draft } from "./fuzz-changes.ts";

/** At most so many: each request leaves timers behind, of which the runtime bears 10,000. */
const RUNS = Math.min(Number(import.meta.env.VITE_FUZZ_RUNS ?? 300), 5_000);

let world: IssuerWorld;
/** A token that is granted, one by another key, and one of an issuer that nobody named. */
let tokens: readonly string[];

beforeAll(async () => {
  world = await createIssuerWorld();
  const evil = await signerNamed("evil");
  // Limits have tests of their own: the clock runs fast here, and these tokens live long.
  const exp = Math.floor(world.clock.now / 1000) + 1e8;
  tokens = [
    await world.token({ exp }),
    await world.token({ exp }, {}, evil),
    await world.token({ exp, iss: "https://nobody.example" }, {}, evil),
  ];
});

/** Undefined where no client could send it. */
function requestOf(list: readonly Change[]): Request | undefined {
  const good: Draft = {
    method: "GET",
    path: "/sts/exchange",
    query: [
      ["scope", `${world.owner}/app`],
      ["identity", "deploy"],
    ],
    headers: [],
    token: tokens[0] ?? "",
  };
  let draft = good;
  for (const change of list) draft = { ...draft, ...change(draft, tokens) };
  const query = draft.query.map(([name, value]) => `${name}=${encodeURIComponent(value.toWellFormed())}`).join("&");
  const body = ["GET", "HEAD"].includes(draft.method) ? undefined : draft.body;
  const headers = [["Authorization", `Bearer ${draft.token}`], ...draft.headers.map((header) => [...header])];
  try {
    const init = { method: draft.method, headers, ...(body === undefined ? {} : { body }) };
    return new Request(`https://${DOMAIN}${draft.path}?${query}`, init);
  } catch {
    return undefined;
  }
}

const tokenOf = ({ body }: Answer): unknown => body.token ?? body.access_token;

it(`${RUNS} changed requests: no 5xx, no grant but that of the good token`, { timeout: 600_000 }, async () => {
  const seen = new Map<number, number>();
  await fc.assert(
    fc.asyncProperty(changes, async (list) => {
      const request = requestOf(list);
      if (!request) return;
      const bearer = request.headers.get("Authorization") ?? "";
      world.clock.now += 10_000;
      const minted = world.grantMints();
      const answer = await world.worker.fetch(request);
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
      expect(answer.status, `${request.method} ${request.url} ${JSON.stringify([...request.headers])}`).toBeLessThan(
        500,
      );
      expect(typeof answer.headers.get("X-Request-Id")).toBe("string");
      if (answer.status !== 200) expect(tokenOf(answer)).toBeUndefined();
      if (tokenOf(answer) === undefined) {
        expect(world.grantMints()).toBe(minted);
        return;
      }
      // The very token, unchanged.
      expect(bearer.replace(/^Bearer +/i, "").trim()).toBe(tokens[0]);
      expect(world.worker.audits().at(-1)).toMatchObject({
        outcome: "granted",
        scope: expect.stringMatching(/^acme-\d+\/app$/i),
      });
      expect(Object.keys(Object(answer.body.permissions ?? { issues: 1 }))).toContain("issues");
    }),
    { numRuns: RUNS },
  );
  // A run that was granted nothing, or heard nothing, has tried nothing.
  expect([...seen.keys()]).toEqual(expect.arrayContaining([200, 400, 404]));
});
