import { describe, expect, it } from "vitest";
import { BUILT_IN_ISSUERS } from "../../policies/issuers.ts";
import { isKnownIssuer } from "../../worker/oidc/issuer-rules.ts";

describe("known issuers", () => {
  const known = [
    "https://exact.example.test/a",
    "https://wide.example.test/*",
    "https://port.example.test:8443/*",
    "http://127.0.0.1:9000/*",
    "https://deep.example.test/a/*",
    "*",
    "https://*",
    "https://user@evil.example.test/*",
  ];

  it.each([
    "https://token.actions.githubusercontent.com",
    "https://gitlab.com",
    "https://accounts.google.com",
    "https://agent.buildkite.com",
    "https://app.terraform.io",
    "https://exact.example.test/a",
    "https://wide.example.test/a",
    "https://wide.example.test/a/b",
    "https://wide.example.test/a/",
    "https://port.example.test:8443/a",
    "http://127.0.0.1:9000/a",
  ])("%s is one", (issuer) => {
    expect(isKnownIssuer(issuer, known)).toBe(true);
  });

  it.each([
    "",
    "https://token.actions.githubusercontent.com/",
    "https://token.actions.githubusercontent.com/slug",
    "https://TOKEN.actions.githubusercontent.com",
    "HTTPS://gitlab.com",
    "https://gitlab.com:443",
    "https://gitlab.com.",
    "https://gitlab.com@far.example.test",
    "https://gitlab.com.far.example.test",
    "http://gitlab.com",
    "gitlab.com",
    "https://exact.example.test/a/",
    "https://exact.example.test/a/b",
    "https://exact.example.test",
    "https://exact.example.test/A",
    "https://wide.example.test",
    "https://wide.example.test/",
    "https://wide.example.test:443/a",
    "https://wide.example.test:8443/a",
    "https://wide.example.test./a",
    "https://WIDE.example.test/a",
    "https://wide.example.test/../a",
    "https://wide.example.test/a/../../b",
    "https://wide.example.test/./a",
    "https://wide.example.test//far.example.test/a",
    "https://wide.example.test/%2e%2e/a",
    "https://wide.example.test/a%2fb",
    "https://wide.example.test/a?b",
    "https://wide.example.test/a#b",
    "https://wide.example.test/a\\b",
    "https://wide.example.test/@far.example.test",
    "https://wide.example.test@far.example.test/a",
    "https://wide.example.test.far.example.test/a",
    "https://user@wide.example.test/a",
    "https://port.example.test/a",
    "https://port.example.test:84430/a",
    "http://127.0.0.1:9001/a",
    "http://127.0.0.1:90000/a",
    "https://127.0.0.1:9000/a",
    "https://deep.example.test/a/b",
    "https://user@evil.example.test/a",
    "https://evil.example.test/a",
    "https://far.example.test/a",
  ])("%s is none", (issuer) => {
    expect(isKnownIssuer(issuer, known)).toBe(false);
  });

  it("without configuration are the built-in ones", () => {
    expect(BUILT_IN_ISSUERS.map((issuer) => isKnownIssuer(issuer, []))).toEqual([true, true, true, true, true]);
    expect(isKnownIssuer("https://exact.example.test/a", [])).toBe(false);
  });
});
