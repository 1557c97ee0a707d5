import { expect, it } from "vitest";
import eventSchema from "../../../worker/event.schema.json";
import { againstBudget, BUNDLE_BUDGET_BYTES, buildBundle, startUpMs } from "./bundle.ts";

it("builds for deployment; within the budget", {
  timeout: 60_000,
}, async () => {
  const { gzippedBytes, parts, script } = await buildBundle();
  console.log(`bundle: ${(gzippedBytes / 1024).toFixed(1)} KiB gzipped, ${againstBudget(gzippedBytes)}`);
  expect(gzippedBytes).toBeLessThanOrEqual(BUNDLE_BUDGET_BYTES);
  expect(gzippedBytes).toBeGreaterThan(20 * 1024);
  // Of the audit event the Worker has the types alone.
  expect(script).not.toContain(eventSchema.properties.time.description);
  // Nothing from test/, nothing unknown.
  expect(parts.map(([name]) => name).filter((name) => name === "other")).toEqual([]);
  // How long is for whoever reads it on a quiet machine; that it starts without a Worker around it is for all.
  expect(await startUpMs(script, 1)).toBeGreaterThan(0);
});

it("says how it stands against the budget", () => {
  expect(againstBudget(BUNDLE_BUDGET_BYTES)).toBe("within the budget of 176 KiB");
  expect(againstBudget(BUNDLE_BUDGET_BYTES + 2048)).toBe("2.0 KiB OVER the budget of 176 KiB");
});
