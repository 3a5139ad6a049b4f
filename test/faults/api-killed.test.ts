import { randomUUID } from 'node:crypto';
import { enter, IN_TIME, type House } from './support/house.js';
import {
  csv,
  expectBooks,
  insist,
  installFiles,
  openItems,
  people,
  peopleIn,
  rowsOf,
  undone,
  untilEnded,
  untilPages,
  untilRests,
  upload,
} from './support/people.js';
import { seeded } from './support/random.js';

describe('an API that is killed', () => {
  let house: House;
  beforeAll(async () => {
    house = await enter();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  it('did what it could not answer once, and says so when it is asked again under the same key', async () => {
    const { api, lay, struck } = house;
    const rows = people(2_000);
    const appId = await installFiles(api);
    await upload(api, appId, csv(rows));
    const killedAnswering = async (path: string, body: Record<string, unknown>): Promise<void> => {
      await lay([{ op: `POST ${path}`, when: 'answering' }]);
      await insist(api, path, body, randomUUID());
      await struck();
    };
    await killedAnswering(`/v1/apps/${appId}/runs`, { kind: 'import', review: 'each_object' });
    const { items: runs } = await api.get<{ items: { runId: string }[] }>(`/v1/apps/${appId}/runs`);
    expect(runs).toHaveLength(1);
    const runId = runs[0]?.runId ?? '';
    await untilRests(api, runId);

    const confirmed = await openItems(api, runId);
    await killedAnswering(`/v1/runs/${runId}/review`, { object: 'contacts', decision: 'accept', confirmed });
    const run = await untilEnded(api, runId);
    expect(run).toMatchObject({ status: 'completed', reviewState: 'accepted' });
    expectBooks(run, { created: rows.length });
    expect(await peopleIn(api, appId)).toEqual(rowsOf(rows));

    await killedAnswering(`/v1/runs/${runId}/cleanup`, { mode: 'undo', note: 'By a test.' });
    const after = await api.untilRun(runId, undone, { withinMs: IN_TIME });
    expect(after.cleanup).toMatchObject({ remove: rows.length, restore: 0, keep: 0 });
    expect(await peopleIn(api, appId)).toEqual([]);
  }, 300_000);

  it('is not missed by the import that it started, whenever that happens', async () => {
    const { api, kill } = house;
    const random = seeded('an API that is killed at random moments');
    const rows = people(5_000, 10_001);
    const appId = await installFiles(api);
    await upload(api, appId, csv(rows));
    const path = `/v1/apps/${appId}/runs`;
    const { runId } = await insist(api, path, { kind: 'import', review: 'none' });
    await untilPages(api, String(runId), random.whole(0, 4));
    await kill('api');
    await untilPages(api, String(runId), random.whole(5, 10));
    await kill('api');
    const run = await untilEnded(api, String(runId));
    expect(run.status).toBe('completed');
    expectBooks(run, { created: rows.length });
    expect(await peopleIn(api, appId)).toEqual(rowsOf(rows));
  }, 300_000);
});
