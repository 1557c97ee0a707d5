// Texts that are no tokens, or tokens that say a thing twice, in the wrong form, or at the wrong time. All but the last group are
// refused without a single call.

import type { IssuerWorld } from "../../support/issuer-world.ts";
import { type Json, part, sign, utf8 } from "../../support/signer.ts";
import { ASKED, NONE, type Row } from "./row.ts";

type Make = (world: IssuerWorld) => string | Promise<string>;

const row =
  (really: Row["really"], hosts: readonly string[] = NONE) =>
  (about: string, token: Make): Row => ({ about, really, hosts, token });
const malformed = row("token_malformed");
const claims =
  (really: Row["really"], hosts: readonly string[] = NONE) =>
  (about: string, over: Json): Row => ({
    about: `claims: ${about}`,
    really,
    hosts,
    token: (world) => world.token(over),
  });
const odd = claims("token_malformed");

/** Signs a payload that is text as it is written here. */
const written = (
  about: string,
  change: (json: string) => string | Uint8Array,
  really: Row["really"] = "token_malformed",
): Row => ({
  about: `payload: ${about}`,
  really,
  hosts: really === "token_malformed" ? NONE : ASKED,
  token: async (world) => {
    const input = `${part({ alg: "RS256", kid: "key-1" })}.${part(change(JSON.stringify(world.payload())))}`;
    return `${input}.${part(await world.signer.sign(utf8(input)))}`;
  },
});

const good: Make = (world) => world.token();
const cutUp =
  (change: (parts: string[]) => string): Make =>
  async (world) =>
    change((await good(world)).split("."));
const nested = (depth: number): string => `${"[".repeat(depth)}${"]".repeat(depth)}`;

const FORMS: readonly Row[] = [
  malformed("no token at all but dots", () => ".."),
  malformed("one word", () => "token"),
  malformed(
    "two parts",
    cutUp(([h, p]) => `${h}.${p}`),
  ),
  malformed(
    "four parts",
    cutUp(([h, p, s]) => `${h}.${p}.${s}.${s}`),
  ),
  malformed(
    "an empty header",
    cutUp(([, p, s]) => `.${p}.${s}`),
  ),
  malformed(
    "an empty payload",
    cutUp(([h, , s]) => `${h}..${s}`),
  ),
  row("token_unsupported")(
    "five parts",
    cutUp(([h, p, s]) => `${h}.${p}.${s}.${s}.${s}`),
  ),
  row("authorization_missing")("JSON serialization, which has commas", (world) =>
    JSON.stringify({ payload: part(world.payload()), signatures: [] }),
  ),
  malformed(
    "padding",
    cutUp((parts) => parts.map((one) => `${one}=`).join(".")),
  ),
  malformed("the standard alphabet", () => "a+/b.a+/b.a+/b"),
  malformed(
    "a space within",
    cutUp(([h, p, s]) => `${h}.${p}. ${s}`),
  ),
  malformed(
    "a tab before the payload",
    cutUp(([h, p, s]) => `${h}.\t${p}.${s}`),
  ),
  malformed(
    "a percent escape",
    cutUp(([h, p, s]) => `${h}.${p}%2e${s}`),
  ),
  malformed(
    "a length that no bytes have",
    cutUp(([h, p]) => `${h}.${p}.AAAAA`),
  ),
  malformed(
    "stray bits in the signature",
    cutUp(([h, p]) => `${h}.${p}.AB`),
  ),
  malformed("16,385 characters", () => `${"A".repeat(16_383)}..`),
  malformed("60,000 characters", async (world) => world.token({ padding: "x".repeat(45_000) })),
  malformed(
    "a header that is no JSON",
    cutUp(([, p, s]) => `${part("{")}.${p}.${s}`),
  ),
  malformed(
    "a header that is a list",
    cutUp(([, p, s]) => `${part("[]")}.${p}.${s}`),
  ),
  malformed(
    "a header that is null",
    cutUp(([, p, s]) => `${part("null")}.${p}.${s}`),
  ),
  malformed(
    "a header that names alg twice",
    cutUp(([, p, s]) => `${part('{"alg":"none","alg":"RS256"}')}.${p}.${s}`),
  ),
  malformed(
    "a header that names kid twice, once escaped",
    cutUp(([, p, s]) => `${part('{"alg":"RS256","kid":"a","k\\u0069d":"b"}')}.${p}.${s}`),
  ),
  written("a list", (json) => `[${json}]`),
  written("text", (json) => JSON.stringify(json)),
  written("JSON and more", (json) => `${json}{}`),
  written("a comma too many", (json) => json.replace("}", ",}")),
  written("a comment", (json) => json.replace("{", "{/**/")),
  written("a byte order mark", (json) => `\uFEFF${json}`),
  written("UTF-16", (json) => Uint8Array.from([...json].flatMap((c) => [c.charCodeAt(0), 0]))),
  written("not UTF-8", (json) => Uint8Array.from([...utf8(json.slice(0, -2)), 0xff, 0x22, 0x7d])),
  written("an overlong encoding", (json) => Uint8Array.from([...utf8(json.slice(0, -2)), 0xc0, 0xae, 0x22, 0x7d])),
  written("half a surrogate", (json) => json.replace("{", '{"x":"\\ud800",')),
  written("iss twice, the good one last", (json) => json.replace("{", '{"iss":"https://evil.example",')),
  written("iss twice, the good one first", (json) => json.replace(/\}$/, ',"iss":"https://evil.example"}')),
  written("sub twice, once escaped", (json) => json.replace("{", '{"s\\u0075b":"repo:evil/x",')),
  written("aud twice", (json) => json.replace("{", '{"aud":"evil",')),
  written("exp twice", (json) => json.replace("{", '{"exp":1,')),
  written("any other claim twice", (json) => json.replace("{", '{"ref":"x",')),
  written("__proto__ twice", (json) => json.replace("{", '{"__proto__":1,"__proto__":2,')),
  written("a name twice within a claim", (json) => json.replace("{", '{"x":{"a":1,"a":2},')),
  written("SUB beside sub", (json) => json.replace("{", '{"SUB":"repo:evil/x",')),
  written("Iss beside iss", (json) => json.replace("{", '{"Iss":"https://evil.example",')),
  written("sub with a long s", (json) => json.replace("{", '{"\u017Fub":"repo:evil/x",')),
  written("33 levels deep", (json) => json.replace("{", `{"x":${nested(33)},`)),
  written("5,000 levels deep", (json) => json.replace("{", `{"x":${nested(5_000)},`)),
  written("a claim named __proto__", (json) => json.replace("{", '{"__proto__":{"sub":"x"},'), "granted"),
  written("a claim named constructor", (json) => json.replace("{", '{"constructor":{"prototype":{}},'), "granted"),
];

const CLAIMS: readonly Row[] = [
  odd("no iss", { iss: undefined }),
  odd("iss a number", { iss: 5 }),
  odd("iss a list", { iss: ["https://issuer.example"] }),
  odd("iss an object", { iss: { toString: "x" } }),
  odd("iss null", { iss: null }),
  odd("no sub", { sub: undefined }),
  odd("sub a list", { sub: ["a", "b"] }),
  odd("sub true", { sub: true }),
  odd("no exp", { exp: undefined }),
  odd("exp null", { exp: null }),
  odd("exp as text", { exp: "9999999999" }),
  odd("exp a list", { exp: [9999999999] }),
  written("exp beyond all numbers", (json) => json.replace(/"exp":\d+/, '"exp":1e999')),
  odd("iat as text", { iat: "1" }),
  odd("nbf as text", { nbf: "1" }),
  odd("nbf null", { nbf: null }),
  odd("aud a number", { aud: 5 }),
  odd("aud an object", { aud: { a: "sts.example.com" } }),
  odd("aud null", { aud: null }),
  odd("aud with a number in it", { aud: ["sts.example.com", 5] }),
  odd("aud within a list", { aud: [["sts.example.com"]] }),
  claims("subject_malformed")("sub empty", { sub: "" }),
  claims("subject_malformed")("sub with a space at its end", { sub: "repo:a/b " }),
  claims("subject_malformed")("sub with a line end", { sub: "repo:a/b\n" }),
  claims("subject_malformed")("sub with a NUL", { sub: "repo:a/b\0" }),
  claims("subject_malformed")("sub with a zero-width space", { sub: "repo:a/b\u200B" }),
  claims("subject_malformed")("sub of 1,025 characters", { sub: "a".repeat(1025) }),
  claims("audience_malformed")("aud empty", { aud: "" }),
  claims("audience_malformed")("a bad aud beside the good one", { aud: ["sts.example.com", "a b"] }),
  claims("audience_malformed")("aud with an at sign", { aud: "x@sts.example.com" }),
  claims("token_expired")("expired at 0", { exp: 0 }),
  claims("token_expired")("expired before all time", { exp: -1e15 }),
  claims("audience_mismatch", ASKED)("no aud", { aud: undefined }),
  claims("audience_mismatch", ASKED)("an empty list of aud", { aud: [] }),
  claims("audience_mismatch", ASKED)("aud in upper case", { aud: "STS.EXAMPLE.COM" }),
  claims("audience_mismatch", ASKED)("aud with a slash behind", { aud: "https://sts.example.com/" }),
  claims("audience_mismatch", ASKED)("aud by http", { aud: "http://sts.example.com" }),
  claims("audience_mismatch", ASKED)("aud below the domain", { aud: "x.sts.example.com" }),
  claims("subject_mismatch", ASKED)("sub that begins alike", { sub: "repo:acme" }),
];

const forged: Row = {
  about: "another's subject under the old signature",
  really: "signature_invalid",
  hosts: ASKED,
  token: async (world) => {
    const [header, , signature] = (await sign(world.signer, world.payload({ sub: "repo:evil/x" }))).split(".");
    return `${header}.${part(world.payload())}.${signature}`;
  },
};

export const TOKENS: readonly Row[] = [...FORMS, ...CLAIMS, forged];
