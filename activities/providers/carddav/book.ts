import pLimit from 'p-limit';
import { AnswerTooLarge } from '../http-failures.js';
import { ProviderFailure } from '../provider.js';
import type { NetworkPolicy } from '../provider.js';
import { MAX_CARD } from './cards.js';
import type { FetchedCard } from './cards.js';
import type { DavClient } from './client.js';
import { CARDDAV, multigetBody, NotWellFormed, uidQueryBody } from './dav-xml.js';
import type { DavItem } from './dav-xml.js';
import type { Book } from './found.js';
import { createBookListing, NO_REPORT } from './listing.js';
import type { BookListing, CardRef } from './listing.js';

/** Bodies of cards are held until the answer is complete; more than this is asked for in smaller parts. */
const MULTIGET_BYTES = 16 * 1024 * 1024;
const PARALLEL_GETS = 4;
/** As many cards refused with none read are no private cards any more, but a permission that was taken. */
const ALL_REFUSED = 10;
/** So many single cards in a row that fill a whole answer are no pictures, but a server that never ends. */
const ENDLESS = 10;

/** One address book at the server. It remembers only whether multiget works there. */
export interface BookReader extends BookListing {
  /**
   * In the order asked. A card that is gone is said to be so; a book that is gone is `provider_object_gone`. Where the server itself
   * just named the cards, one that is denied among many is asked for alone before that is believed.
   */
  cards(
    refs: readonly CardRef[],
    signal: AbortSignal,
    named?: 'by server' | 'by guess',
  ): Promise<FetchedCard[]>;
  /** Cards with these UIDs, as the server finds them; `undefined`: it cannot search. */
  byUid(uids: readonly string[], signal: AbortSignal): Promise<FetchedCard[] | undefined>;
  /** Where most clients file a card with this UID. */
  homeOf(uid: string): CardRef;
}

export function createBookReader(client: DavClient, book: Book, network: NetworkPolicy): BookReader {
  let multiget = true;
  let overfull = 0;
  const limit = pLimit(PARALLEL_GETS);
  const contents = createBookListing(client, book, network);
  const look = (signal: AbortSignal): Promise<void> => contents.look(signal);
  const refOf = (href: string): CardRef => contents.refOf(href);

  function homeOf(uid: string): CardRef {
    return refOf(`${book.url.pathname.replace(/\/?$/, '/')}${encodeURIComponent(uid)}.vcf`);
  }

  async function cards(
    refs: readonly CardRef[],
    signal: AbortSignal,
    named: 'by server' | 'by guess' = 'by server',
  ): Promise<FetchedCard[]> {
    const together = multiget;
    const fetched = together ? await byMultiget(refs, signal) : await byGet(refs, signal);
    // All of them gone or forbidden is more likely the book than the cards.
    if (refs.length > 0 && fetched.every((card) => card.state === 'gone' || card.state === 'refused')) {
      await look(signal);
      const refused = fetched.filter((card) => card.state === 'refused' && card.status === 403);
      if (refused.length >= ALL_REFUSED) throw cardsRefused(book);
    }
    return together && named === 'by server' ? askedAlone(refs, fetched, signal) : fetched;
  }

  async function askedAlone(
    refs: readonly CardRef[],
    fetched: readonly FetchedCard[],
    signal: AbortSignal,
  ): Promise<FetchedCard[]> {
    const denied = new Set(fetched.filter((card) => card.state === 'gone').map(({ key }) => key));
    if (denied.size === 0) return [...fetched];
    const alone = await byGet(
      refs.filter(({ key }) => denied.has(key)),
      signal,
    );
    const said = new Map(alone.map((card) => [card.key, card]));
    return fetched.map((card) => said.get(card.key) ?? card);
  }

  async function byMultiget(refs: readonly CardRef[], signal: AbortSignal): Promise<FetchedCard[]> {
    let found = new Map<string, FetchedCard>();
    const collect = () => {
      const fresh = new Map<string, FetchedCard>();
      found = fresh;
      return (item: DavItem) => {
        const { key } = refOf(item.href);
        const card = toFetched(key, item);
        // A server may answer twice for one card, and once that it has none: what it gave is believed.
        if (card !== undefined && fresh.get(key)?.state !== 'read') fresh.set(key, card);
      };
    };
    const body = multigetBody(refs.map(({ href }) => href));
    const maxBytes = Math.min(network.maxResponseBytes, MULTIGET_BYTES);
    try {
      const answer = await client.ask(
        { method: 'REPORT', url: book.url, depth: '0', body, collect, accept: NO_REPORT, maxBytes },
        signal,
      );
      if (!answer.ok) {
        await look(signal);
        multiget = false;
        return await byGet(refs, signal);
      }
    } catch (error) {
      if (error instanceof AnswerTooLarge) return halves(refs, error, signal);
      if (error instanceof NotWellFormed) return pastBadXml(refs, error, signal);
      throw error;
    }
    overfull = 0;
    // A server may leave bodies out or forget a card: what it did not say is asked one by one.
    const unsaid = refs.filter(({ key }) => !found.has(key));
    for (const card of await byGet(unsaid, signal)) found.set(card.key, card);
    return refs.flatMap(({ key }) => found.get(key) ?? []);
  }

  /** One card that the server does not escape spoils the answer for all, so they are read without XML; unless that is no better. */
  async function pastBadXml(
    refs: readonly CardRef[],
    error: NotWellFormed,
    signal: AbortSignal,
  ): Promise<FetchedCard[]> {
    const fetched = await byGet(refs, signal);
    if (!fetched.some((card) => card.state === 'read' && /^\s*BEGIN:VCARD/i.test(card.vcard))) throw error;
    return fetched;
  }

  /** Too much at once (pictures): half as many; a single card that is too large is left out. */
  async function halves(
    refs: readonly CardRef[],
    error: AnswerTooLarge,
    signal: AbortSignal,
  ): Promise<FetchedCard[]> {
    if (refs.length <= 1) {
      overfull += 1;
      if (overfull >= ENDLESS) throw error;
      return refs.map(({ key }) => ({ key, state: 'too_large' }));
    }
    const middle = Math.ceil(refs.length / 2);
    return [
      ...(await byMultiget(refs.slice(0, middle), signal)),
      ...(await byMultiget(refs.slice(middle), signal)),
    ];
  }

  async function byGet(refs: readonly CardRef[], signal: AbortSignal): Promise<FetchedCard[]> {
    return Promise.all(refs.map((ref) => limit(() => getOne(ref, signal))));
  }

  async function getOne({ key, href }: CardRef, signal: AbortSignal): Promise<FetchedCard> {
    const url = URL.canParse(href, book.url.href) ? new URL(href, book.url) : undefined;
    // What a listing says of another host is not followed: the credentials stay with the book's.
    if (url?.origin !== book.url.origin) return { key, state: 'refused', status: 421 };
    try {
      const answer = await client.text(url, [403, 404, 406, 410], signal);
      if (answer.ok) return whole(key, answer.text);
      return answer.status === 404 || answer.status === 410
        ? { key, state: 'gone' }
        : { key, state: 'refused', status: answer.status };
    } catch (error) {
      if (error instanceof AnswerTooLarge) return { key, state: 'too_large' };
      throw error;
    }
  }

  async function byUid(uids: readonly string[], signal: AbortSignal): Promise<FetchedCard[] | undefined> {
    let found: FetchedCard[] = [];
    const collect = () => {
      found = [];
      return (item: DavItem) => {
        const { key } = refOf(item.href);
        const card = toFetched(key, item);
        if (card !== undefined) found.push(card);
      };
    };
    const body = uidQueryBody(uids);
    const answer = await client.ask(
      { method: 'REPORT', url: book.url, depth: '1', body, collect, accept: [...NO_REPORT, 507] },
      signal,
    );
    return answer.ok ? found : undefined;
  }

  return { ...contents, cards, byUid, homeOf };
}

/** `undefined`: the answer did not settle it. */
function toFetched(key: string, item: DavItem | undefined): FetchedCard | undefined {
  if (item === undefined) return undefined;
  const status = item.status ?? 200;
  if (status === 404 || status === 410) return { key, state: 'gone' };
  if (status >= 300) return { key, state: 'refused', status };
  const data = item.props.find((node) => node.ns === CARDDAV && node.local === 'address-data');
  if (data?.cut === true) return { key, state: 'too_large' };
  if (data !== undefined && data.text.trim() !== '') return whole(key, data.text);
  const missing = item.missing.get('address-data');
  // 404 for the body alone means "not in this report"; for the tag as well it means that the card is gone.
  if (missing === 404 && item.missing.get('getetag') === 404) return { key, state: 'gone' };
  return missing === undefined || missing === 404 ? undefined : { key, state: 'refused', status: missing };
}

function whole(key: string, vcard: string): FetchedCard {
  return Buffer.byteLength(vcard) > MAX_CARD ? { key, state: 'too_large' } : { key, state: 'read', vcard };
}

function cardsRefused(book: Book): ProviderFailure {
  return new ProviderFailure(
    'permission_missing',
    `${book.url.host} still shows the address book "${book.name}" but refuses its cards (403). ` +
      'Give the credentials the permission to read them there, or use others.',
  );
}
