// What judges the log of every test can find something.

import { expect, it } from "vitest";
import { judgeLines } from "./logged.ts";

const TOKEN = `${btoa('{"alg":"RS256"}')}.${btoa('{"sub":"repo:acme/app"}')}.c2lnbmF0dXJlLW9mLXRoZS10b2tlbg`;
const request = new Request("https://sts.example.com/", { headers: { Authorization: `Bearer ${TOKEN}` } });
const variables = { GITHUB_APP_PRIVATE_KEY: "-----BEGIN KEY-----\\nMIIEowIBAAKCAQEA0\\n-----END KEY-----" };
const judge = (line: Readonly<Record<string, unknown>>) => () =>
  judgeLines([{ type: "any" }, line], request, variables);

it.each([
  ["a token of GitHub's", { type: "any", what: ["ghs_x"] }],
  ["an assertion's header", { type: "any", what: TOKEN.split(".")[0] }],
  ["an assertion's claims", { type: "any", what: `x${TOKEN.split(".")[1]}` }],
  ["an assertion's signature", { type: "any", deep: { er: TOKEN.split(".")[2] } }],
  ["a line of the App's key", { type: "any", what: "MIIEowIBAAKCAQEA0" }],
])("%s", (_about, line) => expect(judge(line)).toThrow("the log has what could be used"));

it("an event that is not as its schema says", () =>
  expect(judge({ type: "dev.octo-sts.exchange.v3", surplus: 1 })).toThrow(/surplus/));

it.each([
  ["what is neither", { type: "any", what: "repo:acme/app" }],
  ["a digest that looks like a token", { type: "any", hashed_token: `eyJZqxqGwe2lByR${"A".repeat(28)}=` }],
])("and lets pass %s", (_about, line) => expect(judge(line)).not.toThrow());
