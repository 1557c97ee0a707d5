// The last line of a test run, for whoever reads logs by machine: how many tests ran, and how they ended.

import type { Reporter, TestModule } from "vitest/node";

export default class Summary implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandledErrors: readonly unknown[]): void {
    const counts = { passed: 0, failed: 0, skipped: 0 };
    let broken = unhandledErrors.length;
    for (const module of modules) {
      let tests = 0;
      for (const test of module.children.allTests()) {
        const { state } = test.result();
        if (state !== "pending") counts[state] += 1;
        tests += 1;
      }
      // A file that could not be loaded has no tests to count.
      if (tests === 0 && module.state() === "failed") broken += 1;
    }
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
    console.log(`${counts.passed} passed, ${counts.failed + broken} failed${skipped}`);
  }
}
