import { enter, IN_TIME, type House } from './support/house.js';
import {
  accept,
  csv,
  expectBooks,
  insist,
  installFiles,
  people,
  peopleIn,
  recordsOf,
  rowsOf,
  start,
  undo,
  untilEnded,
  untilRests,
  upload,
} from './support/people.js';

const ROWS = people(2_500, 40_001);

/** The worker is killed while it plans, applies the plan, repairs and undoes: each ends exact. */
describe('a gate whose worker is killed', () => {
  let house: House;
  beforeAll(async () => {
    house = await enter();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  it('plans the same, applies it once, repairs it once, and takes all of it back', async () => {
    const { api, lay, struck } = house;
    const appId = await installFiles(api);
    await upload(api, appId, csv(ROWS));

    await lay([
      { op: 'plans.commit', when: 'uncommitted', seq: 1 },
      { op: 'plans.commit', when: 'after', seq: 3 },
    ]);
    const runId = await start(api, appId, { mode: 'plan', review: 'each_object' });
    const planned = await untilRests(api, runId);
    await struck();
    expect(planned.attention).toMatchObject({ reason: 'plan' });
    expect(planOf(planned).counts).toMatchObject({ fetched: ROWS.length, created: ROWS.length });
    expect(await peopleIn(api, appId)).toEqual([]);

    await lay([
      { op: 'pages.apply', when: 'uncommitted', seq: 2 },
      { op: 'pages.apply', when: 'after', seq: 4 },
    ]);
    await insist(api, `/v1/runs/${runId}/apply`, { planHash: planOf(planned).hash });
    const moved = await api.untilRun(runId, (run) => run.attention?.reason === 'review', {
      withinMs: IN_TIME,
    });
    await struck();
    expectBooks(moved, { created: ROWS.length });
    expect(await peopleIn(api, appId)).toEqual(rowsOf(ROWS));
    await accept(api, runId);
    expect((await untilEnded(api, runId)).status).toBe('completed');

    await api.patch(`/v1/apps/${appId}`, {
      mapping: { objects: { contacts: { fields: { 'address.region': 'City' } } } },
    });
    await lay([
      { op: 'pages.apply', when: 'uncommitted', seq: 6 },
      { op: 'pages.apply', when: 'after', seq: 8 },
    ]);
    await insist(api, `/v1/runs/${runId}/repair`, {});
    const repaired = await api.untilRun(runId, (run) => repairOf(run)?.state === 'done', {
      withinMs: IN_TIME,
    });
    await struck();
    expectBooks(repaired, { created: ROWS.length });
    expect(repairOf(repaired)).toMatchObject({ changed: ROWS.length, stillFailed: 0 });
    const records = await recordsOf(api, appId);
    expect(records).toHaveLength(ROWS.length);
    for (const { fields } of records) expect(fields['address']).toMatchObject({ region: 'Lyon' });

    await lay([{ op: 'pages.undo', when: 'uncommitted', seq: 7 }]);
    const undone = await undo(api, runId);
    await struck();
    expect(undone.cleanup).toMatchObject({ remove: ROWS.length, keep: 0 });
    expect(await peopleIn(api, appId)).toEqual([]);
  }, 420_000);
});

function planOf(run: object): { hash: string; counts: object } {
  return (run as { plan: { hash: string; counts: object } }).plan;
}

function repairOf(run: object): { state: string } | undefined {
  return (run as { repair?: { state: string } }).repair;
}
