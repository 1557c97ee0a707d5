// No text of anybody else's becomes a command of the runner: neither in a property over what the action writes, nor in a whole step.

import { join } from "node:path";
import { pathToFileURL } from "node:url";
import * as fc from "fast-check";
import { expect, it } from "vitest";
import { execute } from "../support/command.ts";
import { Deployment, refused } from "./deployment.ts";
import { readLog } from "./log.ts";
import { ACTION, openRunner } from "./runner.ts";

/** Writes each text both ways, in one process. */
const SAY = `
import { readFileSync } from "node:fs";
import { annotate, print } from ${JSON.stringify(pathToFileURL(join(ACTION, "runner.js")).href)};
for (const text of JSON.parse(readFileSync(0, "utf8"))) {
  annotate("error", text, text);
  print(text);
}`;

const PIECES = [
  "::",
  "::error::x",
  "::add-mask::a",
  "::stop-commands::t",
  "::set-output name=token::evil",
  "##[",
  "##[error]x",
  "##[add-mask]a",
  "%",
  "%0A",
  "%0D",
  "%25",
  "%3A",
  "\n",
  "\r",
  "\r\n",
  "\u0085",
  "\u2028",
  "\u00a0",
  "\ufeff",
  "\u001b[2J",
  " ",
  "\t",
  ",",
  ":",
  "=",
  "a",
  "é",
  "]",
];

const text = fc.array(fc.oneof(fc.constantFrom(...PIECES), fc.string({ unit: "binary", maxLength: 3 })), {
  maxLength: 8,
});

/** What of a text is left to see; the runner is told no other line end than this. */
const visible = (said: string): string => said.replaceAll("\r\n", "\n").replaceAll(/[^\P{Cc}\n]/gu, "?");

it("writes each text as the data and the title of one command, and as no command into the log", async () => {
  // A lone surrogate is no text that could arrive: JSON over HTTP is UTF-8.
  const texts = fc.sample(text, 1_000).map((pieces) => pieces.join("").toWellFormed());
  const args = ["--input-type=module", "-e", SAY];
  const { code, stdout } = await execute(process.execPath, args, { input: JSON.stringify(texts) });
  expect(code).toBe(0);
  const { commands } = readLog(stdout);
  expect(commands).toHaveLength(texts.length);
  for (const [i, said] of texts.entries()) {
    const { name, properties, data } = commands[i] ?? {};
    expect({ name, data }).toEqual({ name: "error", data: visible(said) });
    expect(Object.keys(properties ?? {})).toEqual(["title"]);
  }
});

it("can be broken: the same texts as they are are commands", () => {
  const commands = PIECES.flatMap((piece) => readLog(`${piece}\n`).commands);
  expect(commands.length).toBeGreaterThan(5);
});

it("lets no refusal and no claim give a command to the runner", async () => {
  const hostile =
    "x\n::error::a\r##[add-mask]b\r\n::set-output name=token::evil%0A::warning::c\n```\n# d\nEND\n`touch e` $(touch f)";
  const deployment = await Deployment.open();
  deployment.answers = [() => refused("claim_mismatch", hostile)];
  const payload = Buffer.from(JSON.stringify({ sub: hostile, ref: `##[error]${hostile}` })).toString("base64url");
  const runner = await openRunner({ sign: async () => `e30.${payload}.c2ln` });
  const step = await runner.main({ domain: deployment.domain, identity: "release" });
  await Promise.all([deployment.close(), runner.close()]);
  expect(step.commands.map(({ name }) => name)).toEqual(["add-mask", "error"]);
  expect(step.code).toBe(1);
  // One block for the message and one for the command: nothing of it is read as Markdown, and the shell sees one document.
  expect(step.summary.match(/^(`{3,})(?:text|sh)\n[\s\S]*?\n\1$/gm)).toHaveLength(2);
  expect(step.summary.match(/^END$/gm)).toHaveLength(1);
});
