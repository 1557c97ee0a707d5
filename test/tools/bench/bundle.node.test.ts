import { expect, it } from "vitest";
import { againstBudget, BUNDLE_CEILING_BYTES, buildBundle } from "./bundle.ts";

it("builds for deployment; says how it stands against the budget, and may not grow unnoticed", {
  timeout: 60_000,
}, async () => {
  const { gzippedBytes, parts } = await buildBundle();
  console.log(`bundle: ${(gzippedBytes / 1024).toFixed(1)} KiB gzipped, ${againstBudget(gzippedBytes)}`);
  expect(gzippedBytes).toBeLessThanOrEqual(BUNDLE_CEILING_BYTES);
  expect(gzippedBytes).toBeGreaterThan(20 * 1024);
  // Nothing from test/, nothing unknown.
  expect(parts.map(([name]) => name).filter((name) => name === "other")).toEqual([]);
});
