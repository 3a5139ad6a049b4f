import { applyEdit, type RecordEdit } from '../../activities/records/edit.js';
import type { StoredRecord } from '../../activities/records/types.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { ANN } from '../store/makers.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { people } from '../support/scripted-provider.js';
import { syncDesk, type Source, type SyncDesk } from '../support/sync-source.js';

/**
 * After a person cleaned up by hand what a run wrote: the next sync reads again what the run had read, and what it finds stays as the
 * person left it. Nobody but an undo removes a record, so by hand means archived, or edited.
 */

let house: House;
let desk: SyncDesk;
beforeAll(async () => {
  house = await openHouse();
  desk = syncDesk(house);
});
afterAll(() => house.close());

async function person(source: Source, name: string): Promise<StoredRecord> {
  const all = await house.records(source.app.workspaceId);
  return must(all.find(({ fields }) => fields['name'] === name));
}

async function editedByAnn(source: Source, name: string, edit: RecordEdit): Promise<void> {
  const before = await person(source, name);
  const context = { actor: ANN, now: new Date().toISOString(), members: new Set<string>() };
  const edited = applyEdit(before, edit, context);
  if (!edited.ok) throw new Error('The edit was refused.');
  expect(await house.store.records.replace(edited.record, before.version, edited.bumps)).toBe('written');
}

function recorded(ref: RunRef): Promise<void> {
  return house.run('recordCleanup', { ref, object: 'contacts', actor: ANN, note: 'by hand' });
}

const CHAIR = people(1, 1, { title: 'Chair' });

/** An import of four people, then an accepted sync that gave the first a title and brought a fifth and a sixth. */
async function importedAndSynced(): Promise<{ it: Source; first: RunRef; second: RunRef }> {
  const it = await desk.source();
  const broken = { externalId: 'X', data: { email: 'x@x.example' } };
  it.says(() => ({ records: [...people(4), broken], bookmark: 'b1', complete: true }));
  const first = await desk.imported(it);
  it.there.set('X', { externalId: 'X', data: { name: 'Xena' } });
  it.says(() => ({ records: [...CHAIR, ...people(2, 5)], bookmark: 'b2' }));
  const { ref: second } = await desk.synced(it);
  expect(await house.counts(second)).toMatchObject({ fetched: 4, created: 3, updated: 1 });
  await desk.end(second);
  expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b2', runId: second.runId });
  it.froms.length = 0;
  return { it, first, second };
}

describe('a sync after a clean-up by hand', () => {
  it('starts where the cleaned-up run did, and asks again for what had failed before it', async () => {
    const { it, first, second } = await importedAndSynced();
    expect(await desk.failureState(first)).toBe('repaired');
    for (let time = 0; time < 2; time += 1) await recorded(second);
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b1', runId: first.runId });
    expect(await desk.failureState(first)).toBe('open');
    it.looked.length = 0;
    const { ref, end } = await desk.synced(it);
    expect(end).toEqual({ state: 'done' });
    expect(it.froms).toEqual([{ bookmark: 'b1' }]);
    expect(it.looked).toEqual(['X']);
    await desk.end(ref);
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b2', runId: ref.runId });
    expect(await desk.failureState(first)).toBe('repaired');
  });

  it('leaves archived and edited what the person archived and edited, as long as the source says the same', async () => {
    const { it, second } = await importedAndSynced();
    await editedByAnn(it, 'Person 5', { archived: true });
    await editedByAnn(it, 'Person 1', { fields: { title: 'Clerk' } });
    await recorded(second);
    const { ref } = await desk.synced(it);
    expect(await house.counts(ref)).toMatchObject({ fetched: 4, unchanged: 4, created: 0 });
    expect((await person(it, 'Person 5')).archivedAt).not.toBeNull();
    expect((await person(it, 'Person 1')).fields).toMatchObject({ title: 'Clerk' });
    expect(await house.records(it.app.workspaceId)).toHaveLength(7);
  });

  it('updates them when it says something new, lists what a person keeps, and brings nobody twice', async () => {
    const { it, second } = await importedAndSynced();
    await editedByAnn(it, 'Person 5', { archived: true });
    await editedByAnn(it, 'Person 1', { fields: { title: 'Clerk' } });
    await recorded(second);
    const news = [...people(1, 1, { title: 'Boss' }), ...people(2, 5, { title: 'Boss' })];
    it.says(() => ({ records: news, bookmark: 'b3' }));
    const { ref } = await desk.synced(it);
    expect(await house.counts(ref)).toMatchObject({ fetched: 4, created: 0 });
    expect(await person(it, 'Person 5')).toMatchObject({
      ...{ fields: { title: 'Boss' }, archivedAt: expect.any(String) },
    });
    expect(await person(it, 'Person 6')).toMatchObject({ fields: { title: 'Boss' }, archivedAt: null });
    expect((await person(it, 'Person 1')).fields).toMatchObject({ title: 'Clerk' });
    const { items } = await house.store.problems.list(ref, { severity: 'warning' }, { limit: 9 });
    const kept = items.flatMap(({ code, field }) => (code === 'edit_kept' ? [field] : []));
    expect(kept.sort()).toEqual(['archived', 'title']);
    expect(await house.records(it.app.workspaceId)).toHaveLength(7);
  });

  it('reads everything where the import itself was cleaned up', async () => {
    const it = await desk.source();
    it.says(() => ({ records: people(4), bookmark: 'b1', complete: true }));
    const first = await desk.imported(it);
    await editedByAnn(it, 'Person 2', { archived: true });
    await recorded(first);
    expect(await desk.bookmark(it)).toBeNull();
    it.froms.length = 0;
    const { ref } = await desk.synced(it);
    expect(it.froms).toEqual([undefined]);
    expect(await house.counts(ref)).toMatchObject({ fetched: 4, unchanged: 4 });
    expect(await desk.archived(it)).toBe(1);
  });

  it('starts where it did where only another object was cleaned up, or an older bookmark counts already', async () => {
    const { it, first, second } = await importedAndSynced();
    await house.run('recordCleanup', { ref: second, object: 'accounts', actor: ANN, note: 'by hand' });
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b2', runId: second.runId });
    await recorded(second);
    it.says(() => ({ records: people(1, 7), bookmark: 'b3' }));
    const { ref: third } = await desk.synced(it);
    await desk.end(third, 'cleaned_up');
    await recorded(third);
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b1', runId: first.runId });
  });
});
