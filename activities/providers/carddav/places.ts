import { z } from 'zod';
import { ProviderFailure } from '../provider.js';
import type { Cursor, Since } from '../provider.js';
import { namesShape } from './names.js';

const markShape = z.strictObject({ token: z.string().exactOptional(), ctag: z.string().exactOptional() });

/** Cards are read in the order of their keys, so a place is a key: cards that come or go meanwhile move nothing. */
const placeShape = z.strictObject({
  v: z.literal(1),
  /** The book it is a place in. */
  book: z.string(),
  /** Key of the last card that was read. */
  after: z.string(),
  /** Source records given so far, for the limit of a test run. */
  given: z.int().nonnegative(),
  /** Accounts only: hashes of the organizations that were given, 11 characters each. */
  seen: z.string().optional(),
  /**
   * The book's mark from before the first card was read: where the next sync begins, however long this reading takes. Absent in places
   * of before there were bookmarks.
   */
  mark: markShape.optional(),
  names: namesShape.optional(),
  /** The token whose changes are read; absent in a full listing. */
  since: z.string().optional(),
  /** Of the changes, the deleted cards, which come last. */
  removed: z.literal(true).optional(),
});
export type Place = z.infer<typeof placeShape>;

const bookmarkShape = markShape.extend({
  v: z.literal(1),
  book: z.string(),
  names: namesShape.exactOptional(),
});
/** Version 1 of `bookmarkVersion`. Without token and ctag it says that the next sync reads everything. */
export type BookmarkState = z.infer<typeof bookmarkShape>;

export function toCursor(place: Place): Cursor {
  return JSON.stringify(place);
}

export function fromCursor(cursor: Cursor): Place {
  return parsed(
    placeShape,
    cursor,
    'The place where reading stopped was noted by another version of Sluice.',
  );
}

/** Where the reading of `place` would go on the next time; `undefined` where it is not known. */
export function toBookmark({ book, mark, names }: Place): string | undefined {
  if (mark === undefined) return undefined;
  const state: BookmarkState = { v: 1, book, ...mark };
  if (mark.token !== undefined && names !== undefined) state.names = names;
  return JSON.stringify(state);
}

/** @param book the path of the book that is to be read */
export function fromBookmark({ bookmark }: Since, book: string): BookmarkState {
  const state = parsed(bookmarkShape, bookmark, 'The place where the last sync ended cannot be read here.');
  if (state.book !== book) {
    throw expired(
      `The last sync read another address book (${state.book}) than the one that is now chosen (${book}).`,
    );
  }
  return state;
}

export function expired(why: string): ProviderFailure {
  return new ProviderFailure(
    'cursor_expired',
    `${why} Nothing was deleted because of it. A full listing goes on from the start and misses nothing.`,
  );
}

function parsed<T>(shape: z.ZodType<T>, text: string, why: string): T {
  try {
    return shape.parse(JSON.parse(text));
  } catch {
    throw expired(why);
  }
}
