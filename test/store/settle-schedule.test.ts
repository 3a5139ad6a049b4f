import { randomUUID } from 'node:crypto';
import type { AppDoc, ScheduleDoc } from '../../activities/store/documents.js';
import { settleSchedule, withSchedule, type SchedulesPort } from '../../activities/store/settle-schedule.js';
import type { AppSchedule } from '../../workflows/contract/schedules.js';
import { must } from '../support/activity-house.js';
import { ANN, app as appDoc, NOW } from './makers.js';
import { openStore, type OpenedStore } from './open.js';

const every = (everySeconds: number): ScheduleDoc => ({
  ...{ interval: everySeconds, cron: null, timeZone: null, jitter: null, objects: null, everySeconds },
  ...{ jitterSeconds: null, set: { at: NOW, by: ANN } },
});

describe('a schedule that Temporal is to keep', () => {
  let opened: OpenedStore;
  /** What Temporal keeps; `meanwhile` happens while it is being told. */
  let temporal: Map<string, AppSchedule>;
  let meanwhile: () => Promise<unknown>;
  let schedules: SchedulesPort;
  beforeAll(async () => (opened = await openStore()));
  afterAll(() => opened.drop());
  beforeEach(() => {
    temporal = new Map();
    meanwhile = async () => undefined;
    const once = async (): Promise<void> => {
      const happens = meanwhile;
      meanwhile = async () => undefined;
      await happens();
    };
    schedules = {
      async putSchedule(schedule) {
        temporal.set(schedule.appId, schedule);
        await once();
      },
      async removeSchedule({ appId }) {
        temporal.delete(appId);
        await once();
      },
    };
  });

  async function install(schedule: ScheduleDoc | null): Promise<AppDoc> {
    const app = withSchedule(appDoc({ appId: randomUUID() }), schedule);
    await opened.store.apps.insert(app);
    return app;
  }
  const settle = (app: AppDoc) => settleSchedule({ apps: opened.store.apps, schedules }, app);
  const now = async ({ workspaceId, appId }: AppDoc) => must(await opened.store.apps.get(workspaceId, appId));
  const change = async (app: AppDoc, to: (current: AppDoc) => AppDoc) =>
    must(await opened.store.apps.replace(to(await now(app))));

  it('is told with its version and noted as told, as often as one likes', async () => {
    const app = await install(every(3_600));
    expect((await opened.store.apps.schedulesPending(100)).map(({ appId }) => appId)).toContain(app.appId);
    await settle(app);
    await settle(app);
    const { workspaceId, appId } = app;
    const timing = { everySeconds: 3_600, cron: null, timeZone: null, jitterSeconds: null };
    expect(temporal.get(appId)).toEqual({ workspaceId, appId, version: 1, timing });
    expect(await now(app)).toMatchObject({ schedulePending: false, scheduleVersion: 1 });
    expect((await opened.store.apps.schedulesPending(100)).map(({ appId: id }) => id)).not.toContain(appId);
  });

  it('is what stands on the app in the end, where somebody changes it meanwhile', async () => {
    const app = await install(every(3_600));
    meanwhile = () => change(app, (current) => withSchedule(current, every(7_200)));
    await settle(app);
    expect(temporal.get(app.appId)).toMatchObject({ version: 2, timing: { everySeconds: 7_200 } });
    expect(await now(app)).toMatchObject({ schedulePending: false, scheduleVersion: 2 });
  });

  it('is removed where it was ended, also meanwhile, and with the app', async () => {
    const ended = await install(every(3_600));
    meanwhile = () => change(ended, (current) => withSchedule(current, null));
    await settle(ended);
    expect(temporal.has(ended.appId)).toBe(false);
    const gone = await install(every(3_600));
    await settle(gone);
    await change(gone, (current) => ({ ...current, removedAt: NOW }));
    await settle(gone);
    expect(temporal.has(gone.appId)).toBe(false);
    expect((await now(gone)).schedulePending).toBe(false);
  });

  it('stays to be told where Temporal is away', async () => {
    const app = await install(every(3_600));
    schedules.putSchedule = () => Promise.reject(new Error('no route to host'));
    await expect(settle(app)).rejects.toThrow('no route to host');
    expect(await now(app)).toMatchObject({ schedulePending: true });
  });

  it('has no other change of the app undone by being noted', async () => {
    const app = await install(every(3_600));
    meanwhile = () => change(app, (current) => ({ ...current, paused: true }));
    await settle(app);
    expect(await now(app)).toMatchObject({ paused: true, schedulePending: false });
  });
});
