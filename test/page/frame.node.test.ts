// The page's frame: how it loads, who may look at it how, and that it asks nobody for anything.

import { expect, it } from "vitest";
import { breaches, picture, useBrowser } from "../support/browser.ts";

const browser = useBrowser();

it("loads a view at a time, and only files of its own", async () => {
  const page = await browser.visit("/");
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(browser.world.domain);
  const before = browser.requests.length;
  await page.getByRole("link", { name: "Try a policy" }).first().click();
  await page.getByRole("heading", { level: 1, name: "Try a policy" }).waitFor();
  expect(await page.title()).toBe("Try a policy - Octo STS");
  const later = browser.requests.slice(before);
  expect(later.length).toBeGreaterThan(0);
  expect(later.filter((request) => !/^GET \/assets\/[a-z-]+-[0-9A-Z]{8}\.js$/.test(request))).toEqual([]);
  expect(await page.getByRole("status").textContent()).toBe("Try a policy");
});

it.each([
  ["light", { width: 1280 }],
  ["dark", { width: 1280, dark: true }],
  ["phone", { width: 360, height: 740 }],
] as const)("can be used by everyone: %s", async (name, looks) => {
  const page = await browser.visit("/#/", looks);
  await picture(page, `overview-${name}`);
  expect(await breaches(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(looks.width);
});
