import type { Activities } from '../workflows/contract/activities.js';
import type { ActivityDeps } from './deps.js';
import { whileBeating } from './beat.js';
import { createCloseRun } from './close-run.js';
import type { RunDoc } from './store/run-documents.js';

/** A run that nobody touched for so long is looked at: its workflow may be gone. */
const QUIET_MS = 60_000;
const AT_ONCE = 200;
const BETWEEN_LOOKS_MS = 2_000;

/**
 * Ends holds and closes run documents whose workflow is gone (terminated, or never started), and lets old pages go.
 * Repeatable: it only states what is so. "Gone" must be seen twice, because a start may be on its way.
 */
export function createSweep(deps: ActivityDeps): Activities['sweep'] {
  return () =>
    whileBeating(async (signal) => {
      const quietSince = new Date(deps.now().getTime() - QUIET_MS).toISOString();
      const suspects = await deps.store.runs.untouched(quietSince, AT_ONCE);
      const gone = [];
      for (const run of suspects) if (await isGone(deps, run)) gone.push(run);
      if (gone.length > 0) await pause(BETWEEN_LOOKS_MS, signal);
      for (const run of gone) if (await isGone(deps, run)) await closeOrphan(deps, run);
      await endOrphanedHolds(deps);
      await letPagesGo(deps, signal);
    });
}

function isGone({ workflows }: ActivityDeps, run: RunDoc): Promise<boolean> {
  return workflows.state(run.workflowId, run.temporalRunId).then((state) => state === 'gone');
}

async function closeOrphan(deps: ActivityDeps, run: RunDoc): Promise<void> {
  const never = run.startedAt === null;
  const message = never
    ? 'The run was accepted but its workflow never started. Nothing was written. Start it again.'
    : 'Its workflow was ended from outside (terminated). What it wrote is listed and can be undone.';
  deps.log.warn({ runId: run.runId, appId: run.appId }, 'closing a run whose workflow is gone');
  await createCloseRun(deps)({ ref: run, status: 'failed', error: { code: 'superseded', message } });
}

async function endOrphanedHolds({ store, workflows, now, log }: ActivityDeps): Promise<void> {
  for (const hold of await store.holds.live(null, AT_ONCE)) {
    if ((await workflows.state(hold.workflowId, hold.temporalRunId)) !== 'gone') continue;
    log.warn({ runId: hold.runId, appId: hold.appId }, 'ending a hold whose workflow is gone');
    await store.holds.end(hold.workspaceId, hold.runId, 'sweeper', now().toISOString());
  }
}

async function letPagesGo({ store, now, retentionDays }: ActivityDeps, signal: AbortSignal): Promise<void> {
  const before = new Date(now().getTime() - retentionDays * 86_400_000).toISOString();
  for (const run of await store.runs.expired(before, 5)) {
    signal.throwIfAborted();
    await store.pages.expire(run);
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener('abort', () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    });
  });
}
