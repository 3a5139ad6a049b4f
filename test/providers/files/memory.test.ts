import { inspectFile } from '../../../activities/providers/files/inspect.js';
import { scanGroups } from '../../../activities/providers/files/splits.js';
import { keyReader } from '../../../activities/providers/files/external-id.js';
import type { CanonicalRow } from '../../../activities/providers/provider.js';

const MEGABYTE = 1024 ** 2;

/** Rows with an id of their own, a name and some words: about 100 bytes each. */
function* lines(count: number): Generator<Buffer> {
  yield Buffer.from('id,name,email,city,note\n');
  for (let start = 0; start < count; start += 1_000) {
    let text = '';
    for (let at = start; at < Math.min(count, start + 1_000); at += 1) {
      text += `c-${at},Person number ${at},person${at}@corp.example,Rome,"a note, with a comma and ""quotes"" ${at}"\n`;
    }
    yield Buffer.from(text);
  }
}

async function peakOf(rows: number): Promise<{ peak: number; read: number }> {
  let peak = 0;
  let read = 0;
  const inspected = await inspectFile({
    source: {
      size: rows * 100,
      open: async function* () {
        yield* lines(rows);
      },
    },
    kind: 'csv',
    object: 'contacts',
    hints: {},
    writeChunk: async (chunk) => {
      read += chunk.rows.length;
      if (chunk.seq % 50 === 0) peak = Math.max(peak, process.memoryUsage().rss);
    },
    signal: new AbortController().signal,
  });
  expect(inspected).toMatchObject({
    ok: true,
    inspection: { rows, mappingClear: true, proposedMapping: { key: ['id'] } },
  });
  return { peak, read };
}

describe('memory', () => {
  it('stays where it was for a file of 50 MB', async () => {
    await peakOf(20_000);
    const before = process.memoryUsage().rss;
    const { peak, read } = await peakOf(500_000);
    expect(read).toBe(500_000);
    expect((peak - before) / MEGABYTE).toBeLessThan(160);
  });

  it('finds the one key that comes back among 200,000', async () => {
    const batches = async function* (): AsyncGenerator<CanonicalRow[]> {
      for (let start = 0; start < 200_000; start += 500) {
        yield Array.from({ length: 500 }, (_, at) => ({
          line: start + at + 1,
          data: { no: `order-${start + at}` },
        }));
      }
      yield [{ line: 200_001, data: { no: 'order-77' } }];
    };
    const keyOf = keyReader({ key: ['no'], fields: {} }, 'csv');
    expect(await scanGroups(batches, keyOf, 200_001)).toEqual({
      records: 200_000,
      split: new Map([['order-77', { line: 78, rows: 2, pieces: 2 }]]),
    });
  });
});
