import { ProviderFailure } from '../../activities/providers/provider.js';
import { applyEdit } from '../../activities/records/edit.js';
import type { SourceRecord, StoredRecord } from '../../activities/records/types.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { ANN } from '../store/makers.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { people } from '../support/scripted-provider.js';
import { syncDesk, type Source, type SyncDesk } from '../support/sync-source.js';

/** What a sync does with what was left behind: by a test of it, by people, by runs that failed or that nobody looked at. */

let house: House;
let desk: SyncDesk;
beforeAll(async () => {
  house = await openHouse();
  desk = syncDesk(house);
});
afterAll(() => house.close());

const BROKEN: SourceRecord = { externalId: 'X', data: { email: 'x@x.example' } };
const REPAIRED: SourceRecord = { externalId: 'X', data: { name: 'Xena' } };

/** An app whose import of `count` people was accepted, with bookmark b1. */
async function kept(count: number, more: SourceRecord[] = []): Promise<{ it: Source; first: RunRef }> {
  const it = await desk.source();
  it.says(() => ({ records: [...people(count), ...more], bookmark: 'b1', complete: true }));
  const first = await desk.imported(it);
  it.froms.length = 0;
  return { it, first };
}

async function person(source: Source, name: string): Promise<StoredRecord> {
  const all = await house.records(source.app.workspaceId);
  return must(all.find(({ fields }) => fields['name'] === name));
}

async function archivedByAnn(source: Source, name: string): Promise<void> {
  const before = await person(source, name);
  const context = { actor: ANN, now: new Date().toISOString(), members: new Set<string>() };
  const edited = applyEdit(before, { archived: true }, context);
  if (!edited.ok) throw new Error('The edit was refused.');
  expect(await house.store.records.replace(edited.record, before.version, edited.bumps)).toBe('written');
}

describe('a sync of the first n records', () => {
  it('sets no bookmark, takes nothing for gone and asks again for nothing', async () => {
    const { it, first } = await kept(6, [BROKEN]);
    it.there.set('X', REPAIRED);
    it.says(() => ({
      records: people(5, 1, { title: 'Chair' }),
      bookmark: 'b2',
      complete: true,
    }));
    const { ref, end } = await desk.synced(it, {}, { options: { limit: 2 } });
    expect(end).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 2, updated: 2, deleted: 0 });
    await desk.end(ref);
    expect(it.looked).toEqual([]);
    expect(await desk.archived(it)).toBe(0);
    expect(await desk.failureState(first)).toBe('open');
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b1', runId: first.runId });
  });

  it('leaves to the next what it did not see', async () => {
    const { it } = await kept(6);
    const changed = people(5, 1, { title: 'Chair' });
    it.says(() => ({ records: changed, bookmark: 'b2' }));
    await desk.end((await desk.synced(it, {}, { options: { limit: 2 } })).ref);
    it.froms.length = 0;
    const { ref } = await desk.synced(it);
    expect(it.froms.at(-1)).toEqual({ bookmark: 'b1' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 5, updated: 3, unchanged: 2 });
    await desk.end(ref);
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b2' });
  });

  it('sets none either where there was none yet', async () => {
    const it = await desk.source();
    it.says(() => ({ records: people(5), bookmark: 'b1', complete: true }));
    await desk.end((await desk.synced(it, {}, { options: { limit: 2 } })).ref);
    expect(await desk.bookmark(it)).toBeNull();
  });
});

describe('a run that nobody let pass', () => {
  it('leaves no bookmark: the first sync after it reads everything, and says so', async () => {
    const it = await desk.source();
    it.says(() => ({ records: people(4), bookmark: 'b1', complete: true }));
    await desk.imported(it, 'unreviewed');
    expect(await desk.bookmark(it)).toBeNull();
    it.froms.length = 0;
    const { ref } = await desk.synced(it);
    expect(it.froms.at(-1)).toBeUndefined();
    expect(await house.counts(ref)).toMatchObject({ fetched: 4, unchanged: 4 });
    expect((await house.theRun(ref)).warnings).toContainEqual(
      expect.objectContaining({ code: 'full_listing', object: 'contacts' }),
    );
  });

  it('is passed over by later ones, which start where the last accepted one left off', async () => {
    const { it, first } = await kept(4);
    it.says(() => ({ records: people(1, 5), bookmark: 'b2' }));
    await desk.end((await desk.synced(it)).ref, 'unreviewed');
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b1', runId: first.runId });
    it.froms.length = 0;
    it.says(() => ({ records: people(2, 5), bookmark: 'b3' }));
    const { ref } = await desk.synced(it);
    expect(it.froms.at(-1)).toEqual({ bookmark: 'b1' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 2, created: 1, unchanged: 1 });
  });

  it.each(['failed', 'cancelled'] as const)('leaves none where it %s', async (status) => {
    const { it } = await kept(4);
    it.says(() => ({ records: people(1, 5), bookmark: 'b2' }));
    const { ref } = await desk.synced(it);
    const error = status === 'failed' ? { code: 'bug' as const, message: 'It broke.' } : null;
    await house.run('closeRun', { ref, status, error });
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b1' });
  });
});

describe('a record that a person archived', () => {
  it('stays archived after a sync that updates it, and is listed', async () => {
    const { it } = await kept(4);
    await archivedByAnn(it, 'Person 2');
    it.says(() => ({ records: people(2, 1, { title: 'Chair' }), bookmark: 'b2' }));
    const { ref } = await desk.synced(it);
    expect(await house.counts(ref)).toMatchObject({ fetched: 2, updated: 2 });
    const record = await person(it, 'Person 2');
    expect(record).toMatchObject({ fields: { title: 'Chair' }, archivedAt: expect.any(String) });
    expect((await person(it, 'Person 1')).archivedAt).toBeNull();
    const { items } = await house.store.problems.list(ref, { severity: 'warning' }, { limit: 9 });
    expect(items).toContainEqual(expect.objectContaining({ code: 'edit_kept', field: 'archived' }));
  });

  it('stays so when it goes at the provider and comes back', async () => {
    const { it } = await kept(20);
    await archivedByAnn(it, 'Person 2');
    it.says(() => ({ records: [{ externalId: 'P2', deleted: true, data: null }], bookmark: 'b2' }));
    await desk.end((await desk.synced(it)).ref);
    it.says(() => ({ records: people(1, 2), bookmark: 'b3' }));
    await desk.end((await desk.synced(it)).ref);
    expect((await person(it, 'Person 2')).archivedAt).not.toBeNull();
    expect(await desk.archived(it)).toBe(1);
  });
});

describe('a first sync without an import', () => {
  it('brings everything, and is reviewed before its bookmark counts', async () => {
    const it = await desk.source();
    it.says(() => ({ records: people(4), bookmark: 'b1', complete: true }));
    const ref = await house.start(it.app, ['contacts'], { kind: 'sync' });
    expect(await house.run('preflight', ref)).toMatchObject({ blocked: null, review: 'each_object' });
    const { pinned, warnings } = await house.theRun(ref);
    expect(pinned).toMatchObject({ firstRun: true, reviewMode: 'each_object' });
    expect(warnings.map(({ code }) => code)).toEqual(
      expect.arrayContaining(['no_earlier_import', 'full_listing']),
    );
    await house.run('recordProgress', {
      ref,
      progress: { kind: 'object', object: 'contacts', state: 'transferring' },
    });
    expect(await house.transfer(ref)).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 4, created: 4 });
    const list = await house.run('buildChecklist', { ref, object: 'contacts', enteringReview: true });
    expect(list.openItems).toEqual(expect.arrayContaining(['sample_seen', 'account_seen']));
    expect(await desk.bookmark(it)).toBeNull();
    await desk.end(ref);
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b1', runId: ref.runId });

    it.froms.length = 0;
    const next = await house.start(it.app, ['contacts'], { kind: 'sync' });
    expect(await house.run('preflight', next)).toMatchObject({ blocked: null, review: 'on_findings' });
    expect((await house.theRun(next)).warnings.map(({ code }) => code)).not.toContain('no_earlier_import');
  });
});

describe('a record that failed', () => {
  it('is asked for by every sync until it passes', async () => {
    const { it, first } = await kept(20, [BROKEN]);
    it.says(() => ({ records: [], bookmark: 'b2' }));
    it.there.set('X', BROKEN);
    const { ref: second } = await desk.synced(it);
    expect(await house.counts(second)).toMatchObject({ fetched: 1, failed: 1 });
    await desk.end(second);
    expect(await desk.failureState(first)).toBe('open');
    expect(await desk.failureState(second)).toBe('open');

    it.there.set('X', REPAIRED);
    const { ref: third } = await desk.synced(it);
    expect(await house.counts(third)).toMatchObject({ fetched: 1, created: 1, failed: 0 });
    await desk.end(third);
    expect(await desk.failureState(second)).toBe('repaired');
    expect(await person(it, 'Xena')).toMatchObject({ archivedAt: null });

    it.looked.length = 0;
    const { ref: fourth } = await desk.synced(it);
    expect(await house.counts(fourth)).toMatchObject({ fetched: 0 });
    expect(it.looked).toEqual([]);
  });

  it('is asked for no more once somebody dismissed it', async () => {
    const { it, first } = await kept(20, [BROKEN]);
    it.there.set('X', REPAIRED);
    const dismissal = { externalIds: ['X'], note: 'Not a person.', actor: ANN };
    expect(await house.store.problems.dismiss(first, dismissal)).toBe(1);
    it.says(() => ({ records: [], bookmark: 'b2' }));
    const { ref } = await desk.synced(it);
    expect(await house.counts(ref)).toMatchObject({ fetched: 0 });
    expect(it.looked).toEqual([]);
    await desk.end(ref);
    expect(await desk.failureState(first)).toBe('dismissed');
  });

  it('is asked for again where the sync that retried it was not let pass', async () => {
    const { it } = await kept(20, [BROKEN]);
    it.says(() => ({ records: [], bookmark: 'b2' }));
    it.there.set('X', BROKEN);
    const { ref } = await desk.synced(it);
    await house.run('closeRun', { ref, status: 'cancelled', error: null });
    it.there.set('X', REPAIRED);
    const { ref: next } = await desk.synced(it);
    expect(await house.counts(next)).toMatchObject({ fetched: 1, created: 1 });
  });

  it('is not asked for where the listing names it anyway', async () => {
    const { it, first } = await kept(20, [BROKEN]);
    it.there.set('X', BROKEN);
    it.says(() => ({ records: [REPAIRED], bookmark: 'b2' }));
    const { ref } = await desk.synced(it);
    expect(await house.counts(ref)).toMatchObject({ fetched: 1, created: 1, failed: 0 });
    await desk.end(ref);
    expect(it.looked).toEqual([]);
    expect(await desk.failureState(first)).toBe('repaired');
  });
});

describe('a bookmark that is good no more', () => {
  it('is answered by a full listing, which brings what changed and went in the gap', async () => {
    const { it, first } = await kept(20);
    it.says((from) => {
      if (from !== undefined) throw new ProviderFailure('cursor_expired', 'Too old.');
      const changed = people(1, 2, { title: 'Chair' });
      return {
        records: [...people(1), ...changed, ...people(17, 3), ...people(1, 30)],
        bookmark: 'b2',
        complete: true,
      };
    });
    const { ref, end } = await desk.synced(it);
    expect(end).toMatchObject({
      ...{ state: 'parked' },
      parked: { code: 'cursor_expired', choices: ['full_listing', 'skip_object', 'stop'] },
    });
    expect(await house.counts(ref)).toMatchObject({ fetched: 0 });
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b1', runId: first.runId });

    it.froms.length = 0;
    const resumed = await house.transfer(ref, 'contacts', { slice: 5, allowed: ['cursor_expired'] });
    expect(resumed).toEqual({ state: 'done' });
    expect(it.froms).toEqual([{ bookmark: 'b1' }, undefined]);
    const moved = { fetched: 21, created: 1, updated: 1, deleted: 1, unchanged: 18 };
    expect(await house.counts(ref)).toMatchObject(moved);
    expect(await person(it, 'Person 2')).toMatchObject({ fields: { title: 'Chair' } });
    expect((await person(it, 'Person 20')).archivedAt).not.toBeNull();
    await person(it, 'Person 30');
    await desk.end(ref);
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b2', runId: ref.runId });

    it.froms.length = 0;
    it.says(() => ({ records: [], bookmark: 'b3' }));
    await desk.synced(it);
    expect(it.froms.at(-1)).toEqual({ bookmark: 'b2' });
  });

  it('stays where it was as long as nobody chose a listing', async () => {
    const { it } = await kept(4);
    it.says(() => {
      throw new ProviderFailure('cursor_expired', 'Too old.');
    });
    const { ref } = await desk.synced(it);
    await house.run('closeRun', { ref, status: 'cancelled', error: null });
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b1' });
    it.froms.length = 0;
    const { end } = await desk.synced(it);
    expect(it.froms.at(-1)).toEqual({ bookmark: 'b1' });
    expect(end).toMatchObject({ state: 'parked', parked: { code: 'cursor_expired' } });
  });
});

describe('a preview of a sync', () => {
  it('says since when, for which account, and what the last run failed of, and writes nothing', async () => {
    const { it } = await kept(4);
    const at = '2026-05-01T10:00:00.000Z';
    const lastError = { code: 'timeout' as const, message: 'Too slow.', object: null, step: null, at };
    await house.store.apps.patch(it.app.workspaceId, it.app.appId, { lastError });
    const { workspaceId, appId } = it.app;
    const question = { about: 'preflight', kind: 'sync', objects: null, workspaceId, appId } as const;
    const since = must(await desk.bookmark(it)).at;
    expect(await house.ask(question)).toMatchObject({
      result: {
        ...{ blockers: [], account: { name: 'Scripted Ltd' } },
        warnings: [{ code: 'last_error', message: expect.stringContaining('Too slow.'), at }],
        sentence: expect.stringContaining(`since ${since}`),
      },
    });
    expect(it.froms).toEqual([]);
    expect((await house.store.runs.list(workspaceId, { appId }, { limit: 9 })).items).toHaveLength(1);
  });
});
