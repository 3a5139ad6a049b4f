import { LosslessNumber } from 'lossless-json';
import { compileMapping } from '../../activities/records/mapping.js';
import type { Json } from '../../activities/records/types.js';
import { mapOne, problemsOf, recordOf, rulesFor, sourceOf } from './rules.js';

describe('fields of a record', () => {
  it('are read from columns by their names', () => {
    const mapped = mapOne(
      'contacts',
      {
        name: 'Customer Name',
        email: 'E-Mail',
        'address.city': 'City',
        'address.country': 'Country',
        tags: 'Tags',
      },
      {
        'Customer Name': ' Ann Lee ',
        'E-Mail': 'Ann@Corp.example',
        City: 'Bonn',
        Country: 'Deutschland',
        Tags: 'a; b;a',
      },
    );
    expect(recordOf(mapped)).toMatchObject({
      externalId: 'x1',
      position: '4',
      modifiedAt: null,
      deleted: false,
      fields: {
        name: 'Ann Lee',
        email: 'ann@corp.example',
        address: { city: 'Bonn', country: 'DE' },
        tags: ['a', 'b'],
      },
      keys: ['email:ann@corp.example'],
      extra: {},
      warnings: [],
    });
  });

  it('tell empty from absent: a column that is not there is no value', () => {
    const fields = {
      name: 'Name',
      email: 'E-Mail',
      phone: 'Phone',
      'address.city': 'City',
      account: 'Company',
    };
    const record = recordOf(
      mapOne('contacts', fields, { Name: 'Ann', 'E-Mail': '  ', City: '', Company: null }),
    );
    expect(record.fields).toEqual({ name: 'Ann', email: null, address: null });
    expect(record.relations).toEqual({ account: null });
  });

  it('take their default where the source has none', () => {
    const fields = {
      name: 'Name',
      title: { path: 'Job', default: 'Buyer' },
      notes: { path: 'Note', default: '-' },
    };
    const record = recordOf(mapOne('contacts', fields, { Name: 'Ann', Job: ' ' }));
    expect(record.fields).toMatchObject({ title: 'Buyer', notes: '-' });
  });

  it.each<[string, Json, Json]>([
    ['a.b', { 'a.b': 'column', a: { b: 'path' } }, 'column'],
    ['a.b', { a: { b: 'path' } }, 'path'],
    ['a.1.b', { a: [{ b: 'x' }, { b: 'y' }] }, 'y'],
    ['a[1].b', { a: [{ b: 'x' }, { b: 'y' }] }, 'y'],
    ['a[].b', { a: [{ b: 'x' }, { c: 1 }, { b: 'y' }] }, 'x, y'],
    ['a', { a: ['x', 'y', 'x'] }, 'x, y'],
    ['a', { a: 12 }, '12'],
    ['a', { a: true }, 'true'],
    ['a', { a: new LosslessNumber('12345678901234567890') }, '12345678901234567890'],
  ])('%s of %j is %j', (path, data, expected) => {
    expect(recordOf(mapOne('products', { name: path }, data)).fields['name']).toBe(expected);
  });

  it.each(['constructor', '__proto__.constructor', 'a.constructor.name', 'toString'])(
    '%s finds nothing that the source did not send',
    (path) => {
      const record = recordOf(mapOne('products', { name: 'n', unit: path }, { n: 'x', a: {} }));
      expect(record.fields).toEqual({ name: 'x' });
    },
  );

  it('of a contact make its name of its parts', () => {
    const fields = { name: 'Name', firstName: 'First', lastName: 'Last' };
    expect(recordOf(mapOne('contacts', fields, { First: 'Ann', Last: 'Lee' })).fields['name']).toBe(
      'Ann Lee',
    );
    expect(recordOf(mapOne('contacts', fields, { Name: '', First: '', Last: 'Lee' })).fields['name']).toBe(
      'Lee',
    );
    expect(recordOf(mapOne('contacts', fields, { Name: 'A. L.', First: 'Ann' })).fields['name']).toBe(
      'A. L.',
    );
  });

  it('are texts as `as` says', () => {
    const read = (as: 'boolean' | 'number' | 'country' | 'date', value: Json) =>
      recordOf(mapOne('contacts', { name: 'n', notes: { path: 'v', as } }, { n: 'x', v: value })).fields[
        'notes'
      ];
    expect(read('boolean', 'Yes')).toBe('true');
    expect(read('number', '007.50')).toBe('7.50');
    expect(read('country', 'Schweiz')).toBe('CH');
    expect(read('country', 'Atlantis')).toBe('Atlantis');
    expect(read('date', '2 March 2024')).toBe('2024-03-02');
  });

  it('hold money from texts, numbers, objects and a column of currencies', () => {
    const read = (price: object, data: Json) =>
      recordOf(mapOne('products', { name: 'n', price: { path: 'p', as: 'money', ...price } }, data)).fields[
        'price'
      ];
    expect(read({ currency: 'EUR' }, { n: 'x', p: '12.50' })).toEqual({ amount: '12.50', currency: 'EUR' });
    expect(read({ currency: 'EUR' }, { n: 'x', p: 12.5 })).toEqual({ amount: '12.5', currency: 'EUR' });
    expect(read({ currency: 'Cur' }, { n: 'x', p: '3', Cur: 'usd' })).toEqual({
      amount: '3',
      currency: 'USD',
    });
    expect(read({}, { n: 'x', p: { amount: '3', currency: 'JPY' } })).toEqual({
      amount: '3',
      currency: 'JPY',
    });
    expect(read({ currency: 'EUR' }, { n: 'x', p: '' })).toBeNull();
  });

  it('read numbers and dates in the locale of the file', () => {
    const fields = { title: 't', amount: { path: 'a', currency: 'EUR' }, expectedCloseDate: 'd' };
    const data = { t: 'x', a: '1.234,50', d: '02.03.2024' };
    expect(recordOf(mapOne('deals', fields, data, { locale: 'de-DE' })).fields).toMatchObject({
      amount: { amount: '1234.50', currency: 'EUR' },
      expectedCloseDate: '2024-03-02',
    });
    expect(problemsOf(mapOne('deals', fields, data)).map((problem) => problem.field)).toEqual([
      'amount',
      'expectedCloseDate',
    ]);
  });

  it('read a phone number by the country of the rules, else by that of the locale', () => {
    const phone = (more: object) =>
      recordOf(mapOne('contacts', { name: 'n', phone: 'p' }, { n: 'x', p: '030 1234567' }, more)).fields[
        'phone'
      ];
    expect(phone({ country: 'DE' })).toBe('+49301234567');
    expect(phone({ locale: 'de-DE' })).toBe('+49301234567');
    expect(phone({})).toBe('030 1234567');
  });
});

describe('owners and statuses', () => {
  const fields = { title: 'title', owner: 'who', status: 'state', priority: 'prio' };
  const mapping = {
    objects: { tasks: { fields } },
    owners: { 'Bob B.': 'm-bob', 'gone@corp.example': 'm-gone' },
    statuses: { tasks: { "Won't fix": 'cancelled', done: 'in_progress' } },
  };
  const map = (data: Json) =>
    recordOf(compileMapping('tasks', rulesFor('tasks', { fields }, { mapping }))(sourceOf(data)));

  it.each([
    ['ANN@corp.example', 'm-ann'],
    ['Bob B.', 'm-bob'],
    ['bob b.', 'm-bob'],
    ['m-bob', 'm-bob'],
  ])('owner %s is %s', (who, member) => {
    const record = map({ title: 'x', who });
    expect(record.fields['owner']).toBe(member);
    expect(record.unmapped).toEqual({});
  });

  it.each(['carl@corp.example', 'gone@corp.example', 'constructor'])(
    'owner %s stays empty and is listed',
    (who) => {
      const record = map({ title: 'x', who });
      expect(record.fields['owner']).toBeNull();
      expect(record.unmapped).toEqual({ owner: who });
      expect(record.warnings).toMatchObject([
        { severity: 'warning', code: 'owner_unmapped', field: 'owner', value: who, externalId: 'x1' },
      ]);
    },
  );

  it.each([
    ["Won't fix", 'cancelled'],
    ["WON'T FIX", 'cancelled'],
    ['In Progress', 'in_progress'],
    ['in-progress', 'in_progress'],
    ['done', 'in_progress'],
    ['', 'open'],
  ])('status %s is %s', (state, status) => {
    const record = map({ title: 'x', state });
    expect(record.fields['status']).toBe(status);
    expect(record.unmapped).toEqual({});
    expect(record.warnings).toEqual([]);
  });

  it('a status nobody mapped is neutral, and kept beside', () => {
    const record = map({ title: 'x', state: 'Blocked' });
    expect(record.fields['status']).toBe('open');
    expect(record.unmapped).toEqual({ status: 'Blocked' });
    expect(record.warnings).toMatchObject([{ code: 'status_unmapped', value: 'Blocked' }]);
  });

  it('a status that is not mapped at all is not mentioned', () => {
    expect(map({ title: 'x' }).fields).toEqual({ title: 'x' });
  });

  it('a choice nobody knows is empty, and goes to extra', () => {
    const record = map({ title: 'x', prio: 'P1' });
    expect(record.fields['priority']).toBeNull();
    expect(record.extra).toEqual({ prio: 'P1' });
    expect(record.warnings).toMatchObject([{ code: 'choice_unmapped', field: 'priority', value: 'P1' }]);
    expect(map({ title: 'x', prio: 'Medium' }).fields['priority']).toBe('normal');
  });
});

describe('extra', () => {
  it('keeps what maps to nothing, but no empty value and no digit lost', () => {
    const data = {
      n: 'x',
      left: 'over',
      empty: '',
      none: null,
      big: new LosslessNumber('0.12345678901234567890'),
      a: { used: 'u', unused: { deep: 1 } },
      list: [{ v: 1, t: 'home' }],
      whole: ['p', 'q'],
    };
    const fields = { name: 'n', unit: 'a.used', description: 'list[].v', category: 'whole[]' };
    expect(recordOf(mapOne('products', fields, data)).extra).toEqual({
      left: 'over',
      big: '0.12345678901234567890',
      a: { unused: { deep: 1 } },
      list: [{ v: 1, t: 'home' }],
    });
  });

  it('holds no column of the key or of a currency', () => {
    const mapping = { key: ['ID'], fields: { name: 'n', price: { path: 'p', currency: 'Cur' } } };
    const record = recordOf(
      compileMapping(
        'products',
        rulesFor('products', mapping),
      )(sourceOf({ ID: '1', n: 'x', p: '1', Cur: 'EUR' })),
    );
    expect(record.extra).toEqual({});
  });

  it('holds 100 fields and 64 KiB, and says what was cut', () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`c${n}`, 'v']));
    const record = recordOf(mapOne('products', { name: 'n' }, { n: 'x', ...many }));
    expect(Object.keys(record.extra)).toHaveLength(100);
    expect(record.warnings).toMatchObject([{ code: 'extra_cut' }]);
    expect(record.warnings[0]?.message).toContain('50 unmapped fields');

    const large = recordOf(
      mapOne('products', { name: 'n' }, { n: 'x', blob: 'é'.repeat(40_000), small: 's' }),
    );
    expect(large.extra).toEqual({ small: 's' });
  });

  it('takes no field for a prototype', () => {
    const data = JSON.parse('{"n":"x","__proto__":{"polluted":true}}') as Json;
    const record = recordOf(mapOne('products', { name: 'n' }, data));
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
    expect(Object.getPrototypeOf(record.extra)).toBe(Object.prototype);
    expect(record.extra['_proto_']).toEqual({ polluted: true });
  });
});
