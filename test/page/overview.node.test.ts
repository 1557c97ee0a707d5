// What people see at the deployment's own address: how to use it, or what is wrong with it.

import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { VARIABLES } from "../../worker/page/overview/variables.ts";
import { breaches, picture, useBrowser } from "../support/browser.ts";

const LOOKS = [
  ["light", { width: 1280 }],
  ["dark", { width: 1280, dark: true }],
  ["phone", { width: 360, height: 740 }],
] as const;

describe("a deployment that serves", () => {
  const browser = useBrowser({ variables: { ALLOWED_OWNERS: "acme, octo-org", GITHUB_APP_NAME: "ci" } });

  it("tells what callers need, and where the App is installed once GitHub told that", async () => {
    const page = await browser.visit("/");
    expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe(browser.world.domain);
    expect(await page.getByText("The link to install it appears once").count()).toBe(1);
    await browser.world.ask("/readyz");
    await page.reload();
    const install = page.getByRole("link", { name: "Install ci" });
    expect(await install.getAttribute("href")).toMatch(/\/github-apps\/app-7\/installations\/new$/);
    expect(await page.getByRole("link", { name: "octo-org" }).count()).toBe(1);
    await page.getByRole("button", { name: "Copy the audience" }).click();
    await expect.poll(() => page.getByRole("status").textContent()).toBe("Copied the audience");
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(browser.world.domain);
  });

  it("loads a view at a time, and only files of its own", async () => {
    const page = await browser.visit("/");
    const before = browser.requests.length;
    await page.getByRole("navigation").getByRole("link", { name: "Try a policy" }).click();
    await page.getByRole("heading", { level: 1, name: "Try a policy" }).waitFor();
    await expect.poll(() => page.title()).toBe("Try a policy - Octo STS");
    const later = browser.requests.slice(before);
    expect(later.length).toBeGreaterThan(0);
    expect(later.filter((request) => !/^GET \/assets\/[a-z-]+-[0-9A-Z]{8}\.js$/.test(request))).toEqual([]);
    await expect.poll(() => page.locator("#announcement").textContent()).toBe("Try a policy");
  });

  it("leads only to what is there", async () => {
    const page = await browser.visit("/");
    const links = await page.locator("a").evaluateAll((all) => all.map((link) => link.getAttribute("href") ?? ""));
    const own = [...new Set(links)].filter((href) => /^\/\w/.test(href));
    expect(own.length).toBeGreaterThan(3);
    for (const href of own) expect([href, (await browser.world.ask(href)).status]).toEqual([href, 200]);
  });

  it("moves nothing once it is seen", async () => {
    const page = await browser.visit("/");
    const shift = `new Promise((resolve) => {
      let sum = 0;
      new PerformanceObserver((list) => {
        for (const { value } of list.getEntries()) sum += value;
      }).observe({ type: "layout-shift", buffered: true });
      setTimeout(() => resolve(sum), 300);
    })`;
    expect(await page.evaluate(shift)).toBe(0);
  });

  it("can be used with the keyboard alone", async () => {
    const page = await browser.visit("/");
    const focused = () => page.evaluate<string>("document.activeElement.textContent");
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Skip to content");
    await page.keyboard.press("Enter");
    expect(await page.evaluate("document.activeElement.id")).toBe("main");
    // The skip leads past the navigation, and away from no view.
    await page.keyboard.press("Tab");
    expect(await focused()).toBe("Write a policy");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: "Try a policy" }).waitFor();
    await expect.poll(() => page.evaluate("document.activeElement.id")).toBe("main");
    await page.goBack();
    await page.getByRole("heading", { level: 1, name: browser.world.domain }).waitFor();
  });

  it("says that a link leads nowhere, and leads on", async () => {
    const page = await browser.visit("/#/nothing");
    await page.getByRole("link", { name: "Start here." }).click();
    await page.getByRole("heading", { level: 1, name: browser.world.domain }).waitFor();
  });

  it("says when a part is gone with the version that it belonged to, and is whole again once loaded anew", async () => {
    const page = await browser.visit("/");
    const part = /\/assets\/playground-/;
    await page.route(part, (route) => route.fulfill({ status: 404 }));
    await page.getByRole("navigation").getByRole("link", { name: "Try a policy" }).click();
    await page.getByRole("heading", { level: 1, name: "This part of the page cannot be shown" }).waitFor();
    expect(await breaches(page)).toEqual([]);
    await page.unroute(part);
    await page.getByRole("button", { name: "Load the page again" }).click();
    await page.getByRole("heading", { level: 1, name: "Try a policy" }).waitFor();
    // The browser tells of the part that it did not get; of nothing else.
    expect((await browser.leave()).filter((complaint) => !complaint.includes("404"))).toEqual([]);
  });

  it.each(LOOKS)("can be used by everyone: %s", async (name, looks) => {
    const page = await browser.visit("/", looks);
    await picture(page, `overview-${name}`);
    expect(await breaches(page, name === "dark" ? "color-contrast" : undefined)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(looks.width);
  });
});

describe("a deployment that is misconfigured", () => {
  const wrong = { STS_DOMAIN: "https://s3cr3t", GITHUB_APP_PRIVATE_KEY: "s3cr3t", ALLOWED_OWNER: "s3cr3t" };
  const browser = useBrowser({ variables: wrong });

  it.each(LOOKS)("names what is wrong and how it is set, and no value: %s", async (name, looks) => {
    const page = await browser.visit("/", looks);
    await picture(page, `misconfigured-${name}`);
    for (const variable of Object.keys(wrong)) {
      expect(await page.getByRole("term").getByText(variable, { exact: true }).count()).toBe(1);
    }
    const text = await page.content();
    expect(text).toContain("npm run wrangler -- secret put GITHUB_APP_PRIVATE_KEY");
    expect(text).not.toContain("s3cr3t");
    expect(await breaches(page, name === "dark" ? "color-contrast" : undefined)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(looks.width);
  });
});

it("knows every variable and binding of the README, secrets as secrets", () => {
  const readme = readFileSync(fileURLToPath(new URL("../../README.md", import.meta.url).href), "utf8");
  const section = readme.slice(
    readme.indexOf("## Configuration"),
    readme.indexOf("\n## ", readme.indexOf("## Configuration") + 1),
  );
  const listed = [...section.matchAll(/^\| ([A-Z_]+(?:, [A-Z_]+)*)( \(secret\))? +\|/gm)].flatMap(
    ([, names = "", isSecret]) => names.split(", ").map((name) => [name, isSecret !== undefined] as const),
  );
  const known = Object.entries(VARIABLES).map(([name, { setting }]) => [name, setting === "secret"] as const);
  expect(known.sort()).toEqual(listed.sort());
});
