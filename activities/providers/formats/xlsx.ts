import type { CanonicalRow } from '../provider.js';
import { columnNames } from './headers.js';
import { MAX_ROW_LENGTH, UnreadableFile, noFacts } from './reading.js';
import type { ByteSource, ReadHints, Reading, ReadingFacts, RowBatch } from './reading.js';
import { countRows, readSheet } from './xlsx-sheet.js';
import type { CellContext, SheetRow } from './xlsx-sheet.js';
import { readSharedStrings } from './xlsx-strings.js';
import { readStyles } from './xlsx-styles.js';
import { readWorkbook } from './xlsx-workbook.js';
import type { SheetPart, Workbook } from './xlsx-workbook.js';
import { openParts } from './xlsx-zip.js';
import type { Parts } from './xlsx-zip.js';

/**
 * Reads one sheet of a workbook as a stream, on `yauzl` (ranges of the stored file, no temporary copy) and `sax`. Own code,
 * because the kept libraries that could do it (hucre, excelts, read-excel-file) need the whole file or its whole unpacked form in
 * memory, and none limits what an archive unpacks to.
 *
 * Cells are text as a person sees them (see `numberText`); a cell under no header is kept as `Column 7` in its row.
 * @throws UnreadableFile
 */
export async function readXlsx(source: ByteSource, hints: ReadHints, signal: AbortSignal): Promise<Reading> {
  const parts = await openParts(source, signal);
  const workbook = await readWorkbook(parts);
  const counted = await countAll(parts, workbook.sheets);
  const sheet = chooseSheet(counted, hints.sheet);
  const facts: ReadingFacts = { ...noFacts(), sheet: sheet.part.name };
  facts.sheets = counted.map(({ part, filled }) => ({ name: part.name, rows: Math.max(0, filled - 1) }));
  const rows = readSheet(await parts.open(sheet.part.path), await cellContext(parts, workbook));
  const header = await readHeader(rows, hints.headerRow, sheet.part.name);
  facts.headerRow = header.line;
  const columns = columnNames(header.cells);
  return { facts, columns, batches: toRows(rows, header.rest, columns, facts) };
}

interface CountedSheet {
  part: SheetPart;
  /** Rows with something in them, the header included. */
  filled: number;
}

async function countAll(parts: Parts, sheets: SheetPart[]): Promise<CountedSheet[]> {
  const counted: CountedSheet[] = [];
  for (const part of sheets) {
    counted.push({ part, filled: parts.has(part.path) ? await countRows(await parts.open(part.path)) : 0 });
  }
  return counted;
}

/** The one that was named; else the first with a header and rows, hidden ones last. */
function chooseSheet(sheets: CountedSheet[], named: string | undefined): CountedSheet {
  if (named !== undefined) {
    const found =
      sheets.find(({ part }) => part.name === named) ??
      sheets.find(({ part }) => part.name.trim().toLowerCase() === named.trim().toLowerCase());
    if (found) return found;
    const names = sheets.slice(0, 50).map(({ part }) => `"${part.name}"`);
    throw new UnreadableFile(
      `The workbook has no sheet "${named.slice(0, 80)}". Nothing was read. It has ${names.join(', ')}.`,
    );
  }
  const inOrder = [...sheets.filter(({ part }) => !part.hidden), ...sheets.filter(({ part }) => part.hidden)];
  const chosen =
    inOrder.find(({ filled }) => filled > 1) ?? inOrder.find(({ filled }) => filled > 0) ?? inOrder[0];
  if (!chosen || chosen.filled === 0) throw emptySheet(undefined);
  return chosen;
}

function emptySheet(name: string | undefined): UnreadableFile {
  const what =
    name === undefined ? 'The workbook has no cell with anything in it.' : `The sheet "${name}" is empty.`;
  return new UnreadableFile(`${what} Nothing was read.`, 'file_empty');
}

async function cellContext(parts: Parts, workbook: Workbook): Promise<CellContext> {
  const { stringsPath, stylesPath, from1904 } = workbook;
  const strings = stringsPath
    ? await readSharedStrings(await parts.open(stringsPath))
    : { get: () => undefined };
  const formats = stylesPath ? await readStyles(await parts.open(stylesPath)) : [];
  return { strings, formats, from1904 };
}

async function readHeader(
  rows: AsyncGenerator<SheetRow[]>,
  headerRow: number | undefined,
  sheet: string,
): Promise<{ cells: string[]; line: number; rest: SheetRow[] }> {
  for (let batch = await rows.next(); !batch.done; batch = await rows.next()) {
    const index = batch.value.findIndex(({ line }) => line >= (headerRow ?? 1));
    const row = batch.value[index];
    if (!row) continue;
    if (headerRow !== undefined && row.line !== headerRow) break;
    return {
      cells: Array.from({ length: row.cells.length }, (_hole, at) => row.cells[at] ?? ''),
      line: row.line,
      rest: batch.value.slice(index + 1),
    };
  }
  if (headerRow === undefined) throw emptySheet(sheet);
  throw new UnreadableFile(
    `Row ${headerRow} of the sheet "${sheet}", which was said to be the header, is empty. Nothing was read. Say another row.`,
  );
}

async function* toRows(
  rows: AsyncGenerator<SheetRow[]>,
  first: SheetRow[],
  columns: string[],
  facts: ReadingFacts,
): AsyncGenerator<RowBatch> {
  const overhead = columns.reduce((sum, name) => sum + name.length + 8, 40);
  const seen = { uncalculated: 0 };
  const toBatch = (batch: SheetRow[]): RowBatch => {
    for (const row of batch) seen.uncalculated += row.uncalculated;
    return {
      rows: batch.map((row) => toRow(row, columns)),
      bytes: batch.map(({ length }) => Math.min(length, MAX_ROW_LENGTH) + overhead),
    };
  };
  try {
    if (first.length > 0) yield toBatch(first);
    for await (const batch of rows) yield toBatch(batch);
  } finally {
    await rows.return(undefined);
  }
  if (seen.uncalculated > 0) {
    const message = `${seen.uncalculated} cells hold a formula without a saved result and were read as empty. Open the workbook in a spreadsheet program, save it and upload it again.`;
    facts.warnings.push({ code: 'formula_without_value', message });
  }
}

function toRow({ line, cells, length }: SheetRow, columns: string[]): CanonicalRow {
  const data: Record<string, string> = {};
  for (const [index, column] of columns.entries()) data[column] = cells[index] ?? '';
  for (let index = columns.length; index < cells.length; index += 1) {
    const cell = cells[index];
    if (cell !== undefined) data[`Column ${index + 1}`] = cell;
  }
  if (length <= MAX_ROW_LENGTH) return { line, data };
  const message = `Row ${line} is longer than 1 MiB. It was not read; the other rows were.`;
  return { line, data: {}, trouble: { code: 'too_large', message } };
}
