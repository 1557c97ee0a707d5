// Runs before each test file in workerd. Files share their isolates, which saves half the time of a run, but no file finds what
// another has stored. Modules stay loaded, as in production: nothing happens at import.

import fc from "fast-check";
import { afterAll, afterEach, beforeAll } from "vitest";
import { restartNumbers } from "./numbers.ts";
import { reset } from "./storage.ts";
import { time } from "./time.ts";

// Property tests take the same cases in every run, so that it is the change that is judged; only `npm run fuzz` looks for new ones.
if (import.meta.env.VITE_FUZZ_RUNS === undefined) fc.configureGlobal({ seed: 1 });

beforeAll(async () => {
  await reset();
  restartNumbers();
  time.start();
});

afterEach(() => time.idle());

afterAll(() => time.stop());
