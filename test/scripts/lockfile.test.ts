import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

const SCRIPT = path.resolve(import.meta.dirname, '../../scripts/lockfile.mjs');

interface Entry {
  version: string;
  license?: string;
  dev?: boolean;
  os?: string[];
  cpu?: string[];
  libc?: string[];
  optional?: boolean;
  optionalDependencies?: Record<string, string>;
}

async function gate(
  packages: Record<string, Entry>,
  ...args: string[]
): Promise<{ code: number; output: string; packages: Record<string, Entry> }> {
  const root = await mkdtemp(path.join(tmpdir(), 'sluice-lock-'));
  const file = path.join(root, 'package-lock.json');
  await writeFile(
    file,
    JSON.stringify({ lockfileVersion: 3, packages: { '': { version: '1.0.0' }, ...packages } }),
  );
  try {
    const { code, output } = await new Promise<{ code: number; output: string }>((resolve) => {
      execFile(process.execPath, [SCRIPT, '--root', root, ...args], (error, stdout, stderr) => {
        resolve({ code: error === null ? 0 : 1, output: stdout + stderr });
      });
    });
    const after = JSON.parse(await readFile(file, 'utf8')) as { packages: Record<string, Entry> };
    return { code, output, packages: after.packages };
  } finally {
    await rm(root, { recursive: true, force: true });
  }
}

const native: Entry = {
  version: '1.16.0',
  license: 'Apache-2.0',
  optionalDependencies: { '@fast/core-darwin-arm64': '1.16.0', '@fast/core-linux-x64-musl': '1.16.0' },
};

describe('the lock file gate', () => {
  it('is content when every optional package is there, wherever Node would find it', async () => {
    const { code } = await gate({
      'node_modules/tool': { version: '1.0.0' },
      'node_modules/tool/node_modules/fast': native,
      'node_modules/tool/node_modules/@fast/core-darwin-arm64': { version: '1.16.0' },
      'node_modules/@fast/core-linux-x64-musl': { version: '1.16.0' },
    });

    expect(code).toBe(0);
  });

  it('names what npm ci would miss', async () => {
    const { code, output } = await gate({
      'node_modules/fast': native,
      // Of another package: not where Node looks for it.
      'node_modules/other/node_modules/@fast/core-darwin-arm64': { version: '1.16.0' },
      'node_modules/@fast/core-linux-x64-musl': { version: '1.16.0' },
    });

    expect(code).toBe(1);
    expect(output).toContain('leaves out @fast/core-darwin-arm64; ');
  });

  it('adds it for its platform only, and leaves the rest as it was', async () => {
    const { code, packages } = await gate({ 'node_modules/fast': native }, '--write');

    expect(code).toBe(0);
    expect(packages).toEqual({
      '': { version: '1.0.0' },
      'node_modules/fast': native,
      'node_modules/@fast/core-darwin-arm64': {
        version: '1.16.0',
        cpu: ['arm64'],
        os: ['darwin'],
        license: 'Apache-2.0',
        optional: true,
      },
      'node_modules/@fast/core-linux-x64-musl': {
        version: '1.16.0',
        cpu: ['x64'],
        libc: ['musl'],
        os: ['linux'],
        license: 'Apache-2.0',
        optional: true,
      },
    });
  });
});
