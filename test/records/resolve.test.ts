import type { PendingRelation } from '../../activities/records/page.js';
import { resolvePage } from '../../activities/records/resolve.js';
import type { StoredLink, StoredRecord } from '../../activities/records/types.js';
import { linkTo, NOW, stored } from '../support/record-makers.js';

const context = { runId: 'run2', appId: 'app1', now: NOW };
const waits = (recordId: string, field: string, targetExternalId: string): PendingRelation => ({
  recordId,
  object: field === 'parent' ? 'accounts' : 'contacts',
  field,
  targetObject: 'accounts',
  targetExternalId,
});
const world = (records: StoredRecord[], links: StoredLink[]) => ({
  records: new Map(records.map((each) => [each.recordId, each])),
  targets: new Map(links.map((link) => [`accounts/${link.externalId}`, link])),
});
const contact = (account: StoredRecord['relations'][string]): StoredRecord =>
  stored('c', { name: 'Bo' }, { relations: { account } });

describe('resolving relations that wait', () => {
  it('links an arrived target, bumps it, and journals it to the run without a count', () => {
    const { decided, settled, found, waiting } = resolvePage(
      [waits('c', 'account', 'A1')],
      world([contact({ externalId: 'A1', recordId: null })], [linkTo('a', 'A1')]),
      context,
    );
    expect({ found, waiting, settled: settled.length }).toEqual({ found: 1, waiting: 0, settled: 1 });
    expect(decided.records).toMatchObject([
      {
        expectedVersion: 1,
        record: {
          version: 2,
          relations: { account: { externalId: 'A1', recordId: 'a' } },
          writers: { '*': 'r:run0:app0:', '#resolved:account': 'r:run2:app1:' },
        },
      },
    ]);
    expect(decided.bumps).toEqual([{ recordId: 'a', by: 1 }]);
    expect(decided.journal).toMatchObject([
      {
        outcome: 'resolved',
        object: 'contacts',
        fields: [{ field: '@account', after: { recordId: 'a' } }],
        bumps: [{ by: 1 }],
      },
    ]);
    expect(decided.counts.fetched).toBe(0);
  });

  it.each<[string, StoredRecord[], StoredLink[], number]>([
    ['a target that is not here waits on', [contact({ externalId: 'A1', recordId: null })], [], 0],
    [
      'a target that is gone waits on',
      [contact({ externalId: 'A1', recordId: null })],
      [linkTo('a', 'A1', { goneAt: NOW })],
      0,
    ],
    [
      'a record that names another target by now is void',
      [contact({ externalId: 'A2', recordId: null })],
      [linkTo('a', 'A1')],
      1,
    ],
    [
      'a record that found it already is void',
      [contact({ externalId: 'A1', recordId: 'a' })],
      [linkTo('a', 'A1')],
      1,
    ],
    ['a record that is gone is void', [], [linkTo('a', 'A1')], 1],
  ])('%s', (_, records, links, settled) => {
    const page = resolvePage([waits('c', 'account', 'A1')], world(records, links), context);
    expect(page.settled).toHaveLength(settled);
    expect([page.found, page.waiting, page.decided.records, page.decided.journal]).toEqual([
      0,
      1 - settled,
      [],
      [],
    ]);
  });

  it('writes a record once, and a target that waits itself has its reference inside', () => {
    const child = stored(
      'b',
      { name: 'B' },
      { object: 'accounts', relations: { parent: { externalId: 'A1', recordId: null } } },
    );
    const parent = stored(
      'a',
      { name: 'A' },
      { object: 'accounts', relations: { parent: { externalId: 'A1', recordId: null } } },
    );
    const { decided } = resolvePage(
      [waits('b', 'parent', 'A1'), waits('a', 'parent', 'A1')],
      world([child, parent], [linkTo('a', 'A1')]),
      context,
    );
    expect(decided.bumps).toEqual([]);
    expect(decided.records.map(({ record }) => [record.recordId, record.references])).toEqual([
      ['b', 0],
      ['a', 2],
    ]);
  });
});
