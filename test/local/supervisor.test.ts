import { spawn } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ProcessSpec } from '../../local/child.js';
import { built } from '../../local/paths.js';
import { createPauses } from '../../local/pauses.js';
import { createSupervisor } from '../../local/supervisor.js';
import type { Supervisor } from '../../local/supervisor.js';
import { isAlive, ownFolder, until } from './support/lab-folder.js';

describe('the supervisor', () => {
  let home: string;
  let remove: () => Promise<void>;
  let said: string[];
  let supervisor: Supervisor;
  beforeEach(async () => {
    ({ folder: home, remove } = await ownFolder());
    said = [];
    const pauses = { firstMs: 20, mostMs: 200, calmMs: 60_000 };
    supervisor = await createSupervisor({ home, say: (line) => said.push(line), pauses });
  });
  afterEach(async () => {
    await supervisor.stop({ now: true });
    await remove();
  });

  const node = (name: string, script: string, more: Partial<ProcessSpec> = {}): ProcessSpec => ({
    name,
    command: process.execPath,
    args: ['-e', script],
    env: { PATH: process.env['PATH'], HOME_OF_TEST: home },
    cwd: home,
    ...more,
  });
  const LASTING = 'setInterval(() => {}, 1000)';
  const pidFile = async (name: string) =>
    Number(await readFile(path.join(home, 'run', `${name}.pid`), 'utf8'));
  const noted = async (name: string) =>
    (await readFile(path.join(home, name), 'utf8').catch(() => '')).trim();

  it('starts a process again that was killed through its pid file, and says so in one line', async () => {
    await supervisor.start(node('worker', LASTING));
    const first = await pidFile('worker');
    expect(first).toBe(supervisor.pid('worker'));
    process.kill(first, 'SIGKILL');
    const second = await supervisor.restarted('worker', first);
    expect(await pidFile('worker')).toBe(second);
    expect(isAlive(second)).toBe(true);
    expect(said).toEqual([
      expect.stringMatching(
        /^worker ended by SIGKILL; starting it again in 0\.02 s\. Its log: .*worker\.log$/,
      ),
    ]);
  });

  it('waits longer before each further start of a process that keeps ending', () => {
    const pauses = createPauses({ firstMs: 100, mostMs: 500, calmMs: 1_000 });
    expect([1, 1, 1, 1].map((ranMs) => pauses.next(ranMs))).toEqual([100, 200, 400, 500]);
    expect(pauses.next(5_000)).toBe(100);
  });

  it('counts a process as back only when it answers again', async () => {
    let answers = true;
    await supervisor.start(node('api', LASTING, { ready: async () => answers }));
    const first = supervisor.pid('api');
    answers = false;
    supervisor.kill('api', 'SIGKILL');
    await expect(supervisor.restarted('api', first, 400)).rejects.toThrow(/api was not back/);
    answers = true;
    expect(await supervisor.restarted('api', first)).not.toBe(first);
  });

  it('tells what a process said that ended while it started, and leaves it ended', async () => {
    const start = supervisor.start(
      node('api', 'console.error("PORT is not a number"); process.exit(2)', { ready: async () => false }),
    );
    await expect(start).rejects.toThrow(/api could not start: PORT is not a number\. Its log: /);
    expect(supervisor.pid('api')).toBeUndefined();
    expect(said).toEqual([]);
  });

  it.each([
    ['Error: listen EADDRINUSE: address already in use', /another process took its port/],
    ['failed: database or disk is full (13)', /The disk that holds .* is full/],
  ])('reads "%s" in what it said', async (output, message) => {
    const script = `console.error(${JSON.stringify(output)}); process.exit(1)`;
    await expect(supervisor.start(node('temporal', script, { ready: async () => false }))).rejects.toThrow(
      message,
    );
  });

  it('tells that a program is not there', async () => {
    await expect(supervisor.start(node('mongodb', '', { command: '/no/such/program' }))).rejects.toThrow(
      /mongodb could not be started: .*ENOENT/,
    );
  });

  it('gives up on one that never answers, and ends it', async () => {
    const start = supervisor.start(node('api', LASTING, { ready: async () => false, readyWithinMs: 200 }));
    await expect(start).rejects.toThrow(/api did not answer within 0\.2 s/);
    expect(supervisor.pid('api')).toBeUndefined();
  });

  it('ends all in reverse order, and the processes they started too', async () => {
    const note = (name: string) =>
      `process.on('SIGTERM', () => { require('fs').appendFileSync('order', '${name} '); process.exit(0); }); ${LASTING};
       require('fs').writeFileSync('up-${name}', '')`;
    for (const name of ['mongodb', 'temporal', 'worker']) {
      await supervisor.start(
        node(name, note(name), {
          ready: async () => (await readFile(path.join(home, `up-${name}`))).length === 0,
        }),
      );
    }
    const script = `const c = require('child_process').spawn(process.execPath, ['-e', '${LASTING}']); require('fs').writeFileSync('grandchild', String(c.pid)); ${LASTING}`;
    await supervisor.start(node('api', script, { ready: async () => (await noted('grandchild')) !== '' }));
    const pids = ['mongodb', 'temporal', 'worker', 'api'].map((name) => supervisor.pid(name) ?? 0);
    const grandchild = Number(await noted('grandchild'));
    expect([...pids, grandchild].every(isAlive)).toBe(true);
    await supervisor.stop();
    expect(await noted('order')).toBe('worker temporal mongodb');
    await until('the grandchild has ended', () => !isAlive(grandchild));
    expect(pids.filter(isAlive)).toEqual([]);
    await expect(pidFile('api')).rejects.toThrow(/ENOENT/);
    expect(said).toEqual([]);
  });

  it('forces one that does not end when asked', async () => {
    await supervisor.start(
      node('worker', `process.on('SIGTERM', () => {}); ${LASTING}; require('fs').writeFileSync('up', '1')`, {
        graceMs: 100,
        ready: async () => (await noted('up')) !== '',
      }),
    );
    const pid = supervisor.pid('worker') ?? 0;
    await supervisor.stop();
    expect(isAlive(pid)).toBe(false);
  });

  it('keeps a halted process ended until it is resumed', async () => {
    await supervisor.start(node('worker', LASTING));
    const first = supervisor.pid('worker') ?? 0;
    await supervisor.halt('worker', 'SIGKILL');
    expect(isAlive(first)).toBe(false);
    expect(supervisor.kill('worker', 'SIGTERM')).toBe(false);
    await supervisor.resume('worker');
    expect(await pidFile('worker')).not.toBe(first);
    expect(said).toEqual([]);
  });

  it('refuses a second supervisor for the same home, naming the first', async () => {
    const second = createSupervisor({ home, say: () => undefined });
    await expect(second).rejects.toThrow(
      `Sluice already runs on ${home} (process ${process.pid}). End that one first, or set SLUICE_HOME`,
    );
    await supervisor.stop();
    supervisor = await createSupervisor({ home, say: () => undefined });
  });
});

describe('a supervisor that is killed', () => {
  it('leaves nothing running, and the next one can start', async () => {
    const { folder: home, remove } = await ownFolder();
    const script = path.join(home, 'supervise.mjs');
    await writeFile(
      script,
      `import { createSupervisor } from ${JSON.stringify(built('local', 'supervisor.js'))};
       const supervisor = await createSupervisor({ home: ${JSON.stringify(home)}, say: console.log });
       const one = { command: process.execPath, args: ['-e', ${JSON.stringify('setInterval(() => {}, 1000)')}], env: {}, cwd: '/' };
       await supervisor.start({ ...one, name: 'mongodb' });
       await supervisor.start({ ...one, name: 'api' });
       console.log('up');`,
    );
    const killed = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    killed.stdout.on('data', (text: Buffer) => (output += text.toString()));
    await until('both run', () => output.includes('up'));
    const pids = await Promise.all(
      ['mongodb', 'api'].map(async (name) =>
        Number(await readFile(path.join(home, 'run', `${name}.pid`), 'utf8')),
      ),
    );
    expect(pids.every(isAlive)).toBe(true);
    killed.kill('SIGKILL');
    await until('both have ended', () => !pids.some(isAlive));
    const next = await createSupervisor({ home, say: () => undefined });
    await next.stop();
    await remove();
  });
});
