// Random changes to a whole request (path, query, headers, body, token): none mints what its signature does not say, none is
// answered with a 5xx, and nothing throws. `VITE_FUZZ_RUNS` asks for more than the few of every test run.

import fc from "fast-check";
import { beforeAll, expect, it } from "vitest";
import { DOMAIN } from "../exchange/story.ts";
import type { Answer } from "../exchange/worker.ts";
import { type Stage, signerNamed, stage } from "./support/stage.ts";

/** At most so many: each request leaves timers behind, of which the runtime bears 10,000. */
const RUNS = Math.min(Number(import.meta.env.VITE_FUZZ_RUNS ?? 300), 5_000);

interface Draft {
  readonly method: string;
  readonly path: string;
  readonly query: readonly (readonly [string, string])[];
  readonly headers: readonly (readonly [string, string])[];
  readonly body?: string;
  readonly token: string;
}

/** What is different afterwards. */
type Change = (draft: Draft) => Partial<Draft>;

let at: Stage;
/** A token that is granted, one by another key, and one of an issuer that nobody named. */
let tokens: readonly string[];

beforeAll(async () => {
  at = await stage();
  const evil = await signerNamed("evil");
  // Limits have tests of their own: the clock runs fast here, and these tokens live long.
  const exp = Math.floor(at.clock.now / 1000) + 1e8;
  tokens = [
    await at.token({ exp }),
    await at.token({ exp }, {}, evil),
    await at.token({ exp, iss: "https://nobody.example" }, {}, evil),
  ];
});

const share = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const visible = fc.string({
  maxLength: 30,
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((c) => String.fromCharCode(c)),
});
const anyText = fc.oneof(visible, fc.string({ maxLength: 30, unit: "binary" }));

const splice = (text: string, where: number, length: number, more: string): string => {
  const index = Math.floor(where * (text.length + 1));
  return text.slice(0, index) + more + text.slice(index + length);
};

const names = fc.constantFrom(
  "scope",
  "scopes",
  "identity",
  "permissions",
  "repositories",
  "aud",
  "Scope",
  "scope.x",
  "identity[]",
  "__proto__",
);
const values = fc.oneof(
  anyText,
  fc.constantFrom(
    "",
    ",",
    "*",
    "..",
    "../..",
    "acme",
    "acme/app",
    "a/b/c",
    "deploy",
    "contents:write",
    "issues:write",
    "issues:read",
    "app",
    "app,other",
    "%00",
    "null",
  ),
);
const headerNames = fc.constantFrom(
  "Authorization",
  "Content-Type",
  "Accept",
  "Host",
  "X-Forwarded-For",
  "Grpc-Metadata-Authorization",
  "Content-Length",
  "Cookie",
  "Transfer-Encoding",
  "X-HTTP-Method-Override",
);
const which = fc.nat({ max: 2 });
const FORM = "application/x-www-form-urlencoded";
const methods = fc.constantFrom("GET", "POST", "PUT", "HEAD", "DELETE", "OPTIONS", "PATCH");
const paths = fc.constantFrom(
  "/sts/exchange",
  "/sts/exchange/",
  "/STS/exchange",
  "/sts//exchange",
  "/oauth2/token",
  "/sts/revoke",
  "/.well-known/oauth-authorization-server",
  "/x",
);
const contentTypes = fc.constantFrom(
  FORM,
  "application/json",
  "text/plain",
  "multipart/form-data; boundary=x",
  "application/grpc",
  "nonsense;;",
  "",
);

const onToken: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(share, fc.nat({ max: 3 }), fc.oneof(visible, fc.constantFrom(".", "=", "A", "-"))).map(
    ([where, length, more]): Change =>
      ({ token }) => ({ token: splice(token, where, length, more) }),
  ),
  which.map(
    (other): Change =>
      () => ({ token: tokens[other] ?? "" }),
  ),
  fc.tuple(which, which).map(
    ([other, part]): Change =>
      ({ token }) => {
        const parts = token.split(".");
        parts[part] = (tokens[other] ?? "").split(".")[part] ?? "";
        return { token: parts.join(".") };
      },
  ),
);

const posted =
  (type: string, body: string): Change =>
  ({ headers }) => ({
    method: "POST",
    headers: [...headers, ["Content-Type", type]],
    body,
  });
const formOf = (pairs: readonly (readonly [string, string])[]): string =>
  new URLSearchParams(pairs.map(([name, value]) => [name, value.toWellFormed()])).toString();

const onRequest: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(names, values).map(
    (pair): Change =>
      ({ query }) => ({ query: [...query, pair] }),
  ),
  fc.tuple(which, values).map(
    ([at, value]): Change =>
      ({ query }) => ({
        query: query.map(([name, old], i) => [name, i === at ? value : old]),
      }),
  ),
  which.map(
    (at): Change =>
      ({ query }) => ({ query: query.filter((_, i) => i !== at) }),
  ),
  fc.tuple(headerNames, visible).map(
    (header): Change =>
      ({ headers }) => ({ headers: [...headers, header] }),
  ),
  fc.tuple(contentTypes, anyText).map(([type, body]) => posted(type, body)),
  fc.jsonValue({ maxDepth: 3 }).map((json) => posted("application/json", JSON.stringify(json))),
  fc.array(fc.tuple(names, values), { maxLength: 4 }).map((pairs) => posted(FORM, formOf(pairs))),
  methods.map(
    (method): Change =>
      () => ({ method }),
  ),
  paths.map(
    (path): Change =>
      () => ({ path }),
  ),
);

const changes = fc.array(fc.oneof({ weight: 2, arbitrary: onToken }, { weight: 3, arbitrary: onRequest }), {
  minLength: 1,
  maxLength: 5,
});

/** Undefined where no client could send it. */
function requestOf(list: readonly Change[]): Request | undefined {
  const good: Draft = {
    method: "GET",
    path: "/sts/exchange",
    query: [
      ["scope", `${at.owner}/app`],
      ["identity", "deploy"],
    ],
    headers: [],
    token: tokens[0] ?? "",
  };
  let draft = good;
  for (const change of list) draft = { ...draft, ...change(draft) };
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
      at.clock.now += 10_000;
      const minted = at.grantMints();
      const answer = await at.worker.fetch(request);
      seen.set(answer.status, (seen.get(answer.status) ?? 0) + 1);
      expect(answer.status, `${request.method} ${request.url} ${JSON.stringify([...request.headers])}`).toBeLessThan(
        500,
      );
      expect(typeof answer.headers.get("X-Request-Id")).toBe("string");
      if (answer.status !== 200) expect(tokenOf(answer)).toBeUndefined();
      if (tokenOf(answer) === undefined) {
        expect(at.grantMints()).toBe(minted);
        return;
      }
      // The very token, unchanged.
      expect(bearer.replace(/^Bearer +/i, "").trim()).toBe(tokens[0]);
      expect(at.worker.audits().at(-1)).toMatchObject({
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
