import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { NativeConnection, Worker } from '@temporalio/worker';

const PROJECT = path.resolve(import.meta.dirname, '../..');
const address = process.env['TEST_TEMPORAL_ADDRESS']!;

function healthOfWorker(taskQueue: string): Promise<number> {
  const env = { ...process.env, TEMPORAL_ADDRESS: address, TEMPORAL_TASK_QUEUE: taskQueue };
  return new Promise((resolve) => {
    execFile(process.execPath, ['scripts/healthcheck.mjs', 'worker'], { cwd: PROJECT, env }, (error) => {
      resolve(error === null ? 0 : Number(error.code));
    });
  });
}

/** Asks until the answer is the expected one: Temporal learns of a worker a moment after it has started. */
async function becomes(expected: number, taskQueue: string): Promise<boolean> {
  for (let attempt = 0; attempt < 20; attempt += 1)
    if ((await healthOfWorker(taskQueue)) === expected) return true;
  return false;
}

describe('the health check of a worker', () => {
  it('is content with one that asks for workflow and activity tasks, and with no other', async () => {
    const taskQueue = `health-${randomUUID()}`;
    expect(await healthOfWorker(taskQueue)).toBe(1);

    const connection = await NativeConnection.connect({ address });
    const worker = await Worker.create({
      connection,
      taskQueue,
      workflowsPath: path.join(PROJECT, 'workflows/index.ts'),
      activities: { nothing: async () => undefined },
    });
    try {
      await worker.runUntil(async () => {
        expect(await becomes(0, taskQueue)).toBe(true);
        expect(await healthOfWorker(`${taskQueue}-other`)).toBe(1);
      });
    } finally {
      await connection.close();
    }
  });
});
