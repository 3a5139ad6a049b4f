import type { ObjectMapping } from '../../records/types.js';
import { undefuse } from '../formats/csv.js';
import type { Reading, RowBatch } from '../formats/reading.js';
import { isPlainObject } from '../formats/value-at.js';
import type { CanonicalRow, FileKind } from '../provider.js';

/** The last column of a list of failed rows (`?format=source`): why each row failed. */
export const ERROR_COLUMN = 'error';

/**
 * Whether `columns` are those of an earlier file and the reason that Sluice wrote behind them. A file that always had a column of
 * that name keeps it, and so does an app whose mapping reads it.
 */
export function isListOf(
  earlier: readonly string[],
  columns: readonly string[],
  mapping: ObjectMapping | undefined,
): boolean {
  if (columns.at(-1) !== ERROR_COLUMN || earlier.includes(ERROR_COLUMN)) return false;
  const has = new Set(columns);
  return earlier.length > 0 && earlier.every((name) => has.has(name)) && !reads(mapping, ERROR_COLUMN);
}

function reads(mapping: ObjectMapping | undefined, column: string): boolean {
  if (!mapping) return false;
  const sources = [...Object.values(mapping.fields), ...Object.values(mapping.lines ?? {})];
  const named = sources.flatMap((source) =>
    typeof source === 'string' ? [source] : source ? [source.path, source.currency] : [],
  );
  return [...named, ...(mapping.key ?? [])].includes(column);
}

/**
 * The same file without its last column. In a workbook, what was made harmless for a spreadsheet is as it was; the reader of CSV
 * has seen to that itself.
 */
export function withoutErrorColumn(reading: Reading, kind: FileKind): Reading {
  reading.facts.warnings.push({
    code: 'error_column_left_out',
    message: `The last column, "${ERROR_COLUMN}", is the one that Sluice adds to a list of failed rows; it is left out. If it is your own, give it another name and upload the file again.`,
  });
  return {
    facts: reading.facts,
    columns: reading.columns?.slice(0, -1) ?? null,
    batches: narrowed(reading.batches, kind === 'xlsx' ? undefuse : (text) => text),
  };
}

async function* narrowed(
  batches: AsyncIterable<RowBatch>,
  asItWas: (text: string) => string,
): AsyncGenerator<RowBatch> {
  for await (const { rows, bytes } of batches) yield { rows: rows.map((row) => narrow(row, asItWas)), bytes };
}

function narrow(row: CanonicalRow, asItWas: (text: string) => string): CanonicalRow {
  if (!isPlainObject(row.data)) return row;
  const cells = Object.entries(row.data).filter(([name]) => name !== ERROR_COLUMN);
  const data = Object.fromEntries(
    cells.map(([name, value]) => [name, typeof value === 'string' ? asItWas(value) : value]),
  );
  return { ...row, data };
}
