// Runs before `npm start` and `npm test`, on whatever Node is there: says in a few words what is missing, where the loader would
// print a stack. Plain JavaScript, because an older Node cannot read the rest.

import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = new URL("../../../", import.meta.url);
/** @param {string} name */
const isThere = (name) => existsSync(fileURLToPath(new URL(`node_modules/${name}`, root).href));
const missing = ["hono", "miniflare", "node", "workerd", "wrangler"].filter((name) => !isThere(name));
const version = process.versions.node;
const major = Number.parseInt(version, 10);

/** The package `node` brings the binary by an install script, which many companies forbid. */
const NO_BINARY = `this is Node ${version}, and Node 24 or later is needed. The package "node" brings it by an install script, which did
not run here (npm's ignore-scripts). Install Node 24, or let that one script run:
  npm rebuild node --ignore-scripts=false`;

function problem() {
  if (missing.length > 0) return `not installed: ${missing.join(", ")}; run npm ci first`;
  if (major >= 24) return undefined;
  if (!isThere("node/bin/node")) return NO_BINARY;
  return `this is Node ${version}; start with npm start, which brings Node 24`;
}

const found = problem();
if (found !== undefined) {
  console.error(found);
  process.exitCode = 1;
}
