// Runs before each test file in workerd. Files share their isolates, which saves half the time of a run, but no file finds what
// another has stored. Modules stay loaded, as in production: nothing happens at import.

import { reset } from "cloudflare:test";
import { afterAll, afterEach, beforeAll } from "vitest";
import { restartNumbers } from "./numbers.ts";
import { time } from "./time.ts";

beforeAll(async () => {
  await reset();
  restartNumbers();
  time.start();
});

afterEach(() => time.idle());

afterAll(() => time.stop());
