import {
  ProviderFailure,
  type Cursor,
  type Since,
  type SourcePage,
} from '../../activities/providers/provider.js';
import type { SourceRecord } from '../../activities/records/types.js';
import type { AppDoc, BookmarkDoc } from '../../activities/store/documents.js';
import type { SliceArgs, SliceEnd } from '../../workflows/contract/activities.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectState } from '../../workflows/contract/status.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

/** What a sync reads, asks for by id, and takes for gone; and which runs move the bookmark. */

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

type From = Cursor | Since | undefined;

interface Source {
  app: AppDoc;
  /** Answered by `get`. */
  there: Map<string, SourceRecord>;
  /** Where each reading began. */
  froms: From[];
  says(answer: (from: From) => SourcePage): void;
}

/** An app whose provider answers everything in one page, and means by absence what a listing can. */
async function source(): Promise<Source> {
  const { provider } = scriptedProvider();
  const there = new Map<string, SourceRecord>();
  const froms: From[] = [];
  let answer = (_from: From): SourcePage => ({ records: [], bookmark: 'b', complete: true });
  const app = await house.install({
    ...provider,
    actions: { import: true, sync: true },
    objects: provider.objects.map((offer) => ({ ...offer, changes: 'token', deletions: 'listing' })),
    async open(connection) {
      return {
        ...(await provider.open(connection)),
        async *read(_object, from) {
          froms.push(from);
          yield answer(from);
        },
        get: async (_object, ids) => ids.flatMap((id) => there.get(id) ?? []),
      };
    },
  });
  return { app, there, froms, says: (said) => (answer = said) };
}

async function end(ref: RunRef, state: ObjectState = 'accepted'): Promise<void> {
  await house.run('recordProgress', { ref, progress: { kind: 'object', object: 'contacts', state } });
  await house.run('closeRun', { ref, status: 'completed', error: null });
}

async function imported({ app }: Source, state?: ObjectState): Promise<RunRef> {
  const ref = await house.begin(app);
  expect(await house.transfer(ref)).toEqual({ state: 'done' });
  await end(ref, state);
  return ref;
}

async function synced(
  { app }: Source,
  args: Partial<Omit<SliceArgs, 'ref'>> = {},
): Promise<{ ref: RunRef; end: SliceEnd }> {
  const ref = await house.begin(app, ['contacts'], { kind: 'sync' });
  return { ref, end: await house.transfer(ref, 'contacts', args) };
}

function bookmark({ app }: Source): Promise<BookmarkDoc | null> {
  return house.store.bookmarks.get(app.workspaceId, app.appId, 'contacts');
}

async function failureState(ref: RunRef): Promise<string | undefined> {
  const { items } = await house.store.problems.list(ref, { severity: 'failed' }, { limit: 9 });
  return items[0]?.state;
}

async function liveLinks(ref: RunRef): Promise<number> {
  const { origin } = must((await house.theRun(ref)).pinned);
  return house.store.links.count(ref.workspaceId, origin, 'contacts');
}

async function archived({ app }: Source): Promise<number> {
  return (await house.records(app.workspaceId)).filter(({ archivedAt }) => archivedAt !== null).length;
}

describe('a sync', () => {
  it('starts from the bookmark, takes tombstones, retries what failed, and is undone with its bookmark', async () => {
    const it = await source();
    const broken = { externalId: 'X', data: { email: 'x@x.example' } };
    it.says(() => ({ records: [...people(20), broken], bookmark: 'b1', complete: true }));
    const first = await imported(it);
    expect(await bookmark(it)).toMatchObject({ bookmark: 'b1', runId: first.runId });

    it.there.set('X', { externalId: 'X', data: { name: 'Xena' } });
    it.froms.length = 0;
    it.says(() => ({ records: [{ externalId: 'P1', deleted: true, data: null }], bookmark: 'b2' }));
    const { ref, end: how } = await synced(it);
    expect(how).toEqual({ state: 'done' });
    expect(it.froms.at(-1)).toEqual({ bookmark: 'b1' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 2, deleted: 1, created: 1 });
    await end(ref);
    expect(await bookmark(it)).toMatchObject({ bookmark: 'b2', runId: ref.runId });
    expect(await failureState(first)).toBe('repaired');
    expect(await archived(it)).toBe(1);
    expect(await liveLinks(first)).toBe(20);

    await house.run('undoSlice', { ref, object: null, actor: { id: 'a', name: 'A' }, note: 'Wrong.' });
    expect(await bookmark(it)).toMatchObject({ bookmark: 'b1', runId: first.runId });
    expect(await failureState(first)).toBe('open');
    expect(await archived(it)).toBe(0);
    expect(await liveLinks(first)).toBe(20);
  });

  it('takes for gone what a complete listing lacks and the provider does not find either', async () => {
    const it = await source();
    it.says(() => ({ records: people(20), bookmark: 'b1', complete: true }));
    await imported(it);
    for (const moved of people(1, 3)) it.there.set(moved.externalId, moved);
    it.says(() => ({ records: people(16, 4), bookmark: 'b2', complete: true }));
    const { ref, end: how } = await synced(it, { pages: 1 });
    expect(how).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 20, deleted: 3, unchanged: 17 });
    expect(await archived(it)).toBe(3);
  });

  it('takes nothing for gone where the listing was not complete', async () => {
    const it = await source();
    it.says(() => ({ records: people(20), bookmark: 'b1', complete: true }));
    await imported(it);
    it.says(() => ({ records: people(2), bookmark: 'b2' }));
    const { ref } = await synced(it);
    expect(await house.counts(ref)).toMatchObject({ fetched: 2, deleted: 0, unchanged: 2 });
    expect(await archived(it)).toBe(0);
  });

  it('asks before a mass deletion, with nothing marked, and carries it out when told to', async () => {
    const it = await source();
    it.says(() => ({ records: people(20), bookmark: 'b1', complete: true }));
    await imported(it);
    it.says(() => ({ records: [], bookmark: 'b2', complete: true }));
    const { ref, end: how } = await synced(it);
    expect(how).toMatchObject({ state: 'parked', parked: { code: 'breaker_deleted' } });
    expect(await house.counts(ref)).toMatchObject({ deleted: 0 });
    expect(await archived(it)).toBe(0);
    const resumed = await house.transfer(ref, 'contacts', { slice: 9, allowed: ['breaker_deleted'] });
    expect(resumed).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 20, deleted: 20 });
    expect(await archived(it)).toBe(20);
  });

  it('offers a full listing where the bookmark is good no more', async () => {
    const it = await source();
    it.says(() => ({ records: people(3), bookmark: 'b1', complete: true }));
    await imported(it);
    it.says((from) => {
      if (from !== undefined) throw new ProviderFailure('cursor_expired', 'Too old.');
      return { records: people(3), bookmark: 'b2', complete: true };
    });
    const { ref, end: how } = await synced(it);
    const choices = ['full_listing', 'skip_object', 'stop'];
    expect(how).toMatchObject({ state: 'parked', parked: { code: 'cursor_expired', choices } });
    const resumed = await house.transfer(ref, 'contacts', { slice: 5, allowed: ['cursor_expired'] });
    expect(resumed).toEqual({ state: 'done' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 3, unchanged: 3, deleted: 0 });
  });

  it('brings a record back that returned at the provider', async () => {
    const it = await source();
    it.says(() => ({ records: people(30), bookmark: 'b1', complete: true }));
    await imported(it);
    it.says(() => ({ records: [{ externalId: 'P1', deleted: true, data: null }], bookmark: 'b2' }));
    await end((await synced(it)).ref);
    expect(await archived(it)).toBe(1);
    it.says(() => ({ records: people(1, 1), bookmark: 'b3' }));
    const { ref } = await synced(it);
    expect(await house.counts(ref)).toMatchObject({ fetched: 1, updated: 1 });
    expect(await archived(it)).toBe(0);
  });

  it.each<[string, ObjectState, string | null]>([
    ['was accepted', 'accepted', 'b2'],
    ['passed', 'passed', 'b2'],
    ['was cleaned up', 'cleaned_up', 'b1'],
    ['was skipped', 'skipped', 'b1'],
  ])('moves the bookmark as its object %s', async (_how, state, expected) => {
    const it = await source();
    it.says(() => ({ records: people(3), bookmark: 'b1', complete: true }));
    await imported(it);
    it.says(() => ({ records: people(1), bookmark: 'b2' }));
    await end((await synced(it)).ref, state);
    expect((await bookmark(it))?.bookmark ?? null).toBe(expected);
  });
});
