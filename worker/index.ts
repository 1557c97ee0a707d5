/** The entry: builds the app once per isolate; nothing else. */
import { createApp } from "./app.ts";
import type { Env } from "./config/reader.ts";
import { createConsumer } from "./queue.ts";
import { type Setup, setUp } from "./services.ts";

// Filled by the first request: the environment is known only then, and it never changes within an isolate.
let settled: Setup | undefined;

function setup(env: Env): Setup {
  settled ??= setUp(env);
  return settled;
}

const app = createApp(setup, (line) => console.log(line));

export default { fetch: app.fetch, queue: createConsumer(setup) };
