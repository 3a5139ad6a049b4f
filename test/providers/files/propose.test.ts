import type { ObjectName } from '../../../workflows/contract/objects.js';
import { idRank } from '../../../activities/providers/files/header-names.js';
import { KNOWN_EXPORTS } from './known-exports.js';
import { inspect } from './stored-file.js';

/** A table with a header and rows of the same value in every column but the first few. */
function table(header: string[], rows: string[][]): string {
  return [header, ...rows].map((row) => row.map((cell) => `"${cell}"`).join(',')).join('\n');
}

async function proposed(object: ObjectName, header: string[], rows: string[][], said = {}) {
  const { inspection } = await inspect(table(header, rows), { object, ...said });
  const { proposedMapping, mappingClear, mappingWhy, warnings } = inspection;
  return {
    mapping: proposedMapping,
    clear: mappingClear,
    why: mappingWhy,
    codes: warnings.map(({ code }) => code),
  };
}

describe('a proposed mapping', () => {
  it.each(KNOWN_EXPORTS)('is clear for %s', async (_name, { object, header, rows, key, fields }) => {
    const proposal = await proposed(object, header, rows);
    expect(proposal.mapping?.fields).toEqual(fields);
    expect(proposal).toMatchObject({ clear: true, why: [], codes: [] });
    expect(proposal.mapping?.key).toEqual(key);
  });

  it('needs no PATCH for ids that count 1, 2, 3', async () => {
    const proposal = await proposed(
      'contacts',
      ['id', 'name'],
      [
        ['1', 'Ann'],
        ['2', 'Bob'],
      ],
    );
    expect(proposal).toMatchObject({ clear: true, mapping: { key: ['id'], fields: { name: 'name' } } });
  });

  it('takes the e-mail where there is no id and everybody has their own', async () => {
    const all = await proposed(
      'contacts',
      ['name', 'email'],
      [
        ['Ann', 'a@x.example'],
        ['Bob', 'b@x.example'],
      ],
    );
    expect(all).toMatchObject({ clear: true, mapping: { key: ['email'] } });
    const one = await proposed(
      'contacts',
      ['name', 'email'],
      [
        ['Ann', 'a@x.example'],
        ['Bob', ''],
      ],
    );
    expect(one).toMatchObject({ clear: true, mapping: { key: ['#row'] }, codes: ['key_from_row'] });
  });

  it('warns when an id repeats a little, and asks when it repeats a lot', async () => {
    const rows = Array.from({ length: 10 }, (_, at) => [String(at), `n${at}`]);
    expect(await proposed('contacts', ['id', 'name'], [...rows, ['3', 'again']])).toMatchObject({
      clear: true,
      mapping: { key: ['id'] },
      codes: ['key_repeats'],
    });
    const many = Array.from({ length: 20 }, (_, at) => [String(at), `C${at % 4}`, `n${at % 4}`]);
    const asked = await proposed('contacts', ['Row ID', 'Customer ID', 'Name'], many);
    expect(asked).toMatchObject({ clear: false, mapping: { key: ['Customer ID'] } });
    expect(asked.why[0]).toContain('4 different values in 20 rows');
  });

  it('never takes the id of something else for the record’s own', async () => {
    expect(idRank('contacts', 'Account ID')).toBe(0);
    expect(idRank('contacts', 'Customer ID')).toBe(3);
    expect(idRank('invoices', 'Customer ID')).toBe(0);
    expect(idRank('products', 'Paid')).toBe(0);
    const proposal = await proposed(
      'contacts',
      ['Company ID', 'Name'],
      [
        ['1', 'Ann'],
        ['2', 'Bob'],
      ],
    );
    expect(proposal.mapping?.key).toEqual(['#row']);
  });

  it('is unclear without a column for what is required, and with two', async () => {
    const none = await proposed('contacts', ['id', 'colour'], [['1', 'red']]);
    expect(none.clear).toBe(false);
    expect(none.why[0]).toContain('No column is named like the name of contacts');
    const two = await proposed('contacts', ['id', 'Name', 'Full Name'], [['1', 'Ann', 'Ann Lee']]);
    expect(two.clear).toBe(false);
    expect(two.why[0]).toContain('"Name", "Full Name"');
  });

  it('never guesses a currency: products go without the price, invoices wait', async () => {
    const products = await proposed('products', ['sku', 'name', 'price'], [['1', 'Nail', '0.20']]);
    expect(products).toMatchObject({ clear: true, codes: ['currency_unknown'] });
    expect(products.mapping?.fields).not.toHaveProperty('price');
    const signed = await proposed('products', ['sku', 'name', 'price'], [['1', 'Nail', '€ 0.20']]);
    expect(signed).toMatchObject({
      clear: true,
      mapping: { fields: { price: { path: 'price', as: 'money' } } },
    });
    const dollars = await proposed('products', ['sku', 'name', 'price'], [['1', 'Nail', '$0.20']]);
    expect(dollars.codes).toEqual(['currency_unknown']);
    const invoices = await proposed(
      'invoices',
      ['Invoice Number', 'Total'],
      [
        ['R1', '10.00'],
        ['R2', '11.00'],
      ],
    );
    expect(invoices.clear).toBe(false);
    expect(invoices.why[0]).toContain('without a currency');
  });

  it('asks how numbers and days are written where the values cannot tell, unless a locale was said', async () => {
    const header = ['id', 'name', 'Birthday'];
    const rows = [
      ['1', 'Ann', '03/04/1980'],
      ['2', 'Bob', '05/06/1981'],
    ];
    expect((await proposed('contacts', header, rows)).why[0]).toContain('day or month first');
    expect(await proposed('contacts', header, rows, { hints: { locale: 'en-GB' } })).toMatchObject({
      clear: true,
    });
    expect(await proposed('contacts', header, rows, { settings: { locale: 'en-US' } })).toMatchObject({
      clear: true,
    });
    const prices = [
      ['1', 'Nail', '1.234,50'],
      ['2', 'Nut', '0,20'],
    ];
    const price = await proposed('products', ['sku', 'name', 'Preis (EUR)'], prices);
    expect(price.why[0]).toContain('1.234,50');
    expect(
      await proposed('products', ['sku', 'name', 'Preis (EUR)'], prices, { hints: { locale: 'de-DE' } }),
    ).toMatchObject({ clear: true });
  });

  it('groups invoices whose number stands on several rows, and adds up only what differs between them', async () => {
    const rows = [
      ['R1', '2024-01-01', '30', 'Nail', '10', 'EUR'],
      ['R1', '2024-01-01', '30', 'Nut', '20', 'EUR'],
      ['R2', '2024-01-02', '5', 'Nail', '5', 'EUR'],
    ];
    const header = ['Invoice Number', 'Invoice Date', 'Total', 'Item', 'Line Amount', 'Currency'];
    const proposal = await proposed('invoices', header, rows);
    expect(proposal).toMatchObject({
      clear: true,
      mapping: {
        key: ['Invoice Number'],
        group: true,
        fields: { total: { path: 'Total', as: 'money', currency: 'Currency' } },
        lines: { description: 'Item', amount: { path: 'Line Amount', as: 'money', currency: 'Currency' } },
      },
    });
    expect(proposal.mapping?.fields['total']).not.toHaveProperty('sum');
    const single = await proposed('invoices', header, [rows[0] ?? [], rows[2] ?? []]);
    expect(single.mapping).not.toHaveProperty('group');
  });

  it('reads nested names of NDJSON, and leaves lists whole', async () => {
    const text =
      '{"id":"a","name":"Ann","address":{"city":"Rome"},"emails":["a@x.example"]}\n{"id":"b","name":"Bob"}\n';
    const { inspection } = await inspect(text, { kind: 'ndjson' });
    expect(inspection.columns.map(({ name }) => name)).toEqual([
      'id',
      'name',
      'address',
      'address.city',
      'emails',
    ]);
    expect(inspection).toMatchObject({
      mappingClear: true,
      proposedMapping: {
        key: ['id'],
        fields: { name: 'name', 'address.city': 'address.city', emails: { path: 'emails', as: 'list' } },
      },
    });
  });

  it('knows that cards are contacts', async () => {
    const text = 'BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nORG:Acme\nEND:VCARD\n';
    expect((await inspect(text, { kind: 'vcard' })).inspection.mappingClear).toBe(true);
    const accounts = await inspect(text, { kind: 'vcard', object: 'accounts' });
    expect(accounts.inspection.mappingClear).toBe(false);
    expect((await inspect(text, { kind: 'vcard', object: 'deals' })).inspection.proposedMapping).toBeNull();
  });
});
