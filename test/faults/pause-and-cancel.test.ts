import type { RunBody } from '../../local/api-client.js';
import { enter, IN_TIME, type House } from './support/house.js';
import {
  ended,
  expectBooks,
  importOf,
  insist,
  people,
  peopleIn,
  recordsOf,
  rowsOf,
  undo,
  untilEnded,
  untilPages,
} from './support/people.js';

/** Thirty pages: enough to be met in the middle. */
const MANY = 15_000;

describe('pause and cancel', () => {
  let house: House;
  beforeAll(async () => {
    house = await enter();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  const pagesOf = (run: RunBody): number => Number(run.objects[0]?.['pages' as keyof RunBody['objects'][0]]);

  it(
    'pause takes effect at the next page and stands still, resume goes on to the end with nothing lost',
    async () => {
      const { api } = house;
      const rows = people(MANY);
      const { appId, runId } = await importOf(api, rows);
      await untilPages(api, runId, 2);
      const accepted = (await insist(api, `/v1/runs/${runId}/pause`, {})) as unknown as RunBody;
      const paused = await api.untilRun(runId, ({ status }) => status === 'paused', { withinMs: IN_TIME });
      // The page that was on its way may still arrive, and no other.
      expect(pagesOf(paused)).toBeLessThanOrEqual(pagesOf(accepted) + 1);
      expect(paused.counts['created']).toBeLessThan(MANY);
      for (let looks = 0; looks < 20; looks += 1) {
        expect((await api.get<RunBody>(`/v1/runs/${runId}`)).counts['created']).toBe(
          paused.counts['created'],
        );
      }
      expect(await recordsOf(api, appId)).toHaveLength(paused.counts['created'] ?? -1);
      const again = await api.raw('POST', `/v1/runs/${runId}/pause`);
      expect(again).toMatchObject({ status: 409, body: { code: 'not_pausable' } });

      await insist(api, `/v1/runs/${runId}/resume`, {});
      const run = await untilEnded(api, runId);
      expect(run.status).toBe('completed');
      expectBooks(run, { created: MANY });
      expect(await peopleIn(api, appId)).toEqual(rowsOf(rows));
    },
    IN_TIME,
  );

  it(
    'cancel takes effect at the next page, ends with closed books, and what was written can be undone',
    async () => {
      const { api } = house;
      const { appId, runId } = await importOf(api, people(MANY, 100_001));
      await untilPages(api, runId, 2);
      const accepted = (await insist(api, `/v1/runs/${runId}/cancel`, {})) as unknown as RunBody;
      const run = await api.untilRun(runId, ended, { withinMs: IN_TIME });
      expect(run.status).toBe('cancelled');
      expect(pagesOf(run)).toBeLessThanOrEqual(pagesOf(accepted) + 1);
      const created = run.counts['created'] ?? -1;
      expect(created).toBeGreaterThan(0);
      expect(created).toBeLessThan(MANY);
      expectBooks(run, { created });
      expect(await recordsOf(api, appId)).toHaveLength(created);
      expect(await api.get('/v1/holds')).toMatchObject({ items: [] });

      const after = await undo(api, runId);
      expect(after.cleanup).toMatchObject({ remove: created, restore: 0, keep: 0 });
      expect(await recordsOf(api, appId)).toEqual([]);
    },
    IN_TIME,
  );

  it(
    'a paused run can be cancelled, and so can one that waits for a review',
    async () => {
      const { api } = house;
      const { runId } = await importOf(api, people(MANY, 200_001));
      await untilPages(api, runId, 1);
      await insist(api, `/v1/runs/${runId}/pause`, {});
      await api.untilRun(runId, ({ status }) => status === 'paused', { withinMs: IN_TIME });
      await insist(api, `/v1/runs/${runId}/cancel`, {});
      expect(await untilEnded(api, runId)).toMatchObject({ status: 'cancelled', booksClosed: true });

      const reviewed = await importOf(api, people(10, 300_001), { review: 'each_object' });
      await api.untilRun(reviewed.runId, ({ attention }) => attention?.reason === 'review', {
        withinMs: IN_TIME,
      });
      await insist(api, `/v1/runs/${reviewed.runId}/cancel`, {});
      expect(await untilEnded(api, reviewed.runId)).toMatchObject({
        ...{ status: 'cancelled', booksClosed: true, attention: null },
      });
      expect(await api.get('/v1/holds')).toMatchObject({ items: [] });
    },
    IN_TIME,
  );
});
