import { Context } from '@temporalio/activity';
import type { Activities } from '../workflows/contract/activities.js';
import { appWorkflowId } from '../workflows/contract/ids.js';
import type { ActivityDeps } from './deps.js';

/** Opening and ending are statements about one run: repeating either changes nothing. */
export function createHoldActivities({ store, now }: ActivityDeps): Pick<Activities, 'openHold' | 'endHold'> {
  const { runs } = store;
  return {
    async openHold(ref) {
      const temporalRunId = Context.current().info.workflowExecution?.runId ?? '';
      const workflowId = appWorkflowId(ref);
      await runs.patch(ref.workspaceId, ref.runId, { step: 'hold' });
      await store.holds.open({
        ...ref,
        workflowId,
        temporalRunId,
        openedAt: now().toISOString(),
        endedAt: null,
        endedBy: null,
      });
    },
    async endHold(ref) {
      await runs.patch(ref.workspaceId, ref.runId, { step: 'end_hold', object: null });
      await store.holds.end(ref.workspaceId, ref.runId, 'run', now().toISOString());
    },
  };
}
