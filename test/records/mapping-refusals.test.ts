import { compileMapping } from '../../activities/records/mapping.js';
import type { Json } from '../../activities/records/types.js';
import { mapOne, problemsOf, recordOf, rulesFor, sourceOf } from './rules.js';

describe('what cannot be mapped', () => {
  it('says row, column, value, what was expected and what to do', () => {
    const problems = problemsOf(
      mapOne('contacts', { name: 'Name', birthday: 'Birthday' }, { Name: 'Ann', Birthday: '1980-02-30' }),
    );
    expect(problems).toEqual([
      {
        severity: 'failed',
        code: 'value_invalid',
        externalId: 'x1',
        position: '4',
        field: 'birthday',
        value: '1980-02-30',
        message:
          "Row 4, Birthday '1980-02-30' is not a date (expected YYYY-MM-DD). " +
          'Nothing was written for this row; correct it and upload again.',
      },
    ]);
  });

  it('speaks of records where there are no rows', () => {
    const map = compileMapping('contacts', rulesFor('contacts', { fields: { name: 'Name' } }));
    const source = { externalId: 'c-7', data: { Name: '' } };
    expect(problemsOf(map(source))).toEqual([
      {
        severity: 'failed',
        code: 'required_missing',
        externalId: 'c-7',
        field: 'name',
        message:
          'Record c-7: Name is empty, and name is required. ' +
          'Nothing was written for this record; fill it in at the source and run again.',
      },
    ]);
  });

  it('is what the policies require, relations and parts of an address among it', () => {
    const fields = { name: 'Name', email: 'E-Mail', account: 'Company', 'address.city': 'City' };
    const rules = rulesFor('contacts', { fields });
    rules.policies.required = { contacts: ['email', 'account', 'address.city', 'phone'] };
    const map = compileMapping('contacts', rules);
    expect(problemsOf(map(sourceOf({ Name: 'Ann' }))).map(({ code, field }) => [code, field])).toEqual([
      ['required_missing', 'email'],
      ['required_missing', 'account'],
      ['required_missing', 'address.city'],
      ['required_missing', 'phone'],
    ]);
    rules.policies.required = { contacts: ['email', 'account', 'address.city'] };
    const whole = { Name: 'Ann', 'E-Mail': 'a@x.example', Company: 'c1', City: 'Bonn' };
    expect(compileMapping('contacts', rules)(sourceOf(whole)).ok).toBe(true);
  });

  it.each<[string, Json]>([
    ['email', 'nobody'],
    ['emails', 'a@x.example; nobody'],
    ['phone', 'call me'],
    ['phones', ['+4930123456', 'call me']],
    ['birthday', '02/03/2024'],
    ['birthday', { year: 1980 }],
    ['url', 'javascript:alert(1)'],
    ['notes', { rich: 'text' }],
    ['tags', [['nested']]],
  ])('%s of %j', (field, value) => {
    expect(problemsOf(mapOne('contacts', { name: 'n', [field]: 'v' }, { n: 'x', v: value }))).toMatchObject([
      { code: 'value_invalid', field },
    ]);
  });

  it('lists every bad field of a row once, up to ten', () => {
    const fields = { name: 'n', email: 'e', birthday: 'b' };
    const bad = problemsOf(mapOne('contacts', fields, { n: '', e: 'x', b: 'y' }));
    expect(bad.map(({ field }) => field)).toEqual(['email', 'birthday', 'name']);
  });

  it.each<[string, Json]>([
    ['a list', []],
    ['a text', 'x'],
    ['nothing', null],
  ])('is %s instead of an object', (_, data) => {
    expect(problemsOf(mapOne('contacts', { name: 'n' }, data))).toMatchObject([{ code: 'unmappable' }]);
  });

  it('is an object without a mapping', () => {
    const map = compileMapping('tasks', rulesFor('contacts', { fields: { name: 'n' } }));
    expect(problemsOf(map(sourceOf({ n: 'x' })))).toMatchObject([{ code: 'unmappable' }]);
  });

  it('is data nested deeper than can be read', () => {
    let data: Json = 'x';
    for (let depth = 0; depth < 100_000; depth += 1) data = [data];
    expect(problemsOf(mapOne('contacts', { name: 'n' }, { n: 'x', data }))).toMatchObject([
      { code: 'unmappable' },
    ]);
  });

  it('is larger than the limits', () => {
    const map = (limit?: number) =>
      compileMapping(
        'contacts',
        rulesFor('contacts', { fields: { name: 'n', notes: 'v' } }),
        limit ? { maxSourceBytes: limit } : {},
      );
    const over = (value: string, limit?: number) => {
      const [problem] = problemsOf(map(limit)(sourceOf({ n: 'x', v: value })));
      return `${problem?.code ?? ''}: ${problem?.message ?? ''}`;
    };
    expect(over('a'.repeat(2 ** 20))).toContain(
      'too_large: Row 4: the source record is larger than 1024 KiB.',
    );
    // Bytes are counted, not characters.
    expect(over('é'.repeat(600_000))).toContain('the source record is larger than 1024 KiB.');
    expect(over('a'.repeat(300_000))).toContain('the record is larger than 256 KiB.');
    expect(over('é'.repeat(140_000))).toContain('the record is larger than 256 KiB.');
    expect(over('a'.repeat(2000), 1024)).toContain('the source record is larger than 1 KiB.');
    expect(map()(sourceOf({ n: 'x', v: 'a'.repeat(200_000) })).ok).toBe(true);
  });

  it('is known by what it says where it has no id, wherever it stands', () => {
    const map = compileMapping('contacts', rulesFor('contacts', { fields: { name: 'Name' } }));
    const trouble = { code: 'required_missing', field: 'id', message: 'No id.' } as const;
    const likeness = (line: number, data: Json, nameless?: true) => {
      const source = { externalId: `#line-${line}`, position: String(line), data, trouble };
      return problemsOf(map({ ...source, ...(nameless && { nameless }) }))[0]?.likeness;
    };
    const first = likeness(3, { Name: 'Ann' }, true);
    expect(first).toEqual(expect.any(String));
    expect(likeness(8, { Name: 'Ann' }, true)).toBe(first);
    expect(likeness(3, { Name: 'Bo' }, true)).not.toBe(first);
    expect(likeness(3, { Name: 'Ann' })).toBeUndefined();
  });

  it('is trouble that the provider met, as it said it', () => {
    const map = compileMapping('contacts', rulesFor('contacts', { fields: { name: 'n' } }));
    const trouble = {
      code: 'row_broken',
      message: 'Row 7 has 3 cells instead of 5.',
      value: 'a,b,c',
    } as const;
    expect(problemsOf(map(sourceOf(null, { trouble, position: '7' })))).toEqual([
      { severity: 'failed', externalId: 'x1', position: '7', ...trouble },
    ]);
  });
});

describe('a tombstone', () => {
  it('needs no fields', () => {
    const map = compileMapping('contacts', rulesFor('contacts', { fields: { name: 'n' } }));
    const record = recordOf(
      map({ externalId: 'x1', deleted: true, modifiedAt: '2024-03-02T10:00:00Z', data: null }),
    );
    expect(record).toMatchObject({ deleted: true, modifiedAt: '2024-03-02T10:00:00Z', fields: {}, keys: [] });
  });
});
