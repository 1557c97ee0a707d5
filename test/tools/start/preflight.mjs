// Runs before `npm start`, on whatever Node is there: says in one line what is missing, where the loader would print a stack.
// Plain JavaScript, because an older Node cannot read the rest.

import { existsSync } from "node:fs";

const root = new URL("../../../", import.meta.url);
const NEEDED = ["hono", "miniflare", "node/bin/node", "workerd", "wrangler"];
const missing = NEEDED.filter((name) => !existsSync(new URL(`node_modules/${name}`, root)));
const [major = 0] = process.versions.node.split(".").map(Number);

if (missing.length > 0) {
  console.error(`not installed: ${missing.join(", ")}; run npm ci first`);
  process.exitCode = 1;
} else if (major < 24) {
  console.error(`this is Node ${process.versions.node}; start with npm start, which brings Node 24`);
  process.exitCode = 1;
}
