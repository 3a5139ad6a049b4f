import type { AppRef } from '../../workflows/contract/ids.js';
import type { AppSchedule } from '../../workflows/contract/schedules.js';
import type { AppDoc } from './documents.js';
import type { Apps } from './store.js';

/** Schedules as Temporal keeps them. Both only state what is to be: a repeat changes nothing. */
export interface SchedulesPort {
  putSchedule(schedule: AppSchedule): Promise<void>;
  /** One that is not there is no error. */
  removeSchedule(app: AppRef): Promise<void>;
}

const TRIES = 5;

/** What a change of an app's schedule writes with it, so that whoever comes next knows that Temporal is to be told. */
export function withSchedule(app: AppDoc, schedule: AppDoc['schedule']): AppDoc {
  return { ...app, schedule, scheduleVersion: (app.scheduleVersion ?? 0) + 1, schedulePending: true };
}

/**
 * Has Temporal keep the schedule that stands on the app, and notes it, as long as nobody changed the app meanwhile: then it is told
 * what stands there now. Repeatable, and safe beside others that do the same; what a late one of them leaves behind is found when it
 * is due, by its version.
 */
export async function settleSchedule(
  { apps, schedules }: { apps: Apps; schedules: SchedulesPort },
  { workspaceId, appId }: AppRef,
): Promise<void> {
  for (let tries = 0; tries < TRIES; tries += 1) {
    const app = await apps.get(workspaceId, appId);
    const wanted = app && !app.removedAt ? app.schedule : null;
    if (app && wanted) {
      const { everySeconds, cron, timeZone, jitterSeconds } = wanted;
      const timing = { everySeconds, cron, timeZone, jitterSeconds };
      await schedules.putSchedule({ workspaceId, appId, version: app.scheduleVersion ?? 0, timing });
    } else await schedules.removeSchedule({ workspaceId, appId });
    if (!app || (await apps.replace({ ...app, schedulePending: false }))) return;
  }
}
