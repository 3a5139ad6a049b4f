import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { WorkflowsPort } from '../activities/deps.js';
import { createSchedules } from './schedules.js';

/** One call: a workflow that cannot be looked at must not hold up what else its caller asks about. */
const CALL_MS = 3_000;

/** What activities may ask of Temporal. Any other trouble is thrown: not knowing is not "gone". */
export function createWorkflowsPort(client: Client, taskQueue: string): WorkflowsPort {
  const soon = <T>(call: () => Promise<T>): Promise<T> => client.withDeadline(Date.now() + CALL_MS, call);

  async function describe(workflowId: string, temporalRunId: string | null) {
    const handle = client.workflow.getHandle(workflowId, temporalRunId ?? undefined);
    return orNothing(() => soon(() => handle.describe()));
  }

  return {
    ...createSchedules(client, taskQueue, soon),
    async state(workflowId, temporalRunId) {
      const described = await describe(workflowId, temporalRunId);
      return described?.status.name === 'RUNNING' ? 'running' : 'gone';
    },
    async cancel({ workflowId, temporalRunId, runId }) {
      const described = await describe(workflowId, temporalRunId);
      // The app's workflow id is used by one run after the other.
      if (described?.status.name !== 'RUNNING' || described.memo?.['runId'] !== runId) return;
      const handle = client.workflow.getHandle(workflowId, described.runId);
      await orNothing(() => soon(() => handle.cancel()));
    },
  };
}

async function orNothing<T>(call: () => Promise<T>): Promise<T | null> {
  try {
    return await call();
  } catch (error) {
    if (error instanceof WorkflowNotFoundError) return null;
    throw error;
  }
}
