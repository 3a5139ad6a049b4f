import { readFile, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { startStack } from '../../local/start.js';
import type { StackOptions } from '../../local/start.js';
import { isAlive, ownFolder } from './support/lab-folder.js';

const FREE = { api: 0, mongodb: 0, temporal: 0, temporalUi: 0 };
const LOCAL = {
  MONGODB_URI: '',
  MONGODB_URI_FILE: '',
  TEMPORAL_ADDRESS: '',
  SLUICE_ADMIN_KEY: '',
  SLUICE_SECRET_KEY: '',
};

/** Stand-ins for the two processes: each notes its environment; the API is ready once the worker was there. */
const WORKER = `
import { writeFileSync } from 'node:fs';
if (process.env.BREAK_WORKER) { console.error('LOG_LEVEL: wrong'); process.exit(1); }
writeFileSync(process.env.SLUICE_HOME + '/worker.json', JSON.stringify(process.env));
setInterval(() => {}, 1000);`;
const API = `
import { createServer } from 'node:http';
import { existsSync, writeFileSync } from 'node:fs';
writeFileSync(process.env.SLUICE_HOME + '/api.json', JSON.stringify(process.env));
createServer((request, response) => {
  const up = existsSync(process.env.SLUICE_HOME + '/worker.json');
  response.statusCode = up ? 200 : 503;
  response.end(up ? 'ready' : 'no worker');
}).listen(Number(process.env.PORT), process.env.HOST);`;

describe('the whole stack', () => {
  let home: string;
  let remove: () => Promise<void>;
  let options: StackOptions;
  beforeEach(async () => {
    const own = await ownFolder();
    remove = own.remove;
    home = path.join(own.folder, 'home');
    const programs = { worker: path.join(own.folder, 'worker.mjs'), api: path.join(own.folder, 'api.mjs') };
    await writeFile(programs.worker, WORKER);
    await writeFile(programs.api, API);
    options = { home, ports: FREE, env: LOCAL, quiet: true, programs };
  });
  afterEach(() => remove());

  const envOf = async (name: string): Promise<Record<string, string>> =>
    JSON.parse(await readFile(path.join(home, `${name}.json`), 'utf8'));

  it('is up when the API says so, with everything each process needs, and ends whole', async () => {
    const stack = await startStack(options);
    const names = ['api', 'worker', 'temporal', 'mongodb'] as const;
    const pids = await Promise.all(
      names.map(async (name) => Number(await readFile(path.join(home, 'run', `${name}.pid`), 'utf8'))),
    );
    try {
      expect((await fetch(`${stack.apiUrl}/readyz`)).status).toBe(200);
      expect(pids).toEqual(names.map((name) => stack.pid(name)));
      const worker = await envOf('worker');
      expect(worker).toMatchObject({
        MONGODB_URI: stack.mongodbUri,
        TEMPORAL_ADDRESS: stack.temporalAddress,
        TEMPORAL_UI_URL: stack.temporalUiUrl,
        SLUICE_HOME: home,
        ALLOW_PRIVATE_NETWORKS: 'true',
      });
      expect(Buffer.from(worker['SLUICE_SECRET_KEY'] ?? '', 'base64')).toHaveLength(32);
      expect(worker['SLUICE_ADMIN_KEY']).toBeUndefined();
      expect(worker['NODE_OPTIONS']).toBeUndefined();
      const api = await envOf('api');
      expect(api['SLUICE_ADMIN_KEY']).toBe(stack.adminKey);
      expect(stack.apiUrl).toBe(`http://${api['HOST']}:${api['PORT']}`);
    } finally {
      await stack.stop();
    }
    expect(pids.filter(isAlive)).toEqual([]);
  });

  it('brings a killed API back under its address', async () => {
    const stack = await startStack(options);
    try {
      const pid = stack.pid('api');
      expect(stack.kill('api', 'SIGKILL')).toBe(true);
      await stack.restarted('api', pid);
      await stack.ready();
      expect((await fetch(`${stack.apiUrl}/readyz`)).status).toBe(200);
    } finally {
      await stack.stop({ now: true });
    }
  });

  it('makes its keys once, for the owner only, and keeps them', async () => {
    const first = await startStack(options);
    await first.stop({ now: true });
    const second = await startStack(options);
    await second.stop({ now: true });
    expect([first.adminKeyIsNew, second.adminKeyIsNew]).toEqual([true, false]);
    expect(second.adminKey).toBe(first.adminKey);
    for (const file of ['secret.key', 'admin.key']) {
      expect((await stat(path.join(home, file))).mode & 0o777).toBe(0o600);
    }
  });

  it('ends with what the worker said when it does not start, and leaves nothing running', async () => {
    const start = startStack({ ...options, env: { ...LOCAL, BREAK_WORKER: '1' } });
    await expect(start).rejects.toThrow(/worker could not start: LOG_LEVEL: wrong/);
    expect(JSON.parse(await readFile(path.join(home, 'run', 'owned.json'), 'utf8'))).toEqual([]);
  });

  it('does not replace a damaged secret key', async () => {
    await (await startStack(options)).stop({ now: true });
    await writeFile(path.join(home, 'secret.key'), 'short');
    await expect(startStack(options)).rejects.toThrow(
      /secret\.key is not 32 bytes in base64.*Nothing was started/s,
    );
    expect(await readFile(path.join(home, 'secret.key'), 'utf8')).toBe('short');
  });

  it('says when a store that the environment names does not answer, without its password', async () => {
    const env = { ...LOCAL, MONGODB_URI: 'mongodb://ann:canary@127.0.0.1:9/x?directConnection=true' };
    const error: unknown = await startStack({ ...options, env }).catch((thrown: unknown) => thrown);
    expect(String(error)).toMatch(/store at mongodb:\/\/…@127\.0\.0\.1:9.*does not answer/);
    expect(String(error)).not.toContain('canary');
  });
});
