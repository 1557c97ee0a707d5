// An App registered with the person's browser: a page of this machine leads to GitHub with the manifest, and GitHub leads back with a
// code, for which it hands out the App's secrets. They stay in this process.

import { html } from "hono/html";
import { Api } from "../../../worker/github/call.ts";
import { convertCode, isRegistrationCode } from "../../../worker/github/registration.ts";
import type { RegisteredApp } from "../../../worker/github/shapes.ts";
import { webUrlOf } from "../../../worker/github/web-url.ts";
import { manifestAction, manifestOf } from "../../../worker/page/app/manifest.ts";
import { Deadline } from "../../../worker/store/deadline.ts";
import type { Page } from "./loopback.ts";
import type { Machine } from "./machine.ts";
import type { Registration } from "./registration.ts";

const CONVERSION_TIMEOUT_MS = 15_000;
const AGAIN = "Open the first page again, and start over.";

/** Undefined: the person would rather do it by hand. */
export async function registerInBrowser(machine: Machine, asked: Registration): Promise<RegisteredApp | undefined> {
  const flow = new Flow(machine, asked);
  const server = await machine.serve((url) => flow.answer(url));
  try {
    machine.tell(
      `\nOpen this in a browser on this machine, where you are signed in to GitHub:\n\n  ${server.url}${flow.path}\n`,
    );
    for (;;) {
      const answer = await machine.ask("Enter once it says that the App is registered (hand: without a browser): ");
      if (flow.registered !== undefined) return flow.registered;
      if (answer === "hand") return undefined;
      machine.tell(`  ${flow.problem}`);
    }
  } finally {
    server.close();
  }
}

class Flow {
  readonly #machine: Machine;
  readonly #asked: Registration;
  /** Nobody can guess it: whoever else is on this machine reaches the port, and could read the state in the form. */
  readonly path: string;
  /** Of the form that was shown last; undefined once it has come back. */
  #state: string | undefined;
  registered: RegisteredApp | undefined;
  problem = "GitHub has not led back to this machine yet";

  constructor(machine: Machine, asked: Registration) {
    this.#machine = machine;
    this.#asked = asked;
    this.path = `/${machine.secret()}/`;
  }

  answer(url: URL): Promise<Page> {
    if (url.pathname === `${this.path}registered`) return this.#comeBack(url);
    return url.pathname === this.path ? this.#form(url) : page(404, "There is no such page.");
  }

  async #form(url: URL): Promise<Page> {
    if (this.registered !== undefined) return page(200, DONE);
    this.#state = this.#machine.secret();
    const nonce = this.#machine.secret();
    const { apiUrl, organization, ...request } = this.#asked;
    const webUrl = webUrlOf(apiUrl);
    const manifest = JSON.stringify(manifestOf({ ...request, redirectUrl: new URL("registered", url).href }));
    const form = html`<form method="post" action="${manifestAction(webUrl, organization, this.#state)}">
<input type="hidden" name="manifest" value="${manifest}"><button>Register the App at GitHub</button></form>
<script nonce="${nonce}">document.forms[0].submit()</script>`;
    return { ...(await page(200, form)), policy: `form-action ${webUrl}; script-src 'nonce-${nonce}'` };
  }

  /** Somebody else's code would store an App here that he holds the key of: only what was asked for comes in, and only once. */
  async #comeBack(url: URL): Promise<Page> {
    const code = url.searchParams.get("code");
    const isAskedFor = this.#state !== undefined && url.searchParams.get("state") === this.#state;
    if (!isAskedFor || !isRegistrationCode(code)) return page(400, `This was not asked for. ${AGAIN}`);
    this.#state = undefined;
    const { fetch: fetcher } = this.#machine;
    const api = new Api({ fetcher, now: Date.now, random: Math.random, apiUrl: this.#asked.apiUrl });
    const deadline = new Deadline(CONVERSION_TIMEOUT_MS);
    const conversion = await convertCode({ api, now: Date.now }, code, { deadline, waitUntil: () => undefined });
    if (typeof conversion !== "string") {
      this.registered = conversion;
      return page(200, DONE);
    }
    this.problem =
      conversion === "unknown_code"
        ? "GitHub does not know the code that it led back with: start over"
        : "GitHub did not hand out the App's key: make one on the App's page there, and say `hand` here";
    return page(502, `${this.problem}.`);
  }
}

const DONE = "The App is registered. Go back to the terminal, and press Enter.";

async function page(status: number, content: string | ReturnType<typeof html>): Promise<Page> {
  const whole = html`<!doctype html><html lang="en"><meta charset="utf-8"><title>Octo STS</title><main>${content}</main></html>`;
  return { status, html: String(await whole) };
}
