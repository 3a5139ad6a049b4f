import { execFile } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const SCRIPT = path.resolve(import.meta.dirname, '../../scripts/test.mjs');

const tells = (passed: number, failed: number): string =>
  `fs.writeFileSync(process.env.SLUICE_TEST_TOTALS, '{"passed":${passed},"failed":${failed}}');`;

/** Runs the script in a project whose set-up and whose jest do only what is given here. */
async function testRun(
  jest: string,
  { bootstrap = '', args = [] as string[] } = {},
): Promise<{ code: number; lastLine: string | undefined; output: string }> {
  const root = await mkdtemp(path.join(tmpdir(), 'sluice-run-'));
  for (const folder of ['scripts', 'local', 'node_modules/jest/bin'])
    await mkdir(path.join(root, folder), { recursive: true });
  await copyFile(SCRIPT, path.join(root, 'scripts/test.mjs'));
  await writeFile(path.join(root, 'local/bootstrap.mjs'), bootstrap);
  await writeFile(
    path.join(root, 'node_modules/jest/bin/jest.js'),
    `const fs = require('node:fs');\nconsole.log('jest', process.argv.slice(2).join(' '));\n${jest}\n`,
  );
  const { SLUICE_TEST_TOTALS: _ours, ...environment } = process.env;
  try {
    return await new Promise((resolve) => {
      execFile(
        process.execPath,
        [path.join(root, 'scripts/test.mjs'), ...args],
        { env: environment },
        (error, stdout, stderr) => {
          const code = error === null ? 0 : Number(error.code);
          resolve({ code, lastLine: stdout.trimEnd().split('\n').at(-1), output: stdout + stderr });
        },
      );
    });
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

describe('npm test', () => {
  it('ends with the totals', async () => {
    expect(await testRun(tells(5, 0))).toMatchObject({ code: 0, lastLine: '5 passed, 0 failed' });
  });

  it('exits with an error when a test failed', async () => {
    const { code, lastLine } = await testRun(`${tells(5, 1)} process.exitCode = 1;`);

    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '5 passed, 1 failed' });
  });

  it('says so when jest crashes', async () => {
    const { code, lastLine } = await testRun(`process.kill(process.pid, 'SIGKILL');`);

    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '0 passed, 1 failed' });
  });

  it('says so when jest ends without a word', async () => {
    expect(await testRun('')).toMatchObject({ code: 1, lastLine: '0 passed, 1 failed' });
  });

  it('runs no test when the set-up fails', async () => {
    const { code, lastLine, output } = await testRun(tells(5, 0), { bootstrap: 'process.exitCode = 3;' });

    expect({ code, lastLine }).toEqual({ code: 3, lastLine: '0 passed, 1 failed' });
    expect(output).not.toContain('jest --config');
  });

  it('ends a jest that does not end', async () => {
    const { code, lastLine, output } = await testRun(`${tells(5, 0)} setInterval(() => {}, 1000);`, {
      args: ['--grace-ms=0'],
    });

    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '5 passed, 1 failed' });
    expect(output).toContain('something was left open');
  });

  it('hands its arguments on to jest', async () => {
    const { output } = await testRun(tells(1, 0), { args: ['test/workflows', '--bail'] });

    expect(output).toMatch(/jest --config .*jest\.config\.js test\/workflows --bail/);
  });

  it('takes the long tests where they are asked for', async () => {
    const { output } = await testRun(tells(1, 0), { args: ['--long'] });

    expect(output).toMatch(/jest --config .*jest\.long\.config\.js\n/);
  });
});
