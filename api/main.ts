import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { createServer as createHttpServer, type Server } from 'node:http';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { pino, type Logger } from 'pino';
import { v7 as uuid } from 'uuid';
import { createSealer, sealingKeys } from '../activities/connections/seal.js';
import { descriptions } from '../activities/providers/descriptions.js';
import { sniffFile } from '../activities/providers/formats/sniff.js';
import { connectMongo, databaseOf } from '../activities/store/mongo/connect.js';
import { createMongoStore } from '../activities/store/mongo/create-store.js';
import { ConfigError, readConfig, type ApiConfig } from './config.js';
import { prepareStore } from './prepare-store.js';
import { createServer } from './server.js';
import { createWorkflowGateway } from './temporal-gateway.js';

/** A request that the store does not answer must still be answered within 10 s. */
const STORE_SELECTION_MS = 5_000;
/** Requests under way get so long to finish when the process is asked to stop; streams are cut then. */
const STOP_MS = 5_000;

/** The composition root of the API. It starts and answers `/healthz` also while store and Temporal are away. */
async function run(config: ApiConfig): Promise<void> {
  const logger = pino({ name: 'api', level: config.LOG_LEVEL });
  const keys = sealingKeys(config.SLUICE_SECRET_KEY, config.SLUICE_OLD_SECRET_KEYS);
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const connection = Connection.lazy(connectionOptions);
  const store = createMongoStore({
    client: connectMongo(config.MONGODB_URI, { selectionMs: STORE_SELECTION_MS }),
    database: databaseOf(config.MONGODB_URI),
    newId: () => uuid(),
  });
  const app = createServer({
    store,
    workflows: createWorkflowGateway(new Client({ connection, namespace }), {
      taskQueue: config.TEMPORAL_TASK_QUEUE,
      namespace,
      uiUrl: config.TEMPORAL_UI_URL ?? null,
    }),
    descriptions,
    sealer: createSealer(keys),
    sniff: sniffFile,
    settings: {
      adminKey: config.SLUICE_ADMIN_KEY ?? null,
      secretKey: config.SLUICE_SECRET_KEY,
      publicUrl: config.PUBLIC_URL ?? null,
      returnOrigins: config.RETURN_ORIGINS,
      allowPrivate: config.ALLOW_PRIVATE_NETWORKS === 'true',
      maxLiveRuns: config.MAX_LIVE_RUNS,
      maxUploadBytes: config.MAX_UPLOAD_BYTES,
      maxXlsxBytes: config.MAX_XLSX_BYTES,
      version: packageVersion(),
    },
    logger,
    clock: () => new Date(),
    newId: () => uuid(),
  });
  const server = createHttpServer(
    { headersTimeout: 15_000, requestTimeout: 2 * 3_600_000, keepAliveTimeout: 30_000 },
    app,
  );
  const stop = new AbortController();
  try {
    await listen(server, config, logger);
    const prepared = prepareStore({ store, logger, signal: stop.signal });
    // A store that cannot be used (written by newer code) ends the process; one that is away does not.
    await Promise.race([stopAsked(), prepared.then(() => stopAsked())]);
  } finally {
    stop.abort();
    await close(server);
    await connection.close();
    await store.close();
    logger.info('the API has stopped');
  }
}

async function listen(server: Server, { PORT, HOST, PUBLIC_URL }: ApiConfig, logger: Logger): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(PORT, HOST, resolve);
  });
  const { port } = server.address() as AddressInfo;
  logger.info({ host: HOST, port, url: PUBLIC_URL ?? `http://${HOST}:${port}` }, 'the API listens');
}

function stopAsked(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

async function close(server: Server): Promise<void> {
  const cut = setTimeout(() => server.closeAllConnections(), STOP_MS);
  await new Promise<void>((resolve) => {
    server.close(() => resolve());
    server.closeIdleConnections();
  });
  clearTimeout(cut);
}

/** From sources, and from `dist/`, which lies one folder deeper. */
function packageVersion(): string {
  for (const path of ['../package.json', '../../package.json']) {
    try {
      const found: unknown = JSON.parse(readFileSync(new URL(path, import.meta.url), 'utf8'));
      if (typeof found === 'object' && found !== null && 'version' in found) return String(found.version);
    } catch {
      // Not there: the other place is looked at next.
    }
  }
  return '0.0.0';
}

try {
  await run(readConfig());
} catch (error) {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exitCode = 1;
}
