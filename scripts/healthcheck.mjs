/**
 * `node scripts/healthcheck.mjs api|worker`: exits 0 when the process of this container does its work.
 * The API answers `/healthz`; a worker is healthy when Temporal has seen it ask for tasks within the last two minutes, which
 * a process that hangs, or has lost its connection, does not.
 */
import { hostname } from 'node:os';

const RECENT_MS = 120_000;

async function apiIsHealthy() {
  const port = process.env.PORT ?? '3000';
  const answer = await fetch(`http://127.0.0.1:${port}/healthz`, { signal: AbortSignal.timeout(4000) });
  return answer.ok;
}

async function workerIsHealthy() {
  const { Connection } = await import('@temporalio/client');
  const { loadClientConnectConfig } = await import('@temporalio/envconfig');
  const { connectionOptions, namespace = 'default' } = loadClientConnectConfig();
  const connection = await Connection.connect({ ...connectionOptions, connectTimeout: 3000 });
  try {
    const taskQueue = { name: process.env.TEMPORAL_TASK_QUEUE ?? 'sluice' };
    const answers = await Promise.all(
      // Workflow tasks and activity tasks are asked for apart.
      [1, 2].map((taskQueueType) =>
        connection.workflowService.describeTaskQueue({ namespace, taskQueue, taskQueueType }),
      ),
    );
    return answers.every(({ pollers }) => pollers.some(isThisHostAndRecent));
  } finally {
    await connection.close();
  }
}

/** The identity of a worker is `pid@hostname`. */
function isThisHostAndRecent({ identity, lastAccessTime }) {
  const seenAt = Number(lastAccessTime?.seconds ?? 0) * 1000;
  return String(identity).endsWith(`@${hostname()}`) && Date.now() - seenAt < RECENT_MS;
}

const CHECKS = { api: apiIsHealthy, worker: workerIsHealthy };
const check = CHECKS[process.argv[2]];
if (check === undefined) {
  console.error('Say which process to look at: api or worker.');
  process.exitCode = 2;
} else {
  const healthy = await check().catch((error) => {
    console.error(error instanceof Error ? error.message : error);
    return false;
  });
  process.exitCode = healthy ? 0 : 1;
}
