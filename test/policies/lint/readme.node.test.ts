// The policy reference names every rule of lint, and no other.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { RULES } from "../../../policies/lint/lint.ts";

it("lists every rule once", () => {
  const text = readFileSync(join(import.meta.dirname, "../../../policies/README.md"), "utf8");
  const [, section = ""] = /^## What lint tells$(.*?)^## /ms.exec(text) ?? [];
  const listed = [...section.matchAll(/^\| `([a-z-]+)` +\|/gm)].map(([, id]) => id);
  expect(listed.toSorted()).toEqual(Object.keys(RULES).toSorted());
});
