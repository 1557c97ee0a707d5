// Names that a token may give its issuer. The policy of most rows names one issuer and no other; that of the rest names any.

import type { IssuerWorld } from "../../support/issuer-world.ts";
import { NONE, POLICY_ONLY, type Row } from "./row.ts";

type Name = (world: IssuerWorld) => string;

const named =
  (really: Row["really"], hosts: readonly string[]) =>
  (about: string, iss: Name): Row => ({ about, really, hosts, token: (world) => world.token({ iss: iss(world) }) });

/** Breaks the issuer rule: refused without I/O. */
const malformed = named("issuer_malformed", NONE);
/** Well formed, and not the text that the policy has. */
const other = named("issuer_mismatch", POLICY_ONLY);

const end = (more: string) => (world: IssuerWorld) => world.issuer + more;
const host = (text: string) => (world: IssuerWorld) => world.issuer.replace("issuer.example", text);
const scheme = (text: string) => (world: IssuerWorld) => world.issuer.replace("https://", text);
const just = (text: string) => () => text;

export const SPELLINGS: readonly Row[] = [
  malformed("climbs out of its path", end("/../b")),
  malformed("climbs out of its path and back", (world) => `${world.issuer}/../${world.issuer.split("/").at(-1)}`),
  malformed("climbs, percent-encoded", end("/%2e%2e/b")),
  malformed("climbs, half encoded", end("/.%2e/b")),
  malformed("climbs, encoded in upper case", end("/%2E%2E")),
  malformed("a dot segment", end("/.")),
  malformed("a dot segment within", end("/./b")),
  malformed("a dot segment, encoded", end("/%2e")),
  malformed("an empty segment", end("//b")),
  malformed("an empty segment at the end", end("//")),
  malformed("an empty segment, encoded", end("/%2f/b")),
  malformed("NUL, encoded", end("%00")),
  malformed("a line end, encoded", end("%0a")),
  malformed("a space, encoded", end("%20")),
  malformed("a percent sign, encoded", end("%25")),
  malformed("a broken escape", end("%zz")),
  malformed("a bare percent sign", end("%")),
  malformed("a tilde at the end", end("~")),
  malformed("an empty query", end("?")),
  malformed("a query", end("?x=y")),
  malformed("an empty fragment", end("#")),
  malformed("a fragment", end("#x")),
  malformed("path parameters", end(";x=y")),
  malformed("a user", host("user@issuer.example")),
  malformed("a user and a password", host("user:pass@issuer.example")),
  malformed("an empty user", host("@issuer.example")),
  malformed("another host behind the user", host("issuer.example@evil.example")),
  malformed("an encoded slash in the host", host("issuer.example%2fevil.example")),
  malformed("an encoded dot in the host", host("issuer%2eexample")),
  malformed("a host with a letter of another alphabet", host("іssuer.example")),
  malformed("a host with full-width letters", host("ｉssuer.example")),
  malformed("a host with a soft hyphen", host("issu\u00ADer.example")),
  malformed("a host with an ideographic full stop", host("issuer。example")),
  malformed("a backslash in the host", host("issuer.example\\evil.example")),
  malformed("backslashes for slashes", scheme("https:\\\\")),
  malformed("one slash", scheme("https:/")),
  malformed("no scheme", scheme("//")),
  malformed("a host alone", scheme("")),
  malformed("http", scheme("http://")),
  malformed("ftp", scheme("ftp://")),
  malformed("a blob", scheme("blob:https://")),
  malformed("no host", just("https:///a")),
  malformed("no host, but a port", just("https://:443/a")),
  malformed("a port that is no number", host("issuer.example:https")),
  malformed("a negative port", host("issuer.example:-1")),
  malformed("javascript", just("javascript:alert(1)")),
  malformed("a file", just("file:///etc/passwd")),
  malformed("data", just("data:application/json,{}")),
  malformed("empty", just("")),
  malformed("a dot", just(".")),
  malformed("a space before", (world) => ` ${world.issuer}`),
  malformed("a space behind", end(" ")),
  malformed("a line end behind", end("\n")),
  malformed("a tab within", host("issuer\t.example")),
  malformed("NUL behind", end("\0")),
  malformed("a no-break space behind", end("\u00A0")),
  malformed("text that runs backwards", end("\u202E")),
  malformed("256 characters", (world) => `${world.issuer}/${"a/".repeat(128)}`.slice(0, 256)),
  malformed("a segment of 151 bytes", end(`/${"a".repeat(151)}`)),
  other("a slash behind", end("/")),
  other("a path below", end("/b")),
  other("a path above", just("https://issuer.example")),
  other("its own port said", host("issuer.example:443")),
  other("another port", host("issuer.example:8443")),
  other("an empty port", host("issuer.example:")),
  other("the host in upper case", host("ISSUER.example")),
  other("the scheme in upper case", scheme("HTTPS://")),
  other("the path in another case", (world) => world.issuer.replace("/i-", "/I-")),
  other("a letter of the path encoded", (world) => world.issuer.replace("/i-", "/%69-")),
  other("an encoded slash in the path", end("%2fb")),
  other("a dot behind the host", host("issuer.example.")),
  other("a host that begins alike", host("issuer.example.evil.example")),
  other("a host that ends alike", host("evil-issuer.example")),
  other("a host in punycode", host("xn--ssuer-lfd.example")),
  other("loopback by http, which the rule lets pass", just("http://localhost/a")),
];

/** The policy names every issuer; still nothing may be asked there. */
const forbidden = (about: string, iss: string): Row => ({
  about,
  really: "issuer_invalid",
  hosts: POLICY_ONLY,
  policy: ({ owner }) =>
    `issuer_pattern: https?://.*\nsubject: repo:${owner}/app:ref:refs/heads/main\npermissions:\n  issues: write\n`,
  token: (world) => world.token({ iss }),
});

export const PLACES: readonly Row[] = [
  forbidden("loopback", "https://127.0.0.1/a"),
  forbidden("loopback by http", "http://127.0.0.1/a"),
  forbidden("loopback with a port", "https://127.0.0.1:8080/a"),
  forbidden("loopback in short", "https://127.1/a"),
  forbidden("loopback as one number", "https://2130706433/a"),
  forbidden("loopback in hex", "https://0x7f000001/a"),
  forbidden("loopback in hex, by parts", "https://0x7f.0.0.0x1/a"),
  forbidden("loopback in octal", "https://0177.0.0.1/a"),
  forbidden("loopback with a dot behind", "https://127.0.0.1./a"),
  forbidden("zero", "https://0.0.0.0/a"),
  forbidden("a private network", "https://10.0.0.1/a"),
  forbidden("cloud metadata", "https://169.254.169.254/latest"),
  forbidden("a public address", "https://203.0.113.9/a"),
  forbidden("IPv6 loopback", "https://[::1]/a"),
  forbidden("IPv6 loopback by http", "http://[::1]/a"),
  forbidden("IPv6 with IPv4 in it", "https://[::ffff:127.0.0.1]/a"),
  forbidden("IPv6 with a zone", "https://[fe80::1%25eth0]/a"),
  forbidden("a public IPv6 address", "https://[2001:db8::1]/a"),
  forbidden("localhost", "https://localhost/a"),
  forbidden("localhost by http", "http://localhost/a"),
  forbidden("localhost in upper case", "https://LOCALHOST/a"),
  forbidden("localhost with a dot behind", "https://localhost./a"),
  forbidden("below localhost", "https://x.localhost/a"),
  forbidden("below .local", "https://printer.local/a"),
  forbidden("below .internal", "https://metadata.google.internal/a"),
  forbidden("below .internal, with a dot behind", "https://vault.internal./a"),
  forbidden("below .internal, in upper case", "https://vault.INTERNAL/a"),
  forbidden("internal alone", "https://internal/a"),
  forbidden("this deployment", "https://sts.example.com"),
  forbidden("this deployment, with a path", "https://sts.example.com/a"),
  forbidden("this deployment, in upper case", "https://STS.Example.com/a"),
  forbidden("this deployment, with a port", "https://sts.example.com:8443/a"),
  forbidden("this deployment, with a dot behind", "https://sts.example.com./a"),
  forbidden("a name with two dots behind", "https://issuer.example../a"),
];
