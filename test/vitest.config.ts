import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// Two runtimes: what the Worker runs is tested in workerd; what a person runs (command line, scripts, files) in Node.
export default defineConfig({
  test: {
    projects: [
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: { name: "workerd", include: ["test/**/*.test.ts"], exclude: ["test/**/*.node.test.ts"] },
      },
      { test: { name: "node", include: ["test/**/*.node.test.ts"] } },
    ],
  },
});
