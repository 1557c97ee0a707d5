// "Try a policy" in a real browser: an editor that mends by a click, verdicts on pasted tokens, and nothing that leaves the page.

import type { Page } from "playwright-core";
import { expect, it } from "vitest";
import { breaches, picture, useBrowser } from "../support/browser.ts";

const browser = useBrowser({ variables: { GITHUB_APP_NAME: "ci" } });

const GITHUB = "https://token.actions.githubusercontent.com";
const POLICY = `isuer: ${GITHUB}
subject: repo:acme/app:ref:refs/heads/main
permissions:
  contents: write
`;
const CLAIMS = { iss: GITHUB, sub: "repo:acme/app:ref:refs/heads/feature", exp: 2_000_000_000, jti: "one-token-alone" };
const SIGNATURE = "c2lnbmF0dXJlLW9mLXRoZS10b2tlbg";
const encoded = (part: unknown) => Buffer.from(JSON.stringify(part)).toString("base64url");
const tokenOf = (claims: unknown) => `${encoded({ alg: "RS256", typ: "JWT" })}.${encoded(claims)}.${SIGNATURE}`;

const policyEditor = (page: Page) => page.getByRole("textbox", { name: "Policy, YAML" });
const tokenEditor = (page: Page) => page.getByRole("textbox", { name: "Token: claims as JSON" });
const verdict = (page: Page) => page.getByRole("region", { name: "Verdict" });

/** As people do: by the clipboard, in place of all that stands there. */
async function paste(page: Page, editor: ReturnType<typeof policyEditor>, text: string): Promise<void> {
  await page.evaluate(`navigator.clipboard.writeText(${JSON.stringify(text)})`);
  await editor.click();
  await page.keyboard.press("Control+A");
  await page.keyboard.press("Control+V");
}

it("mends a policy by a click, and judges a token with the sign marked where it differs", async () => {
  const page = await browser.visit("/#/playground");
  await paste(page, policyEditor(page), POLICY);
  await verdict(page).getByText("The file has errors").waitFor();
  await page.locator(".cm-lintRange-error").first().hover();
  await page.locator(".cm-tooltip-lint").getByRole("button", { name: "Rename it to issuer" }).waitFor();
  await picture(page, "playground-errors");
  await page.getByRole("button", { name: "Rename it to issuer", exact: true }).click();
  await verdict(page).getByText("No error.").waitFor();
  expect(await policyEditor(page).textContent()).toContain(`issuer: ${GITHUB}`);

  const { domain } = await facts(page);
  await paste(page, tokenEditor(page), tokenOf({ ...CLAIMS, aud: domain }));
  await verdict(page).getByText("Refused: subject does not match").waitFor();
  expect(await tokenEditor(page).textContent()).toContain("refs/heads/feature");
  expect(await page.content()).not.toContain(SIGNATURE);
  expect(await page.locator(".differs").allTextContents()).toEqual(["m", "f"]);
  await page.getByText("The token's signature was not checked.").waitFor();
  expect(await breaches(page)).toEqual([]);
  await picture(page, "playground-refused");

  await page.getByRole("button", { name: "Rewrite the policy" }).click();
  await verdict(page).getByText("Allowed: every clause matches").waitFor();
  await verdict(page).getByText("contents: write").first().waitFor();
  await picture(page, "playground-allowed");
  // How long it takes is for people to look at, and asserted nowhere.
  const measures = await page.evaluate<readonly number[]>(
    "performance.getEntriesByName('verdict').map(({ duration }) => duration)",
  );
  const paint = await page.evaluate<number>("performance.getEntriesByName('first-contentful-paint')[0].startTime");
  console.log(`first paint ${paint.toFixed(0)} ms; verdicts ${measures.map((ms) => ms.toFixed(0)).join(", ")} ms`);
});

const facts = (page: Page) =>
  page.evaluate<{ readonly domain: string }>("JSON.parse(document.getElementById('deployment').textContent)");

it("shares what somebody chose to share, and never a token", async () => {
  const page = await browser.visit("/#/playground");
  const { domain } = await facts(page);
  await paste(page, policyEditor(page), POLICY.replace("isuer", "issuer"));
  await paste(page, tokenEditor(page), tokenOf({ ...CLAIMS, aud: domain }));
  await verdict(page).getByText("Refused").waitFor();
  expect(page.url()).toMatch(/#\/playground$/);
  await page.getByRole("button", { name: "Copy a link to this" }).click();
  await page.getByText("The link is copied").waitFor();
  const link = await page.evaluate<string>("navigator.clipboard.readText()");
  await expect.poll(() => page.url()).toBe(link);
  expect(new URL(link).search).toBe("");

  const other = await browser.visit(link.slice(new URL(link).origin.length));
  await verdict(other).getByText("Refused: subject does not match").waitFor();
  const shown = (await tokenEditor(other).textContent()) ?? "";
  expect(shown).toContain("refs/heads/feature");
  expect(shown).not.toContain("one-token-alone");

  // As some keyboards paste: without an event that says so.
  await tokenEditor(page).click();
  await page.keyboard.press("Control+A");
  await page.keyboard.insertText(tokenOf({ ...CLAIMS, sub: "repo:acme/app:pull_request" }));
  await verdict(page).getByText("repo:acme/app:pull_request").first().waitFor();
  expect(await tokenEditor(page).textContent()).not.toContain(SIGNATURE);

  await paste(page, policyEditor(page), `# ${tokenOf(CLAIMS)}\n`);
  await page.getByRole("button", { name: "Copy a link to this" }).click();
  await page.getByText("a link must hold none").waitFor();
  expect(page.url()).toBe(link);
});

it("connects to nobody, whatever a script in it tries", async () => {
  const page = await browser.visit("/#/playground");
  await policyEditor(page).waitFor();
  const before = [...browser.requests];
  const refused = await page.evaluate<readonly string[]>(`new Promise((resolve) => {
    const blocked = new Set();
    document.addEventListener("securitypolicyviolation", ({ effectiveDirective, blockedURI }) => {
      blocked.add(effectiveDirective + " " + new URL(blockedURI).pathname);
      if (blocked.size === 3) resolve([...blocked].sort());
    });
    fetch("/by-fetch").catch(() => {});
    navigator.sendBeacon("/by-beacon", "a policy");
    new WebSocket(location.origin.replace("http", "ws") + "/by-socket");
  })`);
  expect(refused).toEqual(["beacon", "fetch", "socket"].map((way) => `connect-src /by-${way}`));
  expect(browser.requests).toEqual(before);
  expect(browser.requests.every((request) => /^GET \/(?:$|assets\/)/.test(request))).toBe(true);
  expect(
    browser.forgive(/violates the .*Content Security Policy|Content Security Policy directive/).length,
  ).toBeGreaterThan(1);
});

it("is used with the keyboard alone, and lets it go on", async () => {
  const page = await browser.visit("/#/playground");
  await policyEditor(page).waitFor();
  const isIn = async (name: string) => (await focused(page)).includes(name);
  for (let presses = 0; presses < 30 && !(await isIn("Policy, YAML")); presses += 1) await page.keyboard.press("Tab");
  await page.keyboard.type("iss", { delay: 5 });
  await page.getByRole("listbox").waitFor();
  await page.waitForTimeout(150);
  await page.keyboard.press("Enter");
  await page.keyboard.type("htt", { delay: 5 });
  await page.keyboard.press("Escape");
  expect(await policyEditor(page).textContent()).toContain("issuer: htt");
  for (let presses = 0; presses < 5 && (await isIn("Policy, YAML")); presses += 1) await page.keyboard.press("Tab");
  expect(await isIn("Policy, YAML")).toBe(false);
  await page.keyboard.press("Shift+Tab");
  for (let presses = 0; presses < 5 && !(await isIn("Policy, YAML")); presses += 1)
    await page.keyboard.press("Shift+Tab");
  expect(await isIn("Policy, YAML")).toBe(true);
});

/** What has the focus, also within a shadow root. */
const focused = (page: Page) =>
  page.evaluate<string>(
    "((at) => { while (at?.shadowRoot?.activeElement) at = at.shadowRoot.activeElement; return at?.getAttribute('aria-label') ?? at?.textContent ?? ''; })(document.activeElement)",
  );

it("looks right in the dark and on a phone, and reads well to whoever does not see it", async () => {
  const page = await browser.visit("/#/playground", { width: 360, height: 740, dark: true });
  await page.getByRole("button", { name: "Show an example" }).click();
  await verdict(page).getByText("Refused: subject does not match").waitFor();
  const [shown, wide] = await page.evaluate<readonly [number, number]>(
    "[document.documentElement.clientWidth, document.documentElement.scrollWidth]",
  );
  expect(wide).toBe(shown);
  expect(await breaches(page)).toEqual([]);
  await picture(page, "playground-phone-dark");
  const desk = await browser.visit("/#/playground", { dark: true });
  await desk.getByRole("button", { name: "Show an example" }).click();
  await verdict(desk).getByText("Refused").waitFor();
  await policyEditor(desk).click();
  await desk.keyboard.press("Control+End");
  await desk.keyboard.type("aud");
  await desk.getByRole("listbox").waitFor();
  await picture(desk, "playground-dark");
});

it("bounds what it takes, and stays usable on what is hostile", async () => {
  const page = await browser.visit("/#/playground");
  await paste(page, policyEditor(page), "a".repeat(70_000));
  await page.getByText("Not taken: a policy has at most 65536 characters.").waitFor();
  const many = Array.from({ length: 60 }, (_, i) => `  c${i}: '(a|b){1,9}[^x]*${"y".repeat(60)}'\n`).join("");
  await paste(page, policyEditor(page), `${POLICY.replace("isuer", "issuer")}claim_pattern:\n${many}`);
  await paste(
    page,
    tokenEditor(page),
    JSON.stringify({ ...CLAIMS, aud: (await facts(page)).domain, c1: "ab".repeat(2_000) }),
  );
  await verdict(page).getByText("Refused").waitFor();
});
