// The page in a real browser: one Chromium for a file, against the Worker in bare workerd with the world of workerd.ts around it.
//
//     const browser = useBrowser();                             // at the top of a *.node.test.ts; useBrowser({ variables }) for another deployment
//     it("shows the way", async () => {
//       const page = await browser.visit("/#/playground", { width: 360, dark: true });
//       await page.getByRole("button", { name: "Mend" }).click();    // Playwright's page: locators wait by themselves
//       expect(await page.getByRole("alert").textContent()).toContain("...");
//       expect(await breaches(page)).toEqual([]);                      // axe-core: WCAG 2.2 AA and its best practices
//     });
//
// After each test the file fails for whatever the browser complained of, and for every request that is not for a file of the page
// (`browser.requests` tells of all). `browser.world` is the world: its `ask`, `network.github`, `livingTokens()`. What is
// evaluated in the page is given as text, as tests know no DOM. `picture(page, "name")` keeps a screenshot where PICTURES names a folder.

import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { type Browser, type BrowserContext, chromium, type Page, type Request } from "playwright-core";
import { afterAll, afterEach, beforeAll, expect } from "vitest";
import { chromiumOptions } from "./chromium.ts";
import { openWorkerd, type WorkerdOptions, type WorkerdWorld } from "./workerd.ts";

export interface Looks {
  /** Pixels; 1280 by 800 where nothing is said. */
  readonly width?: number;
  readonly height?: number;
  readonly dark?: boolean;
}

export interface BrowserOptions extends WorkerdOptions {
  /** Requests beyond those for the page's own files, such as a form that is sent to GitHub. */
  readonly mayAsk?: (request: Request, world: WorkerdWorld) => boolean;
}

/** What the document and its links lead to. */
const OWN_PATHS = /^\/(?:$|assets\/[\w.-]+$|reference(?:\/[\w/-]+)?$|reasons(?:\/\w+)?$|schemas\/[\w-]+\.json$)/;
const START_TIMEOUT_MS = 120_000;
/** Of every step, on a machine that is busy with other things. */
const TIMEOUT_MS = 60_000;

interface Opened {
  readonly world: WorkerdWorld;
  readonly chromium: Browser;
}

export class PageBrowser {
  /** Of the test that runs: "GET /assets/main-XXXXXXXX.js". */
  readonly requests: string[] = [];
  readonly #options: BrowserOptions;
  readonly #contexts: BrowserContext[] = [];
  readonly #complaints: string[] = [];
  #opened: Opened | undefined;

  constructor(options: BrowserOptions) {
    this.#options = options;
  }

  get world(): WorkerdWorld {
    return this.#there.world;
  }

  /** A page of its own, with nothing kept from another; resolves when it shows a heading. */
  async visit(path: string, { width = 1280, height = 800, dark = false }: Looks = {}): Promise<Page> {
    const context = await this.#there.chromium.newContext({
      baseURL: this.world.url,
      viewport: { width, height },
      colorScheme: dark ? "dark" : "light",
      // What is judged is what people see in the end, not a colour on its way there.
      reducedMotion: "reduce",
      permissions: ["clipboard-read", "clipboard-write"],
    });
    this.#contexts.push(context);
    context.setDefaultTimeout(TIMEOUT_MS);
    const page = await context.newPage();
    page.on("console", (message) => {
      if (["error", "warning"].includes(message.type())) this.#complaints.push(`${message.type()}: ${message.text()}`);
    });
    page.on("pageerror", (error) => this.#complaints.push(`bug: ${error.stack ?? error.message}`));
    page.on("crash", () => this.#complaints.push("the page crashed"));
    context.on("request", (request) => this.#note(request));
    await page.goto(path);
    await page.locator("h1").first().waitFor();
    return page;
  }

  async open(): Promise<void> {
    const [world, browser] = await Promise.all([
      openWorkerd(this.#options),
      chromiumOptions().then((options) => chromium.launch({ ...options, timeout: START_TIMEOUT_MS })),
    ]);
    this.#opened = { world, chromium: browser };
  }

  async close(): Promise<void> {
    await this.#opened?.chromium.close();
    await this.#opened?.world.close();
  }

  /** Takes what a test has called forth on purpose out of what it fails for; answers it. */
  forgive(sign: RegExp): readonly string[] {
    const all = this.#complaints.splice(0);
    this.#complaints.push(...all.filter((complaint) => !sign.test(complaint)));
    return all.filter((complaint) => sign.test(complaint));
  }

  /** Ends the pages of one test; answers what was wrong with them. */
  async leave(): Promise<readonly string[]> {
    await Promise.all(this.#contexts.splice(0).map((context) => context.close()));
    this.requests.length = 0;
    return this.#complaints.splice(0);
  }

  get #there(): Opened {
    if (this.#opened === undefined) throw new Error("the browser opens with the first test");
    return this.#opened;
  }

  #note(request: Request): void {
    const { origin, pathname } = new URL(request.url());
    const isOwn = origin === this.world.url && OWN_PATHS.test(pathname) && request.method() === "GET";
    // A script that asks by itself could send something on, whatever the address.
    const isLoaded = !["fetch", "xhr", "websocket", "eventsource", "ping"].includes(request.resourceType());
    this.requests.push(`${request.method()} ${origin === this.world.url ? pathname : request.url()}`);
    if ((isOwn && isLoaded) || this.#options.mayAsk?.(request, this.world)) return;
    this.#complaints.push(`${request.resourceType()} request: ${request.method()} ${request.url()}`);
  }
}

/** To be called once, at the top of a file. */
export function useBrowser(options: BrowserOptions = {}): PageBrowser {
  const browser = new PageBrowser(options);
  beforeAll(() => browser.open(), START_TIMEOUT_MS);
  afterEach(async () => expect(await browser.leave()).toEqual([]));
  afterAll(() => browser.close());
  return browser;
}

interface AxeResults {
  readonly violations: readonly { readonly id: string; readonly nodes: readonly { readonly html: string }[] }[];
}

let axeSource: Promise<string> | undefined;

/**
 * What axe-core finds wrong for people who cannot see, or use a mouse: "rule: the element". Of a page that was looked at once, other
 * colours have only their contrast to be judged.
 */
export async function breaches(page: Page, rule?: "color-contrast"): Promise<readonly string[]> {
  axeSource ??= readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
  // Evaluated by the debugger, to which the page's Content-Security-Policy does not apply.
  await page.evaluate(await axeSource);
  // Without a preload it asks for nothing.
  const options = { preload: false, resultTypes: ["violations"], ...(rule && { runOnly: [rule] }) };
  const results = await page.evaluate<AxeResults>(`axe.run(document, ${JSON.stringify(options)})`);
  return results.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** For looking at; kept only where somebody wants to. */
export async function picture(page: Page, name: string): Promise<void> {
  const folder = process.env.PICTURES;
  if (folder !== undefined) await page.screenshot({ path: join(folder, `${name}.png`), fullPage: true });
}
