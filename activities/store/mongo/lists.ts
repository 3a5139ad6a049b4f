import type { Collection, Filter, Sort } from 'mongodb';
import { BadCursor, type Listed, type ListQuery } from '../listing.js';
import { range } from './ids.js';

/** A position in a list, unreadable on purpose: callers hand it back as it is. */
export function toCursor(position: unknown): string {
  return Buffer.from(JSON.stringify(position)).toString('base64url');
}

/** Throws `BadCursor` for what `toCursor` did not make. */
export function fromCursor<T>(cursor: string, isPosition: (value: unknown) => value is T): T {
  let value: unknown;
  try {
    value = JSON.parse(Buffer.from(cursor, 'base64url').toString('utf8'));
  } catch {
    throw badCursor();
  }
  if (!isPosition(value) || toCursor(value) !== cursor) throw badCursor();
  return value;
}

function badCursor(): BadCursor {
  return new BadCursor(
    'This cursor was not made by this list. Nothing was read; begin again without a cursor.',
  );
}

export function isText(value: unknown): value is string {
  return typeof value === 'string';
}

interface ListArgs<S, T> {
  prefix: string;
  filter?: Record<string, unknown>;
  /**
   * Filters of which each alone keeps the list inside the prefix (by an indexed field that begins with it). Several are merged:
   * an alternative inside one filter would not be answered from two indexes everywhere.
   */
  place?: Record<string, unknown> | Record<string, unknown>[];
  query: ListQuery;
  decode: (stored: S) => T;
}

/**
 * Newest first: walks the keys below a prefix downwards. The cursor is the part of the key after the prefix, so it cannot lead out
 * of the workspace.
 */
export async function listDown<S extends { _id: string }, T>(
  collection: Collection<S>,
  args: ListArgs<S, T>,
): Promise<Listed<T>> {
  const { prefix, query } = args;
  const within = range(prefix);
  const after = query.cursor === undefined ? null : prefix + fromCursor(query.cursor, isText);
  const places = args.place === undefined ? [{ _id: within }] : [args.place].flat();
  const lists = await Promise.all(
    places.map((place) => {
      const below = after === null ? {} : { _id: { $gte: within.$gte, $lt: after } };
      const filter = { ...place, ...below, ...args.filter } as Filter<unknown>;
      return collection
        .find(filter as Filter<S>)
        .sort({ _id: -1 } satisfies Sort)
        .limit(query.limit + 1)
        .toArray();
    }),
  );
  const found = lists.length === 1 ? (lists[0] ?? []) : merged(lists.flat());
  const shown = found.slice(0, query.limit);
  const last = shown.at(-1);
  const more = found.length > query.limit && last !== undefined;
  return {
    items: shown.map((stored) => args.decode(stored as S)),
    nextCursor: more ? toCursor(last._id.slice(prefix.length)) : null,
  };
}

function merged<S extends { _id: string }>(found: readonly S[]): S[] {
  const unique = new Map(found.map((stored) => [stored._id, stored]));
  return [...unique.values()].sort((a, b) => (byteOrder(a._id, b._id) ? 1 : -1));
}

/** The database's order of texts: by their UTF-8 bytes. */
function byteOrder(a: string, b: string): boolean {
  return Buffer.compare(Buffer.from(a), Buffer.from(b)) < 0;
}
