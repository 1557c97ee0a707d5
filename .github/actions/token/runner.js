/**
 * What an action and its runner say to each other: inputs, files for outputs and state, and commands on standard output. The
 * runner takes commands from any line, so no text of anybody else may look like one:
 * https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
 */
import { randomUUID } from "node:crypto";
import { appendFileSync } from "node:fs";

const { env } = process;

/**
 * @param {string} name
 * @returns {string} Without white space around it; "" when it is not given.
 */
export const input = (name) => (env[`INPUT_${name.replaceAll(" ", "_").toUpperCase()}`] ?? "").trim();

/**
 * @param {string} name
 * @returns {boolean | undefined} Undefined for what is no boolean of YAML 1.2.
 */
export function booleanInput(name) {
  const text = input(name);
  if (text === "" || /^(?:false|False|FALSE)$/.test(text)) return false;
  return /^(?:true|True|TRUE)$/.test(text) ? true : undefined;
}

/** What the runner undoes in a command's data. @param {string} text */
const escapedData = (text) => text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");

/** The same in a command's properties. @param {string} text */
const escapedProperty = (text) => escapedData(text).replaceAll(":", "%3A").replaceAll(",", "%2C");

/** Everything printed from now on has stars in its place. @param {string} secret */
export const mask = (secret) => void process.stdout.write(`::add-mask::${escapedData(secret)}\n`);

/**
 * A line in colour on the run's page.
 * @param {"error" | "warning" | "notice"} level
 * @param {string} title
 * @param {string} text May have several lines.
 */
export function annotate(level, title, text) {
  process.stdout.write(`::${level} title=${escapedProperty(title)}::${escapedData(visible(text))}\n`);
}

/**
 * Text into the log. A command begins with `::` as the first of its line, or with `##[` anywhere: neither is left.
 * @param {string} text
 */
export function print(text) {
  const lines = visible(text).split("\n");
  const plain = lines.map((line) => line.replace(/^(\s*):(?=:)/, "$1: ").replaceAll("##[", "# #["));
  process.stdout.write(`${plain.join("\n")}\n`);
}

/** No control character but the line end: some end a line for the runner, others move a terminal's cursor. @param {string} text */
export const visible = (text) => text.replaceAll(/\r\n/g, "\n").replaceAll(/[^\P{Cc}\n]/gu, "?");

/**
 * The delimiter cannot be guessed, so a value cannot end itself and begin another.
 * @param {"GITHUB_OUTPUT" | "GITHUB_STATE"} file
 * @param {string} name
 * @param {string} value
 */
function append(file, name, value) {
  const delimiter = `ghadelimiter_${randomUUID()}`;
  appendFileSync(fileOf(file), `${name}<<${delimiter}\n${value}\n${delimiter}\n`);
}

/** @param {string} name */
function fileOf(name) {
  const path = env[name];
  if (!path) throw new Error(`${name} is not set: this runs as a step of GitHub Actions only`);
  return path;
}

/** For later steps. @param {string} name @param {string} value */
export const setOutput = (name, value) => append("GITHUB_OUTPUT", name, value);

/** For the post step. @param {string} name @param {string} value */
export const saveState = (name, value) => append("GITHUB_STATE", name, value);

/** @param {string} name @returns {string} What the main step saved; "" when nothing was. */
export const savedState = (name) => env[`STATE_${name}`] ?? "";

/** Onto the page of the run. @param {string} markdown */
export const summarize = (markdown) => appendFileSync(fileOf("GITHUB_STEP_SUMMARY"), `${markdown}\n`);
