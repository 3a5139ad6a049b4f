import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import type { Db, MongoClient } from 'mongodb';
import { pino } from 'pino';
import { v7 as uuid } from 'uuid';
import { createSealer, sealingKey } from '../../activities/connections/seal.js';
import { sniffFile } from '../../activities/providers/formats/sniff.js';
import { connectMongo } from '../../activities/store/mongo/connect.js';
import { createMongoStore } from '../../activities/store/mongo/create-store.js';
import { createServer } from '../../api/server.js';
import { createWorkflowGateway } from '../../api/temporal-gateway.js';
import { createApiClient, type ApiClient } from '../../local/api-client.js';
import { startEngines, type Engines } from '../../local/engines.js';
import { WORKER_FLAGS } from '../../local/services.js';
import { syntheticDescription } from './synthetic.js';

/** Engines, the API in this process, and workers as processes of their own. */
export interface System {
  api: ApiClient;
  temporal: Client;
  mongo: MongoClient;
  database: Db;
  startWorker(): Promise<WorkerProcess>;
  stop(): Promise<void>;
}

export interface WorkerProcess {
  pid: number;
  /** The most memory it ever held (`VmHWM`), in MB. */
  peakMb(): number;
  kill(): Promise<void>;
  stop(): Promise<void>;
}

const ADMIN_KEY = randomBytes(16).toString('hex');

export async function startSystem(home: string): Promise<System> {
  const ports = { api: 0, mongodb: 0, temporal: 0, temporalUi: 0 };
  const engines = await startEngines({ home, ports, say: () => undefined });
  const secretKey = randomBytes(32).toString('base64');
  const client = connectMongo(engines.mongodbUri);
  const store = createMongoStore({ client, database: 'bench', newId: () => uuid() });
  await store.prepare();
  const connection = await Connection.connect({ address: engines.temporalAddress });
  const temporal = new Client({ connection });
  const server = createHttpServer(
    createServer({
      store,
      workflows: createWorkflowGateway(temporal, { taskQueue: 'sluice', namespace: 'default', uiUrl: null }),
      descriptions: [syntheticDescription],
      sealer: createSealer([sealingKey(secretKey)]),
      sniff: sniffFile,
      settings: {
        ...{ adminKey: ADMIN_KEY, secretKey, maxLiveRuns: 50, version: 'bench' },
        ...{ maxUploadBytes: 1e9, maxXlsxBytes: 1e8, publicUrl: null, returnOrigins: [], allowPrivate: true },
      },
      logger: pino({ level: 'silent' }),
      clock: () => new Date(),
      newId: () => uuid(),
    }),
  );
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const workers: WorkerProcess[] = [];
  return {
    api: createApiClient(`http://127.0.0.1:${port}`, ADMIN_KEY),
    temporal,
    mongo: client,
    database: client.db('bench'),
    async startWorker() {
      const worker = await startWorker(engines, secretKey);
      workers.push(worker);
      return worker;
    },
    async stop() {
      for (const worker of workers) await worker.stop();
      server.close();
      server.closeAllConnections();
      await connection.close();
      await store.close();
      await engines.stop();
    },
  };
}

async function startWorker(engines: Engines, secretKey: string): Promise<WorkerProcess> {
  const script = fileURLToPath(new URL('./bench-worker.ts', import.meta.url));
  const bundle = fileURLToPath(new URL('../../dist/workflow-bundle.js', import.meta.url));
  const child = spawn(process.execPath, [...WORKER_FLAGS, '--import', 'tsx', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: {
      ...process.env,
      ...{ MONGODB_URI: withDatabase(engines.mongodbUri, 'bench'), SLUICE_SECRET_KEY: secretKey },
      ...{ TEMPORAL_ADDRESS: engines.temporalAddress, WORKFLOW_BUNDLE: bundle, LOG_LEVEL: 'info' },
    },
  });
  await new Promise<void>((resolve, reject) => {
    child.stdout.on('data', (bytes: Buffer) => {
      if (bytes.toString().includes('the worker is ready')) resolve();
    });
    child.once('exit', (code) => reject(new Error(`The worker ended with ${code ?? 'a signal'}.`)));
  });
  return processOf(child);
}

function processOf(child: ChildProcess): WorkerProcess {
  const { pid } = child;
  if (pid === undefined) throw new Error('The worker did not start.');
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, 'exit');
  };
  return {
    pid,
    peakMb() {
      const status = readFileSync(`/proc/${pid}/status`, 'utf8');
      return Math.round(Number(/VmHWM:\s+(\d+)/.exec(status)?.[1] ?? 0) / 1024);
    },
    kill: () => end('SIGKILL'),
    stop: () => end('SIGTERM'),
  };
}

function withDatabase(uri: string, database: string): string {
  const [address = '', options] = uri.split('?');
  return `${address.replace(/^(mongodb(?:\+srv)?:\/\/[^/]+).*$/, '$1')}/${database}${options ? `?${options}` : ''}`;
}
