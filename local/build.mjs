/**
 * `npm run build`: TypeScript to `dist/`, and the workflows as one prebuilt bundle. Only what changed is built again.
 * Types are not checked here but by `npm run check`: a start should not wait for that.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const DIST = join(ROOT, 'dist');
const FOLDERS = ['workflows', 'activities', 'worker', 'api', 'local'];
const BUNDLE = join(DIST, 'workflow-bundle.js');

/** @type {import('@swc/core').Options} */
const SWC = {
  swcrc: false,
  configFile: false,
  sourceMaps: true,
  module: { type: 'es6' },
  jsc: {
    parser: { syntax: 'typescript' },
    target: 'es2022',
    transform: { verbatimModuleSyntax: true },
  },
};

/**
 * Builds what is out of date. Every file appears whole or not at all, so a build that is cut off, or runs twice at
 * once, leaves nothing that the next one does not put right.
 * @returns {Promise<{ files: number, bundled: boolean }>} how much there was to do
 */
export async function build() {
  const sources = (await Promise.all(FOLDERS.map((folder) => filesUnder(join(ROOT, folder))))).flat();
  const code = sources.filter((file) => file.endsWith('.ts') && !file.endsWith('.d.ts'));
  const stale = await outOfDate(code);
  if (stale.length > 0) await compile(stale);
  await removeOrphans(new Set(code.flatMap((file) => [target(file), `${target(file)}.map`])));
  return { files: stale.length, bundled: await bundle() };
}

/** @param {string} folder @returns {Promise<string[]>} */
async function filesUnder(folder) {
  if (!existsSync(folder)) return [];
  const entries = await readdir(folder, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath ?? entry.path, entry.name));
}

/** @param {string} file */
function target(file) {
  return join(DIST, relative(ROOT, file)).replace(/\.ts$/, '.js');
}

/** @param {string} file */
async function changedAt(file) {
  return (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
}

/** This script counts as a source of every file: its options may have changed. @param {string[]} files */
async function outOfDate(files) {
  const own = await changedAt(fileURLToPath(import.meta.url));
  const checked = await Promise.all(
    files.map(async (file) => Math.max(own, await changedAt(file)) > (await changedAt(target(file)))),
  );
  return files.filter((_, index) => checked[index]);
}

/** @param {string[]} files */
async function compile(files) {
  const { transformFile } = await import('@swc/core');
  for (const file of files) {
    const out = target(file);
    const { code, map } = await transformFile(file, { ...SWC, sourceFileName: relative(dirname(out), file) });
    await mkdir(dirname(out), { recursive: true });
    if (map) await writeWhole(`${out}.map`, map);
    await writeWhole(out, `${code}//# sourceMappingURL=${out.slice(dirname(out).length + 1)}.map\n`);
  }
}

/** @param {string} file @param {string} content */
async function writeWhole(file, content) {
  const fresh = `${file}.${process.pid}`;
  await writeFile(fresh, content);
  await rename(fresh, file);
}

/** What is left of a source that was removed or renamed must not be found by an import. @param {Set<string>} wanted */
async function removeOrphans(wanted) {
  for (const folder of FOLDERS) {
    for (const file of await filesUnder(join(DIST, folder))) {
      const ours = file.endsWith('.js') || file.endsWith('.js.map');
      if (ours && !wanted.has(file)) await rm(file, { force: true });
    }
  }
}

/** @returns {Promise<boolean>} whether the bundle was made anew */
async function bundle() {
  const entry = join(DIST, 'workflows', 'index.js');
  if (!existsSync(entry)) return false;
  const inputs = (await filesUnder(join(DIST, 'workflows'))).filter((file) => file.endsWith('.js')).sort();
  const hash = createHash('sha256').update(await readFile(join(ROOT, 'package-lock.json')));
  for (const file of [...inputs, fileURLToPath(import.meta.url)]) hash.update(await readFile(file));
  const fingerprint = hash.digest('hex');
  const kept = await readFile(`${BUNDLE}.sha256`, 'utf8').catch(() => '');
  if (kept === fingerprint && existsSync(BUNDLE)) return false;
  const { bundleWorkflowCode } = await import('@temporalio/worker');
  const quiet = () => undefined;
  const logger = {
    log: quiet,
    trace: quiet,
    debug: quiet,
    info: quiet,
    warn: console.warn,
    error: console.error,
  };
  const { code } = await bundleWorkflowCode({ workflowsPath: entry, logger });
  await writeWhole(BUNDLE, code);
  await writeWhole(`${BUNDLE}.sha256`, fingerprint);
  return true;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  if (!existsSync(join(ROOT, 'node_modules'))) {
    console.error('The packages are not installed yet: run npm run setup (or npm ci) first.');
    process.exit(1);
  }
  const { files, bundled } = await build();
  console.log(
    files === 0 && !bundled
      ? 'dist/ is up to date.'
      : `Built ${files} files${bundled ? ' and the workflow bundle' : ''}.`,
  );
}
