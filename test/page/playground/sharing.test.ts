/** What goes into a link, and what a pasted text becomes: no token is kept, and none is shared. */

import { expect, test } from "vitest";
import type { Input } from "../../../worker/page/playground/input.ts";
import { takeEvidence, takeTyped } from "../../../worker/page/playground/intake.ts";
import { packed, shareable, unpacked } from "../../../worker/page/playground/link.ts";

const encoded = (value: unknown) =>
  btoa(JSON.stringify(value)).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");
const CLAIMS = { iss: "https://issuer.acme.dev", sub: "ci", aud: "sts.acme.dev", jti: "5f9ad1e6-one-token" };
const SIGNATURE = "c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";
const TOKEN = `${encoded({ alg: "RS256", typ: "JWT" })}.${encoded(CLAIMS)}.${SIGNATURE}`;
const INPUT: Input = {
  policy: "issuer: https://issuer.acme.dev # ü\n",
  evidence: JSON.stringify(CLAIMS),
  file: "organization",
  scope: "acme",
  domain: "sts.acme.dev",
};

test.each([
  ["a token", TOKEN],
  ["a header with a token", `Authorization: Bearer ${TOKEN}`],
  ["the runner's answer", JSON.stringify({ count: 10, value: TOKEN })],
  ["a log", `2026-01-01T00:00:00.000Z getting token\n2026-01-01T00:00:01.000Z ${JSON.stringify(CLAIMS)}\n`],
])("%s becomes its claims, and nothing else of it stays", (_name, text) => {
  const taken = takeEvidence(text);
  expect(JSON.parse(taken?.text ?? "")).toEqual(CLAIMS);
  expect(taken?.text).not.toContain("eyJ");
  expect(taken?.note).toContain("signature was dropped, and not checked");
});

test("claims as JSON, and what is nothing yet, are left as they are typed", () => {
  for (const text of [JSON.stringify(CLAIMS), '{"iss": ', "hello", ""]) expect(takeEvidence(text)).toBeUndefined();
});

test("a token that is typed does not stay either; what is typed of other things does", () => {
  expect(JSON.parse(takeTyped(` ${TOKEN}\n`)?.text ?? "")).toEqual(CLAIMS);
  for (const text of [TOKEN.slice(0, 40), JSON.stringify({ value: TOKEN }), '{"iss": '])
    expect(takeTyped(text)).toBeUndefined();
});

test("of what is no whole token nothing is taken", () => {
  for (const text of [
    TOKEN.slice(0, -SIGNATURE.length - 1),
    `${encoded({ alg: "none" })}.!.x`,
    `Bearer ${TOKEN.slice(0, 60)}`,
  ])
    expect(takeEvidence(text)).toMatchObject({ text: undefined, note: expect.stringContaining("Not taken") });
});

test("a refusal in a log becomes the refusal", () => {
  const refusal = { reason: "subject_mismatch", message: "trust policy: subject" };
  expect(JSON.parse(takeEvidence(`error: ${JSON.stringify({ code: 7, ...refusal })}`)?.text ?? "")).toEqual(refusal);
});

test("what was shared comes back, without what names one token", async () => {
  const found = shareable(INPUT);
  if (!found.ok) throw new Error(found.message);
  const state = await packed(found.shared);
  const { jti: _, ...rest } = CLAIMS;
  const { evidence, ...other } = await unpacked(new URLSearchParams(state.toString()));
  expect(JSON.parse(evidence ?? "")).toEqual(rest);
  expect(other).toEqual({ policy: INPUT.policy, file: "organization", scope: "acme" });
  expect([state.has("policy"), state.has("claims")]).toEqual([false, false]);
});

test("nothing is shared that holds a token, wherever it stands", () => {
  for (const change of [
    { policy: `# ${TOKEN}\n` },
    { evidence: JSON.stringify({ ...CLAIMS, nested: { a: [TOKEN] } }) },
    { policy: `description: ghs_${"a".repeat(36)}\n` },
    { scope: `ghp_${"a".repeat(36)}` },
  ]) {
    expect(shareable({ ...INPUT, ...change })).toMatchObject({ ok: false });
  }
  const unread = shareable({ ...INPUT, evidence: `a log, and ${TOKEN.slice(0, 30)}` });
  expect(unread).toMatchObject({
    ok: true,
    shared: { evidence: "" },
    note: expect.stringContaining("not in the link"),
  });
});

test("a link of another part of the page says it plainly; a hostile one says nothing", async () => {
  const plain = new URLSearchParams({ policy: "a: b", claims: "{}", file: "issuers", scope: "acme" });
  expect(await unpacked(plain)).toEqual({ policy: "a: b", evidence: "{}", file: "issuers", scope: "acme" });
  const bomb = await packed({ ...INPUT, policy: "a".repeat(10_000_000) });
  expect(await unpacked(bomb)).toEqual({ file: "organization", scope: "acme" });
  for (const z of ["!", "AAAA", encoded("[1]")]) {
    expect(await unpacked(new URLSearchParams({ z, file: "elsewhere", scope: "a".repeat(300) }))).toEqual({});
  }
  expect(await unpacked(new URLSearchParams({ policy: "a".repeat(70_000) }))).toEqual({});
});
