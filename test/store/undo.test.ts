import { begin, createPage, link, NOW, ORIGIN, record, REF, run, undone, WS } from './makers.js';
import { openStore, type OpenedStore } from './open.js';

/** A page is taken back whole, once, or not at all. */

let opened: OpenedStore;
beforeAll(async () => {
  opened = await openStore();
});
afterEach(() => opened.clear());
afterAll(() => opened.drop());

const counted = async (): Promise<Record<string, number>> => {
  const db = opened.client.db(opened.database);
  const names = ['records', 'links', 'journals', 'pages'];
  const counts = await Promise.all(names.map((name) => db.collection(name).countDocuments()));
  return Object.fromEntries(names.map((name, index) => [name, counts[index] ?? 0]));
};

describe('undoing', () => {
  const begunRun = async (): ReturnType<typeof begin> => {
    const at = { mode: 'undo', state: 'running', object: null, note: null, by: null, at: NOW } as const;
    const none = { remove: 0, restore: 0, keep: 0, eventsDropped: 0, eventsDelivered: 0 };
    await opened.store.runs.insert(run({ cleanup: { ...at, ...none, conflicts: [], conflictCount: 0 } }));
    return begin(opened.store);
  };
  const commit = (
    turn: Awaited<ReturnType<typeof begin>>['turn'],
    changes: Parameters<typeof undone>[0],
  ) => ({
    ref: REF,
    object: 'contacts' as const,
    seq: 0,
    origin: ORIGIN,
    turn,
    undone: undone(changes),
    now: NOW,
  });

  it('takes a page back once, with its counts on the run, and keeps the journal', async () => {
    const { store } = opened;
    const begun = await begunRun();
    const turn = await createPage(store, begun, 0, [['1', 'r1']]);
    const changes = {
      removals: [{ recordId: 'r1', expectedVersion: 1 }],
      removedLinks: [{ object: 'contacts' as const, externalId: '1' }],
      pendingRemovedOf: ['r1'],
      counts: { remove: 1, restore: 0, keep: 0 },
    };
    expect(await store.pages.undo(commit(turn, changes))).toBe('applied');
    expect(await store.pages.undo(commit(turn, changes))).toBe('repeated');
    expect(await counted()).toMatchObject({ records: 0, links: 0, journals: 1 });
    expect(await store.links.any(WS, ORIGIN, 'contacts')).toBe(false);
    expect((await store.runs.get(WS, REF.runId))?.cleanup).toMatchObject({ remove: 1, conflictCount: 0 });
    expect((await store.pages.facts(REF, 'contacts', { limit: 1 }))[0]?.undone).toBe(true);
    const { items } = await store.pages.changes(REF, {}, { limit: 5 });
    expect(items.map((each) => [each.recordId, each.undone])).toEqual([['r1', true]]);
  });

  it('says of each change what was not taken back, also where that is the fate of the record', async () => {
    const { store } = opened;
    const begun = await begunRun();
    const pairs = ['1', '2', '3', '4', '5'].map((id) => [id, `r${id}`] as const);
    const turn = await createPage(store, begun, 0, pairs);
    const going = ['r1', 'r4'];
    const changes = {
      removals: going.map((recordId) => ({ recordId, expectedVersion: 1 })),
      removedLinks: ['1', '4'].map((externalId) => ({ object: 'contacts' as const, externalId })),
      kept: [
        { index: 4, fields: [], unlessGone: false },
        { index: 3, fields: 'all' as const, unlessGone: true },
        { index: 2, fields: 'all' as const, unlessGone: true },
        { index: 1, fields: ['name'], unlessGone: false },
      ],
    };
    expect(await store.pages.undo(commit(turn, changes))).toBe('applied');
    const { items } = await store.pages.changes(REF, {}, { limit: 9 });
    expect(items.map(({ undone: all, fields }) => [all, fields.map((each) => each.undone)])).toEqual([
      [true, [true]],
      [false, [false]],
      [false, [false]],
      [true, [true]],
      // Only its tie stays.
      [false, [true]],
    ]);
  });

  it('conflicts when a record to be removed changed, and takes nothing back', async () => {
    const { store } = opened;
    const begun = await begunRun();
    const turn = await createPage(store, begun, 0, [
      ['1', 'r1'],
      ['2', 'r2'],
    ]);
    await store.records.replace({ ...record('r2'), fields: { name: 'Mine' }, version: 2 }, 1, []);
    const removals = ['r1', 'r2'].map((recordId) => ({ recordId, expectedVersion: 1 }));
    expect(await store.pages.undo(commit(turn, { removals }))).toBe('conflict');
    expect(await counted()).toMatchObject({ records: 2, links: 2 });
    expect((await store.pages.facts(REF, 'contacts', { limit: 1 }))[0]?.undone).toBe(false);
  });

  it('restores records and links, and lists what stays', async () => {
    const { store } = opened;
    const begun = await begunRun();
    const turn = await createPage(store, begun, 0, [['1', 'r1']]);
    const before = link('1', 'r1', { sourceHash: 'earlier' });
    const restored = record('r1', { fields: { name: 'Earlier' }, version: 2 });
    const conflicts = Array.from({ length: 120 }, (_none, index) => ({
      object: 'contacts' as const,
      recordId: 'r1',
      externalId: '1',
      field: `custom.$${index}`,
      current: { amount: '1.50', currency: 'EUR' },
      wouldBe: null,
      why: 'Ann changed it since.',
    }));
    const result = await store.pages.undo(
      commit(turn, {
        writes: [{ record: restored, expectedVersion: 1 }],
        restoredLinks: [before],
        conflicts,
        counts: { remove: 0, restore: 1, keep: 1 },
      }),
    );
    expect(result).toBe('applied');
    expect(await store.records.byIds(WS, ['r1'])).toEqual([restored]);
    expect(await store.links.byExternalIds(WS, ORIGIN, 'contacts', ['1'])).toEqual([before]);
    const cleanup = (await store.runs.get(WS, REF.runId))?.cleanup;
    expect(cleanup).toMatchObject({ restore: 1, keep: 1, conflictCount: 120 });
    expect(cleanup?.conflicts).toEqual(conflicts.slice(0, 100));
    const first = await store.conflicts.list(REF, { limit: 100 });
    const rest = await store.conflicts.list(REF, { limit: 100, cursor: first.nextCursor! });
    expect([...first.items, ...rest.items].reverse()).toEqual(conflicts);
  });

  it('never starts once it has expired, and pages and journals are gone then', async () => {
    const { store } = opened;
    const begun = await begunRun();
    const turn = await createPage(store, begun, 0, [['1', 'r1']]);
    await store.pages.expire(REF);
    await store.pages.expire(REF);
    expect(await counted()).toMatchObject({ pages: 0, journals: 0, records: 1 });
    expect((await store.runs.get(WS, REF.runId))?.undoExpired).toBe(true);
    await expect(store.pages.undo(commit(turn, {}))).rejects.toThrow('cannot be taken back');
  });
});
