import pLimit from 'p-limit';
import type { Activities } from '../workflows/contract/activities.js';
import type { ActivityDeps } from './deps.js';
import { whileBeating } from './beat.js';
import { createCloseRun } from './close-run.js';
import type { AppDoc } from './store/documents.js';
import type { HoldDoc, RunDoc } from './store/run-documents.js';
import { endStaleLogin, staleLogins } from './stale-logins.js';
import { settleSchedule } from './store/settle-schedule.js';

/** A run that nobody touched for so long is looked at: its workflow may be gone. */
const QUIET_MS = 60_000;
const AT_ONCE = 200;
const ASKED_AT_ONCE = 10;
const BETWEEN_LOOKS_MS = 2_000;

/**
 * Ends holds and closes run documents whose workflow is gone (terminated, or never started), tells Temporal of cancels that it does
 * not know of, has it keep the schedules that stand on the apps, ends log-ins that nobody finished, and lets old pages go. Repeatable: it only states what is so. "Gone" must be seen twice, because a start may be on
 * its way. One workflow that cannot be looked at keeps none of the others: the first such error is thrown at the end.
 */
export function createSweep(deps: ActivityDeps): Activities['sweep'] {
  return () =>
    whileBeating(async (signal) => {
      const round = createRound(deps, signal);
      const quietSince = new Date(deps.now().getTime() - QUIET_MS).toISOString();
      const suspects = await round.only(await deps.store.runs.untouched(quietSince, AT_ONCE), (run) =>
        isGone(deps, run),
      );
      if (suspects.length > 0) await pause(BETWEEN_LOOKS_MS, signal);
      const gone = await round.only(suspects, (run) => isGone(deps, run));
      await round.each(gone, (run) => closeOrphan(deps, run));
      await round.each(await deps.store.runs.cancelling(AT_ONCE), (run) => deps.workflows.cancel(run));
      await round.each(await deps.store.holds.live(null, AT_ONCE), (hold) => endOrphanedHold(deps, hold));
      await round.each(await deps.store.apps.schedulesPending(AT_ONCE), (app) => restate(deps, app));
      await round.each(await staleLogins(deps), (login) => endStaleLogin(deps, login));
      await round.each(await expired(deps), (run) => deps.store.pages.expire(run));
      round.done();
    });
}

interface Round {
  /** Those of which `is` says so; what could not be looked at is none of them. In their order. */
  only<T extends Entry>(entries: readonly T[], is: (entry: T) => Promise<boolean>): Promise<T[]>;
  each<T extends Entry>(entries: readonly T[], act: (entry: T) => Promise<void>): Promise<void>;
  /** Throws the first error that there was. */
  done(): void;
}

type Entry = Pick<RunDoc, 'appId'> & Partial<Pick<RunDoc, 'runId'>>;

function createRound({ log }: ActivityDeps, signal: AbortSignal): Round {
  const limit = pLimit(ASKED_AT_ONCE);
  const troubles: unknown[] = [];

  async function tried<T>({ runId, appId }: Entry, work: () => Promise<T>): Promise<T | null> {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      signal.throwIfAborted();
      troubles.push(error);
      const kind = error instanceof Error ? error.name : typeof error;
      log.warn({ runId, appId, kind }, 'the sweeper could not look after this run or app; it will try again');
      return null;
    }
  }

  return {
    async only(entries, is) {
      const said = await Promise.all(entries.map((entry) => limit(() => tried(entry, () => is(entry)))));
      return entries.filter((_entry, index) => said[index] === true);
    },
    async each(entries, act) {
      await Promise.all(entries.map((entry) => limit(() => tried(entry, () => act(entry)))));
    },
    done() {
      if (troubles.length > 0) throw troubles[0];
    },
  };
}

function isGone({ workflows }: ActivityDeps, run: RunDoc): Promise<boolean> {
  return workflows.state(run.workflowId, run.temporalRunId).then((state) => state === 'gone');
}

/** A run that somebody had cancelled ends as it was asked to. */
async function closeOrphan(deps: ActivityDeps, run: RunDoc): Promise<void> {
  deps.log.warn({ runId: run.runId, appId: run.appId }, 'closing a run whose workflow is gone');
  const close = createCloseRun(deps);
  if (run.control === 'cancel') {
    await close({ ref: run, status: 'cancelled', error: null });
    return;
  }
  const never = run.startedAt === null;
  const message = never
    ? 'The run was accepted but its workflow never started. Nothing was written. Start it again.'
    : 'Its workflow was ended from outside (terminated). What it wrote is listed and can be undone.';
  await close({ ref: run, status: 'failed', error: { code: 'superseded', message } });
}

async function endOrphanedHold({ store, workflows, now, log }: ActivityDeps, hold: HoldDoc): Promise<void> {
  if ((await workflows.state(hold.workflowId, hold.temporalRunId)) !== 'gone') return;
  log.warn({ runId: hold.runId, appId: hold.appId }, 'ending a hold whose workflow is gone');
  await store.holds.end(hold.workspaceId, hold.runId, 'sweeper', now().toISOString());
}

/** A schedule that was changed while Temporal was away, or whose writer died. */
function restate({ store, workflows, log }: ActivityDeps, app: AppDoc): Promise<void> {
  log.info({ appId: app.appId }, 'telling Temporal of a schedule');
  return settleSchedule({ apps: store.apps, schedules: workflows }, app);
}

async function expired({ store, now, retentionDays }: ActivityDeps): Promise<RunDoc[]> {
  const before = new Date(now().getTime() - retentionDays * 86_400_000).toISOString();
  const found = await store.runs.expired(before, 50);
  // An undo or a repair of it is under way and needs its pages: it goes in a later round.
  const idle = found.filter(
    ({ cleanup, repair }) => cleanup?.state !== 'running' && repair?.state !== 'running',
  );
  return idle.slice(0, 5);
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
