import { randomUUID } from 'node:crypto';
import type { BookmarkDoc } from '../../activities/store/documents.js';
import { APP, NOW, ORIGIN, run, WS } from './makers.js';
import { openStore, type OpenedStore } from './open.js';

describe('bookmarks in the store', () => {
  let opened: OpenedStore;
  beforeAll(async () => (opened = await openStore()));
  afterAll(() => opened.drop());
  beforeEach(() => opened.clear());

  const bookmark = (changes: Partial<BookmarkDoc> = {}): BookmarkDoc => ({
    ...{ workspaceId: WS, appId: APP, object: 'contacts', origin: ORIGIN, bookmark: 'b1', version: 1 },
    ...{ runId: 'run-1', at: NOW, before: null },
    ...changes,
  });
  const kept = () => opened.store.bookmarks.get(WS, APP, 'contacts');

  it('are none at first, and read as they were set', async () => {
    const { bookmarks } = opened.store;
    expect(await kept()).toBeNull();
    expect(await bookmarks.list(WS, APP)).toEqual([]);
    const odd = bookmark({ bookmark: '{"a.$b": "ü\u0000 \\"'.repeat(50), version: 3 });
    expect(await bookmarks.set(odd)).toBe(true);
    expect(await kept()).toEqual(odd);
  });

  it('are one per object: stating one again changes nothing, a later one takes its place with the one before', async () => {
    const { bookmarks } = opened.store;
    await bookmarks.set(bookmark());
    await bookmarks.set(bookmark());
    const { bookmark: text, version, runId, at } = bookmark();
    const later = bookmark({
      ...{ bookmark: 'b2', runId: 'run-2', at: '2026-05-02T10:00:00.000Z' },
      before: { bookmark: text, version, runId, at },
    });
    await bookmarks.set(later);
    expect(await bookmarks.list(WS, APP)).toEqual([later]);
    await bookmarks.set(bookmark());
    expect(await kept()).toEqual(bookmark());
  });

  it('are listed in the order in which objects run, of this app of this workspace alone', async () => {
    const { bookmarks } = opened.store;
    for (const object of ['contacts', 'products', 'accounts'] as const) {
      await bookmarks.set(bookmark({ object }));
    }
    await bookmarks.set(bookmark({ appId: 'app-2', bookmark: 'of another app' }));
    await bookmarks.set(bookmark({ workspaceId: 'other', bookmark: 'of another workspace' }));
    const found = await bookmarks.list(WS, APP);
    expect(found.map(({ bookmark: text }) => text)).toEqual(['b1', 'b1', 'b1']);
    const order = found.map(({ object }) => object);
    expect(order.indexOf('accounts')).toBeLessThan(order.indexOf('contacts'));
    expect([...order].sort()).toEqual(['accounts', 'contacts', 'products']);
  });

  it.each([
    ['running', true],
    ['needs_attention', true],
    ['completed', false],
    ['failed', false],
    ['cancelled', false],
  ] as const)('are set by a run that is %s: %p', async (status, allowed) => {
    const { bookmarks, runs } = opened.store;
    await bookmarks.set(bookmark({ bookmark: 'b0', runId: 'run-0' }));
    await runs.insert(run({ status }));
    expect(await bookmarks.set(bookmark(), { runId: 'run-1' })).toBe(allowed);
    expect((await kept())?.bookmark).toBe(allowed ? 'b1' : 'b0');
  });

  it('are not set by a run that nobody knows', async () => {
    expect(await opened.store.bookmarks.set(bookmark(), { runId: 'of-nobody' })).toBe(false);
    expect(await kept()).toBeNull();
  });

  it('are never set by a run once its end is written, however close the two come', async () => {
    const { bookmarks, runs } = opened.store;
    for (let turn = 0; turn < 5; turn += 1) {
      const runId = randomUUID();
      await bookmarks.set(bookmark({ bookmark: 'b0', runId: 'run-0' }));
      await runs.insert(run({ runId }));
      // The undo of an ended run moves the bookmark back: whoever wakes up late must not move it on again.
      const ended = runs.patch(WS, runId, { status: 'completed' }).then(() => bookmarks.set(bookmark()));
      const late = opened.another().bookmarks.set(bookmark({ bookmark: 'late' }), { runId });
      await Promise.all([ended, late]);
      const afterwards = await bookmarks.set(bookmark({ bookmark: 'later still' }), { runId });
      expect(afterwards).toBe(false);
      expect((await kept())?.bookmark).toBe('b1');
    }
  });

  it('go, as often as one likes, and alone', async () => {
    const { bookmarks } = opened.store;
    await bookmarks.set(bookmark());
    await bookmarks.set(bookmark({ object: 'accounts' }));
    await bookmarks.remove(WS, APP, 'contacts');
    await bookmarks.remove(WS, APP, 'contacts');
    expect((await bookmarks.list(WS, APP)).map(({ object }) => object)).toEqual(['accounts']);
  });
});
