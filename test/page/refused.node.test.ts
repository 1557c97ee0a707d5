// "Why was I refused?" in a browser: a refusal's link opens its page, and what people paste opens its reason with its own values.

import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { breaches, picture, useBrowser } from "../support/browser.ts";

const browser = useBrowser();

const ID = "5f0c1d3e-8a52-4b7e-9c57-2f6a1f0e6b11";
const MESSAGE =
  'trust policy: subject "repo:acme/app:ref:refs/heads/feature" did not match the policy\'s subject "repo:acme/app:ref:refs/heads/main" (acme/app/.github/chainguard/release.sts.yaml:2)';
const ANSWER = JSON.stringify({ code: 7, message: MESSAGE, details: [], reason: "subject_mismatch", request_id: ID });

const LOG = [
  "2026-11-25T05:30:11.1Z Run octo-sts/action@v1.1.0",
  "2026-11-25T05:30:15.1Z Attempt 3 failed for URL: https://sts.example.com/sts/exchange?scope=acme/app. Error: HTTP error! status: 403, body: ",
].join("\n");

const paste = (page: Page, text: string) => page.getByLabel("The refusal").fill(text);

async function factsOf(page: Page): Promise<Readonly<Record<string, string>>> {
  const [names, values] = await Promise.all(
    ["dl.facts dt", "dl.facts dd"].map((each) => page.locator(each).allTextContents()),
  );
  return Object.fromEntries(names?.map((name, i) => [name, values?.[i] ?? ""]) ?? []);
}

it("leads from the link in a refusal to its page, and from there to one's own", async () => {
  const response = await fetch(`${browser.world.url}/sts/exchange?scope=acme/app&identity=release`);
  const { error_uri: link } = (await response.json()) as { readonly error_uri: string };
  const page = await browser.visit(new URL(link).pathname);
  expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("authorization_missing");
  expect(await page.locator("pre").first().textContent()).toBe("expected exactly one authorization header, got none");
  await page.getByRole("link", { name: "Paste your own refusal" }).click();
  await page.getByLabel("The refusal").waitFor();
  expect(await page.getByRole("heading", { level: 2 }).textContent()).toBe("authorization_missing");
  await paste(page, `${LOG}${ANSWER}`);
  await page.getByRole("link", { name: "All about subject_mismatch" }).click();
  await page.getByRole("heading", { level: 1, name: "subject_mismatch" }).waitFor();
  await page.goBack();
  await paste(page, ANSWER);
  await page.getByRole("link", { name: "Try the policy with the token's claims" }).click();
  await page.getByRole("heading", { level: 1, name: "Try a policy" }).waitFor();
  await page.getByText('"reason": "subject_mismatch"').waitFor();
});

it.each<readonly [string, string]>([
  ["the answer", ANSWER],
  ["a job's log", `${LOG}${ANSWER}\n`],
  ["the line that an action prints", `##[error]${MESSAGE}\nRequest id: ${ID}`],
])("explains %s with its own values, and keeps them to itself", async (_, text) => {
  const page = await browser.visit("/#/refused");
  await paste(page, text);
  await page.getByRole("heading", { level: 2, name: "subject_mismatch" }).waitFor();
  expect(await factsOf(page)).toMatchObject({
    "Who must act": "Whoever maintains the trust policy.",
    Clause: "subject",
    "The token's sub": "repo:acme/app:ref:refs/heads/feature",
    "The policy's subject": "repo:acme/app:ref:refs/heads/main",
    Where: "acme/app/.github/chainguard/release.sts.yaml:2",
    "Request id": expect.stringContaining(ID),
  });
  expect(await page.locator("mark").textContent()).toBe("feature");
  await expect.poll(() => page.url()).toBe(`${browser.world.url}/#/refused?reason=subject_mismatch&request_id=${ID}`);
});

it("tells when to come again, who finds a request id, and that other text holds no refusal", async () => {
  const page = await browser.visit("/#/refused");
  await paste(
    page,
    "HTTP/2 429\nretry-after: 37\nx-sts-refusal: github_rate_limited: GitHub API rate limit exceeded\n",
  );
  expect((await factsOf(page))["When to come again"]).toBe("After 37 seconds.");
  await paste(page, ID);
  await page.getByText("A request id says nothing by itself").waitFor();
  await paste(page, "hello");
  await page.getByText("There is no refusal in it").waitFor();
  await page.getByRole("status").filter({ hasText: "No refusal found" }).waitFor();
});

it("follows no link of a made-up refusal but to this deployment's GitHub", async () => {
  const page = await browser.visit("/#/refused");
  const refusal = (url: string) =>
    `{"reason":"app_not_installed","message":"no installation found for \\"acme\\": install the GitHub App on it (${url})"}`;
  await paste(page, refusal("https://evil.example/apps"));
  expect((await factsOf(page))["Install it at"]).toBe("https://evil.example/apps");
  expect(await page.locator("dl.facts a").count()).toBe(0);
  await paste(page, '<img src=x onerror=alert(1)> {"reason":"policy_invalid","message":"<b>x</b>"}');
  expect(await page.locator("pre").textContent()).toBe("<b>x</b>");
});

it.each([
  ["light", { width: 1280 }],
  ["dark", { width: 1280, dark: true }],
  ["phone", { width: 360, height: 740 }],
] as const)("can be used by everyone: %s", async (name, looks) => {
  for (const path of ["/reasons", "/reasons/subject_mismatch", "/reference", "/#/refused"]) {
    const page = await browser.visit(path, looks);
    if (path === "/#/refused") await paste(page, ANSWER);
    await picture(page, `${path.replace(/\W+/g, "-").slice(1)}-${name}`);
    // The reference is long, and has no colours but those of the others.
    const isSeen = path === "/reference" && name === "dark";
    const found = isSeen ? [] : await breaches(page, name === "dark" ? "color-contrast" : undefined);
    expect([path, found]).toEqual([path, []]);
    expect(await page.evaluate("document.documentElement.scrollWidth")).toBeLessThanOrEqual(looks.width);
  }
});
