import type { AppRef } from './ids.js';

/** Argument of `scheduledSyncWorkflow`. `version`: of the schedule that made it due; one of another version is passed over. */
export interface DueSync extends AppRef {
  version: number;
}

/** When syncs of an app are due. Exactly one of `everySeconds` and `cron`. */
export interface ScheduleTiming {
  everySeconds: number | null;
  /** Five fields, or one of the names (`@daily`). */
  cron: string | null;
  /** IANA name, for `cron`; null: UTC. */
  timeZone: string | null;
  /** Each is due up to so many seconds later, at random. */
  jitterSeconds: number | null;
}

/** A schedule as Temporal is to have it. */
export interface AppSchedule extends DueSync {
  timing: ScheduleTiming;
}

/** After an outage one sync that was due in the last minutes is made up for; older ones are not. */
const CATCH_UP = '5 minutes';

export function scheduleId({ workspaceId, appId }: AppRef): string {
  return `schedule:${workspaceId}:${appId}`;
}

/** The same for API and workers: what Temporal's client takes. */
export function temporalSchedule({ timing, ...due }: AppSchedule, taskQueue: string) {
  const { everySeconds, cron, timeZone, jitterSeconds } = timing;
  const id = scheduleId(due);
  return {
    scheduleId: id,
    spec: {
      ...(everySeconds === null
        ? { cronExpressions: cron === null ? [] : [cron] }
        : { intervals: [{ every: everySeconds * 1000, offset: spread(due.appId, everySeconds) * 1000 }] }),
      ...(timeZone === null ? {} : { timezone: timeZone }),
      ...(jitterSeconds === null ? {} : { jitter: jitterSeconds * 1000 }),
    },
    action: {
      type: 'startWorkflow',
      workflowType: 'scheduledSyncWorkflow',
      taskQueue,
      args: [due] as [DueSync],
      workflowId: id,
    },
    policies: { overlap: 'SKIP', catchupWindow: CATCH_UP },
  } as const;
}

/** Temporal counts intervals from 1970: without it all hourly apps would be due in the same second. */
function spread(appId: string, everySeconds: number): number {
  let sum = 0;
  for (const char of appId) sum = (sum * 31 + (char.codePointAt(0) ?? 0)) % 1_000_003;
  return sum % everySeconds;
}
