// A deployment that answers an action what a test says, and remembers what it was asked. The real one: whole.bare.test.ts.

import { REFUSALS, type Reason } from "../../worker/denial.ts";
import { type Served, serve } from "../emulators/serve.ts";

/** The token of every grant here, in the form that GitHub gives it. */
export const TOKEN = `ghs_7_${"a".repeat(40)}.${"b".repeat(400)}.${"c".repeat(60)}`;
export const REQUEST_ID = "0190aa11-0000-7000-8000-000000000000";

export const GRANTED = {
  token: TOKEN,
  refreshToken: "",
  expiry: "2026-11-25T13:00:00Z",
  access_token: TOKEN,
  permissions: { contents: "write" },
  repositories: ["app"],
  policy: { path: "acme/app/.github/chainguard/release.sts.yaml", sha: "5076451083f1" },
  app_slug: "acme-sts",
  request_id: REQUEST_ID,
};

export const granted = (body: object = GRANTED): Response =>
  Response.json(body, {
    headers: {
      "X-Request-Id": REQUEST_ID,
      "X-STS-Policy": "acme/app/.github/chainguard/release.sts.yaml@5076451083f1",
    },
  });

/** A refusal as it is on the wire. */
export function refused(reason: Reason, message: string, headers: Readonly<Record<string, string>> = {}): Response {
  const { status, code, error } = REFUSALS[reason];
  const body = { code, message, details: [], reason, error, error_description: message, request_id: REQUEST_ID };
  return Response.json(body, { status, headers: { "X-Request-Id": REQUEST_ID, ...headers } });
}

type Route = (request: Request) => Response | Promise<Response>;

export interface AskedOf {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly body: string;
}

export class Deployment {
  #served: Served | undefined;
  readonly asked: AskedOf[] = [];
  /** What the next requests are answered, the last one from then on. */
  answers: Route[] = [() => granted()];

  static async open(): Promise<Deployment> {
    const deployment = new Deployment();
    const fetch = (request: Request) => deployment.#answer(request);
    deployment.#served = await serve({ name: "the deployment", port: 0, fetch });
    return deployment;
  }

  get domain(): string {
    return `127.0.0.1:${this.#served?.port}`;
  }

  async close(): Promise<void> {
    await this.#served?.close();
  }

  async #answer(request: Request): Promise<Response> {
    const { method, url, headers } = request;
    this.asked.push({ method, url: new URL(url), headers, body: await request.text() });
    const route = this.answers.length > 1 ? this.answers.shift() : this.answers[0];
    if (route === undefined) throw new TypeError("nothing answers");
    return route(request);
  }
}
