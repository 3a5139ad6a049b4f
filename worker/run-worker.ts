import { existsSync } from 'node:fs';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Client, Connection } from '@temporalio/client';
import { loadClientConnectConfig } from '@temporalio/envconfig';
import { DefaultLogger, NativeConnection, Runtime } from '@temporalio/worker';
import { pino, type Logger } from 'pino';
import { v7 as uuid } from 'uuid';
import { createConnections } from '../activities/connections/connections.js';
import { createLoginDesk } from '../activities/connections/exchange.js';
import { resealAll } from '../activities/connections/reseal.js';
import { createSealer, type Sealer } from '../activities/connections/seal.js';
import { createTokenEndpoint } from '../activities/connections/token-endpoint.js';
import { createActivities } from '../activities/create-activities.js';
import { inspectFile } from '../activities/providers/files/inspect.js';
import type { Provider } from '../activities/providers/provider.js';
import { createRegistry } from '../activities/providers/registry.js';
import { connectMongo, databaseOf } from '../activities/store/mongo/connect.js';
import { createMongoStore } from '../activities/store/mongo/create-store.js';
import type { Store } from '../activities/store/store.js';
import { readSealingKeys, type WorkerConfig } from './config.js';
import { createWorker } from './create-worker.js';
import { ensureSweepSchedule } from './sweep-schedule.js';
import { untilStopped } from './until-stopped.js';
import { createWorkflowsPort } from './workflows-port.js';

/**
 * Makes the clients of a worker, runs it until it is asked to stop, and closes them. Resolves when everything has ended.
 * The activities see the store through `wrapStore`: how a test stops a worker at a chosen call.
 */
export async function runWorker(
  config: WorkerConfig,
  providers: readonly Provider[],
  wrapStore: (store: Store) => Store = (store) => store,
): Promise<void> {
  const log = pino({ name: 'worker', level: config.LOG_LEVEL });
  Runtime.install({ logger: engineLogger(log), shutdownSignals: ['SIGINT', 'SIGTERM'] });
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const mongo = connectMongo(config.MONGODB_URI);
  const store = createMongoStore({
    client: mongo,
    database: databaseOf(config.MONGODB_URI),
    newId: () => uuid(),
  });
  await store.prepare();
  const network = {
    allowPrivate: config.ALLOW_PRIVATE_NETWORKS,
    requestTimeoutMs: config.PROVIDER_TIMEOUT_MS,
    maxResponseBytes: config.PROVIDER_MAX_RESPONSE_BYTES,
  };
  const now = (): Date => new Date();
  const sealer = createSealer(readSealingKeys(config));
  const tokens = createTokenEndpoint({ network, now });
  const connections = createConnections({
    store: store.credentials,
    sealer,
    tokens,
    now,
    newId: () => uuid(),
  });
  const client = new Client({ connection: await Connection.connect(connectionOptions), namespace });
  const wrapped = wrapStore(store);
  const activities = createActivities({
    store: wrapped,
    providers: createRegistry(providers),
    openCredentials: (workspaceId, appId, rejected) => connections.open({ workspaceId, appId }, rejected),
    logins: createLoginDesk({ store: wrapped, sealer, tokens }),
    inspectFile,
    network,
    workflows: createWorkflowsPort(client, config.TEMPORAL_TASK_QUEUE),
    log,
    now: () => new Date(),
    newId: () => uuid(),
    retentionDays: config.RETENTION_DAYS,
  });
  const connection = await NativeConnection.connect(connectionOptions);
  const worker = await createWorker({
    connection,
    namespace,
    taskQueue: config.TEMPORAL_TASK_QUEUE,
    activities,
    workflows: workflowSource(config),
  });
  await ensureSweepSchedule(client, config.TEMPORAL_TASK_QUEUE);
  log.info({ namespace, taskQueue: config.TEMPORAL_TASK_QUEUE }, 'the worker is ready');
  let stopped = false;
  const resealing = reseal(store, sealer, log, () => !stopped);
  await untilStopped(worker, (kind) => {
    log.warn({ kind }, 'the worker was cut short while it stopped; what was under way is tried again');
  });
  stopped = true;
  await resealing;
  // The worker only borrows its connection. What cannot be closed any more goes with the process.
  await Promise.allSettled([connection.close(), client.connection.close(), store.close()]);
  log.info('the worker has stopped');
}

/** After a change of keys. What could not be done now is done when the next worker starts; old keys open meanwhile. */
async function reseal(store: Store, sealer: Sealer, log: Logger, mayGoOn: () => boolean): Promise<void> {
  try {
    const { sealedAnew, unreadable } = await resealAll({ store, sealer, mayGoOn });
    if (sealedAnew > 0) log.info({ sealedAnew }, 'secrets were sealed with the newest key');
    if (unreadable > 0) log.warn({ unreadable }, 'secrets are sealed with a key that is not configured');
  } catch {
    log.warn('secrets could not be sealed with the newest key; the next worker that starts tries again');
  }
}

/** What Temporal's own code logs: its message and no more of its fields than say where it was. */
function engineLogger(log: Logger): DefaultLogger {
  return new DefaultLogger('WARN', ({ level, message, meta }) => {
    const where = (meta ?? {}) as Record<string, unknown>;
    const fields = {
      workflowId: where['workflowId'],
      activityType: where['activityType'],
      attempt: where['attempt'],
    };
    if (level === 'ERROR') log.error(fields, message);
    else log.warn(fields, message);
  });
}

/** Bundled at build time; from sources where there is no bundle beside the built code. */
function workflowSource(config: WorkerConfig): { codePath: string } | { workflowsPath: string } {
  const built = config.WORKFLOW_BUNDLE ?? fileURLToPath(new URL('../workflow-bundle.js', import.meta.url));
  if (existsSync(built)) return { codePath: built };
  const workflows = new URL(`../workflows/index${extname(import.meta.url)}`, import.meta.url);
  return { workflowsPath: fileURLToPath(workflows) };
}
