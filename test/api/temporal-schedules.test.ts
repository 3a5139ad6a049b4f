import { Client, Connection } from '@temporalio/client';
import { v7 as uuid } from 'uuid';
import { createWorkflowGateway } from '../../api/temporal-gateway.js';
import { createWorkflowsPort } from '../../worker/workflows-port.js';
import { scheduleId, type ScheduleTiming } from '../../workflows/contract/schedules.js';

const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '';
const HOURLY: ScheduleTiming = { everySeconds: 3_600, cron: null, timeZone: null, jitterSeconds: null };

describe('schedules in Temporal', () => {
  let connection: Connection;
  let client: Client;
  beforeAll(async () => {
    connection = await Connection.connect({ address });
    client = new Client({ connection });
  });
  afterAll(() => connection.close());

  it.each(['@daily', '*/15 * * * *', '0 6 * * mon-fri', '0 6 * * 7', '30 4 1,15 jan-jun *', '0 0-6/2 * * *'])(
    'Temporal reads %p as we do',
    async (cron) => {
      const app = { workspaceId: 'w1', appId: uuid() };
      const port = createWorkflowsPort(client, 'nobody');
      const timing = { everySeconds: null, cron, timeZone: 'Europe/Berlin', jitterSeconds: 60 };
      await port.putSchedule({ ...app, version: 1, timing });
      const { spec, info } = await client.schedule.getHandle(scheduleId(app)).describe();
      expect(spec.jitter).toBe(60_000);
      expect(info.nextActionTimes.length).toBeGreaterThan(0);
      await port.removeSchedule(app);
    },
  );

  it('are stated, changed, read and removed, each as often as one likes', async () => {
    const app = { workspaceId: 'w1', appId: uuid() };
    const place = { taskQueue: 'nobody', namespace: 'default', uiUrl: null };
    const gateway = createWorkflowGateway(client, place);
    expect(await gateway.nextDue(app)).toBeNull();
    await gateway.putSchedule({ ...app, version: 1, timing: HOURLY });
    await gateway.putSchedule({ ...app, version: 2, timing: { ...HOURLY, everySeconds: 7_200 } });
    const next = Date.parse((await gateway.nextDue(app)) ?? '');
    expect(next).toBeLessThanOrEqual(Date.now() + 7_200_000);
    const { action, policies } = await client.schedule.getHandle(scheduleId(app)).describe();
    expect(action.args).toEqual([{ ...app, version: 2 }]);
    expect(policies).toMatchObject({ overlap: 'SKIP', catchupWindow: 300_000 });
    await gateway.removeSchedule(app);
    await gateway.removeSchedule(app);
    expect(await gateway.nextDue(app)).toBeNull();
  });
});
