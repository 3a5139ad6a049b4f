import { enter, IN_TIME, until, type Fault, type House } from './support/house.js';
import {
  accept,
  expectBooks,
  importOf,
  people,
  peopleIn,
  rowsOf,
  undo,
  untilEnded,
  untilRests,
} from './support/people.js';
import { seeded } from './support/random.js';

/** Twelve pages of 500. */
const ROWS = people(6_000);
const OTHERS = people(6_000, 10_001);

describe('a worker that is killed', () => {
  let house: House;
  beforeAll(async () => {
    house = await enter();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  it('loses nothing and doubles nothing, wherever it was: before, in, and after the page transaction, in review, in undo', async () => {
    const { api, lay, struck, kill } = house;
    await lay([
      { op: 'pages.apply', when: 'before', seq: 1 },
      { op: 'pages.apply', when: 'uncommitted', seq: 4 },
      { op: 'pages.stage', when: 'after', seq: 7 },
      { op: 'pages.apply', when: 'after', seq: 9 },
    ]);
    const { appId, runId } = await importOf(api, ROWS, { review: 'each_object' });
    const inReview = await untilRests(api, runId);
    expect(inReview.attention).toMatchObject({ reason: 'review', object: 'contacts' });
    await struck();
    expectBooks(inReview, { created: ROWS.length });
    expect(await peopleIn(api, appId)).toEqual(rowsOf(ROWS));

    await kill('worker');
    expect(await untilRests(api, runId)).toMatchObject({ attention: { reason: 'review' } });
    await lay([{ op: 'reviews.insert', when: 'after' }]);
    await accept(api, runId);
    const run = await untilEnded(api, runId);
    await struck();
    expect(run).toMatchObject({ status: 'completed', reviewState: 'accepted', booksClosed: true });

    await lay([
      { op: 'pages.undo', when: 'uncommitted', seq: 8 },
      { op: 'pages.undo', when: 'after', seq: 3 },
    ]);
    const after = await undo(api, runId);
    await struck();
    expect(after.cleanup).toMatchObject({ remove: ROWS.length, restore: 0, keep: 0 });
    expect(await peopleIn(api, appId)).toEqual([]);
  }, 300_000);

  it('does so at random moments', async () => {
    const { api, lay, laid } = house;
    const random = seeded('a worker that is killed at random moments');
    const ops = ['pages.stage', 'pages.apply'] as const;
    const whens = ['before', 'uncommitted', 'committing', 'after'] as const;
    const faults: Fault[] = [0, 1].map(() => ({
      op: random.one(ops),
      when: random.one(whens),
      seq: random.whole(0, 11),
    }));
    await lay(faults);
    const { appId, runId } = await importOf(api, OTHERS);
    await until('a first kill', async () => (await laid()).length < faults.length);
    const run = await untilEnded(api, runId);
    expectBooks(run, { created: OTHERS.length });
    expect(run.status).toBe('completed');
    expect(await peopleIn(api, appId)).toEqual(rowsOf(OTHERS));
  }, 300_000);
});
