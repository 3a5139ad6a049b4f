/**
 * `npm test` and `npm run test:long` (`--long`): makes sure that what the tests need is there, runs jest with what is left
 * of the arguments, and ends with one line, `N passed, N failed`, also when jest could not say it.
 */
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

const ROOT = path.resolve(import.meta.dirname, '..');
/** What jest may need to end once the last test is over: stopping the engines. Longer is a handle left open. */
const GRACE_MS = Number(own('--grace-ms=') ?? 90_000);

const long = own('--long') !== undefined;
const rest = process.argv.slice(2).filter((argument) => !/^--(long$|grace-ms=)/.test(argument));
const scratch = mkdtempSync(path.join(tmpdir(), 'sluice-test-'));
const totalsFile = path.join(scratch, 'totals.json');

/** What follows an argument of this script's own; the others are jest's. */
function own(start) {
  const found = process.argv.slice(2).find((argument) => argument.startsWith(start));
  return found?.slice(start.length);
}

const run = (args, environment) =>
  new Promise((resolve) => {
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      stdio: 'inherit',
      env: { ...process.env, ...environment },
    });
    for (const signal of ['SIGINT', 'SIGTERM']) process.on(signal, () => child.kill(signal));
    const ended = watchForTheEnd(child);
    child.on('error', () => resolve(1));
    child.on('exit', (code) => {
      clearInterval(ended);
      resolve(code ?? 1);
    });
  });

/** Ends a jest that has told its totals and does not exit: the run must end on its own. */
function watchForTheEnd(child) {
  let toldAt;
  return setInterval(() => {
    if (!existsSync(totalsFile)) return;
    toldAt ??= Date.now();
    if (Date.now() - toldAt < GRACE_MS) return;
    console.error(
      `The tests are over, but jest did not exit within ${GRACE_MS / 1000} s: something was left open.`,
    );
    const totals = readTotals();
    writeFileSync(totalsFile, JSON.stringify({ ...totals, failed: totals.failed + 1 }));
    child.kill('SIGKILL');
  }, 1000);
}

function readTotals() {
  try {
    return JSON.parse(readFileSync(totalsFile, 'utf8'));
  } catch {
    return { passed: 0, failed: 1 };
  }
}

let code = await run([path.join(ROOT, 'local/bootstrap.mjs')]);
if (code === 0) {
  const jest = path.join(ROOT, 'node_modules/jest/bin/jest.js');
  const config = path.join(ROOT, long ? 'jest.long.config.js' : 'jest.config.js');
  code = await run(
    ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning', jest, '--config', config, ...rest],
    { SLUICE_TEST_TOTALS: totalsFile },
  );
} else {
  console.error('What the tests need could not be set up (see above); no test ran.');
}

const { passed, failed } = readTotals();
rmSync(scratch, { recursive: true, force: true });
// Who collects totals (.ci/run) prints the line itself, after all that comes after the tests.
if (process.env.SLUICE_TEST_TOTALS)
  writeFileSync(process.env.SLUICE_TEST_TOTALS, JSON.stringify({ passed, failed }));
else console.log(`${passed} passed, ${failed} failed`);
process.exitCode = code === 0 && failed > 0 ? 1 : code;
