import { env, exports } from "cloudflare:workers";
import { expect, it } from "vitest";

it("answers", async () => {
  const answer = await exports.default.fetch("https://sts.example.test/");
  expect(await answer.text()).toBe("ok");
  expect(Object.keys(env)).toContain("STS_CACHE");
});
