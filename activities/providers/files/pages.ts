import { z } from 'zod';
import { ProviderFailure } from '../provider.js';
import type { CanonicalRow, Cursor, FileReader, SourcePage } from '../provider.js';
import type { PlacedRecord, PlacedRow, Place } from './groups.js';

const MAX_RECORDS = 500;
/** A page of grouped rows ends earlier: its rows count, too. */
const MAX_BYTES = 2 * 1024 * 1024;
const MAX_ROWS = 10_000;
/** A stored chunk is full at so many rows, or at about 1 MiB (`chunks.ts`). */
const CHUNK_ROWS = 500;

const cursorShape = z.strictObject({ chunk: z.int().min(0), row: z.int().min(0), read: z.int().min(0) });

/** Where a page begins, and how many records the pages before it had (a limit counts from the file's beginning). */
export type PageStart = z.infer<typeof cursorShape>;

/** @throws ProviderFailure for a cursor that is none of ours */
export function startOf(cursor: Cursor | undefined): PageStart {
  if (cursor === undefined) return { chunk: 0, row: 0, read: 0 };
  try {
    return cursorShape.parse(JSON.parse(cursor));
  } catch {
    throw new ProviderFailure(
      'provider_contract_broken',
      'The place in the file is not one that reading it gave.',
    );
  }
}

/** The stored rows from a place on. */
export async function* placedRows(
  reader: FileReader,
  fileId: string,
  from: Place,
  signal: AbortSignal,
): AsyncGenerator<PlacedRow> {
  for await (const { seq, rows } of reader.chunks(fileId, from.chunk, signal)) {
    signal.throwIfAborted();
    const sizeOf = sizesOf(rows);
    for (let index = seq === from.chunk ? from.row : 0; index < rows.length; index += 1) {
      const row = rows[index];
      if (row) yield { row, at: { chunk: seq, row: index }, bytes: sizeOf(row) };
    }
  }
}

/** A chunk of fewer than 500 rows was full by its size: there each row is measured. Elsewhere one row stands for all. */
function sizesOf(rows: readonly CanonicalRow[]): (row: CanonicalRow) => number {
  if (rows.length < CHUNK_ROWS) return jsonLength;
  const estimate = rows[0] ? jsonLength(rows[0]) * 1.5 : 0;
  return () => estimate;
}

function jsonLength({ data }: CanonicalRow): number {
  return JSON.stringify(data).length;
}

/** Pages of at most 500 records and about 2 MiB; each but the last says where the next one begins. */
export async function* toPages(
  records: AsyncIterable<PlacedRecord>,
  { read: before, limit }: { read: number; limit: number },
): AsyncGenerator<SourcePage> {
  let page: SourcePage = { records: [] };
  let size = { rows: 0, bytes: 0 };
  let read = before;
  for await (const { record, at, rows, bytes } of records) {
    if (read >= limit) break;
    const isFull =
      page.records.length >= MAX_RECORDS || size.rows + rows > MAX_ROWS || size.bytes + bytes > MAX_BYTES;
    if (isFull && page.records.length > 0) {
      yield { ...page, next: JSON.stringify({ ...at, read }) };
      page = { records: [] };
      size = { rows: 0, bytes: 0 };
    }
    page.records.push(record);
    size = { rows: size.rows + rows, bytes: size.bytes + bytes };
    read += 1;
  }
  yield { ...page, complete: read < limit };
}
