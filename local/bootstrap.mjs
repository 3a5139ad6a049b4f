/**
 * What `npm run setup`, `start` and `demo`, and the scripts for tests and benchmarks, call first. On a fresh clone nothing is installed, so until the
 * packages are there only what Node itself brings may be used here.
 *
 * node local/bootstrap.mjs [COMMAND [arguments]]: prepares what is missing, then runs the command. `run FILE ...` runs any
 * script of Node after that; without a command it only prepares.
 */
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { open, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));

/** No installation takes this long: whoever has the number of the lock's process by then is somebody else. */
const LONGEST_MS = 20 * 60_000;

/**
 * `lab`: also install the servers that it talks to. `run`: first arguments for Node, in a process of its own; `load`: a
 * built module that runs in this one, so that signals reach it directly.
 * @type {Record<string, { lab?: boolean, run?: string[], load?: string }>}
 */
const COMMANDS = {
  setup: { lab: true },
  start: { load: 'local/main.js' },
  demo: { lab: true, load: 'local/demo.js' },
  run: { lab: true, run: [] },
  'store:copy': { load: 'local/store-copy.js' },
};

async function main() {
  const [name = 'setup', ...args] = process.argv.slice(2);
  const command = COMMANDS[name];
  if (!command) fail(`Unknown command "${name}". Known: ${Object.keys(COMMANDS).join(', ')}.`);
  checkNode();
  process.chdir(ROOT);
  await installPackages();
  const { build } = await import('./build.mjs');
  await build();
  const setup = await runNode([join('dist', 'local', 'setup.js'), ...(command.lab ? ['--lab'] : [])]);
  if (setup !== 0) process.exit(setup);
  if (command.load) {
    const file = join(ROOT, 'dist', command.load);
    process.argv.splice(1, 2, file);
    await import(pathToFileURL(file).href);
  } else if (command.run) process.exit(await runNode([...command.run, ...args]));
  else if (name === 'setup' && process.argv[2])
    console.log('Everything is installed. Next: npm start, npm run demo or npm test.');
}

/** @param {string} message @returns {never} */
function fail(message) {
  console.error(message);
  process.exit(1);
}

function checkNode() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const fits = major >= 22 || (major === 20 && minor >= 19);
  if (!fits) fail(`Sluice needs Node 20.19 or newer (20, 22 or 24); this is ${process.versions.node}.`);
}

/** `npm ci` when the packages are missing, half installed or not those of package-lock.json. */
async function installPackages() {
  if (await packagesAreCurrent()) return;
  const lock = join(ROOT, '.npm-ci.lock');
  await takeTurn(lock);
  try {
    if (await packagesAreCurrent()) return;
    console.log('Installing packages (npm ci) ...');
    const npm = process.env['npm_execpath'];
    const args = ['ci', '--include=dev', '--no-audit', '--no-fund', '--loglevel=error'];
    const code = npm ? await run(process.execPath, [npm, ...args]) : await run('npm', args);
    if (code !== 0)
      fail(
        'npm ci failed (see above). Nothing else was changed; run the same command again once it is mended.',
      );
    await writeFile(markerFile(), await lockHash());
  } finally {
    await rm(lock, { force: true });
  }
}

function markerFile() {
  return join(ROOT, 'node_modules', '.sluice-packages');
}

async function lockHash() {
  return createHash('sha256')
    .update(await readFile(join(ROOT, 'package-lock.json')))
    .digest('hex');
}

/** npm writes its own list last, so a folder without it was cut off. A newer one also counts: somebody ran npm by hand. */
async function packagesAreCurrent() {
  const list = join(ROOT, 'node_modules', '.package-lock.json');
  if (!existsSync(list)) return false;
  if ((await readFile(markerFile(), 'utf8').catch(() => '')) === (await lockHash())) return true;
  return (await stat(list)).mtimeMs >= (await stat(join(ROOT, 'package-lock.json'))).mtimeMs;
}

/** Two set-ups at once would take the packages from under each other. @param {string} lock */
async function takeTurn(lock) {
  for (let told = false; ; told = true) {
    try {
      const file = await open(lock, 'wx');
      await file.writeFile(String(process.pid));
      return await file.close();
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error;
    }
    const holder = Number(await readFile(lock, 'utf8').catch(() => ''));
    const age = Date.now() - ((await stat(lock).catch(() => undefined))?.mtimeMs ?? Date.now());
    if (!holder || !isAlive(holder) || age > LONGEST_MS) await rm(lock, { force: true });
    else if (!told)
      console.log(`Another set-up (process ${holder}) is installing the packages; waiting for it.`);
    await pause(300);
  }
}

/** @param {number} pid */
function isAlive(pid) {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM';
  }
}

/** @param {string[]} args */
function runNode(args) {
  return run(process.execPath, args);
}

/**
 * The exit code; a signal to us goes on to the child, whose end we await.
 * @param {string} command @param {string[]} args @returns {Promise<number>}
 */
function run(command, args) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { cwd: ROOT, stdio: 'inherit' });
    /** @param {NodeJS.Signals} signal */
    const pass = (signal) => child.kill(signal);
    const signals = /** @type {const} */ (['SIGINT', 'SIGTERM', 'SIGHUP']);
    for (const signal of signals) process.on(signal, pass);
    child.once('error', (error) => fail(`${command} could not be started: ${error.message}`));
    child.once('exit', (code, signal) => {
      for (const one of signals) process.off(one, pass);
      resolve(code ?? (signal ? 130 : 1));
    });
  });
}

await main().catch((/** @type {unknown} */ error) => {
  const full = error instanceof Error && 'code' in error && error.code === 'ENOSPC';
  fail(
    full
      ? `The disk that holds ${ROOT} is full. Free some space and run the same command again.`
      : String(error instanceof Error ? error.stack : error),
  );
});
