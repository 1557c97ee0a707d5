// What a request's parameters may be: no restriction that the caller asked for is ever lost, and no body costs more than its bytes.

import { beforeEach, describe, expect, it } from "vitest";
import type { Answer } from "../support/isolate.ts";
import { reset } from "../support/storage.ts";
import { claimsOf, DOMAIN } from "../support/workload.ts";
import { createWorld, type World } from "../support/world.ts";

beforeEach(() => reset());

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";

/** The policy grants `issues: write` on one repository. */
async function refused(asked: World, answer: Answer, status: number, message: string | RegExp): Promise<void> {
  expect([answer.status, answer.body.code, answer.body.reason]).toEqual([status, 3, "invalid_request"]);
  expect(answer.body.message).toEqual(typeof message === "string" ? message : expect.stringMatching(message));
  expect(asked.calls).toEqual([]);
  expect(asked.worker.audits()).toMatchObject([{ outcome: "refused", reason: "invalid_request" }]);
}

const granted = ({ status, body }: Answer) => ({ status, permissions: body.permissions });
const WHOLE = { status: 200, permissions: { issues: "write", metadata: "read" } };
const READ_ONLY = { status: 200, permissions: { issues: "read", metadata: "read" } };

describe("a body of a type that is not read", () => {
  const types = [
    "text/json",
    "application/vnd.api+json",
    "application/json5",
    "application/x-ndjson",
    "text/plain",
    "text/plain;charset=UTF-8",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "application/x-www-form-urlencoded-ish",
    undefined,
  ];
  const bodies = ['{"permissions":"issues:read"}', "permissions=issues:read", " ", "\0"];

  it.each(types)("%s is 415, whatever it says", async (type) => {
    for (const text of bodies) {
      const asked = await createWorld();
      // As bytes: text would get a type of its own.
      const request = await asked.request({ method: "POST" });
      const sent = new Request(request, { body: new TextEncoder().encode(text) });
      if (type === undefined) sent.headers.delete("Content-Type");
      else sent.headers.set("Content-Type", type);
      const answer = await asked.worker.fetch(sent);
      await refused(
        asked,
        answer,
        415,
        "invalid request: the body must be application/x-www-form-urlencoded or application/json",
      );
    }
  });

  it.each(types)("%s is fine with nothing in it", async (type) => {
    const asked = await createWorld();
    const headers: Record<string, string> = type === undefined ? {} : { "Content-Type": type };
    expect(granted(await asked.ask({ method: "POST", headers }))).toEqual(WHOLE);
    const empty = new ReadableStream({
      start(stream) {
        stream.enqueue(new Uint8Array());
        stream.close();
      },
    });
    const request = new Request(await asked.request({ method: "POST", headers }), { body: empty });
    expect(granted(await asked.worker.fetch(request))).toEqual(WHOLE);
  });

  it("is refused where only forms are read as well", async () => {
    const asked = await createWorld();
    const body = '{"token":"ghs_x"}';
    const answer = await asked.worker.fetch(
      new Request(`https://${DOMAIN}/sts/revoke`, { method: "POST", body, headers: { "Content-Type": "text/json" } }),
    );
    expect([answer.status, answer.body.reason]).toEqual([415, "invalid_request"]);
    expect(asked.calls).toEqual([]);
  });

  it("but the types that are read restrict the grant", async () => {
    const asked = await createWorld();
    const ask = (type: string, body: string) => asked.ask({ method: "POST", body, headers: { "Content-Type": type } });
    expect(granted(await ask(`${JSON_TYPE};charset=utf-8`, '{"permissions":"issues:read"}'))).toEqual(READ_ONLY);
    expect((await ask(FORM, "permissions=issues:read")).status).toBe(200);
    expect(asked.github.tokens.at(-1)?.permissions).toMatchObject({ issues: "read" });
  });
});

describe("a restriction that would be read as something else", () => {
  const RESTRICTION = "permissions=issues:read";
  const utf8 = (text: string) => new TextEncoder().encode(text);
  const utf16 = (text: string, littleEndian: boolean) => {
    const view = new DataView(new ArrayBuffer(2 * text.length));
    for (let i = 0; i < text.length; i += 1) view.setUint16(2 * i, text.charCodeAt(i), littleEndian);
    return new Uint8Array(view.buffer);
  };
  const coded = async (text: string, format: "gzip" | "deflate") => {
    const stream = new Blob([text]).stream().pipeThrough(new CompressionStream(format));
    return new Uint8Array(await new Response(stream).arrayBuffer());
  };

  interface Odd {
    readonly about: string;
    readonly body: () => Uint8Array | Promise<Uint8Array>;
    readonly type?: string;
    readonly coding?: string;
    readonly status?: number;
  }
  const ODD: readonly Odd[] = [
    { about: "UTF-16", body: () => utf16(RESTRICTION, true), type: `${FORM}; charset=utf-16le` },
    { about: "UTF-16, the other way round", body: () => utf16(RESTRICTION, false), type: `${FORM}; charset=utf-16` },
    { about: "UTF-16 with its mark", body: () => Uint8Array.of(0xff, 0xfe, ...utf16(RESTRICTION, true)) },
    { about: "gzip", body: () => coded(RESTRICTION, "gzip"), coding: "gzip", status: 415 },
    { about: "deflate", body: () => coded(RESTRICTION, "deflate"), coding: "Deflate", status: 415 },
    { about: "a coding that changes nothing", body: () => utf8(RESTRICTION), coding: "x, identity", status: 415 },
    { about: "gzip that is not announced", body: () => coded(RESTRICTION, "gzip") },
    { about: "JSON under a form's type, as curl sends it", body: () => utf8('{"permissions":"issues:read"}') },
    { about: "a pair on each line", body: () => utf8(`x=y\n${RESTRICTION}`) },
    { about: "escapes that were escaped", body: () => utf8(RESTRICTION.replace("p", "%2570")) },
    { about: "XML under a form's type", body: () => utf8("<permissions>issues:read</permissions>") },
    {
      about: "JSON in JSON",
      body: () => utf8('{"data":{"permissions":"issues:read"}}'),
      type: JSON_TYPE,
    },
    {
      about: "JSON in a list in JSON",
      body: () => utf8('{"x":[1,{"y":{"repositories":["app"]}}]}'),
      type: JSON_TYPE,
    },
    { about: "a dry run in JSON", body: () => utf8('{"options":{"dry_run":true}}'), type: JSON_TYPE },
    { about: "gzip of JSON", body: () => coded('{"permissions":"issues:read"}', "gzip"), type: JSON_TYPE },
  ];

  it.each(ODD.map((odd) => [odd.about, odd] as const))("%s is refused", async (_about, odd) => {
    const asked = await createWorld();
    const sent = new Request(await asked.request({ method: "POST" }), { body: await odd.body() });
    sent.headers.set("Content-Type", odd.type ?? FORM);
    if (odd.coding) sent.headers.set("Content-Encoding", odd.coding);
    await refused(asked, await asked.worker.fetch(sent), odd.status ?? 400, /^invalid request: /);
  });

  it.each([
    ["a mark of UTF-8", `\ufeff${RESTRICTION}`, {}],
    ["the end of a line behind it", `${RESTRICTION}\r\n`, {}],
    ["a coding of no effect", RESTRICTION, { "Content-Encoding": "identity" }],
    ["another charset that is named in vain", RESTRICTION, { "Content-Type": `${FORM}; charset=ISO-8859-1` }],
  ])("%s changes nothing", async (_about, body, headers) => {
    const asked = await createWorld();
    const answer = await asked.ask({ method: "POST", body, headers: { "Content-Type": FORM, ...headers } });
    expect(answer.status).toBe(200);
    expect(asked.github.tokens.at(-1)?.permissions).toMatchObject({ issues: "read" });
  });
});

describe("downscoping under a wrong name", () => {
  const names: readonly (readonly [string, string])[] = [
    ["permission", "permissions"],
    ["Permissions", "permissions"],
    ["PERMISSIONS", "permissions"],
    ["permissions[]", "permissions"],
    ["permissions[issues]", "permissions"],
    ["permision", "permissions"],
    ["permissons", "permissions"],
    ["perms", "permissions"],
    ["permission_set", "permissions"],
    ["repository", "repositories"],
    ["Repositories", "repositories"],
    ["repositories[]", "repositories"],
    ["repositorys", "repositories"],
    ["repository_ids", "repositories"],
    ["repos", "repositories"],
    ["repo", "repositories"],
    ["repo_names", "repositories"],
  ];
  const wires: readonly (readonly [string, (name: string) => Parameters<World["ask"]>[0]])[] = [
    ["the query", (name) => ({ query: { [name]: "x" } })],
    [
      "a form",
      (name) => ({ method: "POST", body: `${encodeURIComponent(name)}=x`, headers: { "Content-Type": FORM } }),
    ],
    [
      "JSON",
      (name) => ({
        method: "POST",
        body: JSON.stringify({ [name]: ["x", 1] }),
        headers: { "Content-Type": JSON_TYPE },
      }),
    ],
  ];

  it.each(names)("%s is refused, and %s named", async (name, meant) => {
    for (const [, asking] of wires) {
      const asked = await createWorld();
      const answer = await asked.ask(asking(name));
      await refused(asked, answer, 400, `invalid request: there is no parameter "${name}": did you mean "${meant}"?`);
    }
  });

  it.each(wires)(
    "what clients of octo-sts send, and what else means nothing here, is ignored in %s",
    async (_wire, asking) => {
      for (const name of [
        "aud",
        "cap",
        "identity_provider",
        "identityProvider",
        "client_id",
        "nonce",
        "report",
        "perm1t",
      ]) {
        const asked = await createWorld();
        expect((await asked.ask(asking(name))).status).toBe(200);
      }
    },
  );

  it("quotes no more of the name than a line holds, and nothing that is not printable", async () => {
    const asked = await createWorld();
    const answer = await asked.ask({ query: { [`repository\n\u{1f600}${"x".repeat(500)}`]: "x" } });
    const quoted = `repository???${"x".repeat(67)}`;
    await refused(
      asked,
      answer,
      400,
      `invalid request: there is no parameter "${quoted}": did you mean "repositories"?`,
    );
  });

  it("is refused at the token endpoint too, and in its query under any name", async () => {
    const cases: readonly (readonly [query: string, body: Record<string, string>, message: RegExp])[] = [
      ["", { permission: "issues:read" }, /did you mean "permissions"/],
      ["", { repos: "app" }, /did you mean "repositories"/],
      ["?permissions=issues:read", {}, /"permissions" must be in the form body/],
      ["?repositories=app", {}, /"repositories" must be in the form body/],
      ["?repository=app", {}, /did you mean "repositories"/],
    ];
    for (const [query, more, message] of cases) {
      const asked = await createWorld();
      await refused(asked, await askToken(asked, query, more), 400, message);
    }
    const asked = await createWorld();
    expect((await askToken(asked, "?utm_source=x", { client_id: "x" })).status).toBe(200);
  });
});

async function askToken(asked: World, query: string, more: Readonly<Record<string, string>>): Promise<Answer> {
  const body = new URLSearchParams({
    grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
    subject_token: await asked.actions.sign(claimsOf(asked)),
    subject_token_type: "urn:ietf:params:oauth:token-type:jwt",
    audience: `${asked.owner}/app`,
    scope: "deploy",
    ...more,
  });
  return asked.worker.fetch(new Request(`https://${DOMAIN}/oauth2/token${query}`, { method: "POST", body }));
}

describe("a JSON body with two readings", () => {
  it.each([
    '{"permissions":"issues:read","permissions":null}',
    '{"permissions":null,"permissions":"issues:write"}',
    '{"identity":"deploy","x":{"y":1,"y":2}}',
  ])("%s is refused", async (body) => {
    const asked = await createWorld();
    const answer = await asked.ask({ method: "POST", body, headers: { "Content-Type": JSON_TYPE } });
    await refused(asked, answer, 400, "invalid request: the body names a key twice");
  });
});

const post = (type: string, body: string, query: Record<string, string> = {}) =>
  ({ method: "POST", body, query, headers: { "Content-Type": type } }) as const;

describe("the number of parameters", () => {
  const pairs = (count: number) => Array.from({ length: count }, (_, i) => `a${i}=`).join("&");
  const tooMany = "invalid request: more than 64 parameters";

  it.each([
    ["one name without a value", "a&".repeat(32_000)],
    ["one name", "a=1&".repeat(16_000)],
    ["the name that is read", "scope=x&".repeat(8_000)],
    ["names of their own", pairs(9_000)],
    ["65", pairs(65)],
  ])("is bounded in a form of %s", async (_about, body) => {
    const asked = await createWorld();
    await refused(asked, await asked.ask(post(FORM, body)), 400, tooMany);
  });

  it.each([
    ["keys", JSON.stringify(Object.fromEntries(Array.from({ length: 65 }, (_, i) => [`a${i}`, i])))],
    ["one list", JSON.stringify({ scopes: Array.from({ length: 10_000 }, () => "x") })],
  ])("is bounded in JSON of %s", async (_about, body) => {
    const asked = await createWorld();
    await refused(asked, await asked.ask(post(JSON_TYPE, body)), 400, tooMany);
  });

  it("counts the query and the body together", async () => {
    const asked = await createWorld();
    // Scope and identity are two of them.
    const query = Object.fromEntries(Array.from({ length: 30 }, (_, i) => [`q${i}`, ""]));
    expect((await asked.ask(post(FORM, pairs(32), query))).status).toBe(200);
    const other = await createWorld();
    await refused(other, await other.ask(post(FORM, pairs(33), query)), 400, tooMany);
    const alone = await createWorld();
    const long = Object.fromEntries(Array.from({ length: 63 }, (_, i) => [`q${i}`, ""]));
    await refused(alone, await alone.ask({ query: long }), 400, tooMany);
  });

  it.each(["/oauth2/token", "/sts/revoke"])("is bounded at %s", async (path) => {
    const asked = await createWorld();
    const headers = { "Content-Type": FORM };
    const answer = await asked.worker.fetch(
      new Request(`https://${DOMAIN}${path}`, { method: "POST", body: "a&".repeat(32_000), headers }),
    );
    expect([answer.status, answer.body.reason, answer.body.message]).toEqual([400, "invalid_request", tooMany]);
    expect(asked.calls).toEqual([]);
  });
});

describe("a body that does not come to its end", () => {
  const stream = (pull: (stream: ReadableStreamDefaultController<Uint8Array>) => void | Promise<void>) =>
    new ReadableStream<Uint8Array>({ pull });
  const send = async (asked: World, path: string, body: ReadableStream) =>
    asked.worker.fetch(
      new Request(`https://${DOMAIN}${path}`, { method: "POST", body, headers: { "Content-Type": FORM } }),
    );

  it.each(["/sts/exchange", "/oauth2/token", "/sts/revoke"])("is given up at %s", async (path) => {
    const asked = await createWorld();
    const hangs = await send(
      asked,
      path,
      stream(() => new Promise<void>(() => undefined)),
    );
    expect([hangs.status, hangs.body.reason]).toEqual([504, "deadline_exceeded"]);
    expect(asked.calls).toEqual([]);
  });

  it("keeps no other address waiting: as many as have a place are waited for, of one address and of all", async () => {
    const asked = await createWorld();
    const never = () => stream(() => new Promise<void>(() => undefined));
    const paths = ["/sts/exchange", "/oauth2/token", "/sts/revoke"];
    const sendFrom = (address: string, path: string, body: ReadableStream) =>
      asked.worker.fetch(
        new Request(`https://${DOMAIN}${path}`, {
          method: "POST",
          body,
          headers: { "Content-Type": FORM, "CF-Connecting-IP": address },
        }),
      );
    const statuses = async (count: number, address: (i: number) => string) => {
      const sent = Array.from({ length: count }, (_, i) => sendFrom(address(i), paths[i % 3] ?? "", never()));
      const answers = (await Promise.all(sent)).map(({ status }) => status);
      return [504, 429].map((status) => answers.filter((answer) => answer === status).length);
    };
    expect(await statuses(60, () => "192.0.2.1")).toEqual([20, 40]);
    expect(await statuses(240, (i) => `192.0.2.${i}`)).toEqual([200, 40]);
    // Bodies that come at once, of a crowd behind one address, while others hold every place.
    const [slow, crowd] = [
      statuses(200, (i) => `192.0.2.${i}`),
      Promise.all(Array.from({ length: 100 }, () => asked.ask(post(FORM, "permissions=issues:read")))),
    ];
    expect((await crowd).filter(({ status }) => status === 200)).toHaveLength(100);
    expect(await slow).toEqual([200, 0]);
  });

  it.each(["/sts/exchange", "/oauth2/token", "/sts/revoke"])("or is cut, at %s, is no bug of ours", async (path) => {
    const asked = await createWorld();
    const cut = await send(
      asked,
      path,
      stream((to) => to.error(new Error("gone"))),
    );
    expect([cut.status, cut.body.reason, cut.body.message]).toEqual([
      400,
      "invalid_request",
      "invalid request: the body ends early",
    ]);
    expect(asked.calls).toEqual([]);
    expect(asked.worker.logs.filter(({ type }) => type === "bug")).toEqual([]);
  });
});
