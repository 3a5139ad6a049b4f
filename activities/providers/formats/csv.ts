import type { CanonicalRow } from '../provider.js';
import { detectDialect } from './csv-dialect.js';
import { createCsvTokenizer } from './csv-tokenizer.js';
import type { CsvRecord } from './csv-tokenizer.js';
import { createDecoding, detectEncoding, encodingWarning } from './encoding.js';
import type { TextDecoding } from './encoding.js';
import { columnNames, isUnnamed } from './headers.js';
import { peek } from './peek.js';
import { UnreadableFile, noFacts } from './reading.js';
import type { ByteSource, ReadHints, Reading, ReadingFacts, RowBatch } from './reading.js';

const SAMPLE_BYTES = 64 * 1024;

/**
 * Reads CSV and TSV as a stream: text cells by column name, exactly as written (leading zeros, blanks, decimal commas).
 *
 * Rows: blank ones are no rows. A row with more filled cells than the header, or with fewer cells, is `row_broken` with its
 * line, because nobody can tell which cell is missing; it is padded only where what is missing can carry nothing (unnamed
 * columns at the end) or where the file plainly leaves out empty cells at the ends of its rows.
 * @throws UnreadableFile
 */
export async function readCsv(source: ByteSource, hints: ReadHints, signal: AbortSignal): Promise<Reading> {
  const { head, all } = await peek(source.open(), SAMPLE_BYTES);
  const decoding = createDecoding(detectEncoding(head, hints.encoding));
  const sample = createDecoding(decoding.encoding).write(head);
  const dialect = detectDialect(
    fromHeader(sample, hints.headerRow),
    source.size <= head.length,
    hints.delimiter,
  );
  const facts: ReadingFacts = { ...noFacts(), encoding: decoding.encoding, delimiter: dialect.delimiter };
  const warning = encodingWarning(head, decoding.encoding, hints.encoding);
  if (warning) facts.warnings.push(warning);
  const tokenizer = createCsvTokenizer(dialect.delimiter, dialect.newline);
  const records = tokenize(
    all,
    decoding,
    tokenizer,
    hints.headerRow === undefined ? dialect.skip : 0,
    signal,
  );
  const header = await readHeader(records, hints.headerRow);
  facts.headerRow = header.line;
  const defused = header.cells.at(-1)?.trim() === ERROR_COLUMN;
  const columns = columnNames(defused ? header.cells.map(undefuse) : header.cells);
  const firstLine = dialect.skip > 0 && hints.headerRow === undefined ? 1 : 0;
  const shape = { ...rowShape(header.cells, columns, dialect.trimsRows, firstLine), defused };
  return { facts, columns, batches: toRows(records, header.rest, shape, { facts, decoding }) };
}

/** Title rows would mislead the guess about delimiters. */
function fromHeader(sample: string, headerRow = 1): string {
  let at = 0;
  for (let line = 1; line < headerRow; line += 1) {
    const next = sample.indexOf('\n', at);
    if (next === -1) return sample;
    at = next + 1;
  }
  return sample.slice(at);
}

async function* tokenize(
  bytes: AsyncIterable<Uint8Array>,
  decoding: TextDecoding,
  tokenizer: ReturnType<typeof createCsvTokenizer>,
  skip: number,
  signal: AbortSignal,
): AsyncGenerator<CsvRecord[]> {
  let left = skip;
  for await (const piece of bytes) {
    signal.throwIfAborted();
    const text = decoding.write(piece);
    const skipped = Math.min(left, text.length);
    left -= skipped;
    const records = tokenizer.write(skipped > 0 ? text.slice(skipped) : text);
    if (records.length > 0) yield records;
  }
  const last = [...tokenizer.write(decoding.end()), ...tokenizer.end()];
  if (last.length > 0) yield last;
}

interface Header {
  cells: string[];
  line: number;
  /** Records that came in the same piece, after the header. */
  rest: CsvRecord[];
}

async function readHeader(
  records: AsyncGenerator<CsvRecord[]>,
  headerRow: number | undefined,
): Promise<Header> {
  for (let batch = await records.next(); !batch.done; batch = await records.next()) {
    const index = batch.value.findIndex(({ line }) => line >= (headerRow ?? 1));
    const record = batch.value[index];
    if (!record) continue;
    if (headerRow !== undefined && record.line !== headerRow) throw noHeader(headerRow);
    if (record.broken) throw unreadableHeader(record.broken);
    return { cells: record.cells, line: record.line, rest: batch.value.slice(index + 1) };
  }
  throw headerRow === undefined
    ? new UnreadableFile('The file is empty.', 'file_empty')
    : noHeader(headerRow);
}

function unreadableHeader(broken: { code: string; message: string }): UnreadableFile {
  return broken.code === 'too_large'
    ? new UnreadableFile(
        'The first line is longer than 1 MiB, so this is not a table with a header and rows. Nothing was read. Check that the file has line breaks and was saved as CSV.',
      )
    : new UnreadableFile(
        `The header cannot be read: ${broken.message} Nothing was read. Correct the header and upload again.`,
      );
}

function noHeader(headerRow: number): UnreadableFile {
  return new UnreadableFile(
    `Line ${headerRow}, which was said to be the header, is not there or is not the beginning of a row. Nothing was read. Say another line.`,
  );
}

interface RowShape {
  columns: string[];
  /** Fewer cells than this are a broken row. */
  least: number;
  /** About the bytes that a row's column names need when stored. */
  overhead: number;
  /** Lines taken off the front (`sep=;`). */
  firstLine: number;
  /** A list of problem rows that Sluice wrote: cells like `'+49 30` were made harmless for spreadsheets. */
  defused: boolean;
}

/** The last column of such a list. */
const ERROR_COLUMN = 'error';

/** Takes the apostrophe away that keeps a spreadsheet from running a cell as a formula. */
export function undefuse(cell: string): string {
  return /^'[=+\-@\t\r\uFF1D\uFF0B\uFF0D\uFF20]/.test(cell) ? cell.slice(1) : cell;
}

function rowShape(
  header: string[],
  columns: string[],
  trimsRows: boolean,
  firstLine: number,
): Omit<RowShape, 'defused'> {
  let least = columns.length;
  while (least > 1 && isUnnamed(header[least - 1])) least -= 1;
  const overhead = columns.reduce((sum, name) => sum + name.length + 8, 40);
  return { columns, least: trimsRows ? 1 : least, overhead, firstLine };
}

async function* toRows(
  records: AsyncGenerator<CsvRecord[]>,
  first: CsvRecord[],
  shape: RowShape,
  read: { facts: ReadingFacts; decoding: TextDecoding },
): AsyncGenerator<RowBatch> {
  try {
    if (first.length > 0) yield toBatch(first, shape);
    for await (const batch of records) yield toBatch(batch, shape);
  } finally {
    await records.return(undefined);
  }
  if (read.facts.encoding !== read.decoding.encoding) {
    const warning = encodingWarning(Buffer.alloc(0), read.decoding.encoding, undefined);
    if (warning) read.facts.warnings.push(warning);
  }
  read.facts.encoding = read.decoding.encoding;
  if (read.decoding.repaired) {
    const message =
      'Some characters are not valid UTF-8 and were read as Windows-1252. Save the file in one encoding if names look wrong.';
    read.facts.warnings.push({ code: 'encoding_mixed', message });
  }
}

function toBatch(records: CsvRecord[], shape: RowShape): RowBatch {
  const batch: RowBatch = { rows: [], bytes: [] };
  for (const record of records) {
    const row = toRow(record, shape);
    if (!row) continue;
    batch.rows.push(row);
    batch.bytes.push(record.length + shape.overhead);
  }
  return batch;
}

/** `null`: every cell is empty, which spreadsheets write below the end of a table. */
function toRow({ cells, line: counted, broken }: CsvRecord, shape: RowShape): CanonicalRow | null {
  const { columns } = shape;
  const line = counted + shape.firstLine;
  const data: Record<string, string> = {};
  let filled = false;
  for (let index = 0; index < columns.length; index += 1) {
    const cell = cells[index] ?? '';
    if (broken && index >= cells.length) break;
    if (!filled && cell.trim() !== '') filled = true;
    data[columns[index] ?? ''] = shape.defused ? undefuse(cell) : cell;
  }
  if (broken) return { line, data, trouble: broken };
  const extra = cells.slice(columns.length).find((cell) => cell.trim() !== '');
  if (!filled && extra === undefined) return null;
  if (extra !== undefined) return { line, data, trouble: ragged(line, cells.length, columns.length, extra) };
  if (cells.length < shape.least) return { line, data, trouble: ragged(line, cells.length, columns.length) };
  return { line, data };
}

function ragged(
  line: number,
  cells: number,
  columns: number,
  value?: string,
): NonNullable<CanonicalRow['trouble']> {
  const message = `Line ${line} has ${cells} cells, the header has ${columns}. The row was not read; put quotes around cells that contain the delimiter, or add the missing cells.`;
  return { code: 'row_broken', message, ...(value !== undefined && { value: value.slice(0, 200) }) };
}
