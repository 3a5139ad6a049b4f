import { ScheduleAlreadyRunning, ScheduleNotFoundError, type Client } from '@temporalio/client';
import type { WorkflowsPort } from '../activities/deps.js';
import { scheduleId, temporalSchedule } from '../workflows/contract/schedules.js';

type Soon = <T>(call: () => Promise<T>) => Promise<T>;

/** Schedules in Temporal, as the workers state them. A pause that somebody set in Temporal's own UI stays. */
export function createSchedules(
  client: Client,
  taskQueue: string,
  soon: Soon,
): Pick<WorkflowsPort, 'putSchedule' | 'removeSchedule'> {
  return {
    async putSchedule(schedule) {
      const wanted = temporalSchedule(schedule, taskQueue);
      try {
        await soon(() => client.schedule.create(wanted));
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
        const { spec, action, policies } = wanted;
        const handle = client.schedule.getHandle(wanted.scheduleId);
        await soon(() => handle.update(({ state }) => ({ spec, action, policies, state })));
      }
    },
    async removeSchedule(app) {
      try {
        await soon(() => client.schedule.getHandle(scheduleId(app)).delete());
      } catch (error) {
        if (!(error instanceof ScheduleNotFoundError)) throw error;
      }
    },
  };
}
