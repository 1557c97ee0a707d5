import { cloudflareTest } from "@cloudflare/vitest-plugin";
import { defineConfig } from "vitest/config";
import { writePage } from "./tools/build-page.ts";

/** A test that takes this long hangs. No test is a measurement: it may take its time on a busy machine. */
const PATIENCE_MS = 120_000;
const patient = {
  testTimeout: PATIENCE_MS,
  hookTimeout: PATIENCE_MS,
  teardownTimeout: PATIENCE_MS,
  expect: { poll: { timeout: PATIENCE_MS / 2 } },
};

// What the shell has set for others reaches nothing that tests start: colours, the repository of a hook of git, who is asked for
// passwords, an account at Cloudflare, proxies.
const OF_THE_SHELL =
  /^(?:(?:FORCE|NO)_COLOR|(?:GIT|CLOUDFLARE|CF|WRANGLER|MINIFLARE)_.*|SSH_ASKPASS|(?:https?|all)_proxy)$/i;
for (const name of Object.keys(process.env)) if (OF_THE_SHELL.test(name)) delete process.env[name];

// The Worker of wrangler.toml has it bound.
await writePage();

// Two runtimes: what the Worker runs is tested in workerd; what a person runs (command line, scripts, files) in Node. What only the
// runtime without a test runner around it shows (callers who leave, KV that hangs, memory) is `bare`: tests in Node against a
// workerd of their own. What a person sees first, `npm start`, is tried last and alone, because it starts a Worker of its own.
export default defineConfig({
  test: {
    reporters: ["default", "./test/tools/summary.ts"],
    // One core is not kept free for the runner, which mostly waits: with two that would be half of them.
    maxWorkers: "100%",
    projects: [
      {
        plugins: [
          cloudflareTest({
            wrangler: { configPath: "./wrangler.toml" },
            // Optional, so not in wrangler.toml.
            miniflare: { r2Buckets: ["AUDIT_BUCKET"] },
          }),
        ],
        test: {
          name: "workerd",
          // Many files in one: loading each would take seconds.
          deps: { optimizer: { ssr: { enabled: true, include: ["graphql"] } } },
          include: ["test/**/*.test.ts"],
          exclude: ["test/**/*.node.test.ts", "test/**/*.bare.test.ts"],
          ...patient,
          isolate: false,
          setupFiles: ["test/support/setup.ts"],
        },
      },
      {
        test: { name: "node", include: ["test/**/*.node.test.ts"], exclude: ["test/tools/start/**"], ...patient },
      },
      {
        test: { name: "bare", include: ["test/**/*.bare.test.ts"], ...patient },
      },
      {
        test: {
          name: "start",
          include: ["test/tools/start/**/*.node.test.ts"],
          sequence: { groupOrder: 1 },
          ...patient,
          // Each starts one or two Workers, and sees them end.
          testTimeout: 2 * PATIENCE_MS,
          expect: { poll: { timeout: PATIENCE_MS } },
        },
      },
    ],
  },
});
