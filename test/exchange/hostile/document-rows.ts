// What a hostile or ailing issuer may answer when it is asked for its two documents.

import { GITHUB, ISSUER_HOST, type IssuerWorld } from "../../support/issuer-world.ts";
import type { Route } from "../../support/network.ts";
import { discoveryOf, keySetOf } from "../../support/network.ts";
import { cut, endless, moved, status, text } from "../../support/routes.ts";
import { ASKED, type Row } from "./row.ts";

const EVIL = "evil.example";
const row = (about: string, really: Row["really"], arrange: (world: IssuerWorld) => void, hosts = ASKED): Row => ({
  about,
  really,
  hosts,
  arrange,
  token: (world) => world.token(),
});

const discovery = (about: string, route: Route, really: Row["really"] = "issuer_invalid", hosts = ASKED): Row =>
  row(`discovery: ${about}`, really, (world) => world.network.answer(discoveryOf(world.issuer), route), hosts);
const keySet = (about: string, route: Route, really: Row["really"] = "signature_invalid", hosts = ASKED): Row =>
  row(`key set: ${about}`, really, (world) => world.network.answer(keySetOf(world.issuer), route), hosts);
/** The usual discovery document with other members. */
const saying = (
  about: string,
  members: (world: IssuerWorld) => object,
  really: Row["really"] = "issuer_invalid",
): Row =>
  row(`discovery says ${about}`, really, (world) =>
    world.network.publish(world.issuer, [world.signer.publicJwk], members(world)),
  );

const keysAt = (about: string, jwks_uri: string): Row =>
  saying(`its keys are at ${about}`, () => ({ jwks_uri }), "signature_invalid");

const evilKeys = `https://${EVIL}/keys`;

const DISCOVERY: readonly Row[] = [
  discovery("400", status(400)),
  discovery("401", status(401)),
  discovery("404", status(404)),
  discovery("410", status(410)),
  discovery("204", () => new Response(null, { status: 204 })),
  discovery("206", status(206)),
  discovery("304", () => new Response(null, { status: 304 })),
  discovery("429", status(429), "issuer_unreachable"),
  discovery("500", status(500), "issuer_unreachable"),
  discovery("503", status(503), "issuer_unreachable"),
  discovery("cut", () => cut(), "issuer_unreachable"),
  discovery("empty", text("")),
  discovery("garbage", text("\u0000\u0001")),
  discovery("not UTF-8", () => new Response(Uint8Array.of(0x7b, 0xff, 0x7d))),
  discovery("HTML", () => new Response("<html>", { headers: { "Content-Type": "text/html" } })),
  discovery("a list", text("[]")),
  discovery("text", text('"x"')),
  discovery("null", text("null")),
  discovery("JSON and more", text("{}{}")),
  discovery("endless", () => endless(new Uint8Array(16_384).fill(0x20))),
  discovery("64 KiB and a byte", text(" ".repeat(64 * 1024 + 1))),
  discovery("not answered", () => new Promise<Response>(() => undefined), "issuer_unreachable"),
  discovery("never finished", () => endless(undefined), "issuer_unreachable"),
  saying("another issuer", () => ({ issuer: `https://${EVIL}/a` })),
  saying("an issuer with a slash behind", ({ issuer }) => ({ issuer: `${issuer}/` })),
  saying("an issuer without its path", () => ({ issuer: `https://${ISSUER_HOST}` })),
  saying("an issuer in upper case", ({ issuer }) => ({ issuer: issuer.toUpperCase() })),
  saying("an issuer with its port", ({ issuer }) => ({ issuer: issuer.replace(ISSUER_HOST, `${ISSUER_HOST}:443`) })),
  saying("a list of issuers", ({ issuer }) => ({ issuer: [issuer] })),
  saying("the Actions issuer", () => ({ issuer: "https://token.actions.githubusercontent.com" })),
  saying("no issuer", () => ({ issuer: undefined })),
  saying("no key set", () => ({ jwks_uri: undefined })),
  saying("a number for a key set", () => ({ jwks_uri: 7 })),
  saying("keys within", () => ({ jwks_uri: undefined, jwks: { keys: [] } })),
  saying("algorithms as text", () => ({ id_token_signing_alg_values_supported: "RS256" })),
  saying("other algorithms", () => ({ id_token_signing_alg_values_supported: ["ES256"] }), "signature_invalid"),
  saying(
    "none of our algorithms: RS256",
    () => ({ id_token_signing_alg_values_supported: ["none", "HS256"] }),
    "granted",
  ),
];

const KEYS_ELSEWHERE: readonly Row[] = [
  keysAt("loopback", "https://127.0.0.1/keys"),
  keysAt("loopback as one number", "https://2130706433/keys"),
  keysAt("localhost", "https://localhost/keys"),
  keysAt("localhost with a dot behind", "https://localhost./keys"),
  keysAt("cloud metadata", "https://169.254.169.254/latest/meta-data"),
  keysAt("IPv6 loopback", "https://[::1]/keys"),
  keysAt("a host below .internal", "https://metadata.google.internal/keys"),
  keysAt("a host below .local", "https://printer.local/keys"),
  keysAt("this deployment", "https://sts.example.com/keys"),
  keysAt("http", `http://${ISSUER_HOST}/keys`),
  keysAt("a file", "file:///etc/passwd"),
  keysAt("data", 'data:application/json,{"keys":[]}'),
  keysAt("a user's", `https://user@${ISSUER_HOST}/keys`),
  keysAt("a path alone", "/keys"),
  keysAt("an address with a line end", `https://${ISSUER_HOST}/\nkeys`),
  keysAt("an address with a backslash", `https://${ISSUER_HOST}\\keys`),
  keysAt("a host that is loopback once letters are mapped", "https://ⓛocalhost/keys"),
  row(
    "discovery says its keys are on another host, which may be",
    "granted",
    (world) => {
      world.network.publish(world.issuer, [], { jwks_uri: "https://keys.example/k" });
      world.network.answer("https://keys.example/k", { keys: [world.signer.publicJwk] });
    },
    [GITHUB, ISSUER_HOST, "keys.example"],
  ),
];

/** A chain of redirects from one of the two documents; the last place has what was wanted. */
function chain(from: (issuer: string) => string, length: number) {
  return (world: IssuerWorld): void => {
    const places = [from(world.issuer), ...Array.from({ length }, (_, i) => `https://${ISSUER_HOST}/hop-${i}`)];
    const answer = world.network.answerAt(places[0] ?? "");
    for (const [i, place] of places.slice(0, -1).entries()) world.network.answer(place, moved(places[i + 1] ?? ""));
    if (answer) world.network.answer(places.at(-1) ?? "", answer);
  };
}

const REDIRECTS: readonly Row[] = [
  ...(
    [
      ["discovery", discovery, discoveryOf, "issuer_invalid"],
      ["key set", keySet, keySetOf, "signature_invalid"],
    ] as const
  ).flatMap(([name, answered, addressOf, wrong]): Row[] => [
    row(`${name}: two redirects within its origin`, "granted", chain(addressOf, 2)),
    row(`${name}: three redirects`, wrong, chain(addressOf, 3)),
    row(`${name}: a redirect that says only a path`, "granted", (world) => {
      const answer = world.network.answerAt(addressOf(world.issuer));
      world.network.answer(addressOf(world.issuer), moved("/elsewhere"));
      if (answer) world.network.answer(`https://${ISSUER_HOST}/elsewhere`, answer);
    }),
    row(`${name}: redirected to itself`, wrong, (world) =>
      world.network.answer(addressOf(world.issuer), moved(addressOf(world.issuer))),
    ),
    answered("redirected to another host", moved(evilKeys)),
    answered("redirected to another host without a scheme", moved(`//${EVIL}/keys`)),
    answered("redirected to another port", moved(`https://${ISSUER_HOST}:8443/keys`)),
    answered("redirected to http", moved(`http://${ISSUER_HOST}/keys`)),
    answered("redirected to loopback", moved("http://127.0.0.1/keys")),
    answered("redirected to this deployment", moved("https://sts.example.com/healthz")),
    answered("redirected to a user's", moved(`https://x@${ISSUER_HOST}/keys`)),
    answered("redirected nowhere", () => new Response(null, { status: 302 })),
    answered("redirected to what is no address", moved("https://")),
  ]),
];

/** How much of a body was taken before its reader turned away. */
function counted(total: number): { readonly route: Route; taken: number } {
  const chunk = new TextEncoder().encode(" ".repeat(16_384));
  const body = {
    taken: 0,
    route: () =>
      new Response(
        new ReadableStream<Uint8Array>({
          pull(controller) {
            if (body.taken >= total) return controller.close();
            body.taken += chunk.byteLength;
            controller.enqueue(chunk);
          },
        }),
      ),
  };
  return body;
}

const mebibyte = counted(1024 * 1024);

const KEY_SETS: readonly Row[] = [
  keySet("400", status(400)),
  keySet("404", status(404)),
  keySet("429", status(429), "issuer_unreachable"),
  keySet("500", status(500), "issuer_unreachable"),
  keySet("cut", () => cut('{"keys":['), "issuer_unreachable"),
  keySet("not answered", () => new Promise<Response>(() => undefined), "issuer_unreachable"),
  keySet("never finished", () => endless(undefined), "issuer_unreachable"),
  keySet("endless", () => endless(new Uint8Array(16_384).fill(0x20))),
  keySet("empty", text("")),
  keySet("HTML", text("<!doctype html>")),
  keySet("a list", text("[]")),
  keySet("null", text("null")),
  keySet("no keys", text("{}")),
  keySet("keys by name", text('{"keys":{"key-1":{}}}')),
  keySet("an empty list", text('{"keys":[]}')),
  keySet("keys that are no objects", text('{"keys":[null,1,"x",[],true]}')),
  {
    ...keySet("1 MiB", mebibyte.route),
    // The cap and what the stream had ready: never the whole.
    after: () => {
      if (mebibyte.taken > 2 * 320 * 1024) throw new Error(`${mebibyte.taken} bytes were taken`);
    },
  },
];

export const DOCUMENTS: readonly Row[] = [...DISCOVERY, ...KEYS_ELSEWHERE, ...REDIRECTS, ...KEY_SETS];
