import { createHash } from 'node:crypto';
import { z } from 'zod';
import { ProviderFailure } from '../provider.js';
import type { Cursor, SourcePage } from '../provider.js';
import type { SourceRecord } from '../../records/types.js';
import type { BookReader, CardRef } from './book.js';
import { toAccount, toContact } from './cards.js';
import type { FetchedCard } from './cards.js';

/** Cards per request. The first page is one short request, so that something is stored at once. */
const FIRST_BATCH = 50;
const BATCH = 100;
const PAGE_RECORDS = 500;
const PAGE_BYTES = 2 * 1024 * 1024;
/** Cards that are walked for organizations before the place is noted, even if they brought none. */
const WALK = 2_000;
/** Organizations whose hash a cursor carries. Later ones may come again after a restart, and are skipped as repeats. */
const REMEMBERED = 1_000;

/** Cards are read in the order of their keys, so a place is a key: cards that come or go meanwhile move nothing. */
const cursorShape = z.strictObject({
  v: z.literal(1),
  /** The book it is a place in. */
  book: z.string(),
  /** Key of the last card that was read. */
  after: z.string(),
  /** Source records given so far, for the limit of a test run. */
  given: z.int().nonnegative(),
  /** Accounts only: hashes of the organizations that were given, 11 characters each. */
  seen: z.string().optional(),
});
type Place = z.infer<typeof cursorShape>;

export interface ReadArgs {
  book: BookReader;
  from: Cursor | undefined;
  limit: number | undefined;
  signal: AbortSignal;
}

/** One page per group of cards, every card one source record. */
export async function* readContacts({ book, from, limit, signal }: ReadArgs): AsyncGenerator<SourcePage> {
  const walk = await startWalk(book, from, signal);
  let { given } = walk.place;
  const most = limit ?? Infinity;
  while (!walk.atEnd() && given < most) {
    const records: SourceRecord[] = [];
    let bytes = 0;
    const room = () => Math.min(PAGE_RECORDS, most - given) - records.length;
    const isFirst = walk.atStart();
    do {
      for (const card of await walk.next(Math.min(isFirst ? FIRST_BATCH : BATCH, room()), signal)) {
        const record = toContact(card);
        if (record === undefined) continue;
        records.push(record);
        bytes += card.state === 'read' ? card.vcard.length : 0;
      }
    } while (!isFirst && !walk.atEnd() && room() > 0 && bytes < PAGE_BYTES);
    given += records.length;
    if (walk.atEnd() || given >= most) {
      yield lastPage(records, walk.atEnd());
      return;
    }
    yield { records, next: toCursor({ v: 1, book: book.path, after: walk.at(), given }) };
  }
  yield lastPage([], walk.atEnd());
}

/** Each organization once, with the spelling of the first card (by key) that names it. */
export async function* readAccounts({ book, from, limit, signal }: ReadArgs): AsyncGenerator<SourcePage> {
  const walk = await startWalk(book, from, signal);
  const seen = new Set((walk.place.seen ?? '').match(/.{11}/g));
  let { given } = walk.place;
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
      yield lastPage(records, walk.atEnd());
      return;
    }
    const remembered = [...seen].slice(0, REMEMBERED).join('');
    yield { records, next: toCursor({ v: 1, book: book.path, after: walk.at(), given, seen: remembered }) };
  }
  yield lastPage([], walk.atEnd());
}

interface Walk {
  place: Place;
  atStart(): boolean;
  atEnd(): boolean;
  /** Key of the last card handed out. */
  at(): string;
  next(count: number, signal: AbortSignal): Promise<FetchedCard[]>;
}

async function startWalk(book: BookReader, from: Cursor | undefined, signal: AbortSignal): Promise<Walk> {
  const place: Place =
    from === undefined ? { v: 1, book: book.path, after: '', given: 0 } : parseCursor(from);
  // Another book was found in its place: going on there would mix two books.
  if (place.book !== book.path) throw book.gone();
  const listing: CardRef[] = await book.list(signal);
  const found = listing.findIndex(({ key }) => key > place.after);
  let index = found === -1 ? listing.length : found;
  return {
    place,
    atStart: () => place.after === '' && index === 0,
    atEnd: () => index >= listing.length,
    at: () => listing[index - 1]?.key ?? place.after,
    async next(count, aborted) {
      const refs = listing.slice(index, index + Math.max(1, count));
      const cards = await book.cards(refs, aborted);
      index += refs.length;
      return cards;
    },
  };
}

function lastPage(records: SourceRecord[], wholeBook: boolean): SourcePage {
  return wholeBook ? { records, complete: true } : { records };
}

function toCursor(place: Place): Cursor {
  return JSON.stringify(place);
}

function parseCursor(cursor: Cursor): Place {
  try {
    return cursorShape.parse(JSON.parse(cursor));
  } catch {
    throw new ProviderFailure(
      'cursor_expired',
      'The place where reading stopped was noted by another version of Sluice. A full listing goes on from the start.',
    );
  }
}

/** 64 bits: among a million organizations two share one with a chance of one in thirty million. */
function hashOf(externalId: string): string {
  return createHash('sha256').update(externalId).digest('base64url').slice(0, 11);
}
