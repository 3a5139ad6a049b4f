import { Context } from '@temporalio/activity';
import type { Activities, Actor } from '../../workflows/contract/activities.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { inRunOrder } from '../../workflows/contract/objects.js';
import { isTerminal } from '../../workflows/contract/status.js';
import type { ActivityDeps } from '../deps.js';
import { syncable } from '../providers/provider-sync.js';
import { scheduledAt } from '../scheduled-at.js';
import type { AppDoc } from '../store/documents.js';
import { newRun } from '../store/new-run.js';
import { timedId } from '../timed-id.js';
import { obstacleOf, runInTheWay, type Obstacle } from './obstacle.js';

/** Who starts what a schedule starts. */
export const SCHEDULE: Actor = { id: 'schedule', name: 'Schedule' };

/** What a due sync does around its workflow. Each may be repeated: the run's id and every time follow from Temporal's own. */
export function createScheduleActivities(
  deps: ActivityDeps,
): Pick<Activities, 'beginScheduled' | 'settleScheduled'> {
  const { store } = deps;

  async function skipped(app: AppDoc, runId: string, obstacle: Obstacle): Promise<void> {
    const { workspaceId, appId } = app;
    const at = scheduledAt();
    const { reason, message } = obstacle;
    const last = app.scheduleSkip;
    if (last?.at === at) return;
    // A schedule may be passed over each minute for weeks: the first of a row is told, and all are counted.
    const again = last?.reason === reason && last.at > (app.lastSyncedAt ?? '') ? last : null;
    if (!again) {
      await store.audit.insert({
        ...{ workspaceId, auditId: `${runId}-schedule.skipped`, at, actor: SCHEDULE },
        ...{ action: 'schedule.skipped', target: appId, detail: { reason, message, runId: obstacle.runId } },
      });
    }
    const times = (again?.times ?? 0) + 1;
    await store.apps.patch(workspaceId, appId, {
      scheduleSkip: { ...obstacle, at, since: again?.since ?? at, times },
    });
    deps.log.info({ appId, reason }, 'a sync that was due was passed over');
  }

  return {
    async beginScheduled(due) {
      const { workspaceId, appId } = due;
      const app = await store.apps.get(workspaceId, appId);
      if (!app || app.removedAt !== null || !app.schedule) {
        await deps.workflows.removeSchedule(due);
        return { ref: null };
      }
      if ((app.scheduleVersion ?? 0) !== due.version) {
        // Left behind by somebody who was late: the sweeper has it replaced.
        await store.apps.patch(workspaceId, appId, { schedulePending: true });
        return { ref: null };
      }
      const at = scheduledAt();
      const runId = timedId(at, Context.current().info.workflowExecution?.runId ?? deps.newId());
      const ref: RunRef = { workspaceId, appId, runId };
      const earlier = await store.runs.get(workspaceId, runId);
      if (earlier) return { ref: isTerminal(earlier.status) ? null : ref };
      const obstacle = await obstacleOf(deps, app);
      if (obstacle) {
        await skipped(app, runId, obstacle);
        return { ref: null };
      }
      const provider = deps.providers.get(app.providerId);
      const wanted = app.schedule.objects ?? app.scope;
      const scope = provider
        ? inRunOrder(syncable(provider, wanted)).filter((o) => app.scope.includes(o))
        : [];
      await store.runs.insert(
        newRun({
          ...{ ...ref, providerId: app.providerId, kind: 'sync', createdAt: at, startedBy: SCHEDULE },
          ...{ scope, options: {}, reviewAsked: null },
        }),
      );
      return { ref };
    },

    async settleScheduled({ ref, started }) {
      const { workspaceId, appId, runId } = ref;
      if (started) {
        const detail = { appId, scope: (await store.runs.get(workspaceId, runId))?.scope ?? [] };
        await store.audit.insert({
          ...{ workspaceId, auditId: `${runId}-run.started`, at: scheduledAt(), actor: SCHEDULE },
          ...{ action: 'run.started', target: runId, detail },
        });
        return;
      }
      await store.runs.removeUnstarted(workspaceId, runId);
      const app = await store.apps.get(workspaceId, appId);
      if (app) await skipped(app, runId, await runInTheWay(deps, app));
    },
  };
}
