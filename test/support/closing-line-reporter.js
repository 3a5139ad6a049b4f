import { writeFileSync } from 'node:fs';

/**
 * Says at the end of a test run how many tests passed and failed, in one line.
 *
 * A suite that could not be loaded counts as a failure, and so does a run in which nothing ran: both look like success to
 * whoever only counts failed tests. With `SLUICE_REQUIRE_ALL=1` a skipped test is a failure too. The totals are also written
 * to the file that `SLUICE_TEST_TOTALS` names, for the script that prints the last line of all.
 */
export default class ClosingLineReporter {
  #error;

  onRunComplete(_contexts, results) {
    const requireAll = process.env.SLUICE_REQUIRE_ALL === '1';
    const skipped = results.numPendingTests + results.numTodoTests;
    const passed = results.numPassedTests;
    let failed = results.numFailedTests + results.numRuntimeErrorTestSuites;

    const complaints = [];
    if (skipped > 0) {
      const names = results.testResults.flatMap((suite) =>
        suite.testResults
          .filter((test) => test.status === 'pending' || test.status === 'todo')
          .map((test) => `  ${test.fullName}`),
      );
      console.log(`${skipped} skipped:\n${names.join('\n')}`);
      if (requireAll) {
        failed += skipped;
        complaints.push(`${skipped} tests were skipped, and SLUICE_REQUIRE_ALL=1 asks for every one.`);
      }
    }
    if (passed + failed === 0) {
      failed = 1;
      complaints.push('No test ran.');
    }
    if (complaints.length > 0) this.#error = new Error(complaints.join(' '));

    if (process.env.SLUICE_TEST_TOTALS)
      writeFileSync(process.env.SLUICE_TEST_TOTALS, JSON.stringify({ passed, failed }));
    else console.log(`${passed} passed, ${failed} failed`);
  }

  /** Jest exits with an error when a reporter has one. */
  getLastError() {
    return this.#error;
  }
}
