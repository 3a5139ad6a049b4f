import { LosslessNumber } from 'lossless-json';
import type { StoredRecord } from '../../activities/records/types.js';
import { type RecordFilter } from '../../activities/store/kept.js';
import { BadCursor } from '../../activities/store/listing.js';
import {
  ANN,
  APP,
  applying,
  begin,
  createPage,
  creating,
  link,
  nothing,
  ORIGIN,
  record,
  REF,
  run,
  source,
  staging,
  WS,
} from './makers.js';
import { openStore, type OpenedStore } from './open.js';

/** Records come back as they went in, and are found by what they are looked up by. */

let opened: OpenedStore;
beforeAll(async () => {
  opened = await openStore();
});
afterEach(() => opened.clear());
afterAll(() => opened.drop());

/** Through a page, as imports write them. */
async function write(records: readonly StoredRecord[]): Promise<void> {
  const { store } = opened;
  const begun = await begin(store);
  await store.pages.stage(staging(begun.claim, 0, [[source('none')]]));
  const decided = nothing();
  decided.records.push(...records.map((each) => ({ record: each, expectedVersion: null })));
  expect(await store.pages.apply(applying(begun.claim, begun.turn, 0, decided))).toBe('applied');
  await store.turns.release(begun.turn);
}

const ids = async (filter: RecordFilter, limit = 10): Promise<string[]> =>
  (await opened.store.records.list(WS, filter, { limit })).items.map((each) => each.recordId);

describe('what is kept', () => {
  const money = (amount: string) => ({ amount, currency: 'EUR' });
  const full = record('r1', {
    object: 'invoices',
    fields: {
      number: 'R-1',
      total: money('12.50'),
      tax: money('0.0000000100'),
      balance: money('-1000'),
      address: { city: 'Bern', country: 'CH' },
      tags: ['a', 'b'],
      probability: 12.5,
      paid: false,
      lines: [
        {
          description: 'Chair',
          quantity: '2.00',
          amount: money('99999999999999999999.99'),
          product: { externalId: 'p1', recordId: 'r9' },
        },
        { description: 'Table', product: { externalId: null, recordId: null } },
      ],
    },
    extra: {
      'dotted.key': { $set: [1, null] },
      exact: new LosslessNumber('0.1000000000000000000001'),
      __proto__key: 1,
    },
    relations: {
      account: { externalId: 'a/1', recordId: null },
      contact: { externalId: 'c', recordId: 'r7' },
    },
    unmapped: { owner: 'jane@corp.example' },
    keys: ['sku:a:b', 'sku:c'],
    weakKeys: ['number:r-1', 'odd'],
    references: 3,
    version: 4,
    writers: { '*': 'r:run-1:app-1:', 'address.city': 'a:ann:Ann', '@account': 'r:x:y:' },
    archivedAt: '2026-05-02T00:00:00Z',
    archivedBy: 'a:ann:Ann',
    updatedAt: '2026-05-03T00:00:00Z',
    createdBy: { actor: ANN },
  });

  it('comes back digit by digit, key by key', async () => {
    await write([full]);
    expect(await opened.store.records.byIds(WS, ['r1'])).toEqual([full]);
  });

  it('keeps money as a decimal that the database can add', async () => {
    await write([full]);
    const [sum] = await opened.client
      .db(opened.database)
      .collection('records')
      .aggregate([{ $group: { _id: null, total: { $sum: '$fields.total.amount' } } }])
      .toArray();
    expect(String(sum?.['total'])).toBe('12.50');
  });
});

describe('looking up', () => {
  it('finds by any strong key and by weak keys, within one workspace and object', async () => {
    await write([
      record('r1', { keys: ['email:ann@corp.example', 'email:ann@home.example'] }),
      record('r2', { keys: ['email:bob@corp.example'], weakKeys: ['phone:+4912345'] }),
      record('r3', { object: 'accounts', keys: ['email:ann@corp.example'], weakKeys: ['phone:+4912345'] }),
    ]);
    const { records } = opened.store;
    const byKeys = async (ws: string, ...keys: string[]): Promise<string[]> =>
      (await records.byKeys(ws, 'contacts', keys)).map((each) => each.recordId).sort();
    expect(await byKeys(WS, 'email:ann@home.example', 'email:bob@corp.example')).toEqual(['r1', 'r2']);
    expect(await byKeys(WS, 'phone:+4912345')).toEqual([]);
    expect(await byKeys('other', 'email:ann@corp.example')).toEqual([]);
    expect(await byKeys(WS, 'email:ann')).toEqual([]);
    const weak = await records.byWeakKeys(WS, 'contacts', ['phone:+4912345']);
    expect(weak.map((each) => each.recordId)).toEqual(['r2']);
  });

  it('gives at most 20 records for a key, and all others besides', async () => {
    const crowd = Array.from({ length: 30 }, (_none, index) =>
      record(`c${index}`, { keys: ['email:info@x.example'] }),
    );
    await write([...crowd, record('r1', { keys: ['email:ann@x.example'] })]);
    const found = await opened.store.records.byKeys(WS, 'contacts', [
      'email:info@x.example',
      'email:ann@x.example',
    ]);
    expect(found).toHaveLength(21);
    expect(found.some((each) => each.recordId === 'r1')).toBe(true);
  });

  it('finds what refers to a record, through relations and lines', async () => {
    const points = { externalId: 'x', recordId: 't1' };
    await write([
      record('t1'),
      record('r1', { relations: { account: points, parent: { externalId: 'y', recordId: 't2' } } }),
      record('r2', { object: 'invoices', fields: { number: '1', lines: [{ product: points }] } }),
      record('r3', { relations: { account: { externalId: 't1', recordId: null } } }),
    ]);
    const found = await opened.store.records.referrers(WS, ['t1', 't2', 't3']);
    expect([...found].map(([target, by]) => [target, by.map((each) => each.recordId).sort()]).sort()).toEqual(
      [
        ['t1', ['r1', 'r2']],
        ['t2', ['r1']],
      ],
    );
  });
});

describe('listing', () => {
  it('walks newest first, in pages that do not overlap', async () => {
    await write(
      Array.from({ length: 7 }, (_none, index) =>
        record(`r${index}`, { object: index % 2 ? 'deals' : 'contacts' }),
      ),
    );
    const { records } = opened.store;
    const first = await records.list(WS, {}, { limit: 4 });
    expect(first.items.map((each) => each.recordId)).toEqual(['r6', 'r5', 'r4', 'r3']);
    const rest = await records.list(WS, {}, { limit: 4, cursor: first.nextCursor! });
    expect(rest.items.map((each) => each.recordId)).toEqual(['r2', 'r1', 'r0']);
    expect(rest.nextCursor).toBeNull();
    expect(await ids({ object: 'deals' })).toEqual(['r5', 'r3', 'r1']);
    expect((await records.list('other', {}, { limit: 4 })).items).toEqual([]);
  });

  it('refuses a cursor that it did not make', async () => {
    for (const cursor of ['x', '', Buffer.from('{"a":1}').toString('base64url'), '!!']) {
      await expect(opened.store.records.list(WS, {}, { limit: 1, cursor })).rejects.toThrow(BadCursor);
    }
  });

  it('searches by the beginning of a name, number, e-mail or key, whatever the case and accents', async () => {
    await write([
      record('r1', {
        fields: { name: 'Zoë  Müller' },
        keys: ['email:zm@corp.example', 'email:two@corp.example'],
      }),
      record('r2', { object: 'invoices', fields: { number: 'ZOE-77' } }),
      record('r3', { object: 'products', fields: { name: 'Chair' }, keys: ['sku:ab-1'] }),
      record('r4', { fields: { name: 'Other' } }),
    ]);
    expect(await ids({ q: 'zoe' })).toEqual(['r2', 'r1']);
    expect(await ids({ q: 'ZOË MÜ' })).toEqual(['r1']);
    expect(await ids({ q: 'zm@corp' })).toEqual(['r1']);
    expect(await ids({ q: 'AB-' })).toEqual(['r3']);
    expect(await ids({ q: 'zoe', object: 'invoices' })).toEqual(['r2']);
    expect(await ids({ q: 'z.*' })).toEqual([]);
    expect(await ids({ q: 'uller' })).toEqual([]);
    const first = await opened.store.records.list(WS, { q: 'zoe' }, { limit: 1 });
    const rest = await opened.store.records.list(WS, { q: 'zoe' }, { limit: 1, cursor: first.nextCursor! });
    expect([...first.items, ...rest.items].map((each) => each.recordId)).toEqual(['r2', 'r1']);
  });

  it('filters by app, external id, run and archive', async () => {
    const { store } = opened;
    await store.runs.insert(run());
    const begun = await begin(store);
    begun.turn = await createPage(store, begun, 0, [
      ['x/1', 'r1'],
      ['x/2', 'r2'],
    ]);
    await store.pages.stage(staging(begun.claim, 1, [[source('y')]]));
    const decided = creating([['x/3', 'r3']]);
    decided.links.push(link('z', 'r1', { origin: 'crm/acme%', appId: 'app-2', object: 'contacts' }));
    expect(await store.pages.apply(applying(begun.claim, begun.turn, 1, decided))).toBe('applied');
    const [first] = await store.records.byIds(WS, ['r2']);
    await store.records.replace({ ...first!, archivedAt: '2026-05-05T00:00:00Z', version: 2 }, 1, []);
    expect(await ids({ appId: APP })).toEqual(['r3', 'r2', 'r1']);
    expect(await ids({ appId: 'app-2' })).toEqual(['r1']);
    expect(await ids({ externalId: 'x/2' })).toEqual(['r2']);
    expect(await ids({ externalId: 'x/2', object: 'deals' })).toEqual([]);
    expect(await ids({ runId: REF.runId })).toEqual(['r3', 'r2', 'r1']);
    expect(await ids({ runId: REF.runId, archived: false })).toEqual(['r3', 'r1']);
    expect(await ids({ archived: true })).toEqual(['r2']);
    for (const filter of [{ appId: APP }, { runId: REF.runId }]) {
      const one = await store.records.list(WS, filter, { limit: 2 });
      const two = await store.records.list(WS, filter, { limit: 2, cursor: one.nextCursor! });
      expect([...one.items, ...two.items].map((each) => each.recordId)).toEqual(['r3', 'r2', 'r1']);
    }
    await store.pages.expire(REF);
    expect(await ids({ runId: REF.runId })).toEqual(['r3', 'r2', 'r1']);
    const whole = await store.links.byRecords(WS, ['r1']);
    expect(whole).toHaveLength(2);
    const ties = await store.links.ties(WS, ['r1', 'none']);
    expect(ties).toHaveLength(2);
    for (const tie of ties) expect(whole).toContainEqual(expect.objectContaining(tie));
    expect(Object.keys(ties[0]!)).not.toContain('applied');
    expect(await store.records.versions(WS, ['r1', 'r2', 'none'])).toEqual(
      new Map([
        ['r1', 1],
        ['r2', 2],
      ]),
    );
  });
});

describe('a person writes', () => {
  it('inserts under the turn, and bumps what the record refers to', async () => {
    const { store } = opened;
    await write([record('t1')]);
    const turn = await store.turns.acquire(WS, 'contacts', 'person', new AbortController().signal);
    const mine = record('r1', {
      relations: { account: { externalId: null, recordId: 't1' } },
      createdBy: { actor: ANN },
    });
    expect(await store.records.insert(mine, turn)).toBe('written');
    expect(await store.records.insert(record('r2'), turn)).toBe('conflict');
    const [target] = await store.records.byIds(WS, ['t1']);
    expect(target).toMatchObject({ references: 1, version: 2 });
    expect(await store.records.byIds(WS, ['r2'])).toEqual([]);
  });

  it('replaces only the version it read, together with the bumps', async () => {
    const { store } = opened;
    await write([record('t1'), record('r1')]);
    const next = record('r1', { fields: { name: 'New' }, version: 2 });
    expect(await store.records.replace(next, 1, [{ recordId: 'gone', by: 1 }])).toBe('conflict');
    expect(await store.records.replace(next, 1, [{ recordId: 't1', by: 1 }])).toBe('written');
    expect(await store.records.replace(next, 1, [{ recordId: 't1', by: 1 }])).toBe('conflict');
    expect((await store.records.byIds(WS, ['t1']))[0]).toMatchObject({ references: 1, version: 2 });
    expect(await store.links.count(WS, ORIGIN, 'contacts')).toBe(0);
  });
});
