import { isJsonObject, parseLossless } from './json-text.js';
import type { CanonicalRow } from '../provider.js';
import { UnreadableFile, noFacts } from './reading.js';
import type { ByteSource, ReadHints, Reading, ReadingFacts, RowBatch } from './reading.js';
import { readLines } from './text-lines.js';
import type { TextLine } from './text-lines.js';

/**
 * Reads NDJSON (one JSON object a line) as a stream. Nothing is lost: a number that a double cannot hold is a
 * `LosslessNumber`. A line that is no JSON object is a problem of that line.
 */
export async function readNdjson(
  source: ByteSource,
  hints: ReadHints,
  signal: AbortSignal,
): Promise<Reading> {
  const facts = noFacts();
  return { facts, columns: null, batches: toRows(readLines(source, hints.encoding, facts, signal), facts) };
}

async function* toRows(lines: AsyncIterable<TextLine[]>, facts: ReadingFacts): AsyncGenerator<RowBatch> {
  let seen = false;
  for await (const some of lines) {
    const batch: RowBatch = { rows: [], bytes: [] };
    for (const { line, text } of some) {
      if (text?.trim() === '') continue;
      if (!seen && text?.trim() === '[') throw isArray();
      seen = true;
      batch.rows.push(toRow(line, text));
      batch.bytes.push((text?.length ?? 0) + 32);
    }
    yield batch;
  }
  facts.headerRow = null;
  if (!seen) throw new UnreadableFile('The file is empty.', 'file_empty');
}

function isArray(): UnreadableFile {
  return new UnreadableFile(
    'The file is one JSON array. Nothing was read. Save it as NDJSON: one object on each line, without brackets around them and commas between them.',
  );
}

function toRow(line: number, text: string | null): CanonicalRow {
  if (text === null) {
    const message = `Line ${line} is longer than 1 MiB. It was not read; the lines after it were.`;
    return { line, data: {}, trouble: { code: 'too_large', message } };
  }
  const parsed = parseLossless(text);
  if (parsed.ok && isJsonObject(parsed.value)) return { line, data: parsed.value };
  const why = parsed.ok ? 'is not a JSON object' : parsed.message;
  const message = `Line ${line} ${why}. It was not read; the lines after it were. Write one JSON object on each line.`;
  return { line, data: {}, trouble: { code: 'row_broken', message, value: text.slice(0, 200) } };
}
