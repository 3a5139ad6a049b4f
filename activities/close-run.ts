import type { Activities, CloseArgs } from '../workflows/contract/activities.js';
import type { RunRef } from '../workflows/contract/ids.js';
import { FAILURES, type FailureInfo } from '../workflows/contract/failures.js';
import type { ObjectName } from '../workflows/contract/objects.js';
import { isTerminal, type ObjectState } from '../workflows/contract/status.js';
import { moveBookmarks } from './bookmarks.js';
import type { ActivityDeps } from './deps.js';
import { booksClosed } from './records/books.js';
import { locksApp, type CountsOf } from './records/retry-lock.js';
import { reviewStateOf, stateAtEnd } from './records/review-state.js';
import type { LastError } from './store/documents.js';
import type { RunDoc } from './store/run-documents.js';

const DAY_MS = 86_400_000;

/**
 * Ends a run: transfers fenced, books checked, status, last error, times. Repeatable: a run that is closed stays as it is.
 * Also what the sweeper uses for a run whose workflow is gone.
 */
export function createCloseRun(deps: ActivityDeps): Activities['closeRun'] {
  return async ({ ref, status, error }) => {
    const run = await deps.store.runs.get(ref.workspaceId, ref.runId);
    if (!run) return { status };
    if (isTerminal(run.status)) return { status: run.status };
    if (run.mode === 'plan') await deps.store.plans.forget(ref, 'aids');
    const open = await settleBooks(deps, ref);
    const end =
      open && status === 'completed' ? ({ status: 'failed', error: open } as const) : { status, error };
    const objects = await closeObjects(deps, ref, run, end.status);
    await moveBookmarks(deps, ref, run, { objects, completed: end.status === 'completed' });
    const lastError = end.error && lastErrorOf(run, end.error, deps.now().toISOString());
    // Before the end is written: a run that ended has locked its app, whatever dies in between.
    const ended = { status: end.status, error: end.error, objects };
    const locks = locksApp(ended, await countsOf(deps, ref), FAILURES);
    await tellApp(deps, ref, run, { status: end.status, lastError, locks });
    await writeEnd(deps, ref, end.status, lastError);
    return { status: end.status };
  };
}

/** Fences every transfer and takes unapplied pages off the books; says if they disagree all the same. */
async function settleBooks({ store }: ActivityDeps, ref: RunRef): Promise<FailureInfo | null> {
  // Also those that are closed: whoever closed them may have died before the books were settled.
  for (const { fetch } of await store.transfers.all(ref)) {
    await store.transfers.close(ref, fetch.object, 'ended');
  }
  for (const { fetch, apply } of await store.transfers.all(ref)) {
    if (booksClosed({ ...apply.counts, fetched: fetch.fetched })) continue;
    return {
      code: 'books_open',
      message: `The books of ${fetch.object} do not close: ${fetch.fetched} source records were fetched, but the outcomes do not add up to that. Look at the run's counts; it can be undone and run again.`,
    };
  }
  return null;
}

async function closeObjects(
  { store, now }: ActivityDeps,
  ref: RunRef,
  run: RunDoc,
  status: CloseArgs['status'],
): Promise<{ object: ObjectName; state: ObjectState }[]> {
  const ended = run.objects.map(({ object, state }) => ({ object, state: stateAtEnd(state, status) }));
  for (const [index, entry] of run.objects.entries()) {
    const state = ended[index]?.state ?? entry.state;
    if (state === entry.state) continue;
    const endedAt = entry.endedAt ?? (entry.startedAt ? now().toISOString() : null);
    await store.runs.patchObject(ref.workspaceId, ref.runId, entry.object, { state, endedAt });
  }
  const reviewState = reviewStateOf(ended.map(({ state }) => state));
  await store.runs.patch(ref.workspaceId, ref.runId, { reviewState });
  return ended;
}

async function countsOf({ store }: ActivityDeps, ref: RunRef): Promise<CountsOf> {
  const claims = await store.transfers.all(ref);
  return new Map(claims.map(({ apply }) => [apply.object, apply.counts]));
}

function lastErrorOf(run: RunDoc, error: FailureInfo, at: string): LastError {
  const object = run.objects.find((entry) => entry.state === 'transferring' || entry.state === 'in_review');
  return { ...error, object: object?.object ?? null, step: object ? 'transfer' : run.step, at };
}

/** A completed run clears the app's last error and its lock; a failed one sets the error, a cancelled one leaves it. */
async function tellApp(
  { store, now }: ActivityDeps,
  ref: RunRef,
  run: RunDoc,
  { status, lastError, locks }: { status: CloseArgs['status']; lastError: LastError | null; locks: boolean },
): Promise<void> {
  const at = now().toISOString();
  const lock = locks ? { lock: { runId: ref.runId, at } } : {};
  if (status === 'cancelled') {
    if (locks) await store.apps.patch(ref.workspaceId, ref.appId, lock);
    return;
  }
  const times = run.kind === 'import' ? { lastImportedAt: at } : { lastSyncedAt: at };
  await store.apps.patch(
    ref.workspaceId,
    ref.appId,
    status === 'completed' ? { ...times, lastError: null, lock: null } : { lastError, ...lock },
  );
}

async function writeEnd(
  { store, now, retentionDays }: ActivityDeps,
  ref: RunRef,
  status: CloseArgs['status'],
  lastError: LastError | null,
): Promise<void> {
  const at = now();
  await store.runs.patch(ref.workspaceId, ref.runId, {
    status,
    ...{ step: 'close', object: null, attention: null, waitingUntil: null, waitingCode: null, lastError },
    endedAt: at.toISOString(),
    keepUntil: new Date(at.getTime() + retentionDays * DAY_MS).toISOString(),
  });
}
