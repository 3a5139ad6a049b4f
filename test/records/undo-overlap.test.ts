import fc from 'fast-check';
import { undoLookupsOf } from '../../activities/records/lookups.js';
import { writesReferrers, writesWhatIsRead } from '../../activities/records/undo-overlap.js';
import type { UndonePage } from '../../activities/records/undo-types.js';
import { writing, person, play, previewPage, runOf } from '../support/histories.js';
import type { Written } from '../support/histories.js';
import { record, undo, write } from '../support/pages.js';
import type { PureStore } from '../support/pure-store.js';
import { createPureStore } from '../support/pure-store.js';
import { source } from '../support/record-makers.js';

/** How many worlds of the page below were read before a page was written, and still held after it. */
function readAhead(store: PureStore, pages: readonly Written[]): number {
  let held = 0;
  for (const [index, page] of [...pages.entries()].reverse()) {
    const undone = previewPage(store, page);
    const below = pages[index - 1];
    const ahead = below && store.undoWorld(below.journal, below.appId);
    store.undo(undone, page.appId);
    if (!below || !ahead) continue;
    if (writesWhatIsRead(undone, below.journal, undoLookupsOf(below.journal))) continue;
    if (writesReferrers(undone, ahead)) continue;
    held += 1;
    expect(ahead).toEqual(store.undoWorld(below.journal, below.appId));
  }
  return held;
}

it('what is read ahead is what would be read later, wherever no overlap is found', () => {
  let held = 0;
  const mixed = fc.oneof({ weight: 5, arbitrary: writing }, { weight: 1, arbitrary: person });
  fc.assert(
    fc.property(runOf('run1', mixed), runOf('run2', mixed), (first, second) => {
      const store = createPureStore();
      play(store, first);
      held += readAhead(store, play(store, second));
    }),
    { numRuns: Number(process.env['PROPERTY_RUNS'] ?? 200) },
  );
  // Else nothing was compared.
  expect(held).toBeGreaterThan(20);
});

describe('two pages of a run', () => {
  const bo = (id: string, more: object = {}) => source(id, { fields: { name: `Bo ${id}` }, ...more });
  const overlap = (store: PureStore, lower: Written, upper: Written): boolean =>
    writesWhatIsRead(previewPage(store, upper), lower.journal, undoLookupsOf(lower.journal));

  it('that made different records have nothing in common, also where these refer to the same one', () => {
    const store = createPureStore();
    write(store, [source('A1', { fields: { name: 'Acme' } }, 'accounts')], { object: 'accounts' });
    const at = { relations: { account: 'A1' } };
    const lower = write(store, [bo('1', at)], { runId: 'run2' });
    expect(overlap(store, lower, write(store, [bo('2', at)], { runId: 'run2' }))).toBe(false);
  });

  it('that changed the same record overlap', () => {
    const store = createPureStore();
    write(store, [bo('1'), bo('2')]);
    const [lower, upper] = ['Sir', 'Dr'].map((title) =>
      write(store, [source('1', { fields: { name: 'Bo 1', title } })], { runId: 'run2' }),
    );
    expect(overlap(store, lower!, upper!)).toBe(true);
    undo(store, lower!, upper!);
    expect(record(store, '1').fields['title']).toBeUndefined();
  });

  it('overlap where one refers to a record that the other made', () => {
    const store = createPureStore();
    const company = (id: string, parent: string | null) =>
      source(id, { fields: { name: id }, relations: { parent } }, 'accounts');
    const how = { object: 'accounts' as const };
    const lower = write(store, [company('A1', null)], how);
    expect(overlap(store, lower, write(store, [company('A2', 'A1')], how))).toBe(true);
  });
});

describe('what a page that is taken back writes', () => {
  const one = source('1', { fields: { name: 'Bo' } });
  const store = createPureStore();
  const lower = write(store, [one], { runId: 'run2' });
  const { recordId } = record(store, '1');
  const link = store.link('app1', 'contacts', '1')!;
  const nothing = previewPage(store, { ...lower, journal: [] });
  const is = { record: record(store, '1'), expectedVersion: 1 };
  const other = { ...link, externalId: '2' };

  it.each<[string, Partial<UndonePage>, { read: boolean; refers: boolean }]>([
    ['nothing', {}, { read: false, refers: false }],
    ['a record', { writes: [is] }, { read: true, refers: true }],
    ['a removal', { removals: [{ recordId, expectedVersion: 1 }] }, { read: true, refers: true }],
    ['a reference, also as many as go', { bumps: [{ recordId, by: 0 }] }, { read: true, refers: true }],
    ['another link of it', { restoredLinks: [other] }, { read: true, refers: true }],
    ['its link', { removedLinks: [{ object: 'contacts', externalId: '1' }] }, { read: true, refers: false }],
    [
      'its link, tied to another',
      { restoredLinks: [{ ...link, recordId: 'r9' }] },
      { read: true, refers: false },
    ],
    ['a link of another', { restoredLinks: [{ ...other, recordId: 'r9' }] }, { read: false, refers: false }],
    [
      'the same id of another object',
      { removedLinks: [{ object: 'accounts', externalId: '1' }] },
      { read: false, refers: false },
    ],
  ])('%s', (_what, writes, { read, refers }) => {
    const { journal } = lower;
    const undone = { ...nothing, ...writes };
    expect(writesWhatIsRead(undone, journal, undoLookupsOf(journal))).toBe(read);
    expect(writesReferrers(undone, { referrers: new Map([['target', [is.record]]]) })).toBe(refers);
  });
});
