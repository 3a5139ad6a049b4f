import { effectiveMapping, emptyMapping } from '../../activities/records/effective-mapping.js';
import { mappingPatchSchema, mappingSchema, patchMapping } from '../../activities/records/mapping-schema.js';
import type { Mapping, ObjectMapping } from '../../activities/records/types.js';
import { validateMapping } from '../../activities/records/validate-mapping.js';

function mappingOf(objects: Mapping['objects'], more: Partial<Mapping> = {}): Mapping {
  return { objects, owners: {}, statuses: {}, ...more };
}

const ofFile: ObjectMapping = {
  key: ['Order ID'],
  group: true,
  fields: {
    number: 'Order ID',
    issueDate: { path: 'Order Date', as: 'date' },
    contact: { path: 'Customer ID', relation: 'contacts' },
    total: { path: 'Sales', as: 'money', currency: 'USD', sum: true },
  },
  lines: {
    amount: { path: 'Sales', as: 'money', currency: 'USD' },
    product: { path: 'PID', relation: 'products' },
  },
};

describe('the effective mapping', () => {
  const offers = [
    {
      object: 'contacts' as const,
      defaultMapping: { fields: { name: 'fn', email: 'email', notes: 'note' } },
    },
    { object: 'tasks' as const },
  ];

  it("is the provider's default where the app says nothing", () => {
    expect(effectiveMapping(offers, null)).toEqual(mappingOf({ contacts: offers[0]!.defaultMapping! }));
  });

  it('takes the app field by field; null drops one', () => {
    const app = mappingOf(
      {
        contacts: { fields: { email: { path: 'mail', as: 'email' }, notes: null, phone: 'tel' } },
        tasks: { fields: { title: 't' } },
      },
      { owners: { 'a@x.example': 'm1' }, statuses: { tasks: { x: 'done' } } },
    );
    expect(effectiveMapping(offers, app)).toEqual({
      objects: {
        contacts: { fields: { name: 'fn', email: { path: 'mail', as: 'email' }, phone: 'tel' } },
        tasks: { fields: { title: 't' } },
      },
      owners: { 'a@x.example': 'm1' },
      statuses: { tasks: { x: 'done' } },
    });
  });

  it('keeps key, group and lines of a file unless the app has its own', () => {
    const base = [{ object: 'invoices' as const, defaultMapping: ofFile }];
    const app = mappingOf({ invoices: { key: ['No'], fields: {}, lines: { quantity: 'Qty' } } });
    expect(effectiveMapping(base, app).objects.invoices).toEqual({
      ...ofFile,
      key: ['No'],
      lines: { ...ofFile.lines, quantity: 'Qty' },
    });
  });

  it('is not the default itself: changing it changes no provider', () => {
    const effective = effectiveMapping(offers, null);
    effective.objects.contacts!.fields['name'] = 'changed';
    expect(offers[0]!.defaultMapping!.fields['name']).toBe('fn');
  });
});

describe('a mapping is checked', () => {
  it('and passes as objects.md writes it', () => {
    const mapping = mappingOf(
      {
        contacts: {
          key: ['Customer ID'],
          fields: { name: 'Customer Name', 'address.city': 'City', tags: { path: 'Segment', as: 'list' } },
        },
        invoices: ofFile,
      },
      { owners: { 'jane@corp.example': 'm1' }, statuses: { tasks: { "Won't fix": 'cancelled' } } },
    );
    expect(mappingSchema.parse(mapping)).toEqual(mapping);
    expect(validateMapping(mapping, { isFile: true })).toEqual([]);
  });

  it.each<[string, Mapping, (string | number)[], RegExp]>([
    [
      'unknown field',
      mappingOf({ contacts: { fields: { name: 'n', nmae: 'n' } } }),
      ['objects', 'contacts', 'fields', 'nmae'],
      /no field nmae.*address\.city/,
    ],
    [
      'wrong relation',
      mappingOf({ contacts: { fields: { name: 'n', account: { path: 'a', relation: 'products' } } } }),
      ['objects', 'contacts', 'fields', 'account'],
      /leads to accounts/,
    ],
    [
      'relation on a field',
      mappingOf({ contacts: { fields: { name: { path: 'a', relation: 'accounts' } } } }),
      ['objects', 'contacts', 'fields', 'name'],
      /no relation/,
    ],
    [
      'nothing for the name',
      mappingOf({ tasks: { fields: { notes: null } } }),
      ['objects', 'tasks', 'fields', 'title'],
      /Nothing is mapped to title/,
    ],
    [
      'a sum of texts',
      mappingOf({ invoices: { ...ofFile, fields: { number: { path: 'n', sum: true } } } }),
      ['objects', 'invoices', 'fields', 'number'],
      /Only amounts/,
    ],
    [
      'a sum without group',
      mappingOf({ invoices: { fields: { number: 'n', total: { path: 't', sum: true } } } }),
      ['objects', 'invoices', 'fields', 'total'],
      /`group`/,
    ],
    [
      'a group without key',
      mappingOf({ invoices: { group: true, fields: { number: 'n' } } }),
      ['objects', 'invoices', 'key'],
      /which columns/,
    ],
    [
      'lines without group',
      mappingOf({ invoices: { fields: { number: 'n' }, lines: { amount: 'a' } } }),
      ['objects', 'invoices', 'lines'],
      /group: true/,
    ],
    [
      'lines of contacts',
      mappingOf({ contacts: { fields: { name: 'n' }, lines: { amount: 'a' } } }),
      ['objects', 'contacts', 'lines'],
      /only invoices/,
    ],
    [
      'an unknown part of a line',
      mappingOf({ invoices: { ...ofFile, lines: { price: 'p' } } }),
      ['objects', 'invoices', 'lines', 'price'],
      /no price/,
    ],
    [
      'a wrong product',
      mappingOf({ invoices: { ...ofFile, lines: { product: { path: 'p', relation: 'tasks' } } } }),
      ['objects', 'invoices', 'lines', 'product'],
      /leads to products/,
    ],
    [
      'a format of a text',
      mappingOf({ contacts: { fields: { name: { path: 'n', format: 'dd' } } } }),
      ['objects', 'contacts', 'fields', 'name'],
      /none/,
    ],
    [
      'a format of no date',
      mappingOf({ contacts: { fields: { name: 'n', birthday: { path: 'b', format: 'banana' } } } }),
      ['objects', 'contacts', 'fields', 'birthday'],
      /no format of a date/,
    ],
    [
      'no currency',
      mappingOf({ products: { fields: { name: 'n', price: { path: 'p', currency: 'XQQ' } } } }),
      ['objects', 'products', 'fields', 'price'],
      /ISO 4217/,
    ],
    [
      'a date as money',
      mappingOf({ contacts: { fields: { name: 'n', birthday: { path: 'b', as: 'money' } } } }),
      ['objects', 'contacts', 'fields', 'birthday'],
      /cannot be read as money/,
    ],
    [
      'an unknown status',
      mappingOf({}, { statuses: { tasks: { x: 'closed' } } }),
      ['statuses', 'tasks', 'x'],
      /no status 'closed'/,
    ],
  ])('%s', (_, mapping, path, message) => {
    const issues = validateMapping(mapping);
    expect(issues).toHaveLength(1);
    expect(issues[0]!.path).toEqual(path);
    expect(issues[0]!.message).toMatch(message);
  });

  it('statuses of an object that the app has not, until they are taken away', () => {
    const context = { objects: ['contacts'] as const };
    const found = validateMapping(mappingOf({}, { statuses: { tasks: { x: 'done' } } }), context);
    expect(found).toEqual([
      { path: ['statuses', 'tasks'], message: expect.stringContaining('This app has no tasks') },
    ]);
    expect(validateMapping(mappingOf({}, { statuses: { tasks: {} } }), context)).toEqual([]);
  });

  it('against what the provider offers and the file has', () => {
    const mapping = mappingOf({
      tasks: { fields: { title: 't' } },
      contacts: {
        key: ['Nr'],
        fields: { name: 'Name', email: 'Mail', notes: 'a.b', title: { path: 'Job', default: '-' } },
      },
    });
    expect(
      validateMapping(mapping, { objects: ['contacts'], columns: { contacts: ['ID', 'Name'] } }),
    ).toMatchObject([
      { path: ['objects', 'contacts', 'key', 0], message: "The source has no column 'Nr'; it has ID, Name." },
      { path: ['objects', 'contacts', 'fields', 'email'] },
      { path: ['objects', 'tasks'], message: 'This app has no tasks; it offers contacts.' },
    ]);
    const grouped = mappingOf({ invoices: ofFile });
    expect(validateMapping(grouped, { isFile: false })).toMatchObject([
      { path: ['objects', 'invoices', 'group'] },
    ]);
  });

  it.each<[unknown]>([
    [{ objects: { people: { fields: {} } } }],
    [{ objects: { contacts: { fields: { name: 1 } } } }],
    [{ objects: { contacts: { fields: { name: { path: '' } } } } }],
    [{ objects: { contacts: { fields: { name: { path: 'n', as: 'colour' } } } } }],
    [{ objects: { contacts: { fields: { name: { path: 'n', extra: 1 } } } } }],
    [{ objects: { contacts: { key: [] } } }],
    [{ wner: {} }],
  ])('%j has no shape of one', (patch) => {
    expect(mappingPatchSchema.safeParse(patch).success).toBe(false);
  });
});

describe('a patch of a mapping', () => {
  it('changes what it names, takes away with null, and keeps null of a field as a drop', () => {
    const current = mappingOf(
      { contacts: { key: ['ID'], fields: { name: 'n', email: 'e' } }, invoices: ofFile },
      { owners: { a: 'm1', b: 'm2' }, statuses: { tasks: { x: 'done', y: 'open' } } },
    );
    const patch = mappingPatchSchema.parse({
      objects: {
        contacts: { key: null, fields: { email: null, phone: 'p' } },
        invoices: { lines: { product: null } },
      },
      owners: { a: null, c: 'm3' },
      statuses: { tasks: { x: null }, deals: { won: 'won' } },
    });
    expect(patchMapping(current, patch)).toEqual({
      objects: {
        contacts: { fields: { name: 'n', email: null, phone: 'p' } },
        invoices: { ...ofFile, lines: { amount: ofFile.lines!['amount'] } },
      },
      owners: { b: 'm2', c: 'm3' },
      statuses: { tasks: { y: 'open' }, deals: { won: 'won' } },
    });
    expect(current.owners).toEqual({ a: 'm1', b: 'm2' });
  });

  it('takes a whole object or all its lines away', () => {
    const current = mappingOf({ contacts: { fields: { name: 'n' } }, invoices: ofFile });
    const after = patchMapping(current, { objects: { contacts: null, invoices: { lines: null } } });
    expect(after.objects.contacts).toBeUndefined();
    expect(after.objects.invoices?.lines).toBeUndefined();
    expect(mappingSchema.safeParse(after).success).toBe(true);
    expect(patchMapping(emptyMapping(), {})).toEqual(emptyMapping());
  });
});
