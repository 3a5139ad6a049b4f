import { WorkflowNotFoundError, type Client } from '@temporalio/client';
import type { WorkflowsPort } from '../activities/deps.js';

/** What activities may ask of Temporal. Any other trouble is thrown: not knowing is not "gone". */
export function createWorkflowsPort(client: Client): WorkflowsPort {
  return {
    async state(workflowId, temporalRunId) {
      try {
        const handle = client.workflow.getHandle(workflowId, temporalRunId ?? undefined);
        const { status } = await handle.describe();
        return status.name === 'RUNNING' ? 'running' : 'gone';
      } catch (error) {
        if (error instanceof WorkflowNotFoundError) return 'gone';
        throw error;
      }
    },
  };
}
