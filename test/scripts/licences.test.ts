import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const SCRIPT = path.resolve(import.meta.dirname, '../../scripts/licences.mjs');

interface Package {
  licence: string;
  dev?: boolean;
}

/** Runs the gate on a project that has exactly these packages installed. */
async function gate(
  packages: Record<string, Package>,
): Promise<{ code: number; output: string; page: string; again: number }> {
  const root = await mkdtemp(path.join(tmpdir(), 'sluice-licences-'));
  const lock: Record<string, unknown> = { '': { name: 'project', version: '1.0.0' } };
  for (const [name, { licence, dev }] of Object.entries(packages)) {
    const folder = path.join(root, 'node_modules', name);
    await mkdir(folder, { recursive: true });
    const manifest = { name, version: '1.2.3', license: licence };
    await writeFile(path.join(folder, 'package.json'), JSON.stringify(manifest));
    lock[`node_modules/${name}`] = { version: '1.2.3', ...(dev === true ? { dev } : {}) };
  }
  const dependencies = (dev: boolean): Record<string, string> =>
    Object.fromEntries(
      Object.entries(packages)
        .filter(([, one]) => (one.dev === true) === dev)
        .map(([name]) => [name, '1.2.3']),
    );
  await writeFile(
    path.join(root, 'package.json'),
    JSON.stringify({
      name: 'project',
      version: '1.0.0',
      private: true,
      dependencies: dependencies(false),
      devDependencies: dependencies(true),
    }),
  );
  await writeFile(
    path.join(root, 'package-lock.json'),
    JSON.stringify({ lockfileVersion: 3, packages: lock }),
  );

  const run = (...extra: string[]): Promise<{ code: number; output: string }> =>
    new Promise((resolve) => {
      execFile(process.execPath, [SCRIPT, '--root', root, ...extra], (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
      });
    });
  try {
    const { code, output } = await run('--write');
    const page = await readFile(path.join(root, 'THIRD_PARTY.md'), 'utf8');
    await writeFile(path.join(root, 'THIRD_PARTY.md'), page.replace('1.2.3', '1.2.2'));
    const { code: again } = await run();
    return { code, output, page, again };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

describe('the licence gate', () => {
  it('passes permissive licences and lists what runs in production', async () => {
    const { code, page } = await gate({
      kind: { licence: 'MIT' },
      either: { licence: '(GPL-3.0-only OR ISC)' },
      tool: { licence: 'MPL-2.0', dev: true },
    });

    expect(code).toBe(0);
    expect(page).toContain('| kind | 1.2.3 | MIT |');
    expect(page).not.toContain('| tool |');
  });

  it.each([
    ['a copyleft licence', { licence: 'GPL-3.0-only' }],
    ['a copyleft licence in a tool', { licence: 'AGPL-3.0-only', dev: true }],
    ['MPL in production', { licence: 'MPL-2.0' }],
    ['a part under copyleft', { licence: 'MIT AND GPL-2.0-only' }],
    ['no licence to read', { licence: 'SEE LICENSE IN nowhere' }],
    ['an attribution licence on what is not known as data', { licence: 'CC-BY-4.0' }],
  ])('refuses %s, naming the package', async (_what, one) => {
    const { code, output } = await gate({ kind: { licence: 'MIT' }, suspect: one });

    expect(code).toBe(1);
    expect(output).toContain('suspect 1.2.3');
  });

  it('fails when THIRD_PARTY.md says something else than what is installed', async () => {
    expect((await gate({ kind: { licence: 'MIT' } })).again).toBe(1);
  });
});
