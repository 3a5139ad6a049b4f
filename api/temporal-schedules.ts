import { ScheduleAlreadyRunning, ScheduleNotFoundError, type Client } from '@temporalio/client';
import { scheduleId, temporalSchedule } from '../workflows/contract/schedules.js';
import type { WorkflowGateway } from './workflow-gateway.js';

type Within = <T>(ms: number, call: () => Promise<T>) => Promise<T>;

const CALL_MS = 4_000;
/** The app's sheet waits no longer for the time of the next sync. */
const LOOK_MS = 1_500;

/** Schedules in Temporal, as the API states and reads them. A pause that somebody set in Temporal's own UI stays. */
export function createSchedules(
  client: Client,
  taskQueue: string,
  within: Within,
): Pick<WorkflowGateway, 'putSchedule' | 'removeSchedule' | 'nextDue'> {
  return {
    async putSchedule(schedule) {
      const wanted = temporalSchedule(schedule, taskQueue);
      try {
        await within(CALL_MS, () => client.schedule.create(wanted));
      } catch (error) {
        if (!(error instanceof ScheduleAlreadyRunning)) throw error;
        const { spec, action, policies } = wanted;
        const handle = client.schedule.getHandle(wanted.scheduleId);
        await within(CALL_MS, () => handle.update(({ state }) => ({ spec, action, policies, state })));
      }
    },
    async removeSchedule(app) {
      try {
        await within(CALL_MS, () => client.schedule.getHandle(scheduleId(app)).delete());
      } catch (error) {
        if (!(error instanceof ScheduleNotFoundError)) throw error;
      }
    },
    async nextDue(app) {
      try {
        const { info, state } = await within(LOOK_MS, () =>
          client.schedule.getHandle(scheduleId(app)).describe(),
        );
        return state.paused ? null : (info.nextActionTimes[0]?.toISOString() ?? null);
      } catch (error) {
        if (error instanceof ScheduleNotFoundError) return null;
        throw error;
      }
    },
  };
}
