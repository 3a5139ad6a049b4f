import fc from 'fast-check';
import { LosslessNumber } from 'lossless-json';
import { Decimal128 } from 'mongodb';
import { fromDecimal, toDecimal } from '../../activities/store/mongo/decimal.js';
import { fingerprints, mayHold } from '../../activities/store/mongo/fingerprints.js';
import { idOf, partsOf, prefixOf, range } from '../../activities/store/mongo/ids.js';
import {
  decodeEntries,
  encodeEntries,
  type PackedJournal,
} from '../../activities/store/mongo/journal-codec.js';
import { fromBlob, fromField, toBlob, toField } from '../../activities/store/mongo/json.js';
import { decodeLink, encodeLink } from '../../activities/store/mongo/link-codec.js';
import { pack, unpack } from '../../activities/store/mongo/pack.js';
import { entry, link } from './makers.js';

/** What goes into the store comes out again, whatever it is. */

const segment = fc.string({
  minLength: 1,
  maxLength: 12,
  unit: fc.constantFrom('a', '/', '%', '2', 'F', '0', 'é'),
});

describe('keys', () => {
  it('are taken apart as they were made', () => {
    fc.assert(
      fc.property(segment, segment, segment, (first, second, last) => {
        expect(partsOf(idOf(first, second, last), 3)).toEqual([first, second, last]);
      }),
    );
  });

  it('of one workspace lie in its range, and no others do', () => {
    const within = (id: string, prefix: string): boolean => {
      const bounds = range(prefix);
      return bounds.$gte <= id && id < bounds.$lt;
    };
    fc.assert(
      fc.property(segment, segment, segment, (mine, other, rest) => {
        expect(within(idOf(mine, rest), prefixOf(mine))).toBe(true);
        if (mine !== other) expect(within(idOf(other, rest), prefixOf(mine))).toBe(false);
      }),
    );
  });

  it('carry what a link does not repeat', () => {
    fc.assert(
      fc.property(segment, segment, (origin, externalId) => {
        const mine = link(externalId, 'r1', { origin, seenRunId: 'run-2', notOurs: ['title'], goneAt: 'x' });
        expect(decodeLink(encodeLink(mine))).toEqual(mine);
      }),
    );
  });
});

describe('decimals', () => {
  const digits = fc.stringMatching(/^-?(0|[1-9]\d{0,20})(\.\d{1,13})?$/);

  it('keep every digit, zeros at the end included, and never take exponent form', () => {
    fc.assert(
      fc.property(digits, (text) => {
        const stored = toDecimal(text);
        expect(stored).toBeInstanceOf(Decimal128);
        expect(fromDecimal(stored as Decimal128)).toBe(text);
      }),
    );
    expect(fromDecimal(Decimal128.fromString('12E+3'))).toBe('12000');
    expect(fromDecimal(Decimal128.fromString('-1.20E-9'))).toBe('-0.00000000120');
  });

  it('stay text where the database could not give them back', () => {
    for (const text of ['1e3', '007', '', 'NaN', `1${'0'.repeat(34)}`, '1.', '+1'])
      expect(toDecimal(text)).toBe(text);
  });
});

describe('JSON', () => {
  const json = fc.jsonValue({ maxDepth: 3 });
  const clean = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

  it('comes back from a blob and from a field', async () => {
    await fc.assert(
      fc.asyncProperty(json, async (value) => {
        expect(await fromBlob(await toBlob(value))).toEqual(clean(value));
        expect(fromField(toField(value))).toEqual(clean(value));
      }),
      { numRuns: 60 },
    );
  });

  it('keeps the digits of exact numbers beside plain ones', async () => {
    const value = {
      exact: [new LosslessNumber('1.10'), new LosslessNumber('1e400')],
      plain: [1.1, -0.5, 1e21, 7],
    };
    expect(await fromBlob(await toBlob(value))).toEqual(value);
    expect(fromField(toField(value))).toEqual(value);
  });

  it('is not misled by a text that looks like an exact number', async () => {
    const value = [{ isLosslessNumber: true, value: '1' }, '"isLosslessNumber":true'];
    expect(await fromBlob(await toBlob(value))).toEqual(value);
  });
});

it('packed documents keep odd keys and exact numbers', () => {
  const key = fc.string({ unit: fc.constantFrom('a', '.', '$', '%', '2', 'E', '\0', 'n') });
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.constant(null),
    fc.constant(new LosslessNumber('1.10')),
  );
  fc.assert(
    fc.property(fc.dictionary(key, fc.oneof(value, fc.dictionary(key, value))), (free) => {
      const packed = pack(free);
      expect(unpack(packed)).toEqual(free);
      expect(Object.keys(packed as object).filter((each) => /[.$\0]/.test(each))).toEqual([]);
    }),
  );
  const polluting = JSON.parse('{"__proto__":{"admin":true}}') as object;
  expect(Object.keys(unpack(pack(polluting)) as object)).toEqual(['__proto__']);
});

it('fingerprints never miss an id that is there', () => {
  fc.assert(
    fc.property(fc.array(fc.string(), { minLength: 1 }), (ids) => {
      const prints = fingerprints(ids);
      expect(ids.every((id) => mayHold(prints, id))).toBe(true);
    }),
  );
  expect(mayHold(fingerprints(['1', '2', '3']), '4')).toBe(false);
});

describe('journals', () => {
  const address = { city: 'Bern' };
  const fields = [
    { field: 'name', before: null, after: 'Ann', writerBefore: null },
    { field: 'address', before: null, after: address, writerBefore: null },
    { field: '#extra.note', before: null, after: { json: '1.10' }, writerBefore: null },
  ];
  const after = link('1', 'r1', {
    applied: { name: 'Ann', address, title: null, email: 'other@corp.example' },
  });
  const created = entry('r1', { externalId: '1', fields, linkAfter: after });
  const updated = entry('r2', {
    externalId: '2',
    outcome: 'updated',
    versionBefore: 3,
    versionAfter: 4,
    fields: [
      { field: 'name', before: 'Bob', after: 'Rob', writerBefore: 'a:ann:Ann' },
      { field: '@account', before: null, after: { externalId: 'a', recordId: null }, writerBefore: null },
    ],
    linkBefore: link('2', 'r2', { runId: 'run-0', goneAt: 'x', applied: { name: 'Bob' } }),
    linkAfter: link('2', 'r9', {
      notOurs: ['name'],
      origin: 'other',
      modifiedAt: '2026-05-01',
      applied: { name: 'Rob' },
    }),
    bumps: [{ recordId: 'r7', by: -1 }],
  });
  const resolved = entry('r3', { object: 'deals', outcome: 'resolved', fields: [] });

  it.each([[[created, updated, resolved]], [[resolved]], [[updated, created]], [[]]])(
    'come back entry by entry (%#)',
    (entries) => {
      const text = JSON.stringify(encodeEntries(entries));
      expect(decodeEntries(JSON.parse(text) as PackedJournal)).toEqual(entries);
    },
  );

  it('say what entries share once', () => {
    const many = Array.from({ length: 100 }, (_none, index) => ({
      ...created,
      recordId: `r${index}`,
      externalId: String(index),
      linkAfter: { ...after, recordId: `r${index}`, externalId: String(index) },
    }));
    expect(JSON.stringify(encodeEntries(many)).length).toBeLessThan(JSON.stringify(many).length / 2);
  });
});
