import { cp, mkdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { projectRoot } from '../../local/paths.js';
import { runCommand } from '../../local/run-command.js';
import { ownFolder } from './support/lab-folder.js';

/**
 * A project with the real bootstrap and stand-ins for what it calls: npm (which notes each call and writes what npm
 * writes last), the build and the installation of engines.
 */
const NPM = `
const fs = require('fs');
fs.appendFileSync('calls', process.argv.slice(2).join(' ') + '\\n');
if (fs.existsSync('npm-fails')) process.exit(1);
fs.mkdirSync('node_modules', { recursive: true });
fs.writeFileSync('node_modules/.package-lock.json', '{}');`;

describe('what runs before anything is installed', () => {
  let root: string;
  let remove: () => Promise<void>;
  beforeEach(async () => {
    ({ folder: root, remove } = await ownFolder());
    await mkdir(path.join(root, 'local'));
    await mkdir(path.join(root, 'dist', 'local'), { recursive: true });
    await cp(path.join(projectRoot(), 'local', 'bootstrap.mjs'), path.join(root, 'local', 'bootstrap.mjs'));
    await writeFile(path.join(root, 'package.json'), '{"type":"module"}');
    await writeFile(path.join(root, 'package-lock.json'), '{"lockfileVersion":3}');
    await writeFile(path.join(root, 'npm.cjs'), NPM);
    await writeFile(
      path.join(root, 'local', 'build.mjs'),
      'export async function build() { console.log("built"); }',
    );
    await writeFile(
      path.join(root, 'dist', 'local', 'setup.js'),
      'console.log("engines", ...process.argv.slice(2));',
    );
    await writeFile(
      path.join(root, 'dist', 'local', 'main.js'),
      'console.log("started", ...process.argv.slice(2));',
    );
  });
  afterEach(() => remove());

  const bootstrap = (...args: string[]) =>
    runCommand(process.execPath, [path.join(root, 'local', 'bootstrap.mjs'), ...args], {
      timeoutMs: 30_000,
      env: { PATH: process.env['PATH'], npm_execpath: path.join(root, 'npm.cjs') },
    });
  const npmCalls = async () =>
    (await readFile(path.join(root, 'calls'), 'utf8').catch(() => '')).split('\n').filter(Boolean);

  it('installs the packages, builds, installs the engines, then runs the command with its arguments', async () => {
    const { code, stdout } = await bootstrap('start', '--flag');
    expect(stdout.split('\n').filter(Boolean)).toEqual([
      'Installing packages (npm ci) ...',
      'built',
      'engines',
      'started --flag',
    ]);
    expect(code).toBe(0);
    expect(await npmCalls()).toEqual([expect.stringMatching(/^ci --include=dev/)]);
  });

  it('does not install them again, and does when package-lock.json has changed', async () => {
    await bootstrap();
    await bootstrap();
    expect(await npmCalls()).toHaveLength(1);
    await writeFile(path.join(root, 'package-lock.json'), '{"lockfileVersion":3,"packages":{}}');
    const later = new Date(Date.now() + 60_000);
    await utimes(path.join(root, 'package-lock.json'), later, later);
    await bootstrap();
    expect(await npmCalls()).toHaveLength(2);
  });

  it('installs them again after an installation that was cut off', async () => {
    await bootstrap();
    await rm(path.join(root, 'node_modules', '.package-lock.json'));
    await bootstrap();
    expect(await npmCalls()).toHaveLength(2);
  });

  it('stops with what to do when npm fails, and goes on the next time', async () => {
    await writeFile(path.join(root, 'npm-fails'), '');
    const failed = await bootstrap('start');
    expect(failed.code).toBe(1);
    expect(failed.stderr).toMatch(/npm ci failed .* run the same command again/);
    expect(failed.stdout).not.toContain('built');
    await rm(path.join(root, 'npm-fails'));
    expect((await bootstrap('start')).code).toBe(0);
  });

  it('takes over from a set-up that was killed', async () => {
    await writeFile(path.join(root, '.npm-ci.lock'), '2147483646');
    expect((await bootstrap()).code).toBe(0);
  });

  it('hands on how the command ended', async () => {
    await writeFile(path.join(root, 'bench.js'), 'process.exit(7)');
    expect((await bootstrap('run', 'bench.js')).code).toBe(7);
  });

  it('does not start anything when the engines could not be installed', async () => {
    await writeFile(
      path.join(root, 'dist', 'local', 'setup.js'),
      'console.error("no Python"); process.exit(1)',
    );
    const { code, stdout, stderr } = await bootstrap('start');
    expect([code, stderr.trim()]).toEqual([1, 'no Python']);
    expect(stdout).not.toContain('started');
  });

  it('names what it knows when asked for something else', async () => {
    expect((await bootstrap('strat')).stderr).toMatch(/Unknown command "strat"\. Known: setup, start/);
  });
});
