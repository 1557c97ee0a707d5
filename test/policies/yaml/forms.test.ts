/**
 * Forms that two readers of YAML could read differently: each is refused where it stands, and the plain way to write it is taken.
 */

import { expect, test } from "vitest";
import { readYaml } from "./read.ts";
import { readSecond } from "./second-reader.ts";

const REMOVE_NUMBER = "remove the number; a text that begins with white space goes into double quotes";
const NOT_LAST = "a block text whose last line is nothing but white space -> remove that white space";
const NO_TAB = 'a block text that begins with a tab -> put the value in double quotes, as `"\\t..."`';
const EXPLICIT = "an explicit key (`?`) -> write `key: value`";
const BREAK = "an escaped line break in double quotes -> put the value in single quotes, on one line";
const BRACKET = "a tab beside a bracket -> use a space";
const GLUED = "a key glued to its value in brackets -> write a space behind the colon";
const INDENT = "a tab is used as indentation -> indent with spaces";
const DASH = "a tab behind `-` -> use a space";
const END = "a block text that the file ends without a line break -> end the file with a line break";
const COMMENT = "a comment without white space in front -> write a space before its `#`";

test.each<readonly [form: string, text: string, refused: string, plain: string]>([
  ["an explicit key", "? a\n: b\n", `1:1 ${EXPLICIT}`, "a: b\n"],
  ["an explicit key without a colon", 'a: b\n? "c" {d: e}\n', `2:1 ${EXPLICIT}`, 'a: b\n"c": {d: e}\n'],
  ["an explicit key whose value is a mapping", "? 'c'\n  d: e\n", `1:1 ${EXPLICIT}`, "c:\n  d: e\n"],
  ["an explicit key in brackets", "a: {? b : c}\n", `1:5 ${EXPLICIT}`, "a: {b: c}\n"],
  ["an explicit key in a list", "a: [? b : c]\n", `1:5 ${EXPLICIT}`, "a: [b: c]\n"],
  ["an explicit key below a dash", "a:\n  - ? b\n    : c\n", `2:5 ${EXPLICIT}`, "a:\n  - b: c\n"],
  ["an explicit key alone", "a: b\n?\n", `2:1 ${EXPLICIT}`, "a: b\n"],
  ["an indentation indicator", "a: |2\n  b\n", `1:4 an indentation indicator, "|2" -> ${REMOVE_NUMBER}`, "a: |\n  b\n"],
  [
    "one before the chomping",
    "a: >1-\n  b\n",
    `1:4 an indentation indicator, ">1-" -> ${REMOVE_NUMBER}`,
    "a: >-\n  b\n",
  ],
  [
    "one behind the chomping",
    "- a: |+3\n     b\n",
    `1:6 an indentation indicator, "|+3" -> ${REMOVE_NUMBER}`,
    "a:\n  - |+\n   b\n",
  ],
  ["an escaped line break", 'a: "b\\\n  c"\n', `1:4 ${BREAK}`, "a: bc\n"],
  ["one behind escaped backslashes", 'a: "b\\\\\\\n  c"\n', `1:4 ${BREAK}`, 'a: "b\\\\c"\n'],
  ["one at the end of a line of CRLF", 'a: "\\\r\n  c"\r\n', `1:4 ${BREAK}`, 'a: "c"\r\n'],
  ["one in a key", '"a\\\n b": c\n', `1:1 ${BREAK}`, "ab: c\n"],
  ["a block text that begins with a tab", "a: |\n  \tb\n", `2:1 ${NO_TAB}`, 'a: "\\tb\\n"\n'],
  ["one behind blank lines", "a: >-\n\n \n  \tb\n", `4:1 ${NO_TAB}`, 'a: "\\tb"\n'],
  ["a block text that ends in white space", "a: |\n  b\n   \n", `3:1 ${NOT_LAST}`, "a: |\n  b\n"],
  ["one with a tab in its last line", "a: |\n  b\n\t\n", `3:1 ${NOT_LAST}`, "a: |\n  b\n\n"],
  ["one at the end of the file", "a: |-\n  b\n    ", `3:1 ${NOT_LAST}`, "a: |-\n  b\n"],
  ["a block text that the file cuts off", "a: |\n  b", `1:4 ${END}`, "a: |\n  b\n"],
  ["a kept one that white space cuts off", "a: |+\n ", `1:4 ${END}`, 'a: ""\n'],
  ["a tab behind a bracket", "a: [\tb]\n", `1:5 ${BRACKET}`, "a: [ b]\n"],
  ["a tab before a bracket", "a:\t{b: c}\n", `1:3 ${BRACKET}`, "a: {b: c}\n"],
  ["a tab before the first bracket", "\t{a: b}\n", `1:1 ${BRACKET}`, " {a: b}\n"],
  ["a tab behind a comma", "a: [b,\tc]\n", `1:7 ${BRACKET}`, "a: [b, c]\n"],
  ["a tab behind a colon in brackets", "a: {b:\tc}\n", `1:7 ${BRACKET}`, "a: {b: c}\n"],
  ["a tab at the start of a line in brackets", "a: [b,\n\tc]\n", `2:1 ${BRACKET}`, "a: [b,\n c]\n"],
  ["a tab behind the closing bracket", "[a]\t: b\n", `1:4 ${BRACKET}`, "a: b\n"],
  ["a tab before an anchor", "a:\t&x {b: c}\n", "1:3 a tab before an anchor or a tag -> use a space", "a: &x {b: c}\n"],
  ["a tab before a tag", "a:\t!!str b\n", "1:3 a tab before an anchor or a tag -> use a space", "a: !!str b\n"],
  [
    "a bracket too many",
    "a: [b]]\n",
    "1:7 a bracket that closes nothing -> remove it, or put the value in single quotes",
    "a: [b]\n",
  ],
  [
    "a bracket alone",
    "a: }\n",
    "1:4 a bracket that closes nothing -> remove it, or put the value in single quotes",
    "a: '}'\n",
  ],
  ["a comma too many", "a: [b,, c]\n", "1:7 nothing before a comma -> remove the comma", "a: [b, c]\n"],
  ["a comma in front", "a: {, b: c}\n", "1:5 nothing before a comma -> remove the comma", "a: {b: c}\n"],
  [
    "a comma too few",
    "a: ['b' 'c']\n",
    "1:9 two values in brackets without a comma between them -> write a comma, or `: `",
    "a: ['b', 'c']\n",
  ],
  [
    "a comma too few between brackets",
    "a: [[b] {c: d}]\n",
    "1:9 two values in brackets without a comma between them -> write a comma, or `: `",
    "a: [[b], {c: d}]\n",
  ],
  ["a tab as indentation", "a:\n\tb: c\n", `2:1 ${INDENT}`, "a:\n  b: c\n"],
  ["a tab behind spaces as indentation", "a:\n  \tb: c\n", `2:3 ${INDENT}`, "a:\n  b: c\n"],
  ["a tab before a comment of its own line", "a: b\n\t# c\n", `2:1 ${INDENT}`, "a: b\n # c\n"],
  ["a tab before a comment in brackets", "a: [b,\n\t# c\n  d]\n", `2:1 ${BRACKET}`, "a: [b,\n # c\n  d]\n"],
  ["a tab behind a dash", "a:\n  - \tb\n", `2:4 ${DASH}`, "a:\n  - b\n"],
  ["a tab behind a dash with nothing", "a:\n  -\t\n", `2:4 ${DASH}`, "a:\n  -\n"],
  ["a tab behind a dash where the file ends", "a:\n  -\t", `2:4 ${DASH}`, "a:\n  -"],
  ["a glued key", "{a:{b: c}}\n", `1:4 ${GLUED}`, "{a: {b: c}}\n"],
  ["a key glued to a list", "a: {b:[c]}\n", `1:7 ${GLUED}`, "a: {b: [c]}\n"],
  ["a key glued to the closing bracket", "a: {b:}\n", `1:7 ${GLUED}`, "a: {b: }\n"],
  ["a key glued to a comma", "a: {b:, c: d}\n", `1:7 ${GLUED}`, "a: {b: , c: d}\n"],
  ["a comment glued to a quote", 'a: "b"# c\n', `1:7 ${COMMENT}`, 'a: "b" # c\n'],
  ["a comment glued to a bracket", "a: [b]# c\n", `1:7 ${COMMENT}`, "a: [b] # c\n"],
  ["a tag", "a: !b c\n", '1:4 tag "!b" -> remove it; every value is text, a list or a mapping', "a: c\n"],
  [
    "a tag on a mapping",
    "a: !!map {b: c}\n",
    '1:4 tag "!!map" -> remove it; every value is text, a list or a mapping',
    "a: {b: c}\n",
  ],
  [
    "a tag for text on a list",
    "a: !!str [b]\n",
    '1:10 tag "tag:yaml.org,2002:str" on what is no text -> remove it',
    "a: [b]\n",
  ],
  [
    "a directive",
    "%YAML 1.1\n---\na: b\n",
    '1:1 directive "%YAML 1.1" -> remove it; a policy needs none',
    "---\na: b\n",
  ],
  [
    "an anchor given twice",
    "a: &x {b: &x c}\nd: *x\n",
    '1:14 anchor "x" is given twice -> rename one of them',
    "a: &x {b: &y c}\nd: *x\n",
  ],
  [
    "an anchor on another line than its value in brackets",
    "a: [b, &x\n 'c']\n",
    "1:8 an anchor or a tag in brackets on another line than its value -> put them on one line",
    "a: [b, &x 'c']\n",
  ],
  [
    "a tag on another line than its value in brackets",
    "a: {b: !!str\n c}\n",
    "1:8 an anchor or a tag in brackets on another line than its value -> put them on one line",
    "a: {b: !!str c}\n",
  ],
  [
    "a text that is not deeper than its key, behind blank lines and a comment",
    "a:\n  b:\n\n# c\n\n    >\n  d: e\n",
    "7:1 the indentation does not fit the lines before -> align the keys of one mapping",
    "a:\n  b:\n\n# c\n\n    >\n    d: e\n",
  ],
  [
    "a line that is not deeper than its key, behind a comment",
    "a:\n#b\n  c\nd\n",
    "4:1 the indentation does not fit the lines before -> align the keys of one mapping",
    "a:\n#b\n  c\n  d\n",
  ],
  [
    "a line in quotes that is not deeper than its key, behind a comment",
    "a:\n  b:\n\n#c\n    'd\n  e'\n",
    "6:1 the indentation does not fit the lines before -> align the keys of one mapping",
    "a:\n  b:\n\n#c\n    'd\n    e'\n",
  ],
  [
    "a line in brackets that is not deeper than its key, behind a comment",
    "a:\n  b:\n\n#c\n    [d,\n  e]\n",
    "6:1 the indentation does not fit the lines before -> align the keys of one mapping",
    "a:\n  b:\n\n#c\n    [d,\n    e]\n",
  ],
  [
    "a line of a list's item that is not deeper than its dash",
    "- a:\n\n#b\n    c\n  d\n",
    "5:1 the indentation does not fit the lines before -> align the keys of one mapping",
    "a:\n\n#b\n    c\n    d\n",
  ],
  [
    "an anchor that is deeper than the mapping behind it",
    "\n  &x\na: b\n",
    "3:1 the indentation does not fit the lines before -> align the keys of one mapping",
    "\n&x\na: b\n",
  ],
  [
    "a tag that is glued to its text in brackets",
    "a: [!!strü, b]\n",
    "1:10 not valid YAML: tags and anchors must be separated from the next token by white space -> check the indentation, the quotes and the `: ` of this line and the one before",
    "a: [!!str ü, b]\n",
  ],
  [
    "a tag that is glued to a comma",
    "a: [!!str, b]\n",
    "1:10 a tag glued to what follows it in brackets -> write a space behind the tag",
    "a: [!!str , b]\n",
  ],
  [
    "a tag that is glued to a bracket",
    "a: {b: !!str}\n",
    "1:13 a tag glued to what follows it in brackets -> write a space behind the tag",
    "a: {b: !!str }\n",
  ],
  [
    "an alias of a merge for a key",
    "a: &x <<\n*x : {b: c}\n",
    "2:1 an alias that stands for `<<` -> write `<<: *name`",
    "a: '<<'\n<<: {b: c}\n",
  ],
  [
    "an anchor and a tag before a key",
    "a:\n  &x !!str b: *x\n",
    "2:3 an anchor and a tag on one value -> remove the tag",
    "a:\n  &x b: *x\n",
  ],
  [
    "a key of more than 1024 characters in brackets",
    `{${"a".repeat(1025)}: b}\n`,
    "1:1027 not valid YAML: a key and its colon that are more than 1024 characters apart -> check the indentation, the quotes and the `: ` of this line and the one before",
    `{${"a".repeat(1024)}: b}\n`,
  ],
  ["a tag alone for a key", "a: b\n!!str : c\n", "2:7 a key that is not text -> write `key: value`", "a: b\n'': c\n"],
  [
    "an anchor behind a value in brackets",
    "{a: b, 'c' &x}\n",
    "1:12 not valid YAML: missing , or : between flow map items -> check the indentation, the quotes and the `: ` of this line and the one before",
    "{a: b, &x 'c': }\n",
  ],
  [
    "an anchor on another line than its key",
    "a: {b: c, &x\n d: e}\n",
    "2:2 a key over more than one line -> write `key: value`",
    "a: {b: c, &x d: e}\n",
  ],
])("%s is refused, and its plain form is taken", (_, text, refused, plain) => {
  const got = readYaml(text);
  expect(got.ok ? got : got.diagnostics).toContain(refused);
  expect(readYaml(plain)).toEqual({ ok: true, tree: readSecond(plain) });
});

test.each([
  ["a tab between a key and its value", "a:\tb\n"],
  ["a tab behind a value", "a: b\t\nc: 'd'\t\n"],
  ["a tab before a comment", "a: b\t# c\nd: [e]\t# f\n"],
  ["tabs and spaces on blank lines", "a: b\n\t\n \t \nc:\n  - d\n\t\n  - e\n"],
  ["blank lines in brackets", "a: [b,\n\t\n  c]\n"],
  ["white space at the end of the file", "a: b\n \t"],
  ["blank lines within and behind a block text", "a: |\n  b\n\n  c\n  \n\nd: e\n"],
  ["JSON", '{"a":"b","c":["d",{"e":"f"}],"g":{}}'],
  ["a question mark and a colon in text", "a: b?c:d\n'?': ':e'\n"],
  ["a number in a block text", "a: |-\n  2\n"],
  ["a backslash before a line break that is none", 'a: "b\\\\\n  c"\n'],
  ["a block text without a last line break, which it cuts", "a: |-\n  b"],
  ["a byte order mark at the start", "\ufeffa: b\n"],
  ["lines of CRLF", "a: |\r\n  b\r\nc:\r\n  - d\r\n"],
])("%s is taken", (_, text) => {
  expect(readYaml(text)).toEqual({ ok: true, tree: readSecond(text) });
});

test.each([
  ["behind a blank line", "\n\ufeffa: b\n"],
  ["twice at the start", "\ufeff\ufeffa: b\n"],
  ["in a value", "a: b\ufeff\n"],
  ["at the end", "a: b\n\ufeff"],
  ["in a comment", "# \ufeff\na: b\n"],
])("a byte order mark %s is refused", (_, text) => {
  expect(readYaml(text)).toEqual({ ok: false, diagnostics: ["a byte order mark that is not at the start"] });
});
