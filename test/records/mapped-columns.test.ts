import { missingColumns } from '../../activities/records/mapped-columns.js';
import type { ObjectMapping } from '../../activities/records/types.js';

const told = (mapping: ObjectMapping, columns: string[]): [string, string, boolean][] =>
  missingColumns('contacts', mapping, columns).map(({ column, path, needed }) => [
    ...[column, path.join('.')],
    needed,
  ]) as [string, string, boolean][];

describe('columns that a mapping names and the source lacks', () => {
  it('are told once each, with their place, those first without which no record can be made', () => {
    const mapping: ObjectMapping = {
      key: ['Id', 'Branch'],
      fields: { title: 'Role', name: 'Who', notes: 'Role', email: null, phone: 'Phone' },
    };
    expect(told(mapping, ['Id', 'Phone'])).toEqual([
      ['Branch', 'key.1', true],
      ['Who', 'fields.name', true],
      ['Role', 'fields.title', false],
    ]);
    expect(told(mapping, ['Id', 'Branch', 'Who', 'Role', 'Phone'])).toEqual([]);
  });

  it.each<[string, ObjectMapping['fields'], string[], [string, boolean][]]>([
    ['a dotted path into a column', { name: 'person.name' }, ['person'], []],
    ['a path into a list', { name: 'Name', emails: 'emails[].value' }, ['Name', 'emails'], []],
    ['a column with dots in its name', { name: 'a.b' }, ['a.b'], []],
    ['a dotted path into nothing', { name: 'person.name' }, ['persona'], [['person.name', true]]],
    ['a default', { name: { path: 'Who', default: 'Nobody' } }, ['Id'], [['Who', false]]],
    ['a row as its own key', { name: 'Name', url: '#row' }, ['Name'], []],
  ])('%s', (_, fields, columns, expected) => {
    const missing = missingColumns('contacts', { fields }, columns);
    expect(missing.map(({ column, needed }) => [column, needed])).toEqual(expected);
  });

  it('looks into the lines of a group, and at the column that names a currency', () => {
    const mapping: ObjectMapping = {
      ...{ key: ['Order'], group: true },
      fields: { number: 'Order', total: { path: 'Sales', as: 'money', currency: 'Cur', sum: true } },
      lines: { description: 'Product', amount: { path: 'Sales', as: 'money', currency: 'EUR' } },
    };
    expect(missingColumns('invoices', mapping, ['Order', 'Sales'])).toEqual([
      { column: 'Cur', path: ['fields', 'total'], needed: false },
      { column: 'Product', path: ['lines', 'description'], needed: false },
    ]);
    // The lines of a list are read inside it: their names are no columns.
    const listed = { fields: { number: 'Order', lines: 'items' }, lines: { description: 'what' } };
    expect(missingColumns('invoices', listed, ['Order', 'items'])).toEqual([]);
  });
});
