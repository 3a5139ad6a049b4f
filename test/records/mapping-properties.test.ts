import fc from 'fast-check';
import { LosslessNumber } from 'lossless-json';
import { canonicalText, rulesVersion, sourceHash } from '../../activities/records/hash.js';
import { compileMapping } from '../../activities/records/mapping.js';
import { OBJECT_NAMES, targetsOf } from '../../activities/records/objects.js';
import type { FieldSource, Json } from '../../activities/records/types.js';
import { rulesFor, sourceOf } from './rules.js';

const name = fc.constantFrom('a', 'b', 'a.b', 'rows', '__proto__', 'constructor', 'A b', '');
const scalar = fc.oneof(
  fc.constantFrom<Json>(
    null,
    '',
    ' ',
    'x@y.example',
    '12,50',
    '2024-02-30',
    '+49 30 123456',
    'In Progress',
    '50%',
  ),
  fc.string(),
  fc.double(),
  fc.boolean(),
  fc.constant(new LosslessNumber('1.00000000000000000001')),
);
const json: fc.Arbitrary<Json> = fc.letrec<{ value: Json }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4 },
    scalar,
    fc.array(tie('value'), { maxLength: 4 }),
    fc.dictionary(name, tie('value'), { maxKeys: 4 }),
  ),
})).value;

function shuffled(value: Json): Json {
  if (Array.isArray(value)) return value.map(shuffled);
  if (typeof value !== 'object' || value === null || value instanceof LosslessNumber) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, each]) => [key, shuffled(each)]),
  );
}

describe('the source hash', () => {
  it('is the same in any order of keys, and has 128 bits and more', () => {
    fc.assert(
      fc.property(json, (value) => {
        expect(sourceHash(shuffled(value))).toBe(sourceHash(value));
        expect(sourceHash(value)).toMatch(/^[\w-]{22}$/);
      }),
    );
  });

  it('differs where JSON differs', () => {
    const plain = fc.jsonValue({ maxDepth: 3 }) as fc.Arbitrary<Json>;
    fc.assert(
      fc.property(plain, plain, (a, b) => {
        const same = canonicalText(a) === canonicalText(b);
        expect(sourceHash(a) === sourceHash(b)).toBe(same);
        if (same) expect(shuffled(a)).toEqual(shuffled(b));
      }),
    );
    const one: Json[] = [
      1,
      '1',
      [1],
      { a: 1 },
      { a: '1' },
      null,
      '',
      {},
      [],
      true,
      'true',
      new LosslessNumber('1.0'),
    ];
    expect(new Set(one.map(sourceHash)).size).toBe(one.length);
  });

  it('writes canonical JSON of what any shape of object holds', () => {
    fc.assert(
      fc.property(fc.jsonValue() as fc.Arbitrary<Json>, (value) => {
        expect(JSON.parse(canonicalText(value))).toEqual(JSON.parse(JSON.stringify(value)));
      }),
    );
  });
});

describe('the version of the rules', () => {
  const rules = rulesFor('contacts', { fields: { name: 'n' } });
  it('changes with every part that a record depends on, and with nothing else', () => {
    const base = rulesVersion(rules);
    expect(
      rulesVersion({ ...rules, members: { ...rules.members, ids: [...rules.members.ids].reverse() } }),
    ).toBe(base);
    const others = [
      { ...rules, locale: 'de-DE' },
      { ...rules, timeZone: 'Europe/Berlin' },
      { ...rules, country: 'DE' },
      { ...rules, members: { ...rules.members, ids: ['m-ann'] } },
      { ...rules, policies: { ...rules.policies, priority: 1 } },
      { ...rules, mapping: { ...rules.mapping, owners: { x: 'm-ann' } } },
    ];
    expect(new Set([base, ...others.map(rulesVersion)]).size).toBe(others.length + 1);
  });
});

describe('mapping', () => {
  const path = fc.constantFrom('a', 'b', 'a.b', 'a[].b', 'a.0', 'b[0].a', '__proto__', 'A b');
  const source: fc.Arbitrary<FieldSource> = fc.oneof(
    path,
    fc.record(
      {
        path,
        as: fc.constantFrom(
          'text' as const,
          'number' as const,
          'money' as const,
          'date' as const,
          'list' as const,
        ),
        currency: fc.constantFrom('EUR', 'b'),
        default: fc.constantFrom('', 'x', '1'),
        sum: fc.boolean(),
        format: fc.constantFrom('dd.MM.yyyy', 'X', 'nonsense'),
      },
      { requiredKeys: ['path'] },
    ),
  );
  const caseOf = fc.constantFrom(...OBJECT_NAMES).chain((object) =>
    fc.record({
      object: fc.constant(object),
      fields: fc.dictionary(fc.constantFrom(...targetsOf(object), 'nonsense'), source),
      lines: fc.dictionary(fc.constantFrom('amount', 'quantity', 'product', 'nonsense'), source),
      group: fc.boolean(),
      locale: fc.constantFrom(null, 'de-DE', 'not a locale'),
      data: json,
    }),
  );

  it('never throws, answers the same twice, and never writes what the store cannot hold', () => {
    fc.assert(
      fc.property(caseOf, ({ object, fields, lines, group, locale, data }) => {
        const map = compileMapping(object, rulesFor(object, { fields, lines, group }, { locale }));
        const first = map(sourceOf(group ? { rows: [data, data] } : data));
        expect(map(sourceOf(group ? { rows: [data, data] } : data))).toEqual(first);
        if (!first.ok) {
          expect(
            first.problems.every((problem) => problem.severity === 'failed' && problem.message !== ''),
          ).toBe(true);
          return;
        }
        const text = JSON.stringify([first.record.fields, first.record.relations, first.record.extra]);
        expect(text).not.toContain('\\u0000');
        expect(text).not.toContain('isLosslessNumber');
        expect(Object.keys(first.record.extra).length).toBeLessThanOrEqual(100);
      }),
      { numRuns: 1500 },
    );
  });
});
