import type { AppDoc } from './documents.js';
import type { RunDoc } from './run-documents.js';
import type { Store } from './store.js';
import { FAILURES } from '../../workflows/contract/failures.js';
import { isTerminal } from '../../workflows/contract/status.js';
import { retryLock, type CountsOf, type EndedRun, type LockEvidence } from '../records/retry-lock.js';

/** Whether the app is locked after its last run, judged from what is stored now. Null: it is open. */
export async function lockOf(
  deps: { store: Pick<Store, 'runs' | 'transfers'> },
  app: AppDoc,
): Promise<LockEvidence | null> {
  if (!app.lock) return null;
  const run = await deps.store.runs.get(app.workspaceId, app.lock.runId);
  // A run that is still closing is live: that is what its app is refused for.
  if (!run || !isTerminal(run.status)) return null;
  return retryLock(endedRun(run), await countsOf(deps, run), app.lastCheck ?? null, FAILURES);
}

export function endedRun(run: RunDoc): EndedRun {
  const { runId, status, endedAt, objects, lastError } = run;
  return { runId, status, endedAt, objects, error: lastError, acknowledged: Boolean(run.acknowledged) };
}

export async function countsOf(
  { store }: { store: Pick<Store, 'transfers'> },
  run: RunDoc,
): Promise<CountsOf> {
  const claims = await store.transfers.all(run);
  return new Map(claims.map(({ apply }) => [apply.object, apply.counts]));
}
