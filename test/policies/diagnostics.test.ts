/**
 * Faults as a writer sees them: place, what is wrong, what to write instead; all of a file at once.
 */

import { expect, test } from "vitest";
import { parseTrustedIssuers } from "../../policies/issuers.ts";
import { parsePolicy } from "../../policies/parse.ts";

function told(text: string, kind: "repository" | "organization" = "organization"): readonly string[] {
  const parsed = parsePolicy(text, { kind, owner: "acme" });
  return parsed.ok
    ? []
    : parsed.diagnostics.map(
        ({ line, column, path, message, suggestion }) => `${line}:${column} [${path}] ${message} -> ${suggestion}`,
      );
}

const HEAD = "issuer: https://id.example.com\nsubject: deployer\n";
const GRANT = "permissions:\n  contents: read\n";

test.each<readonly [name: string, text: string, diagnostics: readonly string[]]>([
  ["nothing wrong", HEAD + GRANT, []],
  [
    "an empty file",
    "",
    [
      "1:1 [issuer] neither issuer nor issuer_pattern is given -> add `issuer: ...`",
      "1:1 [subject] neither subject nor subject_pattern is given -> add `subject: ...`",
      "1:1 [permissions] no permission is given -> name what the token may do, as `permissions: {contents: read}`",
    ],
  ],
  [
    "several at once, in the order of the text",
    "issuer: https://id.example.com\nissuer_pattern: .*\nsubject_pattern: '*'\npermissions:\n  pull-requests: write\n  contents: wirte\nexpiry: 3\nrepositories:\n  - other/app\n  - '*'\n",
    [
      "2:1 [issuer_pattern] issuer and issuer_pattern are both given -> keep one of them",
      '3:18 [subject_pattern] "*" is no pattern: missing argument to repetition operator: `*` -> `*` repeats what stands before it; any text is `.*`',
      '5:3 [permissions.pull-requests] unknown permission "pull-requests" -> did you mean `pull_requests`?',
      '6:13 [permissions.contents] contents has no level "wirte" -> did you mean `write`?',
      '7:1 [expiry] unknown key "expiry" -> known are issuer, issuer_pattern, subject, subject_pattern, audience, audience_pattern, claim_pattern, app, app_pattern, permissions, jwks, max_token_lifetime, description, repositories',
      '9:5 [repositories[0]] "other/app" is not of acme -> name repositories of acme only; a token reaches no other',
      '10:5 [repositories[1]] "*" is a wildcard, which GitHub does not know -> write `[]` for every repository of the installation, or each name',
    ],
  ],
  [
    "a key in another case",
    `Issuer: x\n${HEAD}${GRANT}`,
    ['1:1 [Issuer] unknown key "Issuer" -> did you mean `issuer`?'],
  ],
  ["a token's name for a key", `sub: x\n${HEAD}${GRANT}`, ['1:1 [sub] unknown key "sub" -> did you mean `subject`?']],
  ["a key twice", `${HEAD}"subject": x\n${GRANT}`, ['3:1 [subject] key "subject" is given twice -> keep one of them']],
  [
    "scalars that YAML 1.1 rewrites",
    `issuer: https://id.example.com\nsubject: 0777\nclaim_pattern:\n  on: 1.10\n${GRANT}`,
    [
      '2:10 [subject] unquoted 0777 is not plain text: YAML 1.1 reads it as 511 -> quote it: "0777"',
      '4:3 [claim_pattern.on] the key is unquoted on is not plain text: YAML 1.1 reads it as true -> quote it: "on", or write true',
      '4:7 [claim_pattern.on] unquoted 1.10 is not plain text: YAML 1.1 reads it as 1.1 -> quote it: "1.10"',
    ],
  ],
  [
    "a second document",
    `${HEAD}${GRANT}---\nx: y\n`,
    ["5:1 [] a second document begins here -> keep one document in a file; remove the `---` and what follows"],
  ],
  [
    "a tag",
    `issuer: !env X\nsubject: x\n${GRANT}`,
    ['1:9 [] tag "!env" -> remove it; every value is text, a list or a mapping'],
  ],
  [
    "a tab",
    "issuer: x\nsubject: z\npermissions:\n\tcontents: read\n",
    ["4:1 [] a tab is used as indentation -> indent with spaces"],
  ],
  [
    "a wrong type",
    `issuer: [a]\nsubject: {b: c}\n${GRANT}`,
    [
      "1:9 [issuer] issuer must be a string, not a list -> write one text, as `issuer: a`",
      "2:10 [subject] subject must be a string, not a mapping -> write one text, as `subject: ...`",
    ],
  ],
  [
    "one bad entry does not hide the others",
    `${HEAD}${GRANT}claim_pattern:\n  a: [x]\n  b: '('\n  c:\n`,
    [
      "6:6 [claim_pattern.a] claim_pattern.a must be a string, not a list -> write one text, as `a: x`",
      '7:6 [claim_pattern.b] "(" is no pattern: missing closing ): `(` -> balance the parentheses; a literal one is `\\(` or `\\)`',
      '8:3 [claim_pattern.c] claim "c" has no pattern -> write a pattern; `""` matches an empty claim, `.*` any',
    ],
  ],
  [
    "a merge that repeats a key",
    `${HEAD}permissions:\n  contents: read\n  <<: {contents: write}\n`,
    ['5:3 [contents] key "contents" is given twice -> keep one of them'],
  ],
  [
    "an unknown anchor",
    `issuer: *x\nsubject: z\n${GRANT}`,
    [
      '1:9 [] unknown anchor "x" -> define it before, as `&name`',
      "1:1 [issuer] neither issuer nor issuer_pattern is given -> add `issuer: ...`",
    ].toSorted(),
  ],
  [
    "an anchor within itself",
    `issuer: &x [*x]\nsubject: z\n${GRANT}`,
    [
      "1:12 [issuer] issuer must be a string, not a list -> write one text, as `issuer: ...`",
      '1:13 [] anchor "x" contains itself -> write the value out',
    ],
  ],
  [
    "a control character",
    `issuer: a\u0001\nsubject: z\n${GRANT}`,
    ["1:10 [] control character U+0001 -> remove it, or write it as an escape in double quotes"],
  ],
  [
    "an open quote",
    `issuer: "a\nsubject: z\n${GRANT}`,
    ["1:9 [] a quote that is not closed -> close it on its line, or indent the lines that it goes on"],
  ],
  [
    "a place behind a text over lines that belongs to nothing",
    'issuer: *x it is\n  long\nsubject: "\\q"\n',
    [
      "1:12 [] not valid YAML: unexpected scalar at node end -> check the indentation, the quotes and the `: ` of this line and the one before",
      "3:11 [] unknown escape in double quotes -> put patterns in single quotes, or double the backslash",
    ],
  ],
  [
    "an escaped last quote",
    `issuer: "a\\"\nsubject: "z"\n${GRANT}`,
    ["1:9 [] double quotes that do not end, or an unknown escape -> put the value in single quotes, on one line"],
  ],
  [
    "a lifetime in words",
    `${HEAD}${GRANT}max_token_lifetime: 10m\n`,
    [
      "5:21 [max_token_lifetime] max_token_lifetime must be a whole number of seconds, from 1 to 999999999 -> write `max_token_lifetime: 3600`",
    ],
  ],
  [
    "a list of subjects",
    `issuer: x\nsubject: [repo:a/b.js:pull_request, c]\n${GRANT}`,
    [
      "2:10 [subject] subject must be a string, not a list -> write them as one pattern: `subject_pattern: (repo:a/b\\.js:pull_request|c)`",
    ],
  ],
  [
    "a list of patterns",
    `${HEAD}${GRANT}claim_pattern:\n  event_name: [push, schedule]\n`,
    [
      "6:15 [claim_pattern.event_name] claim_pattern.event_name must be a string, not a list -> write them as one pattern: `event_name: (push|schedule)`",
    ],
  ],
  [
    "keys as a list",
    `${HEAD}${GRANT}jwks: [{kty: EC}]\n`,
    [
      "5:7 [jwks] jwks must be a mapping with `keys`, not a list -> write the key set as it is published, `{keys: [{kty: ..., ...}]}`",
    ],
  ],
  [
    "a list for a key, told where the keys stand",
    `${HEAD}${GRANT}jwks: {keys: [[a]]}\n`,
    [
      "5:7 [jwks.keys[0].0] jwks.keys[0].0 must be a mapping, one public key, not a string -> write the key set as it is published, `{keys: [{kty: ..., ...}]}`",
    ],
  ],
  [
    "permissions as a list",
    `${HEAD}permissions: [contents]\n`,
    [
      "3:14 [permissions] permissions must be a mapping of permissions to levels, not a list -> write `permissions: {contents: read}`",
    ],
  ],
  [
    "an indented first line",
    ` issuer: x\nsubject: z\n${GRANT}`,
    [
      "1:2 [] this key is indented, and nothing above can hold it -> remove the spaces before it: keys of one mapping stand below each other",
    ],
  ],
  [
    "two indented first lines",
    `  issuer: x\n  subject: z\n${GRANT}`,
    [
      "1:3 [] this key is indented, and nothing above can hold it -> remove the spaces before it: keys of one mapping stand below each other",
    ],
  ],
  [
    "an indented second line",
    `issuer: x\n  subject: z\n${GRANT}`,
    [
      "2:3 [] this key is indented, and nothing above can hold it -> remove the spaces before it: keys of one mapping stand below each other",
    ],
  ],
  [
    "an indented list of keys that is meant so",
    `issuer: x\nsubject: "z\npermissions:\n  contents: read\n`,
    ["2:10 [] a quote that is not closed -> close it on its line, or indent the lines that it goes on"],
  ],
  ["a list at the top", "- a\n", ["1:1 [] the file is a list, not a mapping -> write `key: value` lines"]],
  [
    "a user's permission",
    `${HEAD}permissions: {gpg_keys: read}\n`,
    [
      "3:15 [permissions.gpg_keys] gpg_keys is a permission of a user's own account -> remove it: no installation token can carry it",
    ],
  ],
])("%s", (_, text, diagnostics) => {
  expect(told(text)).toEqual(diagnostics);
});

test.each<readonly [name: string, text: string, fault: string]>([
  ["a tab behind a dash", `${HEAD}${GRANT}repositories:\n  - \tapp\n`, "6:4 a tab behind `-`"],
  ["a key over two lines", `${HEAD}permissions\n  : {contents: read}\n`, "3:1 a key over more than one line"],
  [
    "an escape of later YAML",
    `issuer: "https:\\/\\/id.example.com"\nsubject: z\n${GRANT}`,
    "1:9 double quotes that do not end, or an unknown escape",
  ],
  [
    "half a character",
    `issuer: "\\ud83d\\ude00"\nsubject: z\n${GRANT}`,
    "1:9 double quotes that do not end, or an unknown escape",
  ],
  [
    "a question mark in brackets",
    `${HEAD}${GRANT}claim_pattern: {ref: (?:a)}\n`,
    "5:22 unquoted text with `?`, or with `:` in front, in brackets",
  ],
  [
    "a merge of an aliased list",
    `${HEAD}claim_pattern:\n  <<: &l [{a: b}]\npermissions:\n  <<: *l\n`,
    "6:7 `<<` merges mappings only",
  ],
  ["a line separator", `${HEAD}# a\u2028b\n${GRANT}`, "3:4 line separator U+2028"],
])("where the library is more lenient than YAML 1.1: %s", (_, text, fault) => {
  const parsed = parsePolicy(text, { kind: "organization", owner: "acme" });
  const diagnostics = parsed.ok
    ? []
    : parsed.diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`);
  expect(diagnostics).toContain(fault);
});

test("repositories in a repository's policy", () => {
  expect(told(`${HEAD}${GRANT}repositories: [app]\n`, "repository")).toEqual([
    "5:1 [repositories] repositories stands in policies of the owner's policy repository only -> remove it: this policy grants its own repository",
  ]);
});

test.each<readonly [name: string, text: string, message: string]>([
  ["file size", `# ${"x".repeat(65_536)}`, "the file is longer than 65536 bytes"],
  ["flow depth", `a: ${"[".repeat(33)}`, "nested deeper than 32 levels"],
  ["depth on one line", `${"- ".repeat(30_000)}a`, "nested deeper than 32 levels"],
  [
    "depth over lines",
    Array.from({ length: 40 }, (_, i) => `${" ".repeat(64 * i)}${"- ".repeat(31)}a:\n`).join(""),
    "nested deeper than 32 levels",
  ],
  ["aliases", `issuer: &a x\nsubject: [${"*a, ".repeat(65)}]`, "more than 64 aliases"],
  [
    "claim patterns",
    `claim_pattern:\n${Array.from({ length: 65 }, (_, i) => `  c${i}: x\n`).join("")}`,
    "more than 64 claim patterns",
  ],
  ["pattern length", `subject_pattern: ${"x".repeat(1_025)}`, "the pattern is longer than 1024 bytes"],
  [
    "pattern size",
    "subject_pattern: '(?:a{1000}){1}b{1000}c{1000}d{1000}e{1000}'",
    "the pattern compiles to more than 2048 instructions",
  ],
  [
    "pattern size, counts multiplied",
    `subject_pattern: '${"\\pL{1000}".repeat(100)}'`,
    "the pattern compiles to more than 2048 instructions",
  ],
  [
    "all patterns",
    `claim_pattern:\n${["a", "b", "c", "d", "e"].map((c) => `  ${c}: '${c}{1000}x{900}'\n`).join("")}`,
    "the patterns compile to 9505 instructions together, more than 8192",
  ],
  ["repositories", `repositories: [${"a, ".repeat(501)}]`, "more than 500 repositories"],
  ["values", `jwks: {keys: [&k {key_ops: [${"a, ".repeat(100)}]}, ${"*k, ".repeat(60)}]}`, "more than 4096 values"],
  [
    "merged values",
    `b0: &b0 {${Array.from({ length: 200 }, (_, i) => `k${i}: x`).join(", ")}}\n${Array.from({ length: 25 }, (_, i) => `b${i + 1}: &b${i + 1} {<<: *b${i}}\n`).join("")}`,
    "merges that bring in more than 4096 values",
  ],
  [
    "tokens",
    `repositories: [${"a, ".repeat(4_100)}]`,
    "more than 8192 pieces of YAML, or 4096 without white space and comments",
  ],
])("the bound on %s is named", (_, text, message) => {
  const parsed = parsePolicy(text, { kind: "organization", owner: "acme" });
  expect(parsed.ok ? [] : parsed.diagnostics.map((fault) => fault.message)).toContain(message);
});

test("a file of hundreds of errors shows the first hundred", () => {
  const parsed = parsePolicy(Array.from({ length: 500 }, (_, i) => `k${i}: !x y`).join("\n"), {
    kind: "repository",
    owner: "acme",
  });
  const diagnostics = parsed.ok ? [] : parsed.diagnostics;
  expect(diagnostics).toHaveLength(101);
  expect(diagnostics.at(-1)?.message).toBe("400 more errors are not shown");
});

test("a file of long errors shows as many as are read with patience", () => {
  const parsed = parsePolicy(Array.from({ length: 500 }, (_, i) => `k${i}: 1`).join("\n"), {
    kind: "repository",
    owner: "acme",
  });
  const diagnostics = parsed.ok ? [] : parsed.diagnostics;
  const characters = diagnostics.reduce(
    (sum, { message, suggestion = "" }) => sum + message.length + suggestion.length,
    0,
  );
  expect([diagnostics.length > 50, diagnostics.length < 100, characters < 16_384]).toEqual([true, true, true]);
  expect(diagnostics.at(-1)?.message).toBe(`${503 - diagnostics.length + 1} more errors are not shown`);
});

test("errors of an issuer list", () => {
  const text =
    "mode: warn\nissuers:\n  - https://Example.com\n  - example.com\nissuer_patterns:\n  - https://.*\\.example\\.com\n  - a)|(b\n";
  const parsed = parseTrustedIssuers(text);
  expect(
    parsed.ok ? [] : parsed.diagnostics.map(({ line, column, message }) => `${line}:${column} ${message}`),
  ).toEqual([
    '1:7 unknown mode "warn"',
    '3:5 "https://Example.com" has capitals in its scheme or host',
    '4:5 "example.com" is no issuer URL',
    '6:5 "." can match "/", so that the pattern can run past the host into a domain of someone else',
    '7:5 "a)|(b" is no pattern: unexpected ): `a)|(b`',
  ]);
});
