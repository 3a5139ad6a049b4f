import type { Mapped } from '../../activities/records/types.js';
import type { Written } from '../support/histories.js';
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

describe('what the run changed', () => {
  it('becomes what it was, with its writer, keys and link', () => {
    write(store, [
      bo(
        { title: 'CEO' },
        { extra: { Fax: 1 }, unmapped: { owner: 'jane' }, modifiedAt: '2026-05-01T00:00:00Z' },
      ),
    ]);
    const before = store.snapshot();
    const page = write(
      store,
      [
        bo(
          { title: null, email: 'bo@y.example', owner: 'm1' },
          { extra: { Fax: 2, Zip: 3 }, modifiedAt: '2026-06-01T00:00:00Z' },
        ),
      ],
      { runId: 'run2' },
    );
    expect(store.snapshot()).not.toEqual(before);
    expect(undo(store, page)).toMatchObject([counts(0, 1, 0)]);
    expect(store.snapshot()).toEqual(before);
    expect(store.link('app1', 'contacts', '1')?.modifiedAt).toBe('2026-05-01T00:00:00Z');
    expect(record(store, '1').version).toBe(3);
  });

  it('comes again with the next run', () => {
    write(store, [bo()]);
    undo(store, write(store, [bo({ title: 'CEO' })], { runId: 'run2' }));
    write(store, [bo({ title: 'CEO' })], { runId: 'run3' });
    expect(record(store, '1').fields['title']).toBe('CEO');
  });

  it('stays where somebody changed it since, field by field', () => {
    write(store, [bo({ title: 'CEO', notes: 'short' })]);
    const page = write(store, [bo({ title: 'CTO', notes: 'tall' })], { runId: 'run2' });
    store.edit(record(store, '1').recordId, { title: 'Queen', url: 'https://x.example' }, ANN);
    expect(undo(store, page)).toMatchObject([
      {
        ...counts(0, 1, 1),
        conflicts: [
          { field: 'title', current: 'Queen', wouldBe: 'CEO', why: expect.stringContaining('Ann') },
        ],
      },
    ]);
    expect(record(store, '1').fields).toMatchObject({
      title: 'Queen',
      notes: 'short',
      url: 'https://x.example',
    });
  });

  it("an edit that the run had overwritten is a person's again", () => {
    write(store, [bo({ title: 'CEO' })]);
    store.edit(record(store, '1').recordId, { title: 'Queen' }, ANN);
    const page = write(store, [bo({ title: 'CTO' })], { runId: 'run2', policies: { edits: 'overwrite' } });
    expect(record(store, '1').fields['title']).toBe('CTO');
    undo(store, page);
    expect(record(store, '1').fields['title']).toBe('Queen');
    write(store, [bo({ title: 'CFO' })], { runId: 'run3' });
    expect(record(store, '1').fields['title']).toBe('Queen');
  });

  it('on two pages of one run unwinds cleanly, is counted once, and says a conflict once', () => {
    write(store, [bo({ title: 'CEO' }, { modifiedAt: '2026-05-01T00:00:00Z' })]);
    const before = store.snapshot();
    const both = (): [Written, Written] => [
      write(store, [bo({ title: 'CTO' }, { modifiedAt: '2026-06-01T00:00:00Z' })], { runId: 'run2' }),
      write(store, [bo({ title: 'CFO' }, { modifiedAt: '2026-07-01T00:00:00Z' })], { runId: 'run2' }),
    ];
    const pages = both();
    expect(undo(store, ...pages)).toMatchObject([counts(0, 0, 0), counts(0, 1, 0)]);
    expect(store.snapshot()).toEqual(before);
    expect(undo(store, ...pages)).toMatchObject([counts(0, 0, 0), counts(0, 0, 0)]);
    expect(store.snapshot()).toEqual(before);
    const again = both();
    store.edit(record(store, '1').recordId, { title: 'Queen' }, ANN);
    const conflicts = undo(store, ...again).flatMap((page) => page.conflicts);
    expect(conflicts).toMatchObject([{ field: 'title', current: 'Queen', wouldBe: 'CEO' }]);
  });

  it('stays on each page of the run where a field stays, though the conflict is said once', () => {
    write(store, [bo({ title: 'CEO' })]);
    const pages = [
      write(store, [bo({ title: 'CTO', notes: 'tall' })], { runId: 'run2' }),
      write(store, [bo({ title: 'CFO', notes: 'tall' })], { runId: 'run2' }),
    ];
    store.edit(record(store, '1').recordId, { title: 'Queen' }, ANN);
    const kept = [{ index: 0, fields: ['title'], unlessGone: false }];
    expect(undo(store, ...pages)).toMatchObject([{ kept }, { kept }]);
    expect(record(store, '1').fields).not.toHaveProperty('notes', 'tall');
  });

  it('a change that a person set right by hand is no longer there', () => {
    write(store, [bo({ title: 'CEO' })]);
    const page = write(store, [bo({ title: 'CTO' })], { runId: 'run2' });
    store.edit(record(store, '1').recordId, { title: 'CEO' }, ANN);
    expect(undo(store, page)).toMatchObject([{ kept: [] }]);
  });

  it('a tie is untied, and what it filled is empty again', () => {
    write(store, [bo()], { appId: 'app2', runId: 'runB' });
    const before = store.snapshot();
    const page = write(store, [source('9', { fields: { name: 'Bo', email: 'bo@x.example', title: 'CEO' } })]);
    expect(undo(store, page)).toMatchObject([{ ...counts(0, 1, 0), removedLinks: [{ externalId: '9' }] }]);
    expect(store.snapshot()).toEqual(before);
  });

  it('a tie that a later run used stays, and is said', () => {
    write(store, [bo()], { appId: 'app2', runId: 'runB' });
    const tie = (title: string): Mapped =>
      source('9', { fields: { name: 'Bo', email: 'bo@x.example', title } });
    const page = write(store, [tie('CEO')]);
    write(store, [tie('CTO')], { runId: 'run2' });
    expect(undo(store, page)).toMatchObject([
      {
        ...counts(0, 0, 1),
        removedLinks: [],
        conflicts: [{ field: 'title' }, { why: expect.stringContaining('run2') }],
        kept: [{ index: 0, fields: ['title'], unlessGone: false }],
      },
    ]);
  });

  it('a link that a later run wrote stays as that run left it', () => {
    write(store, [bo({ title: 'CEO' })]);
    const page = write(store, [bo({ title: 'CTO' })], { runId: 'run2' });
    write(store, [bo({ title: 'CTO', notes: 'tall' })], { runId: 'run3' });
    undo(store, page);
    expect(record(store, '1').fields).toMatchObject({ title: 'CEO', notes: 'tall' });
    expect(store.link('app1', 'contacts', '1')?.runId).toBe('run3');
  });

  it('an archive and a coming back are taken back', () => {
    write(store, [bo()]);
    const alive = store.snapshot();
    const gone = write(store, [bo({}, { deleted: true })], { runId: 'run2' });
    const archived = store.snapshot();
    const back = write(store, [bo({ title: 'CEO' })], { runId: 'run3' });
    undo(store, back);
    expect(store.snapshot()).toEqual(archived);
    undo(store, gone);
    expect(store.snapshot()).toEqual(alive);
  });

  it('a relation leads back, or waits where its earlier target is no more', () => {
    const first = write(store, [acme('A1')], accounts);
    write(store, [acme('A2')], { ...accounts, runId: 'run0' });
    write(store, [at('A1')], { runId: 'run0' });
    const before = store.snapshot();
    const page = write(store, [at('A2')], { runId: 'run2' });
    undo(store, page);
    expect(store.snapshot()).toEqual(before);
    const again = write(store, [at('A2')], { runId: 'run3' });
    undo(store, first);
    expect(undo(store, again)).toMatchObject([
      { pendingAdded: [{ field: 'account', targetExternalId: 'A1' }] },
    ]);
    expect(record(store, '1').relations).toEqual({ account: { externalId: 'A1', recordId: null } });
  });

  it('lines lead back to their products', () => {
    const product = (id: string): Mapped => source(id, { fields: { name: id } }, 'products');
    const invoice = (...ids: string[]): Mapped =>
      source(
        'i1',
        {
          fields: { number: '1', lines: ids.map((id) => ({ product: { externalId: id, recordId: null } })) },
        },
        'invoices',
      );
    write(store, [invoice('P1', 'P2')], { object: 'invoices' });
    write(store, [product('P1')], { object: 'products' });
    resolve(store, 'run1', 'products');
    const before = store.snapshot();
    const page = write(store, [invoice('P2', 'P1', 'P1')], { object: 'invoices', runId: 'run2' });
    expect(record(store, 'P1', 'products').references).toBe(2);
    undo(store, page);
    expect(store.snapshot()).toEqual(before);
  });
});

describe('what the run found', () => {
  it('waits again', () => {
    write(store, [at('A1')]);
    const page = write(store, [acme()], { ...accounts, runId: 'run2' });
    const before = store.snapshot();
    const found = resolve(store, 'run2', 'accounts');
    expect(record(store, '1').relations['account']?.recordId).toBe(record(store, 'A1', 'accounts').recordId);
    undo(store, ...found);
    expect(store.snapshot()).toEqual(before);
    expect(undo(store, page)).toMatchObject([counts(1, 0, 0)]);
  });

  it('is no touch: the run that made the record can still be undone', () => {
    const page = write(store, [at('A1')]);
    write(store, [acme()], { ...accounts, runId: 'run2' });
    resolve(store, 'run2', 'accounts');
    expect(undo(store, page)).toMatchObject([counts(1, 0, 0)]);
    expect(record(store, 'A1', 'accounts').references).toBe(0);
  });

  it('hinders nobody: a target that the run made goes, also in a preview', () => {
    write(store, [at('A1')]);
    const page = write(store, [acme()], { ...accounts, runId: 'run2' });
    resolve(store, 'run2', 'accounts');
    expect(undo(store, page)).toMatchObject([
      { ...counts(1, 0, 0), pendingAdded: [{ targetExternalId: 'A1' }] },
    ]);
  });

  it('stays where a person pointed it elsewhere', () => {
    write(store, [at('A1')]);
    write(store, [acme(), acme('A2')], { ...accounts, runId: 'run2' });
    const found = resolve(store, 'run2', 'accounts');
    const edited = record(store, '1');
    edited.relations['account'] = { externalId: null, recordId: record(store, 'A2', 'accounts').recordId };
    edited.writers['@account'] = 'a:ann:Ann';
    record(store, 'A1', 'accounts').references -= 1;
    record(store, 'A2', 'accounts').references += 1;
    expect(undo(store, ...found)).toMatchObject([{ writes: [], conflicts: [] }]);
  });
});
