import type { ObjectName } from '../../../workflows/contract/objects.js';
import { ROW_KEY } from './external-id.js';
import { idRank } from './header-names.js';
import type { ColumnProfile, Profile } from './profile.js';

export interface ProposedKey {
  key: string[];
  /** Rows with one key stand together and are lines of one record. */
  group: boolean;
  /** Why the key needs a person's word; absent where it does not. */
  unclear?: string;
  warning?: { code: string; message: string };
}

/** A column named like an id may repeat itself a little: those rows are repeats, and counted as such. */
const REPEATED_SHARE = 0.2;
/** Emptier than this, a column is no id of its rows. */
const FILLED_SHARE = 0.5;

/**
 * What makes a row's external id, in this order: a unique column that is named like an id (the object's own before any other, a
 * row counter last); the same with a few repeats; a column that names the object but repeats a lot, which a person must confirm;
 * an e-mail address that every row has once; a hash of the row.
 */
export function proposeKey(
  object: ObjectName,
  profile: Profile,
  emailColumn: string | undefined,
): ProposedKey {
  const ids = profile.columns
    .map((column) => ({ column, rank: idRank(object, column.name) }))
    .filter(({ column, rank }) => rank > 0 && isFilled(column, profile))
    .sort((a, b) => b.rank - a.rank);
  const grouped =
    object === 'invoices' ? ids.find(({ column, rank }) => rank > 1 && isGrouped(column)) : undefined;
  if (grouped) return { key: [grouped.column.name], group: true };
  const named = ids.find(({ rank }) => rank === 3)?.column;
  const unique = ids.find(({ column }) => column.unique || profile.rows === 0)?.column;
  if (named && !named.unique && profile.rows > 0 && !repeatsLittle(named))
    return confirmed(object, named, profile, unique);
  if (unique) return { key: [unique.name], group: false };
  const nearly = ids.find(({ column, rank }) => rank > 1 && repeatsLittle(column))?.column;
  if (nearly) return { key: [nearly.name], group: false, warning: repeats(nearly) };
  const email = profile.columns.find(({ name }) => name === emailColumn);
  if (email?.unique && email.filled === profile.rows - profile.broken)
    return { key: [email.name], group: false };
  return { key: [ROW_KEY], group: false, warning: FROM_ROW };
}

const FROM_ROW = {
  code: 'key_from_row',
  message:
    'No column holds a unique id, so each row is told by everything in it: a row that is changed in a later file will look like a new one. Name a key column in the mapping if there is one.',
};

/** Rows that could not be read say nothing about a column. */
function isFilled({ filled }: ColumnProfile, { rows, broken }: Profile): boolean {
  return rows === 0 || filled >= (rows - broken) * FILLED_SHARE;
}

/** Most repeats are right below each other; what comes back later is left to the reading, which fails it. */
function isGrouped({ adjacent, returns }: ColumnProfile): boolean {
  return adjacent > 0 && returns <= adjacent * REPEATED_SHARE;
}

function repeatsLittle({ adjacent, returns, filled }: ColumnProfile): boolean {
  return adjacent + returns <= Math.max(1, filled * REPEATED_SHARE);
}

function repeats({ name, adjacent, returns }: ColumnProfile): { code: string; message: string } {
  const message = `${adjacent + returns} rows repeat an id of the column "${name}": the first row with an id is taken, the others are skipped as repeated.`;
  return { code: 'key_repeats', message };
}

function confirmed(
  object: ObjectName,
  named: ColumnProfile,
  { rows }: Profile,
  unique: ColumnProfile | undefined,
): ProposedKey {
  const different = named.distinct === null ? 'fewer' : String(named.distinct);
  const other = unique ? ` (the column "${unique.name}" is unique, but names no ${object})` : '';
  const unclear = `The column "${named.name}" names ${object} but has ${different} different values in ${rows} rows${other}. As the key, it makes one record of each value, from the first row that has it. Confirm it, or name another key.`;
  return { key: [named.name], group: false, unclear };
}
