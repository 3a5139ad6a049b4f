import type { ObjectMapping } from '../../records/types.js';
import { valueAt } from '../formats/value-at.js';
import type { CanonicalRow, FileKind } from '../provider.js';
import type { RowCheck } from './groups.js';

/** What a spreadsheet shows in a cell whose formula failed. */
const ERROR_VALUE = /^#(N\/A|REF!|VALUE!|DIV\/0!|NUM!|NAME\?|NULL!|SPILL!|CALC!|FIELD!|GETTING_DATA)$/;

/**
 * A row's own trouble, else an error value in a column that the mapping reads: as text it would be a wrong value, as nothing it
 * would clear a field. Elsewhere in the row it hurts nobody.
 */
export function rowCheck(mapping: ObjectMapping | undefined, kind: FileKind): RowCheck {
  const columns = kind === 'xlsx' ? mappedColumns(mapping) : [];
  return (row) => row.trouble ?? errorValue(row, columns);
}

function errorValue(row: CanonicalRow, columns: [string, string][]): CanonicalRow['trouble'] {
  for (const [column, field] of columns) {
    const value = valueAt(row.data, column);
    if (typeof value !== 'string' || !value.startsWith('#') || !ERROR_VALUE.test(value)) continue;
    const message = `Line ${row.line}: ${column} is the error ${value} of a formula. Nothing was written for this row; the other rows were read. Correct the formula and upload again.`;
    return { code: 'value_invalid', message, field, value };
  }
  return undefined;
}

function mappedColumns(mapping: ObjectMapping | undefined): [string, string][] {
  const fields = Object.entries({ ...mapping?.lines, ...mapping?.fields });
  const keys = (mapping?.key ?? []).map((column): [string, string] => [column, column]);
  const columns = fields.flatMap(([field, source]): [string, string][] =>
    source === null ? [] : [[typeof source === 'string' ? source : source.path, field]],
  );
  return [...columns, ...keys];
}
