// A deployment without an App, in a browser: from its page to GitHub and back, and the Worker that serves with what was shown.

import { readFile } from "node:fs/promises";
import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { breaches, picture, useBrowser } from "../support/browser.ts";

const LOOKS = [
  ["light", { width: 1280 }],
  ["dark", { width: 1280, dark: true }],
  ["phone", { width: 360, height: 740 }],
] as const;

const browser = useBrowser({
  variables: { GITHUB_APP_ID: "", GITHUB_APP_PRIVATE_KEY: "" },
  // The form that is sent to GitHub, GitHub's own page, the way back, and the key that is saved.
  mayAsk: (request, { network, url }) => {
    const { href, pathname } = new URL(request.url());
    const isGitHub = href.startsWith(`${network.github.webUrl}/`) && request.resourceType() === "document";
    return isGitHub || href.startsWith(`blob:${url}/`) || pathname === "/app/registered";
  },
});

const isReadable = async (page: Page, width: number) => {
  expect(await breaches(page)).toEqual([]);
  expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(width);
};

it.each(LOOKS)("asks who, and for what, so that everybody can answer: %s", async (name, looks) => {
  const page = await browser.visit("/", looks);
  await page.getByRole("button", { name: "Register the App at GitHub" }).click();
  const organization = page.getByRole("textbox", { name: "Organization" });
  await expect.poll(() => organization.getAttribute("aria-invalid")).toBe("true");
  await page.getByText("Other permissions of repositories").click();
  await picture(page, `no-app-${name}`);
  await isReadable(page, looks.width);
});

it("registers an App at GitHub, and what it shows serves", async () => {
  const { world } = browser;
  const { github } = world.network;
  github.addUser("octocat");
  github.signIn("octocat", { owns: [world.owner] });
  const page = await browser.visit("/");
  await page.getByRole("textbox", { name: "Organization" }).fill(world.owner);
  await page.getByRole("checkbox", { name: "issues", exact: true }).check();
  await page.getByLabel("Level of issues").selectOption("write");
  await page.getByRole("checkbox", { name: "pull_requests", exact: true }).check();
  await page.getByText("The App asks for").getByText("issues: write, metadata: read, pull_requests: write").waitFor();
  await page.getByRole("button", { name: "Register the App at GitHub" }).click();
  await page.getByRole("button", { name: `Create GitHub App for ${world.owner}` }).click();
  await page.getByRole("heading", { name: "The App is registered" }).waitFor();
  const [made] = github.state.registrations;
  expect(made?.app.permissions).toEqual({
    checks: "write",
    contents: "read",
    issues: "write",
    metadata: "read",
    pull_requests: "write",
  });
  // The address with the code is left at once, but not before the page is shown.
  await expect.poll(() => page.url()).toBe(`${world.url}/#/`);

  await page.getByText("The private key as text").click();
  for (const [name, { width, ...looks }] of LOOKS) {
    await page.setViewportSize({ width, height: 800 });
    await page.emulateMedia({ colorScheme: "dark" in looks ? "dark" : "light", reducedMotion: "reduce" });
    await picture(page, `registered-${name}`);
    await isReadable(page, width);
  }

  // The other parts of the page work meanwhile, and lose nothing.
  await page.getByRole("navigation").getByRole("link", { name: "Try a policy" }).click();
  await page.getByRole("heading", { level: 1, name: "Try a policy" }).waitFor();
  await page.goBack();
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    page.getByRole("link", { name: "Download the private key" }).click(),
  ]);
  expect(saved.suggestedFilename()).toBe(`${made?.app.slug}.private-key.pem`);
  const key = await readFile(await saved.path(), "utf8");
  expect(key).toBe(made?.pem);
  const shown = async (what: string) => {
    await page.getByRole("button", { name: `Copy ${what}`, exact: true }).click();
    await expect.poll(() => page.getByRole("status").textContent()).toBe(`Copied ${what}`);
    return page.evaluate<string>("navigator.clipboard.readText()");
  };
  expect(await shown("the webhook secret")).toBe(made?.webhookSecret);
  const commands = await shown("the commands");
  const [, id = ""] = /^echo (\d+) \| npm run wrangler -- secret put GITHUB_APP_ID$/m.exec(commands) ?? [];
  expect(commands).toContain(`secret put GITHUB_APP_PRIVATE_KEY < ${saved.suggestedFilename()}`);
  for (const secret of [made?.webhookSecret, "PRIVATE KEY-"]) expect(commands).not.toContain(secret);
  expect(await page.getByRole("link", { name: "Install" }).getAttribute("href")).toMatch(
    /apps\/[\w-]+\/installations\/new$/,
  );

  github.install({ app: Number(id), owner: world.owner });
  const serving = await world.revive({ GITHUB_APP_ID: id, GITHUB_APP_PRIVATE_KEY: key });
  const answers = [await serving.ask(), await serving.ask("/app/registered?code=a&state=b")].map(
    ({ status }) => status,
  );
  await serving.kill();
  expect(answers).toEqual([200, 404]);
});
