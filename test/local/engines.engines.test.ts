import { existsSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { Client, Connection } from '@temporalio/client';
import { MongoClient } from 'mongodb';
import { readLocalConfig } from '../../local/config.js';
import { startEngines } from '../../local/engines.js';
import type { RunningEngines } from '../../local/engines.js';
import { createInstaller } from '../../local/install.js';
import { freePorts } from '../../local/ports.js';
import { fakeProgram, isAlive, ownFolder } from './support/lab-folder.js';

const FREE = { api: 0, mongodb: 0, temporal: 0, temporalUi: 0 };
/** The suite's own engines may be named in the environment; these tests start theirs. */
const LOCAL = { MONGODB_URI: '', MONGODB_URI_FILE: '', TEMPORAL_ADDRESS: '' };

async function writeOne(engines: RunningEngines, id: string): Promise<void> {
  const mongo = await MongoClient.connect(engines.mongodbUri);
  await mongo
    .db()
    .collection<{ _id: string }>('kept')
    .insertOne({ _id: id }, { writeConcern: { w: 'majority', journal: true } });
  await mongo.close();
}

async function readAll(engines: RunningEngines): Promise<string[]> {
  const mongo = await MongoClient.connect(engines.mongodbUri);
  const found = await mongo.db().collection<{ _id: string }>('kept').find().toArray();
  await mongo.close();
  return found.map(({ _id }) => _id);
}

async function withTemporal<T>(engines: RunningEngines, use: (client: Client) => Promise<T>): Promise<T> {
  const connection = await Connection.connect({ address: engines.temporalAddress });
  const result = await use(new Client({ connection }));
  await connection.close();
  return result;
}

const startRun = (engines: RunningEngines, workflowId: string) =>
  withTemporal(engines, (client) =>
    client.workflow.start('nobodyRunsThis', { workflowId, taskQueue: 'none' }),
  );
const statusOf = (engines: RunningEngines, workflowId: string) =>
  withTemporal(
    engines,
    async (client) => (await client.workflow.getHandle(workflowId).describe()).status.name,
  );

function temporalProgram(): Promise<string> {
  const { enginesDir } = readLocalConfig(process.env);
  return createInstaller({ enginesDir, env: process.env, say: () => undefined }).ensure('temporal');
}

describe('the engines of the local stack', () => {
  let home: string;
  let remove: () => Promise<void>;
  beforeEach(async () => ({ folder: home, remove } = await ownFolder()));
  afterEach(() => remove());

  it('come back by themselves after kill -9, under the same addresses and with what they held', async () => {
    const engines = await startEngines({ home, env: LOCAL, ports: FREE });
    try {
      await writeOne(engines, 'before');
      await startRun(engines, 'run-before');
      for (const name of ['mongodb', 'temporal'] as const) {
        const pid = engines.pid(name);
        expect(engines.kill(name, 'SIGKILL')).toBe(true);
        await engines.restarted(name, pid);
      }
      expect(await readAll(engines)).toEqual(['before']);
      expect(await statusOf(engines, 'run-before')).toBe('RUNNING');
      const ui = await fetch(`${engines.temporalUiUrl}/`);
      expect(ui.status).toBe(200);
    } finally {
      await engines.stop({ now: true });
    }
  });

  it('hold their data from one start to the next, keep closed runs for weeks, and leave nothing running', async () => {
    const first = await startEngines({ home, env: LOCAL, ports: FREE });
    const pids = [first.pid('mongodb') ?? 0, first.pid('temporal') ?? 0];
    await writeOne(first, 'of the first');
    await startRun(first, 'run-of-the-first');
    await first.stop();
    expect(pids.filter(isAlive)).toEqual([]);
    const second = await startEngines({ home, env: LOCAL, ports: FREE });
    try {
      expect(second.mongodbUri).not.toBe(first.mongodbUri);
      expect(await readAll(second)).toEqual(['of the first']);
      expect(await statusOf(second, 'run-of-the-first')).toBe('RUNNING');
      const kept = await withTemporal(second, async ({ connection }) => {
        const { config } = await connection.workflowService.describeNamespace({ namespace: 'default' });
        return Number(config?.workflowExecutionRetentionTtl?.seconds);
      });
      expect(kept).toBe(30 * 86_400);
    } finally {
      await second.stop({ now: true });
    }
  });

  it('start at the second try where Temporal died at its first', async () => {
    const bin = await fakeProgram(
      home,
      'temporal',
      [
        'if [ "$1" = --version ]; then echo "temporal version 1.8.0"; exit 0; fi',
        `if [ ! -e ${home}/tried ]; then touch ${home}/tried; echo "error: too slow"; exit 1; fi`,
        `exec ${await temporalProgram()} "$@"`,
      ].join('\n'),
    );
    const said: string[] = [];
    const env = { ...LOCAL, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
    const engines = await startEngines({ home, env, ports: FREE, say: (line) => said.push(line) });
    await engines.stop({ now: true });
    expect(said).toContainEqual(
      expect.stringMatching(/^temporal could not start: error: too slow\. .* It is started a second time\.$/),
    );
  });

  it('start nothing beside an address that the environment names', async () => {
    const outside = await startEngines({ home: path.join(home, 'outside'), env: LOCAL, ports: FREE });
    try {
      const engines = await startEngines({
        home: path.join(home, 'inside'),
        env: { MONGODB_URI: outside.mongodbUri, TEMPORAL_ADDRESS: outside.temporalAddress, PATH: '/nowhere' },
        // Installing would fail: neither Python nor a place for it is there.
        enginesDir: path.join(home, 'no-engines'),
      });
      expect(engines).toMatchObject({
        mongodbUri: outside.mongodbUri,
        temporalAddress: outside.temporalAddress,
      });
      expect(existsSync(path.join(home, 'no-engines'))).toBe(false);
      expect(existsSync(path.join(home, 'inside', 'mongodb'))).toBe(false);
      await engines.stop();
    } finally {
      await outside.stop({ now: true });
    }
  });

  it('start neither when a port is taken, and name the variable', async () => {
    const [port = 0] = await freePorts(1);
    const other = createServer().listen(port, '127.0.0.1');
    const start = startEngines({ home, env: LOCAL, ports: { ...FREE, temporalUi: port } });
    await expect(start).rejects.toThrow(
      `Port ${port} is taken by another process. End that process, or set TEMPORAL_UI_PORT`,
    );
    other.close();
    // The home was let go.
    await (await startEngines({ home, env: LOCAL, ports: FREE })).stop({ now: true });
  });
});
