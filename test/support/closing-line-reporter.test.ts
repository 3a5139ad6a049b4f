import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { jest } from '@jest/globals';
import ClosingLineReporter from './closing-line-reporter.js';

interface Totals {
  passed?: number;
  failed?: number;
  suitesNotLoaded?: number;
  skipped?: string[];
}

/** Runs the reporter as jest would, with `SLUICE_REQUIRE_ALL` as given. */
async function report(
  totals: Totals,
  requireAll = false,
): Promise<{ told: unknown; error: Error | undefined }> {
  const skipped = totals.skipped ?? [];
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-totals-'));
  const before = { ...process.env };
  const print = jest.spyOn(console, 'log').mockImplementation(() => undefined);
  try {
    process.env['SLUICE_TEST_TOTALS'] = path.join(folder, 'totals.json');
    process.env['SLUICE_REQUIRE_ALL'] = requireAll ? '1' : '';
    const reporter = new ClosingLineReporter();
    reporter.onRunComplete(undefined, {
      numPassedTests: totals.passed ?? 0,
      numFailedTests: totals.failed ?? 0,
      numRuntimeErrorTestSuites: totals.suitesNotLoaded ?? 0,
      numPendingTests: skipped.length,
      numTodoTests: 0,
      testResults: [{ testResults: skipped.map((fullName) => ({ status: 'pending', fullName })) }],
    });
    const told: unknown = JSON.parse(await readFile(path.join(folder, 'totals.json'), 'utf8'));
    return { told, error: reporter.getLastError() };
  } finally {
    process.env = before;
    print.mockRestore();
    await rm(folder, { recursive: true, force: true });
  }
}

describe('the closing line', () => {
  it('tells what passed and failed', async () => {
    const { told, error } = await report({ passed: 7, failed: 2 });

    expect(told).toEqual({ passed: 7, failed: 2 });
    expect(error).toBeUndefined();
  });

  it('counts a suite that could not be loaded as a failure', async () => {
    expect((await report({ passed: 7, suitesNotLoaded: 1 })).told).toEqual({ passed: 7, failed: 1 });
  });

  it('makes an error of a run in which nothing ran', async () => {
    const { told, error } = await report({ skipped: ['a test'] });

    expect(told).toEqual({ passed: 0, failed: 1 });
    expect(error?.message).toContain('No test ran');
  });

  it('lets a skipped test be, unless every test is asked for', async () => {
    const lenient = await report({ passed: 7, skipped: ['needs a server'] });
    const strict = await report({ passed: 7, skipped: ['needs a server'] }, true);

    expect(lenient).toEqual({ told: { passed: 7, failed: 0 }, error: undefined });
    expect(strict.told).toEqual({ passed: 7, failed: 1 });
    expect(strict.error?.message).toContain('1 tests were skipped');
  });
});
