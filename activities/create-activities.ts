import type { Activities } from '../workflows/contract/activities.js';
import { createAnswerAsk } from './asks/answer.js';
import { whileBeating } from './beat.js';
import { createBuildChecklist } from './checklist.js';
import { createUndoActivities } from './cleanup.js';
import { createCloseRun } from './close-run.js';
import type { ActivityDeps } from './deps.js';
import { asActivityError } from './failures.js';
import { createHoldActivities } from './holds.js';
import { createPlanActivities } from './plan/plan-activities.js';
import { createPreflight } from './preflight/preflight.js';
import { createRepairSlice } from './repair/repair.js';
import { createResolveSlice } from './resolve.js';
import { createRunActivities } from './runs.js';
import { createScheduleActivities } from './schedules/scheduled.js';
import { createSweep } from './sweep.js';
import { createTransferSlice } from './transfer/slice.js';

/** All activities, with what they need passed in. Whatever one throws leaves here understood: no secret, no cause, no stack. */
export function createActivities(deps: ActivityDeps): Activities {
  const undo = createUndoActivities(deps);
  return guarded(
    {
      ...beating({ ...createRunActivities(deps), ...createHoldActivities(deps) }),
      ...undo,
      ...createPlanActivities(deps),
      ...beating({ recordCleanup: undo.recordCleanup }),
      preflight: createPreflight(deps),
      transferSlice: createTransferSlice(deps),
      resolveSlice: createResolveSlice(deps),
      repairSlice: createRepairSlice(deps),
      closeTransfer: ({ ref, object, why }) =>
        whileBeating(() => deps.store.transfers.close(ref, object, why)),
      buildChecklist: createBuildChecklist(deps),
      ...beating({ closeRun: createCloseRun(deps), ...createScheduleActivities(deps) }),
      answerAsk: createAnswerAsk(deps),
      sweep: createSweep(deps),
    },
    deps,
  );
}

/** Small steps that do not beat by themselves: without it, a worker killed in one would be missed only at its time-out. */
function beating<T extends Partial<Activities>>(activities: T): T {
  const entries = Object.entries(activities).map(([name, activity]) => [
    name,
    (args: never) => whileBeating(() => (activity as (args: never) => Promise<unknown>)(args)),
  ]);
  return Object.fromEntries(entries) as T;
}

function guarded(activities: Activities, deps: ActivityDeps): Activities {
  const entries = Object.entries(activities).map(([name, activity]) => [
    name,
    async (args: never) => {
      try {
        return await (activity as (args: never) => Promise<unknown>)(args);
      } catch (error) {
        const failure = asActivityError(error);
        deps.log.warn(
          { activity: name, failure: failure.message, stack: stackOf(error) },
          'an activity failed',
        );
        throw failure;
      }
    },
  ]);
  return Object.fromEntries(entries) as Activities;
}

/** Where in our code it happened; the message is left out, because it may quote a record or a secret. */
function stackOf(error: unknown): string | undefined {
  if (!(error instanceof Error) || !error.stack) return undefined;
  return error.stack
    .split('\n')
    .filter((line) => line.trimStart().startsWith('at '))
    .slice(0, 6)
    .join('\n');
}
