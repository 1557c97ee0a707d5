// What a bug leaves in the log: its name and its place, never its message, which may quote a token. Wherever it happens.

import { createExecutionContext, waitOnExecutionContext } from "cloudflare:test";
import { beforeEach, describe, expect, it } from "vitest";
import { createApp } from "../worker/app.ts";
import { describeBug } from "../worker/bug.ts";
import { reset } from "./support/storage.ts";
import { createWebhookWorld } from "./support/webhook-world.ts";
import { createWorld, DOMAIN } from "./support/world.ts";

beforeEach(() => reset());

const SECRET = "ghs_secret";
/** Of several lines, some of which look like frames of a stack. */
const MESSAGE = `cannot read ${SECRET}\n    at ${SECRET} (token:1:1)\n${SECRET}\n    at ${SECRET}`;

function thrown(change: (bug: Error) => void): unknown {
  const bug = new Error(MESSAGE);
  change(bug);
  return bug;
}

describe("what may be logged of a bug", () => {
  const cases: readonly (readonly [string, unknown, string])[] = [
    ["an error", new TypeError(MESSAGE), "TypeError"],
    ["an error without a message", new RangeError(""), "RangeError"],
    ["an error whose message was changed later", thrown((bug) => Object.assign(bug, { message: "other" })), "Error"],
    ["an error whose name is foreign text", thrown((bug) => Object.assign(bug, { name: MESSAGE })), "Error"],
    ["an error without a stack", thrown((bug) => Object.assign(bug, { stack: undefined })), "Error"],
    ["an error with a cause", new Error("x", { cause: MESSAGE }), "Error"],
    ["an exception of the platform", new DOMException(MESSAGE, "AbortError"), "AbortError"],
    ["text", MESSAGE, "string"],
    ["nothing", undefined, "undefined"],
    ["an object", { message: MESSAGE, stack: MESSAGE }, "object"],
  ];

  it.each(cases)("%s", (_about, bug, name) => {
    const described = describeBug(bug);
    expect(described.name).toBe(name);
    expect(JSON.stringify(described)).not.toContain(SECRET);
    expect(described.stack.filter((line) => !/^ {4}at /.test(line))).toEqual([]);
  });

  it("says where it happened", () => {
    expect(describeBug(new Error(MESSAGE)).stack[0]).toContain("bugs.test.ts");
    expect(describeBug(new Error(MESSAGE)).stack.length).toBeLessThanOrEqual(8);
  });
});

describe("a bug is logged without its message", () => {
  it("outside of any exchange", async () => {
    const logs: string[] = [];
    const app = createApp(
      () => {
        throw new Error(MESSAGE);
      },
      (line) => logs.push(line),
    );
    const context = createExecutionContext();
    const response = await app.fetch(new Request(`https://${DOMAIN}/sts/exchange`), {}, context);
    await waitOnExecutionContext(context);
    expect(response.status).toBe(500);
    const body: { request_id: string } = await response.json();
    expect(body).toMatchObject({ code: 13, reason: "internal", message: "internal error" });
    expect(logs.map((line) => JSON.parse(line))).toMatchObject([
      { type: "bug", request_id: body.request_id, name: "Error", path: "/sts/exchange" },
    ]);
    expect(logs.join()).not.toContain(SECRET);
  });

  it("in an exchange", async () => {
    const asked = await createWorld();
    let looks = 0;
    const { now } = asked.clock;
    Object.defineProperty(asked.clock, "now", {
      get() {
        if (looks++ === 1) throw new Error(MESSAGE);
        return now;
      },
    });
    const answer = await asked.ask({ authorization: "Bearer a.b.c" });
    expect(answer).toMatchObject({ status: 500, body: { code: 13, reason: "internal", message: "internal error" } });
    expect(asked.worker.logs).toMatchObject([
      { type: "bug", request_id: answer.body.request_id, name: "Error" },
      { outcome: "refused", reason: "internal" },
    ]);
    expect(JSON.stringify(asked.worker.logs)).not.toContain(SECRET);
    expect(asked.grantMints()).toBe(0);
  });

  it("in the work on a webhook, wherever its clock fails", async () => {
    let bugs = 0;
    for (let last = 2; last <= 8; last++) {
      const made = await createWebhookWorld({ policy: "issuer: [" });
      let looks = 0;
      const { now } = made.clock;
      Object.defineProperty(made.clock, "now", {
        get() {
          if (looks++ === last) throw new Error(MESSAGE);
          return now;
        },
      });
      await made.pull({ "README.md": "x" }).catch(() => undefined);
      bugs += made.worker.logs.filter(({ what }) => what === "bug").length;
      expect(JSON.stringify(made.worker.logs)).not.toContain(SECRET);
    }
    expect(bugs).toBeGreaterThan(0);
  });
});
