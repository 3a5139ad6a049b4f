import { LosslessNumber, isSafeNumber, parse } from 'lossless-json';
import type { Json } from '../../records/types.js';
import type { CanonicalRow } from '../provider.js';
import { UnreadableFile, noFacts } from './reading.js';
import type { ByteSource, ReadHints, Reading, ReadingFacts, RowBatch } from './reading.js';
import { readLines } from './text-lines.js';
import type { TextLine } from './text-lines.js';

/** Deeper than any business record; what recursion over a row can always bear. */
const MAX_DEPTH = 64;

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
  if (parsed.ok && isObject(parsed.value)) return { line, data: parsed.value };
  const why = parsed.ok ? 'is not a JSON object' : parsed.message;
  const message = `Line ${line} ${why}. It was not read; the lines after it were. Write one JSON object on each line.`;
  return { line, data: {}, trouble: { code: 'row_broken', message, value: text.slice(0, 200) } };
}

function isObject(value: Json): value is { [key: string]: Json } {
  return (
    typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof LosslessNumber)
  );
}

/** JSON text whose numbers all fit a double: no 16 digits in a row, no exponent. */
const MAY_LOSE_DIGITS = /[\d.]{16}|\d[eE]/;

type Parsed = { ok: true; value: Json } | { ok: false; message: string };

/** Parses without losing a digit; the engine's own parser wherever that is certain, which is ten times as fast. */
export function parseLossless(text: string): Parsed {
  if (isTooDeep(text)) return { ok: false, message: `is nested more than ${MAX_DEPTH} levels deep` };
  try {
    const value = MAY_LOSE_DIGITS.test(text)
      ? parse(text, undefined, { parseNumber: number })
      : (JSON.parse(text) as unknown);
    return { ok: true, value: value as Json };
  } catch (error) {
    return { ok: false, message: `is not valid JSON (${reason(error)})` };
  }
}

function number(text: string): number | LosslessNumber {
  return isSafeNumber(text) ? Number(text) : new LosslessNumber(text);
}

/** Parsers quote the text they stumble over; the line is shown beside the message anyway. */
function reason(error: unknown): string {
  const message = error instanceof Error ? error.message : 'syntax error';
  return message
    .replace(/,? ?"?\.{3}[\s\S]*$/, '')
    .replace(/\s+/g, ' ')
    .slice(0, 120);
}

function isTooDeep(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at += 1) {
    const char = text.charCodeAt(at);
    if (char === 34) {
      at = endOfString(text, at);
    } else if (char === 123 || char === 91) {
      depth += 1;
      if (depth > MAX_DEPTH) return true;
    } else if (char === 125 || char === 93) depth -= 1;
  }
  return false;
}

function endOfString(text: string, opening: number): number {
  let at = text.indexOf('"', opening + 1);
  while (at !== -1 && isEscaped(text, at)) at = text.indexOf('"', at + 1);
  return at === -1 ? text.length : at;
}

function isEscaped(text: string, at: number): boolean {
  let slashes = 0;
  while (text.charCodeAt(at - 1 - slashes) === 92) slashes += 1;
  return slashes % 2 === 1;
}
