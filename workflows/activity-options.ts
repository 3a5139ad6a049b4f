import { ActivityCancellationType, proxyActivities } from '@temporalio/workflow';
import type { Activities } from './contract/activities.js';

/**
 * Every time-out and retry policy of the workflows, in one place.
 *
 * Retries here are for the unexpected (a worker that died, a store that is away): expected trouble comes back as an
 * answer. They are bounded by time, not by count, so that a store that is down for a night loses no run.
 * `WAIT_CANCELLATION_COMPLETED` always: the default would start an undo while the activity still writes.
 */
const patient = {
  retry: { initialInterval: '1 second', backoffCoefficient: 2, maximumInterval: '10 seconds' },
  scheduleToCloseTimeout: '30 days',
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
} as const;

/** One small read or write of the store; it beats, too. */
export const small = proxyActivities<
  Pick<
    Activities,
    | 'beginRun'
    | 'recordProgress'
    | 'openHold'
    | 'endHold'
    | 'setControl'
    | 'recordReview'
    | 'recordAnswer'
    | 'recordCleanup'
    | 'recordPlanDecision'
    | 'closeRun'
    | 'beginScheduled'
    | 'settleScheduled'
  >
>({ ...patient, startToCloseTimeout: '30 seconds', heartbeatTimeout: '8 seconds' });

/** Talks to the provider or walks many pages; beats, so that a killed worker costs seconds. */
export const beating = proxyActivities<
  Pick<
    Activities,
    | 'preflight'
    | 'transferSlice'
    | 'resolveSlice'
    | 'closeTransfer'
    | 'buildChecklist'
    | 'undoSlice'
    | 'repairSlice'
    | 'sealPlan'
    | 'clearPlan'
  >
>({ ...patient, startToCloseTimeout: '10 minutes', heartbeatTimeout: '8 seconds' });

/** Somebody waits for the answer at the API: few tries, then an error is the answer. */
export const asking = proxyActivities<Pick<Activities, 'answerAsk'>>({
  startToCloseTimeout: '60 minutes',
  scheduleToCloseTimeout: '60 minutes',
  heartbeatTimeout: '8 seconds',
  retry: { initialInterval: '1 second', maximumInterval: '5 seconds' },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});

export const sweeping = proxyActivities<Pick<Activities, 'sweep'>>({
  startToCloseTimeout: '55 seconds',
  heartbeatTimeout: '8 seconds',
  retry: { maximumAttempts: 2 },
  cancellationType: ActivityCancellationType.WAIT_CANCELLATION_COMPLETED,
});
