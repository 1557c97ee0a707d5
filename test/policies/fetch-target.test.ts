import { describe, expect, it } from "vitest";
import { fetchTarget } from "../../policies/fetch-target.ts";

const strict = { allowLoopback: false, stsDomain: "sts.example.test" };
const loopback = { ...strict, allowLoopback: true };

describe("what may be fetched", () => {
  it.each<readonly [string, string]>([
    [
      "https://issuer.example.test/.well-known/openid-configuration",
      "https://issuer.example.test/.well-known/openid-configuration",
    ],
    ["https://issuer.example.test", "https://issuer.example.test/"],
    ["https://ISSUER.example.test/A", "https://issuer.example.test/A"],
    ["HTTPS://issuer.example.test/", "https://issuer.example.test/"],
    ["https://issuer.example.test:8443/keys", "https://issuer.example.test:8443/keys"],
    ["https://issuer.example.test:443/keys", "https://issuer.example.test/keys"],
    ["https://issuer.example.test/keys?p=policy", "https://issuer.example.test/keys?p=policy"],
    ["https://issuer.example.test/keys#frag", "https://issuer.example.test/keys"],
    ["https://issuer.example.test./keys", "https://issuer.example.test./keys"],
    ["https://xn--bcher-kva.example.test/", "https://xn--bcher-kva.example.test/"],
    ["https://localhost.example.test/", "https://localhost.example.test/"],
    ["https://internal.example.test/", "https://internal.example.test/"],
    ["https://notlocal.example/", "https://notlocal.example/"],
    ["https://other.sts.example.test/", "https://other.sts.example.test/"],
    ["https://1password.example.test/", "https://1password.example.test/"],
    ["https://10.example.test/", "https://10.example.test/"],
  ])("%s", (text, href) => {
    expect(fetchTarget(text, strict)?.href).toBe(href);
    expect(fetchTarget(text, loopback)?.href).toBe(href);
  });
});

describe("what may not be fetched, loopback allowed or not", () => {
  it.each([
    "",
    "issuer.example.test",
    "//issuer.example.test/",
    "https:",
    "https://",
    "https:issuer.example.test/",
    "https:/issuer.example.test/",
    "http://issuer.example.test/",
    "ftp://issuer.example.test/",
    "file:///etc/passwd",
    "data:application/json,{}",
    "blob:https://issuer.example.test/x",
    "javascript:0",
    "ws://issuer.example.test/",
    "wss://issuer.example.test/",
    " https://issuer.example.test/",
    "https://issuer.example.test/ ",
    "https://issuer.example.test/a b",
    "ht\ttps://issuer.example.test/",
    "https://issuer.example.test/\n",
    "https://issuer.example.test\\@far.example.test/",
    "https:\\\\issuer.example.test/",
    "https://user@issuer.example.test/",
    "https://user:pass@issuer.example.test/",
    "https://:pass@issuer.example.test/",
    "https://issuer.example.test@169.254.169.254/",
    "https://b\u00fccher.example.test/",
    "https://\u2460\u2461\u2466.0.0.1/",
    "https://issuer.example.test:99999/",
    "https://issuer example.test/",
    "https://kubernetes/",
    "https://kubernetes.default.svc/",
    "https://kubernetes.default.svc./",
    "https://10.0.0.1/",
    "https://192.168.1.1/",
    "https://172.16.0.1/",
    "https://169.254.169.254/latest/meta-data",
    "https://8.8.8.8/",
    "https://0.0.0.0/",
    "https://0/",
    "https://255.255.255.255/",
    "https://134744072/",
    "https://0x8080808/",
    "https://0x08.0x08.0x08.0x08/",
    "https://010.010.010.010/",
    "https://8.8.2056/",
    "https://8.8.8.8./",
    "https://256.256.256.256/",
    "https://1.2.3.4.5/",
    "https://example.1/",
    "https://[::]/",
    "https://[2001:db8::1]/",
    "https://[fe80::1]/",
    "https://[fe80::1%25eth0]/",
    "https://[fd00::1]/",
    "https://[::ffff:127.0.0.1]/",
    "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/",
    "https://[64:ff9b::7f00:1]/",
    "https://printer.local/",
    "https://printer.LOCAL/",
    "https://printer.local./",
    "https://local/",
    "https://metadata.google.internal/",
    "https://internal/",
    "https://a.b.internal:8443/",
    "https://a.localhost/",
    "https://a.localhost./",
    "http://a.localhost/",
    "https://%6c%6fcal/",
    "https://a.%6cocal/",
    "https://a.local%2e/",
    "https://sts.example.test/",
    "https://STS.example.test/",
    "https://sts.example.test./",
    "https://sts.example.test:8443/",
    "https://sts%2eexample.test/",
    "https://sts.example.test../",
    "http://128.0.0.1/",
    "http://126.255.255.255/",
    "http://0.0.0.0/",
    "http://[::]/",
    "http://[::2]/",
    "ftp://127.0.0.1/",
  ])("%s", (text) => {
    expect(fetchTarget(text, strict)).toBeUndefined();
    expect(fetchTarget(text, loopback)).toBeUndefined();
  });
});

describe("what only ALLOW_LOOPBACK lets be fetched", () => {
  it.each<readonly [string, string]>([
    ["http://127.0.0.1/keys", "http://127.0.0.1/keys"],
    ["http://127.0.0.1:8080/keys", "http://127.0.0.1:8080/keys"],
    ["http://127.0.0.2/", "http://127.0.0.2/"],
    ["http://127.255.255.254/", "http://127.255.255.254/"],
    ["http://127.0.0.1./", "http://127.0.0.1/"],
    ["http://127.1/", "http://127.0.0.1/"],
    ["http://2130706433/", "http://127.0.0.1/"],
    ["http://0x7f000001/", "http://127.0.0.1/"],
    ["http://0177.0.0.1/", "http://127.0.0.1/"],
    ["https://127.0.0.1/", "https://127.0.0.1/"],
    ["http://[::1]/", "http://[::1]/"],
    ["http://[0:0:0:0:0:0:0:1]:8080/", "http://[::1]:8080/"],
    ["https://[::1]/", "https://[::1]/"],
    ["http://localhost/", "http://localhost/"],
    ["http://LOCALHOST:8787/", "http://localhost:8787/"],
    ["http://localhost./", "http://localhost./"],
    ["https://localhost/", "https://localhost/"],
  ])("%s", (text, href) => {
    expect(fetchTarget(text, strict)).toBeUndefined();
    expect(fetchTarget(text, loopback)?.href).toBe(href);
  });

  it("but not where the deployment itself answers", () => {
    expect(fetchTarget("http://localhost:8787/", { allowLoopback: true, stsDomain: "localhost" })).toBeUndefined();
  });
});

it("the deployment's own name counts however it is written", () => {
  for (const stsDomain of ["STS.example.test", "sts.example.test.", "sts.example.test:8443"]) {
    expect(fetchTarget("https://sts.example.test/", { ...strict, stsDomain })).toBeUndefined();
  }
});

describe("what PRIVATE_HOSTS names", () => {
  const named = { ...strict, privateHosts: ["ghes.internal", "10.0.0.5", "[fd00::5]"] };
  it.each<readonly [string, string | undefined]>([
    ["https://ghes.internal/api/v3", "https://ghes.internal/api/v3"],
    ["https://GHES.internal.:8443/", "https://ghes.internal.:8443/"],
    ["https://10.0.0.5:6443/", "https://10.0.0.5:6443/"],
    ["https://[fd00::5]/", "https://[fd00::5]/"],
    ["http://ghes.internal/", undefined],
    ["https://other.internal/", undefined],
    ["https://ghes.internal.evil.internal/", undefined],
    ["https://10.0.0.6/", undefined],
    ["https://localhost/", undefined],
    ["https://[fd00::6]/", undefined],
  ])("%s", (text, href) => {
    expect(fetchTarget(text, strict)).toBeUndefined();
    expect(fetchTarget(text, named)?.href).toBe(href);
  });
});
