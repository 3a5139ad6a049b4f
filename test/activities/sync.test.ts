import { ProviderFailure } from '../../activities/providers/provider.js';
import type { ObjectState } from '../../workflows/contract/status.js';
import { openHouse, type House } from '../support/activity-house.js';
import { people } from '../support/scripted-provider.js';
import { syncDesk, type SyncDesk } from '../support/sync-source.js';

/** What a sync reads, asks for by id, and takes for gone; and which runs move the bookmark. */

let house: House;
let desk: SyncDesk;
beforeAll(async () => {
  house = await openHouse();
  desk = syncDesk(house);
});
afterAll(() => house.close());

describe('a sync', () => {
  it('starts from the bookmark, takes tombstones, retries what failed, and is undone with its bookmark', async () => {
    const it = await desk.source();
    const broken = { externalId: 'X', data: { email: 'x@x.example' } };
    it.says(() => ({ records: [...people(20), broken], bookmark: 'b1', complete: true }));
    const first = await desk.imported(it);
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b1', runId: first.runId });

    it.there.set('X', { externalId: 'X', data: { name: 'Xena' } });
    it.froms.length = 0;
    it.says(() => ({ records: [{ externalId: 'P1', deleted: true, data: null }], bookmark: 'b2' }));
    const { ref, end: how } = await desk.synced(it);
    expect(how).toEqual({ state: 'done' });
    expect(it.froms.at(-1)).toEqual({ bookmark: 'b1' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 2, deleted: 1, created: 1 });
    await desk.end(ref);
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b2', runId: ref.runId });
    expect(await desk.failureState(first)).toBe('repaired');
    expect(await desk.archived(it)).toBe(1);
    expect(await desk.liveLinks(first)).toBe(20);

    await house.run('undoSlice', { ref, object: null, actor: { id: 'a', name: 'A' }, note: 'Wrong.' });
    expect(await desk.bookmark(it)).toMatchObject({ bookmark: 'b1', runId: first.runId });
    expect(await desk.failureState(first)).toBe('open');
    expect(await desk.archived(it)).toBe(0);
    expect(await desk.liveLinks(first)).toBe(20);
  });

  it('takes for gone what a complete listing lacks and the provider does not find either', async () => {
    const it = await desk.source();
    it.says(() => ({ records: people(20), bookmark: 'b1', complete: true }));
    await desk.imported(it);
    for (const moved of people(1, 3)) it.there.set(moved.externalId, moved);
    it.says(() => ({ records: people(16, 4), bookmark: 'b2', complete: true }));
    const { ref, end: how } = await desk.synced(it, { pages: 1 });
    expect(how).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 20, deleted: 3, unchanged: 17 });
    expect(await desk.archived(it)).toBe(3);
  });

  it('takes nothing for gone where the listing was not complete', async () => {
    const it = await desk.source();
    it.says(() => ({ records: people(20), bookmark: 'b1', complete: true }));
    await desk.imported(it);
    it.says(() => ({ records: people(2), bookmark: 'b2' }));
    const { ref } = await desk.synced(it);
    expect(await house.counts(ref)).toMatchObject({ fetched: 2, deleted: 0, unchanged: 2 });
    expect(await desk.archived(it)).toBe(0);
  });

  it('asks before a mass deletion, with nothing marked, and carries it out when told to', async () => {
    const it = await desk.source();
    it.says(() => ({ records: people(20), bookmark: 'b1', complete: true }));
    await desk.imported(it);
    it.says(() => ({ records: [], bookmark: 'b2', complete: true }));
    const { ref, end: how } = await desk.synced(it);
    expect(how).toMatchObject({ state: 'parked', parked: { code: 'breaker_deleted' } });
    expect(await house.counts(ref)).toMatchObject({ deleted: 0 });
    expect(await desk.archived(it)).toBe(0);
    const resumed = await house.transfer(ref, 'contacts', { slice: 9, allowed: ['breaker_deleted'] });
    expect(resumed).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 20, deleted: 20 });
    expect(await desk.archived(it)).toBe(20);
  });

  it('offers a full listing where the bookmark is good no more', async () => {
    const it = await desk.source();
    it.says(() => ({ records: people(3), bookmark: 'b1', complete: true }));
    await desk.imported(it);
    it.says((from) => {
      if (from !== undefined) throw new ProviderFailure('cursor_expired', 'Too old.');
      return { records: people(3), bookmark: 'b2', complete: true };
    });
    const { ref, end: how } = await desk.synced(it);
    const choices = ['full_listing', 'skip_object', 'stop'];
    expect(how).toMatchObject({ state: 'parked', parked: { code: 'cursor_expired', choices } });
    const resumed = await house.transfer(ref, 'contacts', { slice: 5, allowed: ['cursor_expired'] });
    expect(resumed).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 3, unchanged: 3, deleted: 0 });
  });

  it('brings a record back that returned at the provider', async () => {
    const it = await desk.source();
    it.says(() => ({ records: people(30), bookmark: 'b1', complete: true }));
    await desk.imported(it);
    it.says(() => ({ records: [{ externalId: 'P1', deleted: true, data: null }], bookmark: 'b2' }));
    await desk.end((await desk.synced(it)).ref);
    expect(await desk.archived(it)).toBe(1);
    it.says(() => ({ records: people(1, 1), bookmark: 'b3' }));
    const { ref } = await desk.synced(it);
    expect(await house.counts(ref)).toMatchObject({ fetched: 1, updated: 1 });
    expect(await desk.archived(it)).toBe(0);
  });

  it.each<[string, ObjectState, string | null]>([
    ['was accepted', 'accepted', 'b2'],
    ['passed', 'passed', 'b2'],
    ['was cleaned up', 'cleaned_up', 'b1'],
    ['was skipped', 'skipped', 'b1'],
  ])('moves the bookmark as its object %s', async (_how, state, expected) => {
    const it = await desk.source();
    it.says(() => ({ records: people(3), bookmark: 'b1', complete: true }));
    await desk.imported(it);
    it.says(() => ({ records: people(1), bookmark: 'b2' }));
    await desk.end((await desk.synced(it)).ref, state);
    expect((await desk.bookmark(it))?.bookmark ?? null).toBe(expected);
  });
});
