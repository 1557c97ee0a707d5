import { expect, it } from "vitest";
import { BUNDLE_MAX_GZIPPED_BYTES, buildBundle } from "./bundle.ts";

it("builds for deployment, within the budget", { timeout: 60_000 }, async () => {
  const { gzippedBytes, parts } = await buildBundle();
  console.log(`bundle: ${(gzippedBytes / 1024).toFixed(1)} KiB gzipped`);
  expect(gzippedBytes).toBeLessThanOrEqual(BUNDLE_MAX_GZIPPED_BYTES);
  expect(gzippedBytes).toBeGreaterThan(20 * 1024);
  // Nothing from test/, nothing unknown.
  expect(parts.map(([name]) => name).filter((name) => name === "other")).toEqual([]);
});
