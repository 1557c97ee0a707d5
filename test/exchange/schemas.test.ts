// The JSON Schemas that editors fetch: the same files that `policy schema` prints, for anybody, from any page.

import { expect, it } from "vitest";
import policySchema from "../../policies/policy.schema.json";
import trustedIssuersSchema from "../../policies/trusted-token-issuers.schema.json";
import { DOMAIN } from "../support/workload.ts";
import { createWorld } from "../support/world.ts";

const at = (path: string, init?: RequestInit) => new Request(`https://${DOMAIN}${path}`, init);

it.each([
  ["/schemas/policy.json", policySchema],
  ["/schemas/trusted-token-issuers.json", trustedIssuersSchema],
])("%s", async (path, schema) => {
  const { worker, calls } = await createWorld();
  const { status, headers, text } = await worker.fetch(at(path));
  expect([status, JSON.parse(text)]).toEqual([200, schema]);
  expect(headers.get("Content-Type")).toBe("application/schema+json; charset=utf-8");
  expect(headers.get("Cache-Control")).toBe("public, max-age=3600");
  expect(headers.get("Access-Control-Allow-Origin")).toBe("*");
  expect(headers.get("X-Request-Id")).toMatch(/^[0-9a-f-]{36}$/);
  expect((await worker.fetch(at(path, { method: "POST" }))).status).toBe(405);
  expect((await worker.fetch(at(`${path}/`))).status).toBe(404);
  expect(calls).toEqual([]);
});

it("no other name below /schemas", async () => {
  const { worker } = await createWorld();
  for (const name of ["policy.schema.json", "constructor", ""]) {
    expect((await worker.fetch(at(`/schemas/${name}`))).status).toBe(404);
  }
});
