import { Client, Connection } from '@temporalio/client';
import { appWorkflowId } from '../../workflows/contract/ids.js';
import { enter, IN_TIME, type House } from '../faults/support/house.js';
import {
  expectBooks,
  importOf,
  people,
  recordsOf,
  start,
  undo,
  untilEnded,
  untilRests,
} from '../faults/support/people.js';

describe('a run that was terminated and that nobody looks after', () => {
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

  it('is closed by the sweeper within minutes, can be undone, and the app runs again', async () => {
    const { api } = house;
    const { appId, runId } = await importOf(api, people(20), { review: 'each_object' });
    await untilRests(api, runId);
    await client.workflow.getHandle(appWorkflowId({ workspaceId: 'default', appId })).terminate('By a test.');
    const run = await untilEnded(api, runId);
    expect(run).toMatchObject({ status: 'failed', attention: null, lastError: { code: 'superseded' } });
    expectBooks(run, { created: 20 });
    expect(await api.get('/v1/holds')).toMatchObject({ items: [] });
    expect((await undo(api, runId)).cleanup).toMatchObject({ remove: 20, keep: 0 });
    expect(await recordsOf(api, appId)).toEqual([]);
    const again = await start(api, appId, { review: 'none' });
    expectBooks(await untilEnded(api, again), { created: 20 });
  });
});
