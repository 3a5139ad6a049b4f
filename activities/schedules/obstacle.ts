import type { ActivityDeps } from '../deps.js';
import { syncable } from '../providers/provider-sync.js';
import { lockOf } from '../store/app-lock.js';
import type { AppDoc, ScheduleSkip } from '../store/documents.js';

/** Why a sync that is due does not begin. */
export type Obstacle = Pick<ScheduleSkip, 'reason' | 'message' | 'runId'>;

/** What a start by a person would be refused for, too. Null: nothing. Asks the provider for nothing. */
export async function obstacleOf(deps: ActivityDeps, app: AppDoc): Promise<Obstacle | null> {
  const no = (reason: string, message: string, runId: string | null = null): Obstacle => ({
    ...{ reason, runId },
    message: `${message} The sync that was due was passed over; nothing was read or written.`,
  });
  const provider = deps.providers.get(app.providerId);
  if (!provider?.actions.sync) return no('action_not_supported', 'The provider offers no sync (any more).');
  if (app.paused) return no('app_paused', 'The app is paused; resume it, and the next one begins.');
  const { status, problems } = app.connection;
  if (status !== 'ready') {
    const why = problems[0]?.message ? `: ${problems[0].message}` : '.';
    return no('connection_not_ready', `The connection is ${status}${why}`);
  }
  const live = await deps.store.runs.live(app.workspaceId, app.appId);
  if (live.length > 0) return runInTheWay(deps, app);
  const lock = await lockOf(deps, app);
  if (lock) {
    const { runId, cause, howToOpen } = lock;
    return no('retry_locked', `The app is locked after run ${runId}: ${cause.message} ${howToOpen}`, runId);
  }
  const wanted = (app.schedule?.objects ?? app.scope).filter((object) => app.scope.includes(object));
  if (syncable(provider, wanted).length === 0) {
    return no(
      'object_out_of_scope',
      'No object of the schedule is in the scope of the app and can be synced; change the schedule or the scope.',
    );
  }
  return null;
}

/** The app's one workflow id is taken. */
export async function runInTheWay({ store }: ActivityDeps, app: AppDoc): Promise<Obstacle> {
  const [live] = await store.runs.live(app.workspaceId, app.appId);
  const which = live ? `Run ${live.runId} of this app is live` : 'Another run of this app is live or closing';
  const what = live && live.status !== 'running' ? ' and waits for a person; decide what it asks' : '';
  return {
    ...{ reason: 'run_already_active', runId: live?.runId ?? null },
    message: `${which}${what}. An app has one run at a time. The sync that was due was passed over; nothing was read or written.`,
  };
}
