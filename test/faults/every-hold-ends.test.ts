import { Client, Connection } from '@temporalio/client';
import { appWorkflowId } from '../../workflows/contract/ids.js';
import { enter, IN_TIME, until, type House } from './support/house.js';
import {
  ended,
  expectBooks,
  importOf,
  people,
  peopleIn,
  rowsOf,
  start,
  untilEnded,
  untilPages,
  untilRests,
} from './support/people.js';

const MANY = 15_000;

describe('a run whose workflow an operator terminates', () => {
  let house: House;
  let client: Client;
  beforeAll(async () => {
    house = await enter();
    const { temporalAddress: address, temporalNamespace: namespace } = house.stack;
    client = new Client({ connection: await Connection.connect({ address }), namespace });
  }, IN_TIME);
  afterAll(async () => {
    await client.connection.close();
    await house.leave();
  }, IN_TIME);

  const terminate = (appId: string) =>
    client.workflow.getHandle(appWorkflowId({ workspaceId: 'default', appId })).terminate('By a test.');
  const holds = async (): Promise<unknown[]> => {
    const { items } = await house.api.get<{ items: { runId: string }[] }>('/v1/holds');
    return items.map(({ runId }) => runId);
  };

  it('gives way to the next run at once, and what is left of it writes nothing more', async () => {
    const { api } = house;
    const rows = people(MANY);
    const { appId, runId: first } = await importOf(api, rows);
    await untilPages(api, first, 3);
    expect(await holds()).toEqual([first]);
    await terminate(appId);

    // Its activity lives on until it hears of its end: the next run must not wait for that, nor be disturbed.
    // Nothing starts over what it wrote before a person says that they know of it, closed or not.
    await api.post(`/v1/runs/${first}/acknowledge`, { note: 'Terminated on purpose.' });
    const second = await start(api, appId, { review: 'none' });
    const closed = await api.untilRun(first, ended, { withinMs: IN_TIME });
    expect(closed).toMatchObject({ status: 'failed', booksClosed: true, lastError: { code: 'superseded' } });
    const run = await untilEnded(api, second);
    expect(run.status).toBe('completed');
    const before = closed.counts['created'] ?? -1;
    expectBooks(run, { created: MANY - before, unchanged: before });
    expect(await peopleIn(api, appId)).toEqual(rowsOf(rows));
    expect((await api.untilRun(first, () => true)).counts).toEqual(closed.counts);
    expect(closed.objects.map(({ state }) => state)).not.toContain('transferring');
    expect(await holds()).toEqual([]);
  }, 300_000);

  it('has its hold ended by the sweeper, though no other run comes', async () => {
    const { appId, runId } = await importOf(house.api, people(20, 50_001), { review: 'each_object' });
    await untilRests(house.api, runId);
    expect(await holds()).toEqual([runId]);
    await terminate(appId);
    await client.workflow.execute('sweepWorkflow', {
      ...{
        taskQueue: 'sluice',
        workflowId: 'sweep-by-a-test',
        args: [],
        workflowExecutionTimeout: '2 minutes',
      },
    });
    await until('the hold has ended', async () => (await holds()).length === 0);
    const { body } = await house.api.raw('POST', `/v1/runs/${runId}/review`, {
      body: JSON.stringify({ object: 'contacts', decision: 'accept', confirmed: [] }),
      headers: { 'content-type': 'application/json' },
    });
    expect(body).toMatchObject({ status: 409, code: 'run_not_live' });
  }, 300_000);
});
