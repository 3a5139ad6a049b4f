import { ProviderFailure } from '../provider.js';
import type { Since, SourcePage } from '../provider.js';
import type { SourceRecord } from '../../records/types.js';
import type { BookReader } from './book.js';
import { toContact } from './cards.js';
import type { FetchedCard } from './cards.js';
import type { BookChanges } from './listing.js';
import { createCardNames } from './names.js';
import type { CardNames } from './names.js';
import { expired, fromBookmark, toBookmark, toCursor } from './places.js';
import type { Place } from './places.js';
import {
  BATCH,
  contactsOf,
  isSame,
  lastOfListing,
  PAGE_RECORDS,
  placeIn,
  startOf,
  startWalk,
} from './reading.js';
import type { ReadArgs } from './reading.js';

type Feed = Extract<BookChanges, { state: 'read' }>;

type Start =
  { kind: 'unchanged' } | { kind: 'listing'; place: Place } | { kind: 'changes'; place: Place; feed: Feed };

/**
 * All cards, or what changed since a bookmark. Everything is read, and said to be complete, where the server tells no changes, and where
 * it deleted cards of which nobody can say any more what their ids were.
 */
export async function* readContacts(args: ReadArgs): AsyncGenerator<SourcePage> {
  const { book, from, signal } = args;
  const start = await whereFrom(args);
  if (start.kind === 'unchanged') {
    yield { records: [], ...(typeof from === 'object' ? { bookmark: from.bookmark } : {}) };
  } else if (start.kind === 'listing') {
    yield* listContacts(args, start.place);
  } else if ((yield* changedContacts(args, start)) === 'in doubt') {
    yield* listContacts(args, startOf(book, await book.mark(signal)));
  }
}

async function whereFrom({ book, from, signal }: ReadArgs): Promise<Start> {
  if (from === undefined) return { kind: 'listing', place: startOf(book, await book.mark(signal)) };
  if (typeof from !== 'string') return sinceBookmark(book, from, signal);
  const place = placeIn(book, from);
  if (place.since === undefined) return { kind: 'listing', place };
  const feed = await changesSince(book, place.since, signal);
  // Listed from the start, since a place among the changes says nothing of the other cards.
  if (feed === undefined) return { kind: 'listing', place: startOf(book, await book.mark(signal)) };
  return { kind: 'changes', place, feed };
}

async function sinceBookmark(book: BookReader, from: Since, signal: AbortSignal): Promise<Start> {
  const { token, ctag, names } = fromBookmark(from, book.path);
  const feed = token === undefined ? undefined : await changesSince(book, token, signal);
  if (token === undefined || feed === undefined) {
    const mark = await book.mark(signal);
    // Not by the token: a server that does not tell changes might not change it either.
    const isUnchanged = isSame(ctag === undefined ? {} : { ctag }, mark);
    return isUnchanged ? { kind: 'unchanged' } : { kind: 'listing', place: startOf(book, mark) };
  }
  if (feed.token === token && feed.changed.length + feed.removed.length === 0) return { kind: 'unchanged' };
  // Taken from the first answer: asked again after a restart, the server tells more than is then read.
  const place = { ...startOf(book, { token: feed.token }), since: token, names: names ?? null };
  return { kind: 'changes', place, feed };
}

/** `undefined`: the server does not tell. */
async function changesSince(book: BookReader, token: string, signal: AbortSignal): Promise<Feed | undefined> {
  const changes = await book.changes(token, signal);
  if (changes.state === 'expired') {
    throw expired('The server no longer knows what changed since the last sync.');
  }
  return changes.state === 'unknown' ? undefined : changes;
}

async function* listContacts({ book, limit, signal }: ReadArgs, from: Place): AsyncGenerator<SourcePage> {
  const walk = await startWalk(book, from, signal);
  const names = from.mark?.token === undefined ? undefined : createCardNames(book.path, from.names ?? []);
  const most = limit ?? Infinity;
  let place = from;
  for (;;) {
    const records = await contactsOf(walk, most - place.given, (...card) => noteCard(names, ...card), signal);
    const noted = names === undefined ? {} : { names: names.stored() };
    place = { ...place, ...noted, after: walk.at(), given: place.given + records.length };
    if (walk.atEnd() || place.given >= most) {
      yield lastOfListing(records, place, walk.atEnd());
      return;
    }
    yield { records, next: toCursor(place) };
  }
}

/** A card that was listed and not read keeps its secret: should it be deleted, nobody knows which id that was. */
function noteCard(names: CardNames | undefined, card: FetchedCard, record: SourceRecord | undefined): void {
  names?.note(card.key, card.state === 'read' ? record?.externalId : undefined);
}

/**
 * First the cards that changed, then the ids that are gone: a card that was filed anew under another name is both, and must not be
 * taken for deleted. `in doubt`: only a complete listing can say which ids are gone.
 */
async function* changedContacts(
  { book, limit, signal }: ReadArgs,
  { place: from, feed }: Extract<Start, { kind: 'changes' }>,
): AsyncGenerator<SourcePage, 'done' | 'in doubt'> {
  const names = createCardNames(book.path, from.names ?? null);
  const most = limit ?? Infinity;
  const removed = from.removed === true ? feed.removed.filter((key) => key > from.after) : feed.removed;
  if (removed.some((key) => names.idOf(key) === undefined)) return 'in doubt';
  let place = from;
  if (from.removed !== true) {
    const walk = await startWalk(book, from, signal, feed.changed);
    const known = { renamed: false };
    const note = (card: FetchedCard, record: SourceRecord | undefined): void => {
      // Gone again meanwhile: the next sync is told so.
      if (card.state === 'gone') return;
      known.renamed ||=
        card.state === 'read' && record !== undefined && names.differs(card.key, record.externalId);
      noteCard(names, card, record);
    };
    do {
      const records = await contactsOf(walk, most - place.given, note, signal);
      place = { ...place, names: names.stored(), after: walk.at(), given: place.given + records.length };
      if (place.given >= most) {
        yield { records };
        return 'done';
      }
      if (known.renamed) return 'in doubt';
      if (walk.atEnd() && removed.length === 0) {
        yield lastOfChanges(records, place);
        return 'done';
      }
      if (walk.atEnd()) place = { ...place, after: '', removed: true };
      yield { records, next: toCursor(place) };
    } while (place.removed !== true);
  }
  // Too many names to note came among the changes.
  if (removed.some((key) => names.idOf(key) === undefined)) return 'in doubt';
  yield* removedContacts(book, names, place, removed, signal);
  return 'done';
}

async function* removedContacts(
  book: BookReader,
  names: CardNames,
  from: Place,
  removed: readonly string[],
  signal: AbortSignal,
): AsyncGenerator<SourcePage> {
  let place = from;
  for (let at = 0; at === 0 || at < removed.length; at += PAGE_RECORDS) {
    const keys = removed.slice(at, at + PAGE_RECORDS);
    const records = await tombstones(book, names, keys, removed, signal);
    place = {
      ...place,
      names: names.stored(),
      after: keys.at(-1) ?? place.after,
      given: place.given + records.length,
    };
    yield at + PAGE_RECORDS < removed.length
      ? { records, next: toCursor(place) }
      : lastOfChanges(records, place);
  }
}

/** For the ids that no other card has. */
async function tombstones(
  book: BookReader,
  names: CardNames,
  keys: readonly string[],
  removed: readonly string[],
  signal: AbortSignal,
): Promise<SourceRecord[]> {
  const gone = new Set(removed);
  const records = new Map<string, SourceRecord>();
  const homes = new Map<string, string>();
  for (const key of keys) {
    const externalId = names.idOf(key);
    names.forget(key);
    if (externalId === undefined) throw new ProviderFailure('bug', 'A deleted card has no id.');
    if (names.isNoted(externalId)) continue;
    const home = book.homeOf(externalId).key;
    // It is deleted from there as well, and its own turn comes.
    if (gone.has(home) && home > key) continue;
    if (home !== key && !gone.has(home)) homes.set(externalId, home);
    records.set(externalId, { externalId, deleted: true, data: { href: key }, position: key });
  }
  const ids = [...homes.keys()];
  for (let at = 0; at < ids.length; at += BATCH) {
    const refs = ids.slice(at, at + BATCH).map((id) => book.homeOf(id));
    for (const card of await book.cards(refs, signal, 'by guess')) {
      const living = toContact(card)?.externalId;
      if (living !== undefined) records.delete(living);
    }
  }
  return [...records.values()];
}

/** The end of a feed is no complete listing: what it does not name is still there. */
function lastOfChanges(records: SourceRecord[], place: Place): SourcePage {
  const bookmark = toBookmark(place);
  return { records, ...(bookmark === undefined ? {} : { bookmark }) };
}
