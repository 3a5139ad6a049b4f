import { createHash } from 'node:crypto';
import type { Cursor, Since, SourcePage } from '../provider.js';
import type { SourceRecord } from '../../records/types.js';
import type { BookReader } from './book.js';
import { toAccount, toContact } from './cards.js';
import type { FetchedCard } from './cards.js';
import type { BookMark, CardRef } from './listing.js';
import { fromBookmark, fromCursor, toBookmark, toCursor } from './places.js';
import type { Place } from './places.js';

/** Cards per request. The first page is one short request, so that something is stored at once. */
const FIRST_BATCH = 50;
export const BATCH = 100;
export const PAGE_RECORDS = 500;
const PAGE_BYTES = 2 * 1024 * 1024;
/** Cards that are walked for organizations before the place is noted, even if they brought none. */
const WALK = 2_000;
/** Organizations whose hash a cursor carries. Later ones may come again after a restart, and are skipped as repeats. */
const REMEMBERED = 1_000;

export interface ReadArgs {
  book: BookReader;
  from: Cursor | Since | undefined;
  limit: number | undefined;
  signal: AbortSignal;
}

/**
 * Each organization once, with the spelling of the first card (by key) that names it. They are derived from all cards, so changes are
 * found by a full listing, left out where the book says that nothing in it changed since.
 */
export async function* readAccounts({ book, from, limit, signal }: ReadArgs): AsyncGenerator<SourcePage> {
  const place = await accountsFrom(book, from, signal);
  if (place === undefined) {
    yield { records: [], ...(typeof from === 'object' ? { bookmark: from.bookmark } : {}) };
    return;
  }
  const walk = await startWalk(book, place, signal);
  const seen = new Set((place.seen ?? '').match(/.{11}/g));
  let { given } = place;
  const most = limit ?? Infinity;
  while (!walk.atEnd() && given < most) {
    const records: SourceRecord[] = [];
    for (let walked = 0; walked < WALK && !walk.atEnd() && given < most; walked += BATCH) {
      for (const card of await walk.next(BATCH, signal)) {
        const record = toAccount(card);
        const mark = record === undefined ? '' : hashOf(record.externalId);
        if (record === undefined || seen.has(mark) || given >= most) continue;
        seen.add(mark);
        records.push(record);
        given += 1;
      }
      if (records.length >= PAGE_RECORDS - BATCH) break;
    }
    if (walk.atEnd() || given >= most) {
      yield lastOfListing(records, place, walk.atEnd());
      return;
    }
    const remembered = [...seen].slice(0, REMEMBERED).join('');
    yield { records, next: toCursor({ ...place, after: walk.at(), given, seen: remembered }) };
  }
  yield lastOfListing([], place, walk.atEnd());
}

/** `undefined`: nothing changed. */
async function accountsFrom(
  book: BookReader,
  from: Cursor | Since | undefined,
  signal: AbortSignal,
): Promise<Place | undefined> {
  if (typeof from === 'string') return placeIn(book, from);
  const mark = await book.mark(signal);
  if (from !== undefined && isSame(fromBookmark(from, book.path), mark)) return undefined;
  return startOf(book, mark);
}

/** Nothing changed, as far as the book itself can tell. */
export function isSame(before: BookMark, now: BookMark): boolean {
  if (before.token !== undefined && before.token === now.token) return true;
  return before.ctag !== undefined && before.ctag === now.ctag;
}

export function startOf(book: BookReader, mark: BookMark): Place {
  return { v: 1, book: book.path, after: '', given: 0, mark };
}

export function placeIn(book: BookReader, cursor: Cursor): Place {
  const place = fromCursor(cursor);
  // Another book was found in its place: going on there would mix two books.
  if (place.book !== book.path) throw book.gone();
  return place;
}

export interface Walk {
  atStart(): boolean;
  atEnd(): boolean;
  /** Key of the last card handed out. */
  at(): string;
  next(count: number, signal: AbortSignal): Promise<FetchedCard[]>;
}

/** @param refs sorted by key; all cards of the book where absent */
export async function startWalk(
  book: BookReader,
  { after }: Place,
  signal: AbortSignal,
  refs?: readonly CardRef[],
): Promise<Walk> {
  const listing = refs ?? (await book.list(signal));
  const found = listing.findIndex(({ key }) => key > after);
  let index = found === -1 ? listing.length : found;
  return {
    atStart: () => after === '' && index === 0,
    atEnd: () => index >= listing.length,
    at: () => listing[index - 1]?.key ?? after,
    async next(count, aborted) {
      const part = listing.slice(index, index + Math.max(1, count));
      const cards = part.length === 0 ? [] : await book.cards(part, aborted);
      index += part.length;
      return cards;
    },
  };
}

/**
 * One page of contacts, every card one source record.
 * @param most records that may still be given
 * @param note told of each card with the id it was given
 */
export async function contactsOf(
  walk: Walk,
  most: number,
  note: (card: FetchedCard, record: SourceRecord | undefined) => void,
  signal: AbortSignal,
): Promise<SourceRecord[]> {
  const records: SourceRecord[] = [];
  let bytes = 0;
  const room = () => Math.min(PAGE_RECORDS, most) - records.length;
  const isFirst = walk.atStart();
  do {
    for (const card of await walk.next(Math.min(isFirst ? FIRST_BATCH : BATCH, room()), signal)) {
      const record = toContact(card);
      note(card, record);
      if (record === undefined) continue;
      records.push(record);
      bytes += card.state === 'read' ? card.vcard.length : 0;
    }
  } while (!isFirst && !walk.atEnd() && room() > 0 && bytes < PAGE_BYTES);
  return records;
}

/** A test run's limit leaves the rest unread: then it is neither complete nor a place to go on from. */
export function lastOfListing(records: SourceRecord[], place: Place, wholeBook: boolean): SourcePage {
  if (!wholeBook) return { records };
  const bookmark = toBookmark(place);
  return { records, complete: true, ...(bookmark === undefined ? {} : { bookmark }) };
}

/** 64 bits: among a million organizations two share one with a chance of one in thirty million. */
function hashOf(externalId: string): string {
  return createHash('sha256').update(externalId).digest('base64url').slice(0, 11);
}
