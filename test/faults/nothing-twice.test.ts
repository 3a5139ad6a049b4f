import { rests, type RunBody } from '../../local/api-client.js';
import { enter, IN_TIME, type House } from './support/house.js';
import {
  accept,
  csv,
  expectBooks,
  importOf,
  insist,
  installFiles,
  people,
  peopleIn,
  recordsOf,
  rowsOf,
  start,
  untilEnded,
  untilRests,
  upload,
  type Person,
} from './support/people.js';

describe('the same data again, and data that cannot be right', () => {
  let house: House;
  beforeAll(async () => {
    house = await enter();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  /** Answers the question that the run asks, once. */
  async function answer(run: RunBody, choice: string): Promise<RunBody> {
    const questionId = run.attention?.questionId;
    await insist(house.api, `/v1/runs/${run.runId}/answer`, { questionId, choice });
    const isNext = (now: RunBody): boolean => rests(now) && now.attention?.questionId !== questionId;
    return house.api.untilRun(run.runId, isNext, { withinMs: IN_TIME });
  }

  /** All of every record but when its source was last seen. */
  const written = async (appId: string): Promise<unknown[]> =>
    (await recordsOf(house.api, appId)).map(({ links, ...record }) => ({
      ...record,
      ids: links.map(({ externalId }) => externalId),
    }));

  it(
    'the same file again changes nothing: no record is written, no version moves',
    async () => {
      const { api } = house;
      const rows = people(1_500);
      const { appId, runId } = await importOf(api, rows);
      expectBooks(await untilEnded(api, runId), { created: 1_500 });
      const before = await written(appId);

      const sameFile = await start(api, appId, { review: 'each_object' });
      const again = await untilEnded(api, sameFile);
      expectBooks(again, { unchanged: 1_500 });
      // Nothing new and no finding: it does not stop at the gate.
      expect(again).toMatchObject({ status: 'completed', objects: [{ state: 'unchanged' }] });
      await upload(api, appId, csv(rows));
      expectBooks(await untilEnded(api, await start(api, appId)), { unchanged: 1_500 });
      expect(await written(appId)).toEqual(before);
    },
    IN_TIME,
  );

  describe('a second file whose ids 1, 2, 3 are other people', () => {
    const those = (names: string[]): Person[] =>
      names.map((name, index) => ({
        ...{ id: String(index + 1), name, city: 'Lyon' },
        email: `${name.toLowerCase()}@others.example`,
      }));
    const first = (suffix: string) => those([`Ada${suffix}`, `Bea${suffix}`, `Cleo${suffix}`]);
    const second = (suffix: string) => those([`Dan${suffix}`, `Eli${suffix}`, `Finn${suffix}`]);

    async function asked(suffix: string): Promise<{ appId: string; run: RunBody }> {
      const { api } = house;
      const { appId, runId } = await importOf(api, first(suffix));
      await untilEnded(api, runId);
      await upload(api, appId, csv(second(suffix)));
      const run = await untilRests(api, await start(api, appId, { review: 'none' }));
      expect(run).toMatchObject({
        ...{ status: 'needs_attention', counts: { created: 0, updated: 0 } },
        attention: { code: 'key_reused', choices: ['resume', 'skip_object', 'stop'] },
      });
      expect(await peopleIn(api, appId)).toEqual(rowsOf(first(suffix)));
      return { appId, run };
    }

    it(
      'is asked about before anything is written, and `stop` leaves it so',
      async () => {
        const { appId, run } = await asked('Stop');
        const stopped = await answer(run, 'stop');
        expect(stopped).toMatchObject({
          status: 'failed',
          booksClosed: true,
          lastError: { code: 'key_reused' },
        });
        expectBooks(stopped, {});
        expect(await peopleIn(house.api, appId)).toEqual(rowsOf(first('Stop')));
      },
      IN_TIME,
    );

    it(
      'updates them after `resume`',
      async () => {
        const { appId, run } = await asked('Resume');
        const resumed = await answer(run, 'resume');
        expect(resumed.status).toBe('completed');
        expectBooks(resumed, { updated: 3 });
        expect(await peopleIn(house.api, appId)).toEqual(rowsOf(second('Resume')));
      },
      IN_TIME,
    );
  });

  describe('a thousand rows of which one in five is broken', () => {
    const ROWS = 1_000;
    const BROKEN = 200;

    /** Every fifth has no name; the breaker of 5 % judges after the first page. */
    async function parked(from: number): Promise<{ appId: string; run: RunBody; rows: Person[] }> {
      const { api } = house;
      const appId = await installFiles(api);
      const rows = people(ROWS, from).map((row, index) => (index % 5 === 4 ? { ...row, name: '' } : row));
      await upload(api, appId, csv(rows));
      const run = await untilRests(api, await start(api, appId, { review: 'none' }));
      expect(run).toMatchObject({
        ...{ status: 'needs_attention', counts: { created: 400, failed: 100 } },
        attention: { reason: 'breaker', code: 'breaker_failed', choices: ['resume', 'skip_object', 'stop'] },
      });
      return { appId, run, rows };
    }

    const whole = (rows: Person[]): Person[] => rows.filter(({ name }) => name !== '');

    it(
      'parks; `resume` brings the good ones over, and does not ask again',
      async () => {
        const { appId, run, rows } = await parked(10_001);
        const resumed = await answer(run, 'resume');
        expect(resumed.status).toBe('completed');
        expectBooks(resumed, { created: ROWS - BROKEN, failed: BROKEN });
        expect(await peopleIn(house.api, appId)).toEqual(rowsOf(whole(rows)));
      },
      IN_TIME,
    );

    it(
      'parks; `skip_object` leaves it at what was written, with closed books',
      async () => {
        const { appId, run, rows } = await parked(20_001);
        const skipped = await answer(run, 'skip_object');
        expect(skipped).toMatchObject({ status: 'completed', objects: [{ state: 'skipped' }] });
        expectBooks(skipped, { created: 400, failed: 100 });
        expect(await peopleIn(house.api, appId)).toEqual(rowsOf(whole(rows.slice(0, 500))));
      },
      IN_TIME,
    );

    it(
      'parks; `stop` asks for a review of what was written, then ends failed',
      async () => {
        const { appId, run, rows } = await parked(30_001);
        const inReview = await answer(run, 'stop');
        expect(inReview).toMatchObject({ attention: { reason: 'review', object: 'contacts' } });
        await accept(house.api, run.runId);
        const stopped = await untilEnded(house.api, run.runId);
        expect(stopped).toMatchObject({ status: 'failed', lastError: { code: 'breaker_failed' } });
        expectBooks(stopped, { created: 400, failed: 100 });
        expect(await peopleIn(house.api, appId)).toEqual(rowsOf(whole(rows.slice(0, 500))));
        expect(await house.api.get('/v1/holds')).toMatchObject({ items: [] });
      },
      IN_TIME,
    );
  });
});
