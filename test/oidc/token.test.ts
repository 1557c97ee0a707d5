import { base64url } from "jose";
import { describe, expect, it } from "vitest";
import { TOKEN_MAX_CHARACTERS } from "../../worker/limits.ts";
import { checkTimes, readToken, SignedPayload } from "../../worker/oidc/token.ts";
import { ALL_ALGORITHMS, goodPayload, join, NOW, NOW_SECONDS, part, unsigned } from "../support/signer.ts";

/** What is told of a token: the reason, and the problem where the reason has one. */
function told(compact: string): string {
  const token = readToken(compact, NOW);
  if (token.ok) return "read";
  return "problem" in token.denial ? `${token.denial.reason}: ${token.denial.problem}` : token.denial.reason;
}

const withClaims = (over: object): string => unsigned(goodPayload({ ...over }));
/** The good payload's JSON with more text before its closing brace. */
const withText = (more: string): string => unsigned(`${JSON.stringify(goodPayload()).slice(0, -1)},${more}}`);
const withHeader = (header: object | string): string =>
  unsigned(goodPayload(), typeof header === "string" ? header : { alg: "RS256", ...header });
const withParts = (header: string, payload: string, signature = SIGNATURE): string =>
  [header, payload, signature].join(".");

const HEADER = part({ alg: "RS256" });
const PAYLOAD = part(goodPayload());
const SIGNATURE = part(new Uint8Array(256).fill(7));
const PAD = "x".repeat(TOKEN_MAX_CHARACTERS);

const NOT_JSON = "is not JSON";
const SUBJECT = "subject_malformed: ";
const TWICE = "token_malformed: payload names a key twice";
const CASE = "token_malformed: payload has a registered name in another case";
const TEXT = "token_malformed: issuer or subject is not text";
const AUDIENCE = "token_malformed: audience is neither text nor a list of text";
const TIME = "token_malformed: a time is missing or not a number";
const TOO_LARGE = "token_malformed: payload has a number that is too large";
const PARTS = "token_malformed: not three parts";
const CHARACTERS = "token_malformed: has characters that are not base64url";
const TYPE = "token_malformed: type is not JWT, JOSE or at+jwt";
const ALGORITHM = "token_unsupported: algorithm is missing or not supported";
const CRITICAL = "token_unsupported: critical header extensions are not supported";
const UNENCODED = "token_unsupported: unencoded payloads are not supported";
const ENCRYPTED = "token_unsupported: encrypted tokens are not supported";

type Row = readonly [about: string, token: string, told: string];

const FORM: readonly Row[] = [
  ["nothing", "", PARTS],
  ["one part", HEADER, PARTS],
  ["two parts", `${HEADER}.${PAYLOAD}`, PARTS],
  ["three empty parts", "..", PARTS],
  ["no header", `.${PAYLOAD}.${SIGNATURE}`, PARTS],
  ["no payload (detached)", `${HEADER}..${SIGNATURE}`, PARTS],
  ["four parts", `${HEADER}.${PAYLOAD}.${SIGNATURE}.x`, PARTS],
  ["a dot behind", `${HEADER}.${PAYLOAD}.${SIGNATURE}.`, PARTS],
  ["five parts, as a JWE", `${HEADER}.${PAYLOAD}.${SIGNATURE}.x.y`, ENCRYPTED],
  ["five empty parts", "....", PARTS],
  ["six parts", `${HEADER}.${PAYLOAD}.${SIGNATURE}.x.y.z`, PARTS],
  ["a space behind", `${withClaims({})} `, CHARACTERS],
  ["a space within", withParts(HEADER, `${PAYLOAD.slice(0, 8)} ${PAYLOAD.slice(8)}`), CHARACTERS],
  ["a line end", `${withClaims({})}\n`, CHARACTERS],
  ["a tab before", `\t${withClaims({})}`, CHARACTERS],
  ["NUL", `${withClaims({})}\0`, CHARACTERS],
  ["padding", withParts(`${HEADER}=`, PAYLOAD), CHARACTERS],
  ["padding of the signature", withParts(HEADER, PAYLOAD, `${SIGNATURE}==`), CHARACTERS],
  ["the standard alphabet", withParts(HEADER, PAYLOAD, `${SIGNATURE.slice(0, -2)}+/`), CHARACTERS],
  ["percent escapes", withParts(HEADER, PAYLOAD, `${SIGNATURE.slice(0, -3)}%41`), CHARACTERS],
  ["full-width letters", withParts(HEADER, PAYLOAD, `${SIGNATURE.slice(0, -1)}\uff21`), CHARACTERS],
  [
    "header of an impossible length",
    withParts(`${HEADER.slice(0, 4)}A`, PAYLOAD),
    "token_malformed: header is not base64url",
  ],
  ["payload of an impossible length", withParts(HEADER, "AAAAA"), "token_malformed: payload is not base64url"],
  ["signature of an impossible length", withParts(HEADER, PAYLOAD, "A"), "token_malformed: signature is not base64url"],
  [
    "stray bits in the header",
    withParts(`${part('{"alg":"RS256"} ').slice(0, -1)}B`, PAYLOAD),
    "token_malformed: header is not base64url",
  ],
  ["stray bits in the payload", withParts(HEADER, "e31"), "token_malformed: payload is not base64url"],
  [
    "stray bits in the signature",
    withParts(HEADER, PAYLOAD, `${SIGNATURE.slice(0, -1)}x`),
    "token_malformed: signature is not base64url",
  ],
  [
    "a character too long",
    `${withClaims({})}${PAD}`.slice(0, TOKEN_MAX_CHARACTERS + 1),
    "token_malformed: longer than 16384 characters",
  ],
  ["a megabyte", PAD.repeat(64), "token_malformed: longer than 16384 characters"],
];

const JSON_TEXT: readonly Row[] = [
  ["header is not JSON", withHeader("x"), `token_malformed: header ${NOT_JSON}`],
  ["header is a list", withHeader('["RS256"]'), "token_malformed: header is not a JSON object"],
  ["header is null", withHeader("null"), "token_malformed: header is not a JSON object"],
  ["header with text behind", withHeader('{"alg":"RS256"}{}'), `token_malformed: header ${NOT_JSON}`],
  ["header with a byte order mark", withHeader('\ufeff{"alg":"RS256"}'), `token_malformed: header ${NOT_JSON}`],
  ["header with a comment", withHeader('{"alg":"RS256"/**/}'), `token_malformed: header ${NOT_JSON}`],
  ["header with a comma behind", withHeader('{"alg":"RS256",}'), `token_malformed: header ${NOT_JSON}`],
  ["alg twice", withHeader('{"alg":"RS256","alg":"none"}'), "token_malformed: header names a key twice"],
  [
    "alg twice, once escaped",
    withHeader('{"alg":"RS256","\\u0061lg":"none"}'),
    "token_malformed: header names a key twice",
  ],
  [
    "a key twice in an object of the header",
    withHeader('{"alg":"RS256","jwk":{"e":1,"e":2}}'),
    "token_malformed: header names a key twice",
  ],
  ["ALG", withHeader({ ALG: "none" }), "token_malformed: header has a registered name in another case"],
  ["Crit", withHeader({ Crit: ["x"] }), "token_malformed: header has a registered name in another case"],
  ["payload is not JSON", unsigned("x"), `token_malformed: payload ${NOT_JSON}`],
  ["payload is empty JSON text", unsigned(" "), `token_malformed: payload ${NOT_JSON}`],
  ["payload is a list", unsigned("[]"), "token_malformed: payload is not a JSON object"],
  ["payload is text", unsigned('"x"'), "token_malformed: payload is not a JSON object"],
  ["payload is a number", unsigned("1"), "token_malformed: payload is not a JSON object"],
  ["payload is true", unsigned("true"), "token_malformed: payload is not a JSON object"],
  [
    "payload with a second value behind",
    unsigned(`${JSON.stringify(goodPayload())} {}`),
    `token_malformed: payload ${NOT_JSON}`,
  ],
  ["payload with NaN", withText('"x":NaN'), `token_malformed: payload ${NOT_JSON}`],
  ["payload with a leading zero", withText('"x":01'), `token_malformed: payload ${NOT_JSON}`],
  ["payload with single quotes", withText("'x':1"), `token_malformed: payload ${NOT_JSON}`],
  ["payload with a raw line end in text", withText('"x":"\n"'), `token_malformed: payload ${NOT_JSON}`],
  [
    "payload that is not UTF-8",
    withParts(HEADER, part(Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d))),
    `token_malformed: payload ${NOT_JSON}`,
  ],
  [
    "payload with an overlong encoding",
    withParts(HEADER, part(Uint8Array.of(0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d))),
    `token_malformed: payload ${NOT_JSON}`,
  ],
  [
    "payload in UTF-16",
    withParts(HEADER, part(Uint8Array.of(0x7b, 0, 0x7d, 0))),
    `token_malformed: payload ${NOT_JSON}`,
  ],
  [
    "payload with half a surrogate pair",
    withText('"x":"\\ud800"'),
    "token_malformed: payload has text that is not Unicode",
  ],
  [
    "a key with half a surrogate pair",
    withText('"\\udc00":1'),
    "token_malformed: payload has text that is not Unicode",
  ],
  ["a number that no double holds, in a claim", withText('"x":1e400'), TOO_LARGE],
  ["such a number below zero", withText('"x":-1E+400'), TOO_LARGE],
  ["such a number in digits", withText(`"x":${"9".repeat(400)}`), TOO_LARGE],
  ["such a number in a list", withText('"x":[1,[2,1.5e309]]'), TOO_LARGE],
  ["such a number in an object", withText('"x":{"y":{"z":1e309}}'), TOO_LARGE],
  [
    "such a number in the header",
    withHeader('{"alg":"RS256","x":1e400}'),
    "token_malformed: header has a number that is too large",
  ],
  [
    "33 objects, one in the other",
    withText(`"x":${'{"x":'.repeat(32)}1${"}".repeat(32)}`),
    "token_malformed: payload is nested more than 32 levels deep",
  ],
  [
    "4,000 lists, one in the other",
    withText(`"x":${"[".repeat(4000)}${"]".repeat(4000)}`),
    "token_malformed: payload is nested more than 32 levels deep",
  ],
  ["sub twice", withText('"sub":"repo:acme/other"'), TWICE],
  ["sub twice and equal", withText('"sub":"repo:acme/app:ref:refs/heads/main"'), TWICE],
  ["iss twice, escaped", withText('"\\u0069ss":"https://other.example.test"'), TWICE],
  ["exp twice", withText('"exp":1'), TWICE],
  ["aud twice", withText('"aud":"x"'), TWICE],
  ["any claim twice", withText('"x":1,"x":1'), TWICE],
  ["the empty name twice", withText('"":1,"":1'), TWICE],
  ["__proto__ twice", withText('"__proto__":1,"__proto__":2'), TWICE],
  ["a key twice further in", withText('"x":[{"a":{"b":1,"b":2}}]'), TWICE],
  ["a key twice behind a list", withText('"x":{"a":[1,2],"b":[],"a":1}'), TWICE],
  ["SUB beside sub", withText('"SUB":"repo:acme/other"'), CASE],
  ["Iss", withText('"Iss":"x"'), CASE],
  ["AUD", withText('"AUD":"x"'), CASE],
  ["eXp", withText('"eXp":1'), CASE],
  ["NBF", withText('"NBF":1'), CASE],
  ["iAt", withText('"iAt":1'), CASE],
  ["i\u017fs, as Go folds it", withText('"i\u017fs":"x"'), CASE],
  ["\u017fub, escaped", withText('"\\u017fub":"x"'), CASE],
];

const HEADERS: readonly Row[] = [
  ["no alg", unsigned(goodPayload(), "{}"), ALGORITHM],
  ["alg null", withHeader({ alg: null }), ALGORITHM],
  ["alg none", withHeader({ alg: "none" }), ALGORITHM],
  ["alg none without a signature", join({ alg: "none" }, goodPayload(), ""), ALGORITHM],
  ["alg NoNe", withHeader({ alg: "NoNe" }), ALGORITHM],
  ["alg empty", withHeader({ alg: "" }), ALGORITHM],
  ["alg a list", withHeader({ alg: ["RS256"] }), ALGORITHM],
  ["alg rs256", withHeader({ alg: "rs256" }), ALGORITHM],
  ["alg with a space", withHeader({ alg: "RS256 " }), ALGORITHM],
  ["HS256", withHeader({ alg: "HS256" }), ALGORITHM],
  ["HS384", withHeader({ alg: "HS384" }), ALGORITHM],
  ["HS512", withHeader({ alg: "HS512" }), ALGORITHM],
  ["RS1", withHeader({ alg: "RS1" }), ALGORITHM],
  ["ES256K", withHeader({ alg: "ES256K" }), ALGORITHM],
  ["Ed448", withHeader({ alg: "Ed448" }), ALGORITHM],
  ["ML-DSA-44", withHeader({ alg: "ML-DSA-44" }), ALGORITHM],
  ["RSA-OAEP", withHeader({ alg: "RSA-OAEP", enc: "A256GCM" }), ALGORITHM],
  ["dir", withHeader({ alg: "dir", enc: "A256GCM" }), ALGORITHM],
  ["constructor", withHeader({ alg: "constructor" }), ALGORITHM],
  ["__proto__", withHeader('{"__proto__":{"alg":"RS256"}}'), ALGORITHM],
  ["crit that names b64", withHeader({ crit: ["b64"], b64: false }), CRITICAL],
  ["crit that names something else", withHeader({ crit: ["exp"], exp: 1 }), CRITICAL],
  ["crit empty", withHeader({ crit: [] }), CRITICAL],
  ["crit null", withHeader({ crit: null }), CRITICAL],
  ["b64 false", withHeader({ b64: false }), UNENCODED],
  ["b64 as text", withHeader({ b64: "true" }), UNENCODED],
  ["b64 null", withHeader({ b64: null }), UNENCODED],
  ["enc beside a signature", withHeader({ enc: "A256GCM" }), ENCRYPTED],
  ["typ JWE", withHeader({ typ: "JWE" }), TYPE],
  ["typ dpop+jwt", withHeader({ typ: "dpop+jwt" }), TYPE],
  ["typ logout+jwt", withHeader({ typ: "logout+jwt" }), TYPE],
  ["typ secevent+jwt", withHeader({ typ: "secevent+jwt" }), TYPE],
  ["typ empty", withHeader({ typ: "" }), TYPE],
  ["typ with more", withHeader({ typ: "JWT;x" }), TYPE],
  ["typ a number", withHeader({ typ: 1 }), TYPE],
  ["typ null", withHeader({ typ: null }), TYPE],
  ["kid a number", withHeader({ kid: 1 }), "token_malformed: key id is not text"],
  ["kid a list", withHeader({ kid: ["x"] }), "token_malformed: key id is not text"],
  ["kid null", withHeader({ kid: null }), "token_malformed: key id is not text"],
];

const CLAIMS: readonly Row[] = [
  ["no iss", withClaims({ iss: undefined }), TEXT],
  ["iss a number", withClaims({ iss: 5 }), TEXT],
  ["iss null", withClaims({ iss: null }), TEXT],
  ["iss a list", withClaims({ iss: ["https://issuer.example.test/a"] }), TEXT],
  ["no sub", withClaims({ sub: undefined }), TEXT],
  ["sub a number", withClaims({ sub: 42 }), TEXT],
  ["sub true", withClaims({ sub: true }), TEXT],
  ["sub an object", withClaims({ sub: {} }), TEXT],
  [
    "sub only behind __proto__",
    unsigned(`{"__proto__":{"sub":"x"},"iss":"https://issuer.example.test/a","exp":${NOW_SECONDS + 9}}`),
    TEXT,
  ],
  ["aud a number", withClaims({ aud: 5 }), AUDIENCE],
  ["aud null", withClaims({ aud: null }), AUDIENCE],
  ["aud an object", withClaims({ aud: { 0: "sts.example.test" } }), AUDIENCE],
  ["aud a list with a number", withClaims({ aud: ["sts.example.test", 5] }), AUDIENCE],
  ["aud a list of a list", withClaims({ aud: [["sts.example.test"]] }), AUDIENCE],
  ["no exp", withClaims({ exp: undefined }), TIME],
  ["exp null", withClaims({ exp: null }), TIME],
  ["exp as text", withClaims({ exp: "9999999999" }), TIME],
  ["exp a list", withClaims({ exp: [NOW_SECONDS + 9] }), TIME],
  ["exp beyond all numbers", unsigned('{"iss":"https://issuer.example.test/a","sub":"x","exp":1e999}'), TOO_LARGE],
  ["nbf as text", withClaims({ nbf: "1" }), TIME],
  ["nbf null", withClaims({ nbf: null }), TIME],
  ["iat as text", withClaims({ iat: "1" }), TIME],
  ["iat true", withClaims({ iat: true }), TIME],
  ["iss empty", withClaims({ iss: "" }), "issuer_malformed"],
  ["iss without a scheme", withClaims({ iss: "accounts.google.com" }), "issuer_malformed"],
  ["iss by http", withClaims({ iss: "http://issuer.example.test" }), "issuer_malformed"],
  ["iss a file", withClaims({ iss: "file:///etc/passwd" }), "issuer_malformed"],
  ["iss with a query", withClaims({ iss: "https://issuer.example.test/a?x=y" }), "issuer_malformed"],
  ["iss with a fragment", withClaims({ iss: "https://issuer.example.test/a#x" }), "issuer_malformed"],
  ["iss with userinfo", withClaims({ iss: "https://a@issuer.example.test/a" }), "issuer_malformed"],
  ["iss with an escaped dot segment", withClaims({ iss: "https://issuer.example.test/%2e%2e/a" }), "issuer_malformed"],
  ["iss with an escape in a zone", withClaims({ iss: "https://[fe80::1%25eth%30]/a" }), "issuer_malformed"],
  ["iss with an escape in its host", withClaims({ iss: "https://issuer%2eexample.test/a" }), "issuer_malformed"],
  ["iss with dot segments", withClaims({ iss: "https://issuer.example.test/b/../a" }), "issuer_malformed"],
  ["iss with a double slash", withClaims({ iss: "https://issuer.example.test//a" }), "issuer_malformed"],
  ["iss with a backslash", withClaims({ iss: "https://issuer.example.test\\a" }), "issuer_malformed"],
  ["iss with a line end", withClaims({ iss: "https://issuer.example.test/a\n" }), "issuer_malformed"],
  ["iss of 300 characters", withClaims({ iss: `https://issuer.example.test/${"a".repeat(300)}` }), "issuer_malformed"],
  ["sub empty", withClaims({ sub: "" }), `${SUBJECT}the subject is empty`],
  [
    "sub of white space",
    withClaims({ sub: " " }),
    `${SUBJECT}character 1 of the subject, its first, is a space (U+0020)`,
  ],
  [
    "sub with a space first",
    withClaims({ sub: " a" }),
    `${SUBJECT}character 1 of the subject, its first, is a space (U+0020)`,
  ],
  [
    "sub with a space last",
    withClaims({ sub: "a " }),
    `${SUBJECT}character 2 of the subject, its last, is a space (U+0020)`,
  ],
  ["sub with a control", withClaims({ sub: "a\u0000b" }), `${SUBJECT}character 2 of the subject is U+0000`],
  ["sub with a line end", withClaims({ sub: "a\nb" }), `${SUBJECT}character 2 of the subject is a line feed (U+000A)`],
  [
    "sub with a zero-width space",
    withClaims({ sub: "\u{1f512}\u200bb" }),
    `${SUBJECT}character 2 of the subject is a zero-width space (U+200B)`,
  ],
  [
    "sub with a no-break space",
    withClaims({ sub: "a\u00a0b" }),
    `${SUBJECT}character 2 of the subject is a no-break space (U+00A0)`,
  ],
  ["sub that turns the line round", withClaims({ sub: "a\u202eb" }), `${SUBJECT}character 2 of the subject is U+202E`],
  [
    "sub with a character of nobody",
    withClaims({ sub: "a\u{e0000}" }),
    `${SUBJECT}character 2 of the subject is U+E0000`,
  ],
  [
    "sub of 1,025 characters",
    withClaims({ sub: "x".repeat(1_025) }),
    `${SUBJECT}the subject is longer than 1024 characters`,
  ],
  ["aud empty", withClaims({ aud: "" }), "audience_malformed: the audience is empty"],
  ["aud with an @", withClaims({ aud: "a@b" }), "audience_malformed: character 2 of the audience is `@` (U+0040)"],
  ["aud with a bar", withClaims({ aud: "a|b" }), "audience_malformed: character 2 of the audience is `|` (U+007C)"],
  [
    "a second aud with a space",
    withClaims({ aud: ["sts.example.test", "a b"] }),
    "audience_malformed: character 2 of the audience is a space (U+0020)",
  ],
  [
    "aud of 256 characters",
    withClaims({ aud: "x".repeat(256) }),
    "audience_malformed: the audience is longer than 255 characters",
  ],
];

const TIMES: readonly Row[] = [
  ["expired this second", withClaims({ exp: NOW_SECONDS }), "token_expired"],
  ["expired", withClaims({ exp: NOW_SECONDS - 1 }), "token_expired"],
  ["expired a fraction ago", withClaims({ exp: NOW_SECONDS - 0.001 }), "token_expired"],
  ["exp 0", withClaims({ exp: 0 }), "token_expired"],
  ["exp negative", withClaims({ exp: -1 }), "token_expired"],
  ["exp in ms, long ago", withClaims({ exp: -1e300 }), "token_expired"],
  ["nbf in 301 seconds", withClaims({ nbf: NOW_SECONDS + 301, exp: NOW_SECONDS + 999 }), "token_not_yet_valid"],
  ["iat in 301 seconds", withClaims({ iat: NOW_SECONDS + 301, exp: NOW_SECONDS + 999 }), "token_from_the_future"],
  ["iat in ms", withClaims({ iat: NOW }), "token_from_the_future"],
];

describe("a hostile token is refused when it is read", () => {
  it.each([...FORM, ...JSON_TEXT, ...HEADERS, ...CLAIMS, ...TIMES])("%s", (_about, token, expected) => {
    expect(told(token)).toBe(expected);
  });

  it("and there are enough of them", () => {
    expect(FORM.length + JSON_TEXT.length + HEADERS.length + CLAIMS.length + TIMES.length).toBeGreaterThanOrEqual(120);
  });

  it("without its content being repeated", () => {
    const secret = "hunter2";
    for (const token of [
      withText(`"x":${secret}`),
      `${secret}.${secret}.${secret}`,
      withHeader({ alg: secret }),
      withHeader({ typ: secret }),
    ]) {
      expect(JSON.stringify(readToken(token, NOW))).not.toContain(secret);
    }
  });
});

describe("an odd but honest token is read", () => {
  it.each<readonly [string, string]>([
    ["typ in lower case", withHeader({ typ: "jwt" })],
    ["typ JOSE", withHeader({ typ: "JOSE" })],
    ["typ at+jwt", withHeader({ typ: "at+jwt" })],
    ["typ with application/", withHeader({ typ: "application/at+jwt" })],
    ["b64 true", withHeader({ b64: true })],
    [
      "keys in the header, which nobody looks at",
      withHeader({ jwk: {}, jku: "https://far.example.test", x5u: "x", x5c: ["x"], x5t: "x" }),
    ],
    ["iss with an escaped slash, as the reference", withClaims({ iss: "https://issuer.example.test/a%2fb" })],
    ["no aud", withClaims({ aud: undefined })],
    ["aud an empty list", withClaims({ aud: [] })],
    ["several aud", withClaims({ aud: ["a", "sts.example.test"] })],
    ["exp with a fraction", withClaims({ exp: NOW_SECONDS + 0.5 })],
    ["exp far away", withClaims({ exp: 1e12 })],
    ["nbf within the leeway", withClaims({ nbf: NOW_SECONDS + 300, exp: NOW_SECONDS + 999 })],
    ["iat within the leeway", withClaims({ iat: NOW_SECONDS + 300, exp: NOW_SECONDS + 999 })],
    ["iat long ago", withClaims({ iat: 1 })],
    ["equal keys in different objects", withText('"x":{"a":1},"y":{"a":{"a":1}},"z":[{"a":1},{"a":1}]')],
    ["brackets and quotes within text", withText('"x":"{\\"sub\\":[}\\\\","y":"]"')],
    ["an escaped key", withText('"\\u0078":1')],
    ["a whole surrogate pair", withText('"x":"\\ud83d\\ude00"')],
    ["the largest double", withText('"x":1.7976931348623157e308')],
    ["a number too small to tell from zero", withText('"x":-1e-400')],
    ["digits and exponents in text", withText('"x":"1e400","1e400":["-1e400"]')],
    ["__proto__ as a claim", withText('"__proto__":{"sub":"other"}')],
    ["white space around the JSON", unsigned(` ${JSON.stringify(goodPayload())}\n`)],
    ["32 levels", withText(`"x":${"[".repeat(31)}${"]".repeat(31)}`)],
    ["16,384 characters", padded(TOKEN_MAX_CHARACTERS)],
  ])("%s", (_about, token) => {
    expect(told(token)).toBe("read");
  });

  it.each(ALL_ALGORITHMS)("%s", (alg) => {
    expect(told(withHeader({ alg }))).toBe("read");
  });
});

/** A good token of exactly this many characters. */
function padded(length: number): string {
  const bare = withClaims({ x: "" });
  const filler = Math.floor(((length - bare.length) * 3) / 4);
  const token = withClaims({ x: "y".repeat(filler) });
  // One more byte of claims is one or two more characters; one more byte of signature makes up for it.
  return token.length === length ? token : withClaims({ x: "y".repeat(filler + 1) }).slice(0, length);
}

describe("what is read", () => {
  it("is what the token says", () => {
    const compact = unsigned(goodPayload({ aud: ["a", "b"], nbf: NOW_SECONDS - 5 }), {
      alg: "ES256",
      kid: "k",
      typ: "JWT",
    });
    const token = readToken(compact, NOW);
    expect(token).toEqual({
      ok: true,
      value: {
        compact,
        header: { alg: "ES256", kid: "k", typ: "JWT" },
        payload: expect.any(SignedPayload),
        issuer: "https://issuer.example.test/a",
        subject: "repo:acme/app:ref:refs/heads/main",
        audiences: ["a", "b"],
        expiresAt: NOW_SECONDS + 300,
        issuedAt: NOW_SECONDS,
        notBefore: NOW_SECONDS - 5,
      },
    });
    const signed = base64url.decode(compact.split(".")[1] ?? "");
    const payload = goodPayload({ aud: ["a", "b"], nbf: NOW_SECONDS - 5 });
    expect(token.ok && token.value.payload.of(signed)).toEqual(payload);
    for (const other of [signed.slice(1), signed.map((byte, index) => (index === 9 ? byte ^ 1 : byte))]) {
      expect(token.ok && token.value.payload.of(other)).toBeUndefined();
    }
  });

  it("takes an empty kid for none", () => {
    const token = readToken(withHeader({ kid: "" }), NOW);
    expect(token.ok && token.value.header).toEqual({ alg: "RS256" });
  });

  it("says by how many seconds a time was missed", () => {
    const serverTime = NOW_SECONDS;
    expect(checkTimes({ expiresAt: NOW_SECONDS - 9.5 }, NOW)).toEqual({
      reason: "token_expired",
      seconds: 10,
      serverTime,
    });
    expect(checkTimes({ expiresAt: 1e12, notBefore: NOW_SECONDS + 400 }, NOW)).toEqual({
      reason: "token_not_yet_valid",
      seconds: 400,
      serverTime,
    });
    expect(checkTimes({ expiresAt: 1e12, issuedAt: NOW_SECONDS + 301 }, NOW + 500)).toEqual({
      reason: "token_from_the_future",
      seconds: 301,
      serverTime,
    });
    expect(checkTimes({ expiresAt: NOW_SECONDS + 1 }, NOW + 999)).toBeUndefined();
  });
});
