import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const CI_RUN = path.resolve(import.meta.dirname, '../../.ci/run');

interface Scripts {
  install?: string;
  check?: string;
  test?: string;
}

const told = (passed: number, failed: number): string =>
  `echo '{"passed":${passed},"failed":${failed}}' > "$SLUICE_TEST_TOTALS"`;

/** Runs `.ci/run` with an npm that does, for each of its steps, only what is given here. */
async function ci({ install = 'true', check = 'true', test = told(3, 0) }: Scripts): Promise<{
  code: number;
  lastLine: string | undefined;
  output: string;
}> {
  const folder = await mkdtemp(path.join(tmpdir(), 'sluice-ci-'));
  const npm = [
    '#!/usr/bin/env bash',
    'case "$*" in',
    `  ci*) ${install} ;;`,
    `  *check*) ${check} ;;`,
    `  test*) ${test} ;;`,
    '  *) echo "not expected: $*"; exit 9 ;;',
    'esac',
    '',
  ].join('\n');
  await writeFile(path.join(folder, 'npm'), npm, { mode: 0o755 });
  const environment = { ...process.env, PATH: `${folder}:${process.env['PATH'] ?? ''}` };
  try {
    return await new Promise((resolve) => {
      execFile(CI_RUN, [], { env: environment, cwd: tmpdir() }, (error, stdout, stderr) => {
        const code = error === null ? 0 : Number(error.code);
        resolve({ code, lastLine: stdout.trimEnd().split('\n').at(-1), output: stdout + stderr });
      });
    });
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

describe('.ci/run', () => {
  it('ends with what passed, and exits with 0', async () => {
    expect(await ci({})).toMatchObject({ code: 0, lastLine: '3 passed, 0 failed' });
  });

  it('fails with the tests', async () => {
    const { code, lastLine } = await ci({ test: `${told(3, 2)}; exit 1` });

    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '3 passed, 2 failed' });
  });

  it('counts failed checks as a failure, and runs the tests all the same', async () => {
    expect(await ci({ check: 'exit 1' })).toMatchObject({ code: 1, lastLine: '3 passed, 1 failed' });
  });

  it('stops when the packages cannot be installed', async () => {
    const { code, lastLine, output } = await ci({ install: 'exit 1' });

    expect({ code, lastLine }).toEqual({ code: 1, lastLine: '0 passed, 1 failed' });
    expect(output).not.toContain('== npm test');
  });

  it.each([
    ['told nothing', 'exit 7'],
    ['told nothing and seems content', 'true'],
    ['told half a line', `printf '{"passed":' > "$SLUICE_TEST_TOTALS"`],
  ])('fails when the test run %s', async (_what, test) => {
    expect(await ci({ test })).toMatchObject({ code: 1, lastLine: '0 passed, 1 failed' });
  });

  it('fails when nothing ran', async () => {
    expect(await ci({ test: told(0, 0) })).toMatchObject({ code: 1, lastLine: '0 passed, 1 failed' });
  });

  it('fails when the test run failed although every test passed', async () => {
    expect(await ci({ test: `${told(3, 0)}; exit 1` })).toMatchObject({
      code: 1,
      lastLine: '3 passed, 1 failed',
    });
  });

  it('asks for every suite', async () => {
    const { output } = await ci({ test: `echo "require all: $SLUICE_REQUIRE_ALL"; ${told(1, 0)}` });

    expect(output).toContain('require all: 1');
  });
});
