import type { CanonicalRow } from '../provider.js';
import { createDecoding, detectEncoding } from './encoding.js';
import { peek } from './peek.js';
import { UnreadableFile, noFacts } from './reading.js';
import type { ByteSource, ReadHints, Reading, RowBatch } from './reading.js';
import { splitVCards } from './vcard-split.js';
import type { VCardText } from './vcard-split.js';
import { parseVCard } from './vcard.js';

const BATCH = 200;

/** Reads a file of vCards as a stream, card by card, versions mixed. A card that cannot be read is one row's problem. */
export async function readVCards(
  source: ByteSource,
  hints: ReadHints,
  signal: AbortSignal,
): Promise<Reading> {
  const { head, all } = await peek(source.open(), 64 * 1024);
  const encoding = detectEncoding(head, hints.encoding);
  const facts = { ...noFacts(), encoding };
  // Any mix of UTF-8 and single-byte text is sorted out card by card; only what was said, or is plainly other, is here.
  const isWhole = hints.encoding !== undefined || encoding.startsWith('utf-16');
  return {
    facts,
    columns: null,
    batches: toRows(splitVCards(isWhole ? decoded(all, encoding) : all), signal),
  };
}

async function* decoded(bytes: AsyncIterable<Uint8Array>, encoding: string): AsyncGenerator<string> {
  const decoding = createDecoding(encoding);
  for await (const piece of bytes) yield decoding.write(piece);
  yield decoding.end();
}

async function* toRows(cards: AsyncIterable<VCardText>, signal: AbortSignal): AsyncGenerator<RowBatch> {
  let batch: RowBatch = { rows: [], bytes: [] };
  let seen = false;
  for await (const card of cards) {
    signal.throwIfAborted();
    seen = true;
    batch.rows.push(toRow(card));
    batch.bytes.push(card.text.length + 400);
    if (batch.rows.length < BATCH) continue;
    yield batch;
    batch = { rows: [], bytes: [] };
  }
  yield batch;
  if (!seen) throw new UnreadableFile('The file holds no card.', 'file_empty');
}

function toRow({ line, text, trouble }: VCardText): CanonicalRow {
  if (trouble) return { line, data: {}, trouble: { ...trouble, ...(text && { value: text.slice(0, 200) }) } };
  const parsed = parseVCard(text);
  if (parsed.ok) return { line, data: parsed.card };
  const message = `The card that begins in line ${line} cannot be read: ${parsed.message} The other cards were read.`;
  return { line, data: {}, trouble: { code: 'row_broken', message, value: text.slice(0, 200) } };
}
