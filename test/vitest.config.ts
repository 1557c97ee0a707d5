import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";

// Two runtimes: what the Worker runs is tested in workerd; what a person runs (command line, scripts, files) in Node. What a
// person sees first, `npm start`, is tried last and alone, because it starts a Worker of its own.
export default defineConfig({
  test: {
    reporters: ["default", "./test/tools/summary.ts"],
    projects: [
      {
        plugins: [cloudflareTest({ wrangler: { configPath: "./wrangler.toml" } })],
        test: { name: "workerd", include: ["test/**/*.test.ts"], exclude: ["test/**/*.node.test.ts"] },
      },
      {
        test: {
          name: "node",
          include: ["test/**/*.node.test.ts"],
          exclude: ["test/tools/start/**"],
        },
      },
      {
        test: {
          name: "start",
          include: ["test/tools/start/**/*.node.test.ts"],
          sequence: { groupOrder: 1 },
          testTimeout: 90_000,
        },
      },
    ],
  },
});
