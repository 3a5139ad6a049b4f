/**
 * The lock file gate. `npm ci` refuses a package-lock.json that leaves out an optional dependency, and `npm install` leaves
 * out what the registry it asks does not carry: with a mirror, often the binaries for other platforms. This fails when one is
 * missing; `--write` adds it, at the version that its parent names and for the platform in its name, so that the lock file is
 * complete on every machine. `--root` names another project.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

const { values: options } = parseArgs({
  options: { write: { type: 'boolean', default: false }, root: { type: 'string' } },
});
const FILE = path.join(
  path.resolve(options.root ?? path.join(import.meta.dirname, '..')),
  'package-lock.json',
);

const SYSTEMS = [
  'aix',
  'android',
  'darwin',
  'freebsd',
  'linux',
  'netbsd',
  'openbsd',
  'openharmony',
  'sunos',
  'win32',
];
const PROCESSORS = ['arm', 'arm64', 'ia32', 'loong64', 'mips64el', 'ppc64', 'riscv64', 's390x', 'x64'];

/** Where Node would find the dependency of the package at `place`: beside it, or in a folder further up. */
function isLocked(packages, place, name) {
  for (let folder = place; ; folder = folder.slice(0, Math.max(0, folder.lastIndexOf('/node_modules/')))) {
    if (packages[`${folder === '' ? '' : `${folder}/`}node_modules/${name}`]) return true;
    if (folder === '' || !folder.includes('/node_modules/'))
      return packages[`node_modules/${name}`] !== undefined;
  }
}

/** The optional dependencies that the lock file does not have. */
function missingFrom(packages) {
  return Object.entries(packages).flatMap(([place, entry]) =>
    Object.entries(entry.optionalDependencies ?? {})
      .filter(([name]) => !isLocked(packages, place, name))
      .map(([name, wanted]) => ({ name, wanted, parent: entry })),
  );
}

/** For which machines a package is, as its name tells: `@swc/core-linux-arm64-gnu`. */
function platformOf(name) {
  const words = name.split(/[-/]/);
  const os = SYSTEMS.find((one) => words.includes(one));
  const cpu = PROCESSORS.find((one) => words.some((word) => word === one));
  const libc = words.some((word) => word.startsWith('musl'))
    ? 'musl'
    : words.some((word) => word.startsWith('gnu'))
      ? 'glibc'
      : undefined;
  return {
    ...(cpu && { cpu: [cpu] }),
    ...(os === 'linux' && libc && { libc: [libc] }),
    ...(os && { os: [os] }),
  };
}

const lock = JSON.parse(await readFile(FILE, 'utf8'));
let missing = missingFrom(lock.packages);

if (options.write && missing.length > 0) {
  for (const { name, wanted, parent } of missing) {
    lock.packages[`node_modules/${name}`] = {
      version: wanted.replace(/^[~^]/, ''),
      ...platformOf(name),
      ...(parent.dev && { dev: true }),
      ...(parent.license && { license: parent.license }),
      optional: true,
    };
  }
  const [root, ...rest] = Object.entries(lock.packages);
  rest.sort(([a], [b]) => a.localeCompare(b, 'en'));
  await writeFile(
    FILE,
    `${JSON.stringify({ ...lock, packages: Object.fromEntries([root, ...rest]) }, null, 2)}\n`,
  );
  console.log(`${missing.length} packages added to package-lock.json.`);
  missing = missingFrom(lock.packages);
}

if (missing.length > 0) {
  const names = missing.map(({ name }) => name).join(', ');
  console.error(
    `package-lock.json leaves out ${names}; npm ci would refuse it. Run \`npm run lockfile -- --write\`.`,
  );
  process.exitCode = 1;
} else if (!options.write) console.log('package-lock.json names every optional package.');
