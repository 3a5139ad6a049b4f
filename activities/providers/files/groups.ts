import type { SourceRecord } from '../../records/types.js';
import type { CanonicalRow } from '../provider.js';
import { namelessId } from './external-id.js';
import type { KeyReader } from './external-id.js';
import type { SplitKeys } from './splits.js';

/** Where a row stands in the stored rows: the chunk and the row's index in it. */
export interface Place {
  chunk: number;
  row: number;
}

/** A row with where it stands and about how many bytes it needs. */
export interface PlacedRow {
  row: CanonicalRow;
  at: Place;
  bytes: number;
}

/** A source record with the place of its first row; reading it again begins there. */
export interface PlacedRecord {
  record: SourceRecord;
  at: Place;
  rows: number;
  bytes: number;
}

export const MAX_GROUP_ROWS = 1_000;
const MAX_GROUP_BYTES = 1024 * 1024;
/** Of a group that is too large, this many rows are kept to show what it is. */
const SHOWN_ROWS = 20;

/** Says what is wrong with a row although it could be read (an error value of a spreadsheet in a mapped column). */
export type RowCheck = (row: CanonicalRow) => CanonicalRow['trouble'];

interface OpenGroup {
  id: string;
  at: Place;
  rows: CanonicalRow[];
  count: number;
  bytes: number;
  trouble: CanonicalRow['trouble'];
}

/**
 * Adjacent rows with one key become one source record `{ rows: [...] }`; its position is its first line.
 *
 * - A row that is broken but whose key could be read fails its group. One whose key is lost fails the group around it if the same
 *   key stands on both sides; otherwise it stands alone, and so does a row with an empty key column.
 * - A key in `split` is one source record that fails, told where it begins; its later pieces are part of it. More than 1,000 rows (or 1 MiB) a group that is `too_large`.
 * - Memory is bounded by one group, cut at those limits.
 */
export async function* groupRows(
  rows: AsyncIterable<PlacedRow>,
  keyOf: KeyReader,
  split: SplitKeys,
  check: RowCheck,
): AsyncGenerator<PlacedRecord> {
  let open: OpenGroup | null = null;
  const strays: PlacedRow[] = [];
  for await (const placed of rows) {
    const key = keyOf(placed.row);
    if (key.is === 'unknown') {
      // A run of rows that nothing can be told of does not wait for ever.
      if (strays.length < MAX_GROUP_ROWS) {
        strays.push(placed);
        continue;
      }
    }
    if (open && key.is === 'id' && key.id === open.id) {
      for (const stray of strays.splice(0)) add(open, stray, check);
      add(open, placed, check);
      continue;
    }
    if (open && isToldHere(open, split)) yield close(open, split);
    open = null;
    for (const stray of strays.splice(0)) yield alone(stray, check);
    if (key.is === 'id') open = add(newGroup(key.id, placed.at), placed, check);
    else if (key.is === 'empty') yield missing(placed, key.column);
    else yield alone(placed, check);
  }
  if (open && isToldHere(open, split)) yield close(open, split);
  for (const stray of strays) yield alone(stray, check);
}

function newGroup(id: string, at: Place): OpenGroup {
  return { id, at, rows: [], count: 0, bytes: 0, trouble: undefined };
}

/** Every row is a source record of its own; `data` is the row. */
export async function* singleRows(
  rows: AsyncIterable<PlacedRow>,
  keyOf: KeyReader,
  check: RowCheck,
): AsyncGenerator<PlacedRecord> {
  for await (const placed of rows) {
    const { row, at, bytes } = placed;
    const key = keyOf(row);
    if (key.is === 'unknown') yield alone(placed, check);
    else if (key.is === 'empty' && !row.trouble) yield missing(placed, key.column);
    else {
      const trouble = check(row);
      const name = key.is === 'id' ? { externalId: key.id } : nameless(row);
      const record = { ...name, data: row.data, position: String(row.line), ...(trouble && { trouble }) };
      yield { record, at, rows: 1, bytes };
    }
  }
}

function nameless(row: CanonicalRow): Pick<SourceRecord, 'externalId' | 'nameless'> {
  return { externalId: namelessId(row), nameless: true };
}

function add(group: OpenGroup, { row, bytes }: PlacedRow, check: RowCheck): OpenGroup {
  group.count += 1;
  group.bytes += bytes;
  group.trouble ??= check(row);
  if (group.count > MAX_GROUP_ROWS || group.bytes > MAX_GROUP_BYTES)
    group.rows.length = Math.min(group.rows.length, SHOWN_ROWS);
  else group.rows.push(row);
  return group;
}

/** A later piece of a split group was told with the first. */
function isToldHere({ id, rows }: OpenGroup, split: SplitKeys): boolean {
  const whole = split.get(id);
  return whole === undefined || whole.line === rows[0]?.line;
}

function close(group: OpenGroup, split: SplitKeys): PlacedRecord {
  const { id, at, rows, bytes } = group;
  const count = split.get(id)?.rows ?? group.count;
  const trouble = tooLarge(group) ?? splitTrouble(group, split) ?? group.trouble;
  const record: SourceRecord = {
    externalId: id,
    data: { rows: rows.map(({ data }) => data) },
    position: String(rows[0]?.line ?? ''),
    rows: count,
    ...(trouble && { trouble }),
  };
  return { record, at, rows: count, bytes };
}

function tooLarge({ id, count, bytes, rows }: OpenGroup): CanonicalRow['trouble'] {
  if (count <= MAX_GROUP_ROWS && bytes <= MAX_GROUP_BYTES) return undefined;
  const limit = count > MAX_GROUP_ROWS ? `${MAX_GROUP_ROWS} rows` : '1 MiB';
  const message = `The group ${shown(id)} that begins in line ${rows[0]?.line ?? '?'} has ${count} rows, more than ${limit}. Nothing was written for it; the other groups were read. Split it, or check the key columns.`;
  return { code: 'too_large', message };
}

function splitTrouble({ id, rows }: OpenGroup, split: SplitKeys): CanonicalRow['trouble'] {
  if (!split.has(id)) return undefined;
  const message = `The rows of ${shown(id)} do not stand together: some begin in line ${rows[0]?.line ?? '?'}, others come after other rows. Nothing was written for it; the other groups were read. Sort the file by its key columns and upload again.`;
  return { code: 'group_split', message, value: id.slice(0, 200) };
}

function shown(id: string): string {
  return id.length > 80 ? `"${id.slice(0, 80)}…"` : `"${id}"`;
}

function alone({ row, at, bytes }: PlacedRow, check: RowCheck): PlacedRecord {
  const trouble = check(row);
  const record = {
    ...nameless(row),
    data: row.data,
    position: String(row.line),
    ...(trouble && { trouble }),
  };
  return { record, at, rows: 1, bytes };
}

function missing({ row, at, bytes }: PlacedRow, column: string): PlacedRecord {
  const message = `Line ${row.line}: the key column "${column}" is empty, so nobody can tell which record this row is. Nothing was written for it; the other rows were read. Fill it in and upload again.`;
  const trouble = row.trouble ?? { code: 'required_missing' as const, field: column, message };
  return {
    record: { ...nameless(row), data: row.data, position: String(row.line), trouble },
    at,
    rows: 1,
    bytes,
  };
}
