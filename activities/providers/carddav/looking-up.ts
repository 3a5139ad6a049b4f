import type { SourceRecord } from '../../records/types.js';
import type { BookReader } from './book.js';
import { hrefId, toAccount, toContact } from './cards.js';
import type { FetchedCard } from './cards.js';
import type { Book } from './found.js';
import type { CardRef } from './listing.js';

const BATCH = 100;
const QUERY_BATCH = 20;
/** A book up to this size is walked when the server's search found nothing: some searches only look at parts of a card. */
const SMALL_BOOK = 2_000;

type Found = Map<string, SourceRecord>;

/**
 * Cards by UID, asked live. A UID is no address, so three ways are tried, each only for what is still missing: the address
 * that most clients choose (`{uid}.vcf`), the server's search, a walk through the book. Ids that are gone are left out.
 */
export async function findContacts(
  reader: BookReader,
  book: Book,
  externalIds: readonly string[],
  signal: AbortSignal,
): Promise<SourceRecord[]> {
  const wanted = new Set(externalIds);
  const found: Found = new Map();
  const guesses = externalIds.map((id) => reader.refOf(guess(book, id)));
  for (const refs of batches(guesses, BATCH))
    keep(found, wanted, await reader.cards(refs, signal, 'by guess'));

  const missing = () => externalIds.filter((id) => !found.has(id) && !id.startsWith(hrefId('')));
  let searched = true;
  for (const uids of batches(missing(), QUERY_BATCH)) {
    const cards = await reader.byUid(uids, signal);
    searched &&= cards !== undefined;
    keep(found, wanted, cards ?? []);
  }
  if (missing().length > 0) {
    const listing = await reader.list(signal);
    if (!searched || listing.length <= SMALL_BOOK) {
      await walk(reader, listing, signal, (cards) => {
        keep(found, wanted, cards);
        return missing().length === 0;
      });
    }
  }
  return inOrder(externalIds, found);
}

/** Organizations by folded name: a walk through the book until all are met, since no server indexes them like this. */
export async function findAccounts(
  reader: BookReader,
  externalIds: readonly string[],
  signal: AbortSignal,
): Promise<SourceRecord[]> {
  const found: Found = new Map();
  const wanted = new Set(externalIds);
  await walk(reader, await reader.list(signal), signal, (cards) => {
    for (const card of cards) {
      const record = toAccount(card);
      if (record !== undefined && wanted.has(record.externalId) && !found.has(record.externalId)) {
        found.set(record.externalId, record);
      }
    }
    return found.size === wanted.size;
  });
  return inOrder(externalIds, found);
}

function guess(book: Book, externalId: string): string {
  const path =
    hrefId('') === externalId.slice(0, hrefId('').length) ? externalId.slice(hrefId('').length) : undefined;
  if (path !== undefined) return path.split('/').map(encodeURIComponent).join('/');
  return `${book.url.pathname.replace(/\/?$/, '/')}${encodeURIComponent(externalId)}.vcf`;
}

async function walk(
  reader: BookReader,
  listing: readonly CardRef[],
  signal: AbortSignal,
  isDone: (cards: readonly FetchedCard[]) => boolean,
): Promise<void> {
  for (const refs of batches(listing, BATCH)) {
    if (isDone(await reader.cards(refs, signal))) return;
  }
}

/** What was refused or had no UID goes by its address; asked by that, it is found also once it has one. */
function keep(found: Found, wanted: ReadonlySet<string>, cards: readonly FetchedCard[]): void {
  for (const card of cards) {
    const record = toContact(card);
    if (record === undefined) continue;
    const { externalId } = record;
    const former = hrefId(card.key);
    if (wanted.has(externalId) && !found.has(externalId)) found.set(externalId, record);
    if (former !== externalId && wanted.has(former) && !found.has(former)) {
      found.set(former, { ...record, formerId: former });
    }
  }
}

function inOrder(externalIds: readonly string[], found: Found): SourceRecord[] {
  return externalIds.flatMap((id) => found.get(id) ?? []);
}

function batches<T>(items: readonly T[], size: number): T[][] {
  const result: T[][] = [];
  for (let at = 0; at < items.length; at += size) result.push(items.slice(at, at + size));
  return result;
}
