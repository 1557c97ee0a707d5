// "Write a policy" in a real browser: by keyboard, for every kind of workload, from a token, and where its links lead.

import type { Page } from "playwright-core";
import { describe, expect, it } from "vitest";
import { NOTHING_PASTED, stateFromForm } from "../../worker/page/generator/form.ts";
import { outcomeOf } from "../../worker/page/generator/outputs.ts";
import { breaches, picture, useBrowser } from "../support/browser.ts";
import { claimsOfExample, WORKLOADS } from "./generator/workloads.ts";

const browser = useBrowser();

/** What the Worker tells the page. */
async function factsOf(page: Page) {
  const text = await page.locator("#deployment").textContent();
  // Our own answer.
  return JSON.parse(text ?? "") as { readonly domain: string; readonly webUrl: string };
}

const textOf = (page: Page, what: string) =>
  page
    .locator("figure", { hasText: new RegExp(`^${what}`) })
    .locator("code")
    .textContent();

/** Without a pointer: until what has the focus has this label. */
async function tabTo(page: Page, label: RegExp): Promise<void> {
  for (let i = 0; i < 120; i++) {
    await page.keyboard.press("Tab");
    const focused = await page.evaluate<string>(
      "(e => e.getAttribute('aria-label') ?? [...(e.labels ?? [])].map(l => l.textContent).join() + (e.labels?.length ? '' : e.textContent))(document.activeElement)",
    );
    if (label.test(focused.trim())) return;
  }
  throw new Error(`the keyboard does not reach ${label}`);
}

describe("written by hand", () => {
  it("with the keyboard alone: fields, a permission, and what is copied", async () => {
    const page = await browser.visit("/#/new");
    expect(await breaches(page)).toEqual([]);
    await picture(page, "new-empty");
    for (const [label, text] of [
      [/^Owner$/, "acme"],
      [/^Repository$/, "app"],
      [/^Owner's number$/, "1234567"],
      [/^Repository's number$/, "7654321"],
      [/^Branch$/, "main"],
      [/^Search GitHub's permissions$/, "releases"],
    ] as const) {
      await tabTo(page, label);
      await page.keyboard.type(text);
    }
    await tabTo(page, /^Level of contents$/);
    await page.keyboard.press("ArrowDown");
    await tabTo(page, /^Identity$/);
    await page.keyboard.type("release");
    await expect.poll(() => page.getByRole("status").textContent()).toBe("The policy is written");
    const { webUrl } = await factsOf(page);
    expect(await textOf(page, "the policy")).toBe(
      [
        `# yaml-language-server: $schema=https://${browser.world.domain}/schemas/policy.json`,
        "# For GitHub Actions: one branch.",
        `issuer: ${webUrl}/_services/token`,
        "subject: repo:acme@1234567/app@7654321:ref:refs/heads/main",
        "permissions:",
        "  contents: write",
        "",
      ].join("\n"),
    );
    await tabTo(page, /^Copy the policy$/);
    await page.keyboard.press("Enter");
    await expect.poll(() => page.getByRole("status").textContent()).toBe("Copied the policy");
    expect(await page.evaluate("navigator.clipboard.readText()")).toBe(await textOf(page, "the policy"));
    const create = new URL((await page.getByRole("link", { name: "Create the policy" }).getAttribute("href")) ?? "");
    expect(`${create.origin}${create.pathname}`).toBe(`${webUrl}/acme/app/new/main`);
    expect(create.searchParams.get("value")).toBe(await textOf(page, "the policy"));
    expect(await breaches(page)).toEqual([]);
    await picture(page, "new-written");
  });

  it("says what is wrong with a field once it was left, and not before", async () => {
    const page = await browser.visit("/#/new?kind=gitlab&owner=acme&repository=app&identity=ci");
    const number = page.getByLabel("Project's number");
    await number.pressSequentially("5x");
    expect(await page.locator(".problem").count()).toBe(0);
    await number.blur();
    expect(await page.locator(".problem").textContent()).toBe("must have the form of 53804090");
    expect(await number.getAttribute("aria-invalid")).toBe("true");
    expect(await page.getByText("Still needed").count()).toBe(1);
    expect(await breaches(page)).toEqual([]);
  });
});

describe("every kind of workload", () => {
  it("gets from a link the policy that is written for its form, without a fault", async () => {
    const page = await browser.visit("/#/new");
    const facts = await factsOf(page);
    // What somebody else chose is told apart from what one chose oneself.
    const warning = page.getByText("This form came filled in with its address");
    await page.getByLabel("Identity").fill("release");
    await expect.poll(() => page.url()).toContain("identity=release");
    expect(await warning.count()).toBe(0);
    for (const { name, form } of WORKLOADS) {
      await page.evaluate(`location.hash = ${JSON.stringify(`#/new?${stateFromForm(form)}`)}`);
      const { outputs } = outcomeOf(form, NOTHING_PASTED, facts);
      await expect.poll(() => textOf(page, "the policy").catch(() => "")).toBe(outputs?.policy.text);
      expect([name, await warning.count()]).toEqual([name, 1]);
      const errors = page.locator(".result-findings .text-bad");
      // Nobody outside can ask such a cluster for its keys.
      const wanted = name === "kubernetes" ? 1 : 0;
      expect([name, await errors.count()]).toEqual([name, wanted]);
      expect([name, await page.getByRole("link", { name: "Try it on a token" }).count()]).toEqual([name, 1 - wanted]);
    }
  });
});

describe("from a token", () => {
  it("is the tightest policy for it; the token is shown without its signature, and is in no link", async () => {
    const page = await browser.visit("/#/new?kind=token&identity=dependencies");
    const claims = claimsOfExample("open-pull-requests");
    const [header, payload] = [{ alg: "RS256", kid: "1" }, claims].map((part) =>
      Buffer.from(JSON.stringify(part)).toString("base64url"),
    );
    const token = `${header}.${payload}.c2lnbmF0dXJl`;
    const field = page.getByLabel("Token, claims, or a job's log");
    await field.fill(token);
    await page.getByText("Want further claims").click();
    await page.getByLabel("event_name").check();
    expect(await textOf(page, "the policy")).toContain(
      "subject: repo:acme/app:ref:refs/heads/main\nclaim_pattern:\n  repository_id: '7654321'\n  repository_owner_id: '1234567'\n  event_name: 'schedule'\n",
    );
    expect(JSON.parse(await field.inputValue())).toEqual(claims);
    expect(await page.getByText("its signature was dropped, and not checked").count()).toBe(1);
    await page.getByLabel("Default branch").fill("trunk");
    await expect.poll(() => page.url()).toContain("branch=trunk");
    const links = await page.evaluate<string[]>("[...document.querySelectorAll('main a')].map((link) => link.href)");
    expect(links.length).toBeGreaterThan(3);
    expect(`${links} ${page.url()} ${await page.content()}`).not.toContain("c2lnbmF0dXJl");
    expect(`${links} ${page.url()}`).not.toContain("octocat");
    expect(await breaches(page)).toEqual([]);
    await picture(page, "new-token");
  });

  it("hands the policy over to be tried on the claims that it wants", async () => {
    const { form } = WORKLOADS.find(({ name }) => name === "gitlab") ?? {};
    const page = await browser.visit(`/#/new?${form && stateFromForm(form)}`);
    await page.getByRole("link", { name: "Try it on a token" }).click();
    await page.getByText("Allowed: every clause matches").waitFor();
  });
});

it("can be read in the dark, and on a phone", async () => {
  const { form } = WORKLOADS.find(({ name }) => name === "github-actions-environment") ?? {};
  const path = `/#/new?${form && stateFromForm(form)}`;
  for (const [name, looks] of [
    ["new-dark", { dark: true }],
    ["new-phone", { width: 360, height: 740 }],
  ] as const) {
    const page = await browser.visit(path, looks);
    expect(await textOf(page, "the policy")).toContain("environment:production");
    expect(await breaches(page)).toEqual([]);
    expect(await page.evaluate("document.documentElement.scrollWidth <= innerWidth")).toBe(true);
    await picture(page, name);
  }
});
