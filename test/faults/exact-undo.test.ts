import { enter, IN_TIME, type House } from './support/house.js';
import {
  csv,
  importOf,
  people,
  peopleIn,
  recordOf,
  recordsOf,
  rowsOf,
  start,
  undo,
  untilEnded,
  upload,
} from './support/people.js';

describe('exact undo', () => {
  let house: House;
  beforeAll(async () => {
    house = await enter();
  }, IN_TIME);
  afterAll(() => house.leave(), IN_TIME);

  const edit = async (appId: string, externalId: string, fields: Record<string, unknown>): Promise<void> => {
    const { recordId, version } = await recordOf(house.api, appId, externalId);
    await house.api.patch(`/v1/records/${recordId}`, { fields }, { 'if-match': `"${version}"` });
  };

  it(
    'gives back what an update changed, field by field, and versions never go back',
    async () => {
      const { api } = house;
      const before = people(1_200);
      const { appId, runId: first } = await importOf(api, before);
      await untilEnded(api, first);
      const versions = new Map(
        (await recordsOf(api, appId)).map(({ recordId, version }) => [recordId, version]),
      );

      // The first 700 move, 500 stay as they are, 300 are new.
      const moved = people(700, 1, 'Paris');
      await upload(api, appId, csv([...moved, ...people(500, 701), ...people(300, 1_201)]));
      const second = await start(api, appId, { review: 'none' });
      expect((await untilEnded(api, second)).counts).toMatchObject({
        created: 300,
        updated: 700,
        unchanged: 500,
      });

      const after = await undo(api, second);
      expect(after.cleanup).toMatchObject({ remove: 300, restore: 700, keep: 0, conflicts: [] });
      expect(await peopleIn(api, appId)).toEqual(rowsOf(before));
      for (const { recordId, version } of await recordsOf(api, appId)) {
        expect(version).toBeGreaterThanOrEqual(versions.get(recordId) ?? Infinity);
      }
      // The first run's counts are its own, and the undone second one keeps its own beside what was undone.
      expect(after.counts).toMatchObject({ created: 300, updated: 700, unchanged: 500 });
    },
    IN_TIME,
  );

  it(
    "keeps a person's edits, lists each with both values, and a second undo finds nothing more to do",
    async () => {
      const { api } = house;
      const rows = people(600, 10_001);
      const { appId, runId } = await importOf(api, rows);
      await untilEnded(api, runId);
      await edit(appId, 'P-010003', { title: 'Chief of tests' });
      await edit(appId, 'P-010577', { name: 'Somebody Else' });

      const dryRun = await api.post(`/v1/runs/${runId}/cleanup?dryRun=true`, {
        mode: 'undo',
        note: 'Looking.',
      });
      expect(dryRun).toMatchObject({ remove: 598, restore: 0, keep: 2 });
      expect(await recordsOf(api, appId)).toHaveLength(600);

      const once = await undo(api, runId);
      expect(once.cleanup).toMatchObject({ remove: 598, restore: 0, keep: 2 });
      const { items } = await api.get<{ items: Record<string, unknown>[] }>(`/v1/runs/${runId}/conflicts`);
      const listed = new Map(items.map((item) => [item['externalId'], item]));
      expect([...listed.keys()].sort()).toEqual(['P-010003', 'P-010577']);
      expect(listed.get('P-010577')).toMatchObject({ object: 'contacts', why: expect.any(String) });
      const kept = await recordsOf(api, appId);
      expect(kept.map(({ fields }) => [fields['name'], fields['title'] ?? null]).sort()).toEqual([
        ['Person 010003', 'Chief of tests'],
        ['Somebody Else', null],
      ]);

      const twice = await undo(api, runId);
      expect(twice.cleanup).toMatchObject({ remove: 598, restore: 0 });
      expect(await recordsOf(api, appId)).toEqual(kept);
    },
    IN_TIME,
  );

  it(
    'of an update keeps the field that a person changed since, and gives back the others',
    async () => {
      const { api } = house;
      const rows = people(3, 20_001);
      const { appId, runId: first } = await importOf(api, rows);
      await untilEnded(api, first);
      const changed = rows.map((row) => ({ ...row, name: `${row.name} Senior`, city: 'Paris' }));
      await upload(api, appId, csv(changed));
      const second = await start(api, appId, { review: 'none' });
      expect((await untilEnded(api, second)).counts).toMatchObject({ updated: 3 });
      await edit(appId, 'P-020002', { name: 'Called Otherwise' });

      const after = await undo(api, second);
      const { recordId } = await recordOf(api, appId, 'P-020002');
      expect(after.cleanup).toMatchObject({
        ...{ remove: 0, restore: 3, keep: 1 },
        conflicts: [{ recordId, field: 'name', current: 'Called Otherwise', wouldBe: 'Person 020002' }],
      });
      const expected = rows.map((row) =>
        row.id === 'P-020002' ? { ...row, name: 'Called Otherwise' } : row,
      );
      expect(await peopleIn(api, appId)).toEqual(rowsOf(expected));
    },
    IN_TIME,
  );
});
