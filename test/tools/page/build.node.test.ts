import { expect, it } from "vitest";
import { buildPage } from "../build-page.ts";
import { FIRST_PAINT_BUDGET_BYTES, PAGE_BUDGET_BYTES, weigh } from "./weight.ts";

it("builds the same bytes again, within the budgets", async () => {
  const [one, other] = [await buildPage(), await buildPage()];
  expect([...other.files].map(([path, content]) => [path, Buffer.from(content).toString("base64")])).toEqual(
    [...one.files].map(([path, content]) => [path, Buffer.from(content).toString("base64")]),
  );
  const { firstPaintBytes, pageBytes } = weigh(one);
  console.log(`page: ${firstPaintBytes} bytes gzipped until something can be read, ${pageBytes} in all`);
  expect(firstPaintBytes).toBeLessThanOrEqual(FIRST_PAINT_BUDGET_BYTES);
  expect(pageBytes).toBeLessThanOrEqual(PAGE_BUDGET_BYTES);
  expect(one.firstPaint.length).toBeGreaterThan(1);
  expect(pageBytes).toBeGreaterThan(firstPaintBytes);
});
