import { lookupsOf, undoLookupsOf } from '../../activities/records/lookups.js';
import type { JournalEntry } from '../../activities/records/page.js';
import { compareTimes, sameJson } from '../../activities/records/same.js';
import { personWriter, readWriter, runWriter } from '../../activities/records/writers.js';
import { LosslessNumber } from 'lossless-json';
import { failedSource, linkTo, source } from '../support/record-makers.js';

it('a page asks once for each id, key and target', () => {
  const invoice = (id: string): ReturnType<typeof source> =>
    source(
      id,
      {
        fields: {
          number: '7',
          lines: [{ product: { externalId: 'P1', recordId: null } }, { description: 'no product' }],
        },
        relations: { contact: 'C1', account: null },
      },
      'invoices',
    );
  expect(
    lookupsOf([invoice('1'), invoice('1'), invoice('2'), failedSource('3')], 'invoices', undefined),
  ).toEqual({
    externalIds: ['1', '2'],
    keys: [],
    weakKeys: ['number:7'],
    targets: [
      { object: 'contacts', externalId: 'C1' },
      { object: 'products', externalId: 'P1' },
    ],
  });
});

it('a parent is of its own kind', () => {
  const parent = (object: 'tasks' | 'accounts') =>
    lookupsOf([source('1', { relations: { parent: 'X' } }, object)], object, undefined).targets;
  expect([parent('tasks'), parent('accounts')]).toEqual([
    [{ object: 'tasks', externalId: 'X' }],
    [{ object: 'accounts', externalId: 'X' }],
  ]);
});

it('an undo asks for records, links, and the targets that relations lead back to', () => {
  const entry: JournalEntry = {
    recordId: 'r1',
    externalId: '1',
    object: 'contacts',
    outcome: 'updated',
    versionBefore: 1,
    versionAfter: 2,
    fields: [
      { field: '@account', before: { externalId: 'A', recordId: 'a' }, after: null, writerBefore: null },
      { field: '@parent', before: { externalId: 'B', recordId: null }, after: null, writerBefore: null },
      {
        field: 'lines',
        before: [{ product: { externalId: 'P', recordId: 'p' } }],
        after: null,
        writerBefore: null,
      },
    ],
    linkBefore: null,
    linkAfter: linkTo('r1', '1'),
    bumps: [],
    pendingAdded: [],
  };
  const made: JournalEntry = { ...entry, recordId: 'r2', outcome: 'created', fields: [], linkAfter: null };
  expect(undoLookupsOf([entry, made])).toEqual({
    recordIds: ['a', 'p', 'r1'],
    asMade: new Map([['r2', 2]]),
    links: [{ object: 'contacts', externalId: '1' }],
    createdIds: ['r2'],
  });
});

describe('comparing times', () => {
  it.each<[string, string, number]>([
    ['2026-05-01T00:00:00Z', '2026-05-01T00:00:00.000Z', 0],
    ['2026-05-01T00:00:00Z', '2026-05-01T00:00:00.000001Z', -1],
    ['2026-05-01T00:00:01Z', '2026-05-01T00:00:00.999999Z', 1],
    ['2026-05-01T00:00:00.5Z', '2026-05-01T00:00:00.25Z', 1],
  ])('%s and %s', (a, b, order) => {
    expect([compareTimes(a, b), compareTimes(b, a) + 0]).toEqual([order, order === 0 ? 0 : -order]);
  });
});

it('extra compares by content and digits, not by the order of keys', () => {
  expect(sameJson({ a: 1, b: [null] }, { b: [null], a: new LosslessNumber('1') })).toBe(true);
  expect(sameJson({ a: 1 }, { a: '1' })).toBe(false);
  expect(sameJson({ a: 1 }, { a: 1, b: 2 })).toBe(false);
  expect(sameJson(new LosslessNumber('0.10'), new LosslessNumber('0.1'))).toBe(false);
});

it('writers read back as they were written', () => {
  expect(readWriter(runWriter('r', 'a', '2026-05-01T00:00:00Z'))).toEqual({
    kind: 'run',
    runId: 'r',
    appId: 'a',
    modifiedAt: '2026-05-01T00:00:00Z',
  });
  expect(readWriter(runWriter('r', 'a', null))).toMatchObject({ modifiedAt: null });
  expect(readWriter(personWriter({ id: 'u1', name: 'Ann: the first' }))).toEqual({
    kind: 'person',
    id: 'u1',
    name: 'Ann: the first',
  });
});
