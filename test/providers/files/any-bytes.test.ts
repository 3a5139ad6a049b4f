import fc from 'fast-check';
import { inspectFile } from '../../../activities/providers/files/inspect.js';
import type { FileChunk } from '../../../activities/providers/provider.js';
import { booksClosed } from '../../../activities/records/books.js';
import { decidePage } from '../../../activities/records/decide.js';
import { compileMapping } from '../../../activities/records/mapping.js';
import type { SourceRecord } from '../../../activities/records/types.js';
import { OBJECTS, type ObjectName } from '../../../workflows/contract/objects.js';
import { createPureStore } from '../../support/pure-store.js';
import { context, rules } from '../../support/record-makers.js';
import { stored } from '../formats/source.js';
import { open, recordsOf } from './stored-file.js';

/** Whatever is uploaded: an answer, never an exception, and every row that was counted has one outcome. */

const signal = new AbortController().signal;
/** More of them on request: `FUZZ_RUNS=5000`. */
const numRuns = Number(process.env['FUZZ_RUNS'] ?? 150);

async function survives(bytes: Buffer, kind: 'csv' | 'vcard' | 'xlsx', object: ObjectName): Promise<void> {
  const chunks: FileChunk[] = [];
  const inspected = await inspectFile({
    ...{ source: stored(bytes, 64), kind, object, hints: {}, signal },
    writeChunk: async (chunk) => {
      chunks.push(chunk);
    },
  });
  if (!inspected.ok) {
    expect(inspected.error.message).toMatch(/\S/);
    return;
  }
  const { inspection } = inspected;
  const mapping = inspection.proposedMapping ?? { key: ['#row'], fields: {} };
  const records = await recordsOf(await open(object, { inspected, inspection, chunks }, { mapping }), object);
  const rows = records.reduce((sum, record) => sum + (record.rows ?? 1), 0);
  expect(rows).toBe(inspection.rows);
  decides(object, records, mapping);
}

function decides(
  object: ObjectName,
  records: SourceRecord[],
  mapping: Parameters<typeof rulesWith>[1],
): void {
  const own = rulesWith(object, mapping);
  const mapped = records.map(compileMapping(object, own));
  const store = createPureStore();
  const at = context({ object, idsMayRepeat: true });
  const page = decidePage(mapped, store.world(mapped, at.origin, object), own, at);
  expect(page.outcomes).toHaveLength(records.length);
  expect(booksClosed(page.counts)).toBe(true);
  store.apply(page);
}

function rulesWith(
  object: ObjectName,
  mapping: NonNullable<ReturnType<typeof rules>['mapping']['objects'][ObjectName]>,
) {
  return { ...rules(), mapping: { objects: { [object]: mapping }, owners: {}, statuses: {} } };
}

const anyObject = fc.constantFrom(...OBJECTS);
const cell = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      '',
      '1',
      '2',
      'Ann',
      'ann@x.example',
      '12,50',
      '1.000,00',
      '2026-02-30',
      '3.4.26',
    ),
  },
  { weight: 2, arbitrary: fc.string({ maxLength: 12 }) },
  {
    weight: 2,
    arbitrary: fc.constantFrom('"', '"a""b"', '"a\nb"', '"a,b', "'", '\0', '\uFEFF', '=1+1', '\r'),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 8 }) },
);
const header = fc.constantFrom(
  'Id',
  'Name',
  'E-mail',
  'Phone',
  'Amount',
  'Total',
  'Order ID',
  'Title',
  'Due',
  '',
  'Id',
  'Status',
);
const csvLike = fc
  .record({
    head: fc.array(header, { minLength: 1, maxLength: 6 }),
    rows: fc.array(fc.array(cell, { maxLength: 7 }), { maxLength: 12 }),
    delimiter: fc.constantFrom(',', ';', '\t', '|'),
    newline: fc.constantFrom('\n', '\r\n', '\r'),
    start: fc.constantFrom('', '\uFEFF', 'sep=;\n', '\n\n', 'Report of May\n'),
  })
  .map(
    ({ head, rows, delimiter, newline, start }) =>
      start + [head, ...rows].map((row) => row.join(delimiter)).join(newline),
  );

describe('any upload', () => {
  it('of bytes that mean nothing', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uint8Array({ maxLength: 600 }),
        fc.constantFrom('csv', 'vcard', 'xlsx'),
        anyObject,
        (bytes, kind, object) => survives(Buffer.from(bytes), kind, object),
      ),
      { numRuns },
    );
  });

  it.each(['utf8', 'utf16le', 'latin1'] as const)('of what looks like a table, in %s', async (encoding) => {
    await fc.assert(
      fc.asyncProperty(csvLike, anyObject, (text, object) =>
        survives(Buffer.from(text, encoding), 'csv', object),
      ),
      { numRuns },
    );
  });

  it('of what looks like cards', async () => {
    const line = fc.oneof(
      fc.constantFrom(
        'BEGIN:VCARD',
        'END:VCARD',
        'VERSION:3.0',
        'FN:Ann',
        'N:A;B',
        'UID:1',
        'EMAIL:a@x.example',
        ' x',
        '',
      ),
      fc.string({ maxLength: 20 }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(line, { maxLength: 20 }), (lines) =>
        survives(Buffer.from(lines.join('\r\n')), 'vcard', 'contacts'),
      ),
      { numRuns },
    );
  });
});
