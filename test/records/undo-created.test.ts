import type { Mapped } from '../../activities/records/types.js';
import { record, resolve, undo, write } from '../support/pages.js';
import type { PureStore } from '../support/pure-store.js';
import { createPureStore } from '../support/pure-store.js';
import { ANN, source } from '../support/record-makers.js';

let store: PureStore;
beforeEach(() => {
  store = createPureStore();
});

const bo = (fields: Record<string, string | null> = {}, more: object = {}): Mapped =>
  source('1', { fields: { name: 'Bo', email: 'bo@x.example', ...fields }, ...more });
const acme = (id = 'A1'): Mapped => source(id, { fields: { name: id } }, 'accounts');
const at = (account: string | null): Mapped =>
  source('1', { fields: { name: 'Bo' }, relations: { account } });
const accounts = { object: 'accounts' } as const;
const counts = (remove: number, restore: number, keep: number): object => ({
  counts: { remove, restore, keep },
});

describe('what the run made', () => {
  it('goes for good, with its link, and takes its reference along', () => {
    write(store, [acme()], accounts);
    const [undone] = undo(store, write(store, [at('A1')], { runId: 'run2' }));
    expect(undone).toMatchObject({
      ...counts(1, 0, 0),
      conflicts: [],
      removedLinks: [{ externalId: '1' }],
      bumps: [{ by: -1 }],
    });
    expect([store.records.size, store.links.size]).toEqual([1, 1]);
    expect(record(store, 'A1', 'accounts').references).toBe(0);
  });

  it('stays whole when a person touched one field, and lists it', () => {
    const page = write(store, [bo()]);
    const { recordId } = record(store, '1');
    store.edit(recordId, { title: 'Queen' }, ANN);
    expect(undo(store, page)).toMatchObject([
      {
        ...counts(0, 0, 1),
        writes: [],
        conflicts: [
          {
            recordId,
            externalId: '1',
            field: 'title',
            current: 'Queen',
            wouldBe: null,
            why: expect.stringContaining('Ann'),
          },
        ],
      },
    ]);
    expect(record(store, '1').fields).toMatchObject({ name: 'Bo', title: 'Queen' });
    expect(undo(store, page)).toMatchObject([counts(0, 0, 1)]);
  });

  it('stays when a person archived it', () => {
    const page = write(store, [bo()]);
    store.archive(record(store, '1').recordId, true, ANN);
    expect(undo(store, page)).toMatchObject([{ ...counts(0, 0, 1), conflicts: [{ field: 'archived' }] }]);
  });

  it('stays when a later run changed it, and goes once that run is undone', () => {
    const first = write(store, [bo()]);
    const second = write(store, [bo({ title: 'CEO' })], { runId: 'run2' });
    expect(undo(store, first)).toMatchObject([
      { ...counts(0, 0, 1), conflicts: [{ field: 'title', current: 'CEO' }] },
    ]);
    expect(undo(store, first, second)).toMatchObject([counts(0, 1, 0), counts(1, 0, 0)]);
    expect(store.records.size).toBe(0);
  });

  it('goes although a later run saw it unchanged', () => {
    const first = write(store, [bo()]);
    write(store, [bo({}, { hash: 'other' })], { runId: 'run2' });
    expect(undo(store, first)).toMatchObject([counts(1, 0, 0)]);
    expect(store.links.size).toBe(0);
  });

  it('stays when another app tied itself to it', () => {
    const page = write(store, [bo()]);
    write(store, [source('77', { fields: { name: 'Bo', email: 'bo@x.example' } })], {
      appId: 'app2',
      runId: 'runB',
    });
    expect(undo(store, page)).toMatchObject([
      { ...counts(0, 0, 1), conflicts: [{ why: expect.stringContaining('app2') }] },
    ]);
  });

  it('goes with the ids that the same run tied to it', () => {
    const first = write(store, [bo()]);
    const second = write(store, [source('2', { fields: { name: 'Bo', email: 'bo@x.example' } })], {
      policies: { sameApp: 'update' },
    });
    expect(undo(store, first, second)).toMatchObject([counts(0, 0, 0), counts(1, 0, 0)]);
    expect([store.records.size, store.links.size]).toEqual([0, 0]);
  });

  it('stays when a record of another run refers to it', () => {
    const page = write(store, [acme()], accounts);
    write(store, [at('A1')], { runId: 'run2' });
    expect(undo(store, page)).toMatchObject([
      { ...counts(0, 0, 1), conflicts: [{ why: expect.stringContaining('contacts') }] },
    ]);
    expect(record(store, '1').relations['account']?.recordId).toBe(record(store, 'A1', 'accounts').recordId);
  });

  it('goes although a record of the same run refers to it, which waits again', () => {
    const page = write(store, [acme()], accounts);
    write(store, [at('A1')]);
    expect(undo(store, page)).toMatchObject([
      { ...counts(1, 0, 0), pendingAdded: [{ field: 'account', targetExternalId: 'A1' }] },
    ]);
    expect(record(store, '1').relations).toEqual({ account: { externalId: 'A1', recordId: null } });
    write(store, [acme()], { ...accounts, runId: 'run2' });
    resolve(store, 'run2', 'accounts');
    expect(record(store, '1').relations['account']?.recordId).toBe(record(store, 'A1', 'accounts').recordId);
  });

  it('goes with parent and child of one page, and with one that is its own parent', () => {
    const child = source('A2', { fields: { name: 'A2' }, relations: { parent: 'A1' } }, 'accounts');
    const self = source('A3', { fields: { name: 'A3' }, relations: { parent: 'A3' } }, 'accounts');
    const page = write(store, [acme(), child, self], accounts);
    const found = resolve(store, 'run1', 'accounts');
    expect(record(store, 'A3', 'accounts').references).toBe(1);
    undo(store, page, ...found);
    expect([store.records.size, store.links.size, store.pending.size]).toEqual([0, 0, 0]);
  });
});
