#!/usr/bin/env node

/**
 * Trust policies on the command line: check, explain, test, new, schema. The one file of policies/ that reads files, the environment
 * and the clock; what is said is made by the files of cli/.
 */

import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, resolve, sep } from "node:path";
import { parseArgs } from "node:util";
import { type CommandResult, checkCommand } from "./cli/check.ts";
import { type Disk, Unusable } from "./cli/disk.ts";
import { explainCommand } from "./cli/explain-command.ts";
import { painter, wrap } from "./cli/layout.ts";
import { newCommand } from "./cli/new.ts";
import { COMMANDS, HELP, OPTIONS, optionsFrom } from "./cli/options.ts";
import { testCommand } from "./cli/test-command.ts";
import { ownProperty } from "./objects.ts";
import policySchema from "./policy.schema.json" with { type: "json" };
import issuersSchema from "./trusted-token-issuers.schema.json" with { type: "json" };

function run(argv: readonly string[]): CommandResult {
  const { values, positionals } = parsedArguments(argv);
  const [name = "", ...operands] = positionals;
  if (values.help || argv.length === 0) return { code: 0, text: HELP };
  const command = ownProperty(COMMANDS, name);
  if (command === undefined) {
    throw new Unusable(`unknown command "${name}"; known are ${Object.keys(COMMANDS).join(", ")}`);
  }
  const stray = Object.keys(values).find((option) => !command.options.includes(option));
  if (stray !== undefined) throw new Unusable(`${name} does not take --${stray}`);
  if (name === "schema") return schema(operands);
  const paint = painter(process.stdout.isTTY === true && !process.env.NO_COLOR);
  const domain = process.env.STS_DOMAIN || undefined;
  const disk = realDisk();
  if (name === "new") {
    const { kind: _, ...rest } = values;
    return newCommand(operands, values, optionsFrom(rest, command.formats, domain), disk, paint);
  }
  const [first] = operands;
  if (first === undefined) throw new Unusable(`${name} needs a file${name === "explain" ? "" : " or a directory"}`);
  const options = optionsFrom(values, command.formats, domain);
  if (name === "check") return checkCommand(operands, options, disk, paint);
  if (name === "test") return testCommand(operands, options, disk, paint);
  if (operands.length > 1) throw new Unusable("explain takes one policy");
  return explainCommand(first, options, disk, paint, Date.now() / 1000);
}

function parsedArguments(argv: readonly string[]) {
  try {
    return parseArgs({ args: [...argv], options: OPTIONS, allowPositionals: true });
  } catch (error) {
    throw new Unusable(error instanceof Error ? error.message : "the options cannot be read");
  }
}

function schema([name = "policy", ...more]: readonly string[]): CommandResult {
  const schemas: Readonly<Record<string, unknown>> = {
    policy: policySchema,
    "trusted-token-issuers": issuersSchema,
  };
  if (more.length > 0 || !Object.hasOwn(schemas, name)) {
    throw new Unusable(`schema knows ${Object.keys(schemas).join(", ")}`);
  }
  return { code: 0, text: `${JSON.stringify(schemas[name], undefined, 2)}\n` };
}

/** `npm run policy` runs in the service's own directory; what is named is meant from where it was typed. */
function whereTyped(): string {
  const { npm_lifecycle_event: script, npm_package_name: name, INIT_CWD: typedIn } = process.env;
  return script === "policy" && name === "octo-sts-edge" && typedIn ? typedIn : ".";
}

function realDisk(): Disk {
  const from = whereTyped();
  const absolute = (path: string) => resolve(from, path).split(sep).join("/");
  return {
    here: absolute("."),
    absolute,
    kindOf(path) {
      const found = statSync(path, { throwIfNoEntry: false });
      if (found === undefined) return "nothing";
      return found.isDirectory() ? "directory" : "file";
    },
    list(directory) {
      const entries = attempt(`read ${directory}`, () => readdirSync(directory, { withFileTypes: true }));
      return entries
        .map((entry) => ({ name: entry.name, isDirectory: entry.isDirectory() }))
        .sort((a, b) => (a.name < b.name ? -1 : 1));
    },
    read(path) {
      const bytes = attempt(`read ${path}`, () => readFileSync(path === "-" ? 0 : absolute(path)));
      try {
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
      } catch {
        return undefined;
      }
    },
    write(path, text) {
      attempt(`write ${path}`, () => {
        mkdirSync(dirname(path), { recursive: true });
        // Never over a file that came to be there meanwhile.
        writeFileSync(path, text, { flag: "wx" });
      });
    },
  };
}

function attempt<T>(what: string, access: () => T): T {
  try {
    return access();
  } catch (error) {
    const code = error instanceof Error && "code" in error ? String(error.code) : "error";
    throw new Unusable(`cannot ${what}: ${code}`);
  }
}

function main(argv: readonly string[]): number {
  // A reader that has seen enough (`head`) closes the pipe, which is no failure.
  process.stdout.on("error", (error) => {
    if (!("code" in error) || error.code !== "EPIPE") throw error;
  });
  try {
    const { code, text } = run(argv);
    process.stdout.write(text);
    return code;
  } catch (error) {
    if (!(error instanceof Unusable)) throw error;
    process.stderr.write(`${wrap(`policy: ${error.message}`, 80).join("\n")}\nTry \`policy --help\`.\n`);
    return 2;
  }
}

if (import.meta.main) process.exitCode = main(process.argv.slice(2));
