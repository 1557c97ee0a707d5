// The pages about refusals, the policy reference and the schemas, as the Worker answers them from the built files.

import { describe, expect, it } from "vitest";
import policySchema from "../../policies/policy.schema.json";
import trustedIssuersSchema from "../../policies/trusted-token-issuers.schema.json";
import { REFUSALS } from "../../worker/denial.ts";
import eventSchema from "../../worker/event.schema.json";
import { SCHEMAS } from "../../worker/http/schemas.ts";
import { WHO } from "../../worker/page/refused/explanations/explanation.ts";
import { EXPLANATIONS } from "../../worker/page/refused/explanations/explanations.ts";
import { createWorld, DOMAIN, type WorldOptions } from "../support/world.ts";

const BROWSER = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";
const CURL = "*/*";

async function open(options: WorldOptions = {}) {
  const { worker, calls, ask } = await createWorld(options);
  const get = (path: string, accept = CURL, method = "GET") =>
    worker.fetch(new Request(`https://${DOMAIN}${path}`, { method, headers: { Accept: accept } }));
  return { get, calls, ask };
}

const COMMON = {
  "cache-control": "public, max-age=3600",
  "x-content-type-options": "nosniff",
  "x-request-id": expect.stringMatching(/^[0-9a-f-]{36}$/),
};

describe("the page of a reason", () => {
  it("is there for every reason of the catalogue and for no other, and explains it with what may be looked at", () => {
    expect(Object.keys(EXPLANATIONS)).toEqual(Object.keys(REFUSALS));
    for (const [reason, { means, who, remedy, look, near }] of Object.entries(EXPLANATIONS)) {
      expect([means, remedy, WHO[who], ...look].every((text) => /^[^.].{5,}$/.test(text))).toBe(true);
      expect(look.length).toBeGreaterThan(0);
      expect(look.every((step) => /[.?]$/.test(step))).toBe(true);
      expect(near.length).toBeGreaterThan(0);
      expect(near).not.toContain(reason);
      expect(new Set(near).size).toBe(near.length);
    }
  });

  it("is where a refusal's error_uri leads", async () => {
    const { get, ask } = await open();
    const { body } = await ask({ authorization: null });
    expect(body.error_uri).toBe(`https://${DOMAIN}/reasons/authorization_missing`);
    const page = await get(new URL(String(body.error_uri)).pathname, "application/json");
    expect([page.status, page.body.reason]).toEqual([200, "authorization_missing"]);
  });

  it.each(Object.keys(REFUSALS))("%s: HTML, text and JSON, the same for everyone", async (name) => {
    const { get, calls } = await open();
    const reason = name as keyof typeof REFUSALS;
    const { status, code, error } = REFUSALS[reason];
    const { means, who, remedy, near } = EXPLANATIONS[reason];
    const [html, text, json] = [
      await get(`/reasons/${name}`, BROWSER),
      await get(`/reasons/${name}`),
      await get(`/reasons/${name}`, "application/json"),
    ];
    expect(Object.fromEntries(html.headers)).toMatchObject({
      ...COMMON,
      "content-type": "text/html; charset=utf-8",
      vary: "Accept",
      "content-security-policy": expect.stringMatching(
        /^default-src 'none'; .*connect-src 'none'.*frame-ancestors 'none'/,
      ),
    });
    // Its own words, its neighbours, and the refusal as the Worker makes it.
    expect(html.text).toContain(`<h1><code>${name}</code></h1>`);
    expect(html.text).toContain(`&quot;reason&quot;: &quot;${name}&quot;`);
    expect(html.text).toContain(`HTTP/1.1 ${status} `);
    for (const other of near) expect(html.text).toContain(`<a href="/reasons/${other}">`);
    for (const path of [`/#/refused?reason=${name}`, "/#/playground", "/reasons"])
      expect(html.text).toContain(`href="${path}"`);
    expect(Object.fromEntries(text.headers)).toMatchObject({
      ...COMMON,
      "content-type": "text/plain; charset=utf-8",
      vary: "Accept",
    });
    expect(text.text).toBe(
      `${name}: HTTP ${status}, code ${code}, ${error}\n\nIt means: ${means}.\nWho must act: ${WHO[who]}.\nWhat to do: ${remedy}.\n`,
    );
    expect(Object.fromEntries(json.headers)).toMatchObject({
      ...COMMON,
      "content-type": "application/json; charset=utf-8",
      vary: "Accept",
    });
    expect(json.text).toBe(`${JSON.stringify({ reason: name, status, code, error, means, who: WHO[who], remedy })}\n`);
    expect(calls).toEqual([]);
  });

  it("is one of a list", async () => {
    const { get } = await open();
    const { text: html } = await get("/reasons", BROWSER);
    const linked = [...html.matchAll(/<li><a href="\/reasons\/(\w+)">/g)].map(([, name]) => name);
    expect(linked.sort()).toEqual(Object.keys(REFUSALS).sort());
    for (const who of Object.values(WHO)) expect(html).toContain(`<h2>For ${who.split(",")[0]}</h2>`);
    const { text } = await get("/reasons");
    expect(
      text
        .split("\n")
        .filter(Boolean)
        .map((line) => line.split(":")[0]),
    ).toEqual(Object.keys(REFUSALS));
    const { text: json } = await get("/reasons", "application/json");
    expect(JSON.parse(json)).toHaveLength(Object.keys(REFUSALS).length);
  });
});

describe("documents that are the same for everyone", () => {
  it("the policy reference: each heading is where its links lead, and nothing of it is a script", async () => {
    const { get } = await open();
    const { headers, text } = await get("/reference", BROWSER);
    expect(Object.fromEntries(headers)).toMatchObject({ ...COMMON, "content-type": "text/html; charset=utf-8" });
    expect(text).toContain('<h3 id="issuer-issuer_pattern">');
    expect(text).toContain('<a href="/reference/examples">');
    expect(text).toContain('<a href="/reasons/permission_not_held"><code>permission_not_held</code></a>');
    expect(text).not.toMatch(/<script|javascript:|<iframe|\son\w+=/);
    const ids = new Set([...text.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id));
    const anchors = [...text.matchAll(/ href="#([^"]+)"/g)].map(([, id]) => id);
    expect(anchors.length).toBeGreaterThan(40);
    expect(anchors.filter((anchor) => !ids.has(anchor))).toEqual([]);
  });

  it("the examples: every link within leads to a page", async () => {
    const { get } = await open();
    const seen = new Set<string>(["/reference", "/reference/examples"]);
    for (const path of seen) {
      const { status, text } = await get(path, BROWSER);
      expect([path, status]).toEqual([path, 200]);
      for (const [, href = ""] of text.matchAll(/ href="(\/reference[^"#]*)/g)) seen.add(href);
    }
    expect(seen.size).toBeGreaterThan(20);
    expect((await get("/reference/examples/gitlab", BROWSER)).text).toContain("policy.sts.yaml");
  });

  it.each([
    ["/schemas/policy.json", policySchema],
    ["/schemas/trusted-token-issuers.json", trustedIssuersSchema],
    ["/schemas/audit-event.json", eventSchema],
  ])("%s", async (path, schema) => {
    const { get, calls } = await open();
    const { status, headers, text } = await get(path);
    expect([status, text]).toEqual([200, JSON.stringify(schema)]);
    expect(Object.fromEntries(headers)).toMatchObject({
      ...COMMON,
      "content-type": "application/schema+json; charset=utf-8",
      "access-control-allow-origin": "*",
    });
    expect(calls).toEqual([]);
  });

  it("every schema of the list", async () => {
    const { get } = await open();
    for (const name of SCHEMAS.keys()) expect((await get(`/schemas/${name}`)).status).toBe(200);
  });

  const ALL = [
    "/reasons",
    "/reasons/internal",
    "/reference",
    "/reference/examples",
    "/reference/examples/gitlab",
    "/schemas/policy.json",
  ];

  it.each(ALL)(
    "%s is only read, has no other spelling, and needs neither a right configuration nor a call",
    async (path) => {
      const { get, calls } = await open({ variables: { STS_DOMAIN: "" } });
      expect((await get(path, BROWSER)).status).toBe(200);
      const head = await get(path, BROWSER, "HEAD");
      expect([head.status, head.text]).toEqual([200, ""]);
      const posted = await get(path, BROWSER, "POST");
      expect([posted.status, posted.headers.get("Allow")]).toEqual([405, "GET, HEAD"]);
      expect((await get(`${path}/`, BROWSER)).status).toBe(404);
      expect(calls).toEqual([]);
    },
  );

  it.each(ALL)("%s is not there where no files are bound", async (path) => {
    const { get } = await open({ bindings: { ASSETS: undefined } });
    const { status, body } = await get(path, BROWSER);
    expect([status, body.code, body.message]).toEqual([404, 5, "Not Found"]);
  });

  it.each([
    "/reasons/nothing",
    "/reasons/toString",
    "/reasons/__proto__",
    "/reasons/index",
    "/reasons/internal.txt",
    "/reasons/..%2findex",
    "/reasons/a/b",
    "/reference/",
    "/reference.html",
    "/reference/other",
    "/reference/examples/nothing",
    "/reference/examples/..%2f..%2findex",
    "/reference/examples/gitlab/claims.json",
    "/schemas/policy.schema.json",
    "/schemas/constructor",
    "/schemas/",
  ])("nothing at %s", async (path) => {
    const { get } = await open();
    for (const accept of [BROWSER, CURL, "application/json"]) expect((await get(path, accept)).status).toBe(404);
  });
});
