import { hash } from 'node:crypto';
import type { ObjectMapping } from '../../records/types.js';
import { canonicalJson, textOfValue, valueAt } from '../formats/value-at.js';
import type { CanonicalRow, FileKind } from '../provider.js';

/**
 * Written as a mapping's key: `["#row"]`. The id is then a hash of everything in the row, for files without any id. A row
 * that changes gets a new id with it, which is why the proposal warns of it.
 */
export const ROW_KEY = '#row';

/**
 * What makes a row's external id.
 * - `id`: one column's text without blanks around it; several columns as a JSON array of their texts; or the row's hash.
 * - `empty`: a key column has nothing in it, so the row has no id.
 * - `unknown`: the row is broken in a way that its key cannot be told.
 */
export type RowKey = { is: 'id'; id: string } | { is: 'empty'; column: string } | { is: 'unknown' };

export type KeyReader = (row: CanonicalRow) => RowKey;

export function keyReader(mapping: ObjectMapping | undefined, kind: FileKind): KeyReader {
  const columns = mapping?.key ?? [];
  if (kind === 'vcard' && columns.every((column) => column === 'uid')) return cardKey;
  if (columns.length === 0 || columns.includes(ROW_KEY)) return rowHash;
  return (row) => columnKey(row, columns);
}

/** What a row without an id is called where its failure is listed: never the id of a record. */
export function namelessId(row: CanonicalRow): string {
  return `#line-${row.line}`;
}

function columnKey(row: CanonicalRow, columns: string[]): RowKey {
  const parts: string[] = [];
  for (const column of columns) {
    const value = valueAt(row.data, column);
    // A broken row holds the cells that were read before it broke; a whole one may lack a column of NDJSON.
    if (value === undefined && row.trouble) return { is: 'unknown' };
    const text = textOfValue(value);
    if (text === '') return { is: 'empty', column };
    parts.push(text);
  }
  return { is: 'id', id: parts.length === 1 ? (parts[0] ?? '') : JSON.stringify(parts) };
}

function rowHash(row: CanonicalRow): RowKey {
  if (row.trouble) return { is: 'unknown' };
  return { is: 'id', id: `row:${hash('sha256', canonicalJson(row.data), 'hex').slice(0, 32)}` };
}

function cardKey(row: CanonicalRow): RowKey {
  const uid = textOfValue(valueAt(row.data, 'uid'));
  return uid === '' ? rowHash(row) : { is: 'id', id: uid };
}
