// Ten summaries as GitHub renders them, kept to be looked at: a change of words shows as a change of summaries.html.

import { readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { REVIEWED, renderedSummaries } from "./summaries.ts";

it("are ten, and rendered as they are kept", () => {
  expect(Object.keys(REVIEWED).length).toBe(10);
  expect(renderedSummaries()).toBe(readFileSync(`${import.meta.dirname}/summaries.html`, "utf8"));
});
