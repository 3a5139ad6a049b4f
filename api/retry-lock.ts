import type { EndedRun, LockEvidence } from '../activities/records/retry-lock.js';
import { locksApp, retryLock, unacknowledgedOf } from '../activities/records/retry-lock.js';
import { countsOf, endedRun, lockOf } from '../activities/store/app-lock.js';
import type { AppDoc } from '../activities/store/documents.js';
import type { RunDoc } from '../activities/store/run-documents.js';
import type { Store } from '../activities/store/store.js';
import { FAILURES } from '../workflows/contract/failures.js';
import type { ApiDeps } from './deps.js';
import { Problem } from './errors.js';

interface LockDeps {
  store: Pick<Store, 'runs' | 'transfers'>;
}

/**
 * Throws `retry_locked` with the evidence. The app is read anew, after live runs were looked for: a run that closes meanwhile locks
 * before it ends. A run whose workflow was terminated locks too, although nobody has closed its document yet.
 */
export async function refuseLocked(
  deps: Pick<ApiDeps, 'store' | 'workflows'>,
  { workspaceId, appId }: Pick<AppDoc, 'workspaceId' | 'appId'>,
): Promise<void> {
  const app = await deps.store.apps.get(workspaceId, appId);
  const evidence = app && ((await lockOf(deps, app)) ?? (await orphanLock(deps, app)));
  if (!evidence) return;
  throw new Problem(
    'retry_locked',
    `Run ${evidence.runId} ended before its time (${evidence.cause.message}) and had written something, so nothing starts over it blindly. Nothing was started. ${evidence.howToOpen}`,
    { evidence },
  );
}

/** Of a run that is live by its document alone. */
export async function orphanLock(
  deps: Pick<ApiDeps, 'store' | 'workflows'>,
  app: AppDoc,
): Promise<LockEvidence | null> {
  const live = await deps.store.runs.live(app.workspaceId, app.appId);
  const begun = live.filter(({ startedAt }) => startedAt !== null);
  if (begun.length === 0 || (await deps.workflows.live(app)) !== null) return null;
  for (const run of begun) {
    const ended: EndedRun = { ...endedRun(run), status: 'failed', error: GONE };
    const counts = await countsOf(deps, run);
    const evidence = locksApp(ended, counts, FAILURES) ? retryLock(ended, counts, null, FAILURES) : null;
    if (evidence) return evidence;
  }
  return null;
}

const GONE = {
  code: 'superseded',
  message: 'Its workflow was ended from outside (terminated); within some minutes it is closed.',
};

/** Its workflow was terminated, and the sweeper has not closed it yet. */
export async function isOrphan(deps: Pick<ApiDeps, 'workflows'>, run: RunDoc): Promise<boolean> {
  return run.startedAt !== null && (await deps.workflows.live(run)) === null;
}

/** What the run wrote and nobody has looked at. */
export async function unacknowledged(deps: LockDeps, run: RunDoc): Promise<string[]> {
  return unacknowledgedOf(endedRun(run), await countsOf(deps, run));
}
