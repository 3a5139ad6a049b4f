import type { ByteSource, ReadHints, Reading } from '../../../activities/providers/formats/reading.js';
import { UnreadableFile } from '../../../activities/providers/formats/reading.js';
import type { CanonicalRow } from '../../../activities/providers/provider.js';

/** A stored file of these bytes, handed out in pieces of a size that cuts through characters, quotes and line ends. */
export function stored(bytes: Buffer | string, piece = 7): ByteSource {
  const buffer = typeof bytes === 'string' ? Buffer.from(bytes) : bytes;
  return {
    size: buffer.length,
    open: async function* ({ start, end } = { start: 0, end: buffer.length }) {
      for (let at = start; at < end; at += piece) yield buffer.subarray(at, Math.min(at + piece, end));
    },
  };
}

export type Reader = (source: ByteSource, hints: ReadHints, signal: AbortSignal) => Promise<Reading>;

export interface ReadWhole {
  columns: string[] | null;
  facts: Reading['facts'];
  rows: CanonicalRow[];
}

export async function readWhole(read: Reader, source: ByteSource, hints: ReadHints = {}): Promise<ReadWhole> {
  const reading = await read(source, hints, new AbortController().signal);
  const rows: CanonicalRow[] = [];
  for await (const batch of reading.batches) {
    expect(batch.bytes).toHaveLength(batch.rows.length);
    rows.push(...batch.rows);
  }
  return { columns: reading.columns, facts: reading.facts, rows };
}

/** The answer for a file that cannot be read. */
export async function refusalOf(
  read: Reader,
  source: ByteSource,
  hints: ReadHints = {},
): Promise<UnreadableFile> {
  try {
    await readWhole(read, source, hints);
  } catch (error) {
    if (error instanceof UnreadableFile) return error;
    throw error;
  }
  throw new Error('The file was read.');
}

export function dataOf({ rows }: ReadWhole): unknown[] {
  return rows.map(({ data }) => data);
}
