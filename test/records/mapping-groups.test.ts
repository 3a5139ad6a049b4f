import fc from 'fast-check';
import { sumOf } from '../../activities/records/decimals.js';
import { compileMapping } from '../../activities/records/mapping.js';
import type { Json, Line, Money, ObjectMapping } from '../../activities/records/types.js';
import { problemsOf, recordOf, rulesFor, sourceOf } from './rules.js';

const mapping: ObjectMapping = {
  key: ['Order ID'],
  group: true,
  fields: {
    number: 'Order ID',
    issueDate: { path: 'Order Date', as: 'date' },
    contact: { path: 'Customer ID', relation: 'contacts' },
    total: { path: 'Sales', as: 'money', currency: 'USD', sum: true },
  },
  lines: {
    description: 'Product Name',
    quantity: 'Quantity',
    amount: { path: 'Sales', as: 'money', currency: 'USD' },
    product: { path: 'Product ID', relation: 'products' },
  },
};
const map = compileMapping('invoices', rulesFor('invoices', mapping));

function row(sales: string, product: string, more: Record<string, Json> = {}): Record<string, Json> {
  return {
    'Order ID': 'CA-1',
    'Order Date': '2016-11-08',
    'Customer ID': 'CG-12520',
    'Product ID': product,
    'Product Name': `Name of ${product}`,
    Quantity: '2',
    Sales: sales,
    ...more,
  };
}

describe('a group of rows', () => {
  it('is one record: the first row gives the fields, columns are added, each row is a line', () => {
    const rows = [
      row('261.96', 'FUR-1', { Region: 'South', Discount: '0' }),
      row('731.9400', 'FUR-2', { Region: 'South', Discount: '0.2' }),
    ];
    const record = recordOf(map(sourceOf({ rows }, { externalId: 'CA-1', rows: 2, position: '2' })));
    expect(record.fields).toEqual({
      number: 'CA-1',
      issueDate: '2016-11-08',
      total: { amount: '993.9000', currency: 'USD' },
      lines: [
        {
          description: 'Name of FUR-1',
          quantity: '2',
          amount: { amount: '261.96', currency: 'USD' },
          product: { externalId: 'FUR-1', recordId: null },
        },
        {
          description: 'Name of FUR-2',
          quantity: '2',
          amount: { amount: '731.9400', currency: 'USD' },
          product: { externalId: 'FUR-2', recordId: null },
        },
      ],
    });
    expect(record.relations).toEqual({ contact: 'CG-12520' });
    // What all rows agree on is one value, the rest one value per row.
    expect(record.extra).toEqual({ Region: 'South', Discount: ['0', '0.2'] });
  });

  it('fails whole with one bad row, and says which line', () => {
    const problems = problemsOf(
      map(sourceOf({ rows: [row('1', 'A'), row('12,50', 'B')] }, { position: '8' })),
    );
    expect(problems[0]).toMatchObject({ code: 'value_invalid', field: 'total', value: '12,50' });
    expect(problems[0]?.message).toMatch(/^Row 8, line 2, Sales '12,50' is not an amount/);
    expect(problems[1]).toMatchObject({ field: 'lines.1.amount' });
  });

  it('adds nothing for empty cells, and is empty when all are', () => {
    expect(recordOf(map(sourceOf({ rows: [row('1.5', 'A'), row('', 'B')] }))).fields['total']).toEqual({
      amount: '1.5',
      currency: 'USD',
    });
    expect(recordOf(map(sourceOf({ rows: [row('', 'A')] }))).fields['total']).toBeNull();
  });

  it('refuses to add two currencies', () => {
    expect(problemsOf(map(sourceOf({ rows: [row('€1', 'A'), row('£1', 'B')] })))).toMatchObject([
      { code: 'value_invalid', field: 'total', value: '£1' },
    ]);
  });

  it('has at most 1,000 lines', () => {
    const rows = (count: number) => ({ rows: Array.from({ length: count }, (_, n) => row('1', `P${n}`)) });
    expect(recordOf(map(sourceOf(rows(1000)))).fields['total']).toEqual({ amount: '1000', currency: 'USD' });
    expect(problemsOf(map(sourceOf(rows(1001)))).map(({ code }) => code)).toContain('too_large');
  });

  it.each<[string, Json]>([
    ['no rows', {}],
    ['empty rows', { rows: [] }],
    ['rows of texts', { rows: ['x'] }],
    ['rows that are an object', { rows: {} }],
  ])('with %s cannot be mapped', (_, data) => {
    expect(problemsOf(map(sourceOf(data)))).toMatchObject([{ code: 'unmappable' }]);
  });

  it('sums to exactly what its lines say', () => {
    const amount = fc
      .tuple(fc.integer({ min: 0, max: 1e6 }), fc.stringMatching(/^\d{1,4}$/))
      .map(([whole, fraction]) => `${whole}.${fraction}`);
    fc.assert(
      fc.property(fc.array(amount, { minLength: 1, maxLength: 20 }), (amounts) => {
        const { fields } = recordOf(map(sourceOf({ rows: amounts.map((each, n) => row(each, `P${n}`)) })));
        const lines = fields['lines'] as Line[];
        expect((fields['total'] as Money).amount).toBe(
          sumOf(lines.map((line) => line.amount?.amount ?? '0')),
        );
      }),
    );
  });
});

describe('lines of an API', () => {
  const fields = { number: 'id', lines: 'lines.data' };
  const lines = {
    description: 'text',
    quantity: 'qty',
    amount: { path: 'sum', currency: 'EUR' },
    product: 'product.id',
  };
  const mapOne = compileMapping('invoices', rulesFor('invoices', { fields, lines }));

  it('come from the list that the mapping names', () => {
    const data = { id: 1, lines: { data: [{ text: 'Work', qty: 2.5, sum: '10', product: { id: 7 } }, {}] } };
    expect(recordOf(mapOne(sourceOf(data))).fields['lines']).toEqual([
      {
        description: 'Work',
        quantity: '2.5',
        amount: { amount: '10', currency: 'EUR' },
        product: { externalId: '7', recordId: null },
      },
    ]);
  });

  it('are empty, absent or no list', () => {
    expect(recordOf(mapOne(sourceOf({ id: 1, lines: { data: [] } }))).fields).toEqual({
      number: '1',
      lines: null,
    });
    expect(recordOf(mapOne(sourceOf({ id: 1 }))).fields).toEqual({ number: '1' });
    expect(problemsOf(mapOne(sourceOf({ id: 1, lines: { data: 'x' } })))).toMatchObject([{ field: 'lines' }]);
  });
});
