import { ParentClosePolicy, startChild } from '@temporalio/workflow';
import { appWorkflowId, type RunRef } from './contract/ids.js';
import type { DueSync } from './contract/schedules.js';
import { small } from './activity-options.js';
import { syncWorkflow } from './sync.js';

/**
 * What an app's schedule starts when a sync is due. It makes the run's document, starts the app's workflow under its one id, and is
 * done: the sync outlives it. What stands in the way (a live run, a pause, a connection that needs somebody, a lock) is a recorded
 * skip and no failed run.
 */
export async function scheduledSyncWorkflow(due: DueSync): Promise<void> {
  const { ref } = await small.beginScheduled(due);
  if (!ref) return;
  await small.settleScheduled({ due, ref, started: await started(ref) });
}

/** False: another workflow of the app is live; then nothing was started. */
async function started(ref: RunRef): Promise<boolean> {
  try {
    await startChild(syncWorkflow, {
      workflowId: appWorkflowId(ref),
      args: [ref],
      memo: { runId: ref.runId, kind: 'sync', token: ref.runId },
      parentClosePolicy: ParentClosePolicy.ABANDON,
      workflowIdReusePolicy: 'ALLOW_DUPLICATE',
    });
    return true;
  } catch (error) {
    // The class itself is in a package that workflows do not import.
    if (error instanceof Error && error.name === 'WorkflowExecutionAlreadyStartedError') return false;
    throw error;
  }
}
