import type { RowBatch } from '../formats/reading.js';
import type { CanonicalRow, FileChunk } from '../provider.js';

const MAX_ROWS = 500;
const MAX_BYTES = 1024 * 1024;

export interface ChunkWriter {
  add(batch: RowBatch): Promise<void>;
  end(): Promise<void>;
}

/** Cuts rows into chunks of at most 500 rows and about 1 MiB. Waits for each, so that reading is no faster than writing. */
export function createChunkWriter(write: (chunk: FileChunk) => Promise<void>): ChunkWriter {
  let rows: CanonicalRow[] = [];
  let size = 0;
  let seq = 0;

  async function flush(): Promise<void> {
    if (rows.length === 0) return;
    const chunk = { seq, rows };
    rows = [];
    size = 0;
    seq += 1;
    await write(chunk);
  }

  async function add(batch: RowBatch): Promise<void> {
    for (const [index, row] of batch.rows.entries()) {
      const bytes = batch.bytes[index] ?? 0;
      if (rows.length >= MAX_ROWS || (rows.length > 0 && size + bytes > MAX_BYTES)) await flush();
      rows.push(row);
      size += bytes;
    }
  }

  return { add, end: flush };
}
