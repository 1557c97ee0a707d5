import { describe, expect, it } from "vitest";
import { addressOfCaller, parseProxies } from "../../worker/server/caller.ts";

function caller(peer: string, forwarded: string | undefined, proxies: string): string {
  const list = parseProxies(proxies);
  if (!list.ok) throw new Error(list.problem);
  const headers = new Headers(forwarded === undefined ? {} : { "X-Forwarded-For": forwarded });
  const cf = { clientIp: peer } as unknown as RequestInitCfProperties;
  return addressOfCaller(new Request("http://localhost/", { headers, cf }), list.value);
}

describe("the caller is", () => {
  it.each<[string, string, string | undefined, string, string]>([
    ["the peer", "198.51.100.7:4000", undefined, "", "198.51.100.7"],
    ["the peer of IPv6", "[2001:db8::7]:4000", undefined, "", "2001:db8::7"],
    ["the peer, where nobody is trusted", "10.0.0.1:4000", "203.0.113.9", "", "10.0.0.1"],
    ["the peer, where others are trusted", "198.51.100.7:4000", "203.0.113.9", "10.0.0.0/8", "198.51.100.7"],
    ["whom the proxy names", "10.0.0.1:4000", "203.0.113.9", "10.0.0.0/8", "203.0.113.9"],
    ["the last that is named", "10.0.0.1:4000", "192.0.2.1, 203.0.113.9", "10.0.0.0/8", "203.0.113.9"],
    [
      "the last before a row of proxies",
      "10.0.0.1:4000",
      "192.0.2.1,203.0.113.9, 10.2.3.4",
      "10.0.0.0/8",
      "203.0.113.9",
    ],
    ["the first proxy, where it names nobody", "10.0.0.1:4000", undefined, "10.0.0.0/8", "10.0.0.1"],
    ["named with a port", "10.0.0.1:4000", "203.0.113.9:55", "10.0.0.1", "203.0.113.9"],
    ["named by IPv6 in brackets", "[::1]:4000", "[2001:db8::7]:55", "::1", "2001:db8::7"],
    ["one, however IPv4 is written", "[::ffff:10.0.0.1]:4000", "::ffff:203.0.113.9", "10.0.0.0/8", "203.0.113.9"],
    ["nobody, where the proxy names no address", "10.0.0.1:4000", "unknown", "10.0.0.0/8", ""],
    ["nobody, where there is no peer", "", "203.0.113.9", "10.0.0.0/8", ""],
  ])("%s", (_name, peer, forwarded, proxies, expected) => {
    expect(caller(peer, forwarded, proxies)).toBe(expected);
  });
});

it.each(["example.com", "10.0.0.0/33", "1", "10.0.0.1/", "10.0.0.1 ::g"])("%s is no list of proxies", (text) => {
  expect(parseProxies(text)).toMatchObject({ ok: false });
});
