import type { SourcePage } from '../../activities/providers/provider.js';
import type { SourceRecord } from '../../activities/records/types.js';
import type { AppDoc } from '../../activities/store/documents.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { people, scriptedProvider, type Script } from '../support/scripted-provider.js';

/** Sources that go round in circles, tell times that cannot be, send far too much of one record, or rename what failed. */

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

async function source(): Promise<{ app: AppDoc; script: Script }> {
  const { provider, script } = scriptedProvider();
  const app = await house.install({
    ...provider,
    actions: { import: true, sync: true },
    objects: provider.objects.map((offer) => ({ ...offer, changes: 'token', deletions: 'listing' })),
    async open(connection) {
      const session = await provider.open(connection);
      // A bookmark leads to whatever the script says by then.
      return {
        ...session,
        read: (object, from, signal) =>
          session.read(object, typeof from === 'object' ? undefined : from, signal),
      };
    },
  });
  return { app, script };
}

const last = (records: SourceRecord[], bookmark = 'b'): SourcePage => ({ records, bookmark });

async function run(app: AppDoc, kind: 'import' | 'sync' = 'import'): Promise<RunRef> {
  const ref = await house.begin(app, ['contacts'], { kind });
  expect(await house.transfer(ref)).toEqual({ state: 'done' });
  await house.run('recordProgress', {
    ref,
    progress: { kind: 'object', object: 'contacts', state: 'accepted' },
  });
  await house.run('closeRun', { ref, status: 'completed', error: null });
  return ref;
}

async function failures(ref: RunRef) {
  return (await house.store.problems.list(ref, { severity: 'failed' }, { limit: 9 })).items;
}

describe('positions that go round', () => {
  it.each([
    [2, 99],
    [5, 99],
    // Every slice ends inside the circle, so that none sees it whole.
    [5, 2],
  ])(
    'in a circle of %i, read %i pages at a time, are noticed and nothing is doubled',
    async (size, pages) => {
      const { app, script } = await source();
      script.answers.contacts = Array.from({ length: size + 1 }, (_, n) => ({
        records: people(1, n + 1),
        next: String(n === size ? 1 : n + 1),
      }));
      const ref = await house.begin(app);
      expect(await house.transfer(ref, 'contacts', { pages })).toMatchObject({
        state: 'parked',
        parked: { reason: 'question', code: 'provider_cursor_loop' },
      });
      expect(await house.counts(ref)).toMatchObject({ created: size + 1, failed: 0 });
      expect(await house.records(app.workspaceId)).toHaveLength(size + 1);
      expect(script.asked.length).toBeLessThan(6 * size);
      // Without anybody's word it stays so, however often it is tried.
      expect(await house.transfer(ref, 'contacts', { slice: 500 })).toMatchObject({ state: 'parked' });
    },
  );

  it('are not suspected in a long listing', async () => {
    const { app, script } = await source();
    script.answers.contacts = Array.from({ length: 70 }, (_, n) => people(1, n + 1));
    await run(app);
    expect(await house.records(app.workspaceId)).toHaveLength(70);
  });
});

describe('a time from the future', () => {
  it.each(['2999-01-01T00:00:00.000Z', 'no time at all'])(
    '(%s) makes no later edit look old',
    async (time) => {
      const { app, script } = await source();
      const say = (title: string, modifiedAt: string): void => {
        const [person] = people(1, 1, { title });
        script.answers.contacts = [last([{ ...must(person), modifiedAt }])];
      };
      say('Buyer', time);
      await run(app);
      say('Head of purchasing', '2026-03-01T00:00:00.000Z');
      const ref = await run(app, 'sync');
      expect(await house.counts(ref)).toMatchObject({ updated: 1, skipped: 0 });
    },
  );
});

describe('a record that no page could hold', () => {
  it('fails by itself, with its id and what to do; the run goes on', async () => {
    const { app, script } = await source();
    const [small, big] = [people(1), people(1, 2, { notes: 'x'.repeat(20 * 1024 * 1024) })];
    script.answers.contacts = [[...small, ...big, ...people(1, 3)]];
    const ref = await run(app);
    expect(await house.counts(ref)).toMatchObject({ fetched: 3, created: 2, failed: 1 });
    expect(await failures(ref)).toMatchObject([
      { externalId: 'P2', code: 'too_large', message: expect.stringContaining('run it again') },
    ]);
  });
});

describe('what failed under one id', () => {
  it('is brought by the next sync under the id that it has by then, and its problem is closed', async () => {
    const { app, script } = await source();
    const refused: SourceRecord = {
      ...{ externalId: 'href:/a.vcf', data: null },
      trouble: { code: 'row_broken', message: 'Refused.' },
    };
    script.answers.contacts = [last([...people(3), refused])];
    const first = await run(app);
    expect(await failures(first)).toMatchObject([{ externalId: 'href:/a.vcf', state: 'open' }]);

    script.answers.contacts = [last([], 'b2')];
    const [renamed] = people(1, 9);
    script.get = (_object, ids) =>
      ids.includes('href:/a.vcf') ? [{ ...must(renamed), formerId: 'href:/a.vcf' }] : [];
    const second = await run(app, 'sync');
    expect(await house.counts(second)).toMatchObject({ fetched: 1, created: 1 });
    expect(await failures(first)).toMatchObject([{ externalId: 'href:/a.vcf', state: 'repaired' }]);
  });
});
