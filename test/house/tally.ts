// Ends a test run with one line that people and scripts can read: `512 passed, 0 failed`.

import type { Reporter, TestModule } from 'vitest/node';

export const tally: Reporter = {
  onTestRunEnd(modules, unhandledErrors) {
    let failed = unhandledErrors.length;
    const counts = { passed: 0, failed: 0, skipped: 0, pending: 0 };
    for (const module of modules) {
      for (const test of module.children.allTests()) counts[test.result().state]++;
      failed += brokenOutsideTests(module);
    }
    failed += counts.failed;
    // A test that did not come to its end is as good as failed.
    failed += counts.pending;
    const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : '';
    console.log(`${counts.passed} passed, ${failed} failed${skipped}`);
  },
};

/** Files that could not be loaded, and suites whose hooks failed. */
function brokenOutsideTests(module: TestModule): number {
  const parts = [module, ...module.children.allSuites()];
  return parts.filter((part) => part.errors().length > 0).length;
}
