import pLimit from 'p-limit';
import { AnswerTooLarge } from '../http-failures.js';
import { ProviderFailure } from '../provider.js';
import type { NetworkPolicy } from '../provider.js';
import { MAX_CARD } from './cards.js';
import type { FetchedCard } from './cards.js';
import type { DavClient } from './client.js';
import {
  CARDDAV,
  child,
  DAV,
  multigetBody,
  NotWellFormed,
  propfindBody,
  syncBody,
  uidQueryBody,
} from './dav-xml.js';
import type { DavItem } from './dav-xml.js';
import type { Book } from './found.js';
import { plainPath } from './hrefs.js';

/** A card of the listing: `key` is its path in one spelling (sorts, compares), `href` is what the server calls it. */
export interface CardRef {
  key: string;
  href: string;
}

/**
 * A listing streams through, so it may be longer than other answers (50,000 cards are about 10 MB), and a server that
 * lists a large book for the first time may have to read every card of it.
 */
const LISTING_FACTOR = 4;
/** Bodies of cards are held until the answer is complete; more than this is asked for in smaller parts. */
const MULTIGET_BYTES = 16 * 1024 * 1024;
const MAX_CARDS = 1_000_000;
const PARALLEL_GETS = 4;
/** Answers to a REPORT that mean: this server does not do it. */
const NO_REPORT = [400, 403, 404, 405, 406, 409, 410, 415, 422, 501];
/** As many cards refused with none read are no private cards any more, but a permission that was taken. */
const ALL_REFUSED = 10;
/** So many single cards in a row that fill a whole answer are no pictures, but a server that never ends. */
const ENDLESS = 10;
/** Words of RFC 6352 §8.6.2 and RFC 6578 §3.7 for "too many to list at once". */
const TOO_MANY = 'number-of-matches-within-limits';

/** One address book at the server. It remembers only whether multiget works there. */
export interface BookReader {
  /** Tells books of one server apart. */
  path: string;
  gone(): ProviderFailure;
  /** Every card, once each, sorted by key. Complete, or it throws. */
  list(signal: AbortSignal): Promise<CardRef[]>;
  /** In the order asked. A card that is gone is said to be so; a book that is gone is `provider_object_gone`. */
  cards(refs: readonly CardRef[], signal: AbortSignal): Promise<FetchedCard[]>;
  /** Cards with these UIDs, as the server finds them; `undefined`: it cannot search. */
  byUid(uids: readonly string[], signal: AbortSignal): Promise<FetchedCard[] | undefined>;
  refOf(href: string): CardRef;
}

export function createBookReader(client: DavClient, book: Book, network: NetworkPolicy): BookReader {
  let multiget = true;
  let overfull = 0;
  const limit = pLimit(PARALLEL_GETS);
  const listing = {
    maxBytes: network.maxResponseBytes * LISTING_FACTOR,
    timeoutMs: network.requestTimeoutMs * LISTING_FACTOR,
  };
  const self = plainPath(book.url.pathname).replace(/\/$/, '');

  function refOf(href: string): CardRef {
    const path = URL.canParse(href, book.url.href) ? new URL(href, book.url).pathname : href;
    return { key: plainPath(path), href };
  }

  async function list(signal: AbortSignal): Promise<CardRef[]> {
    let listed = { cards: new Map<string, CardRef>(), cutOff: false };
    const collect = () => {
      const fresh = { cards: new Map<string, CardRef>(), cutOff: false };
      listed = fresh;
      return (item: DavItem) => {
        fresh.cutOff ||= item.status === 507;
        addCard(fresh.cards, item, refOf(item.href), self);
      };
    };
    const body = propfindBody(['d:getcontenttype', 'd:resourcetype']);
    const accept = [403, 404, 410, 507];
    const answer = await client.ask(
      { method: 'PROPFIND', url: book.url, depth: '1', body, collect, accept, ...listing },
      signal,
    );
    if (!answer.ok && (answer.status === 404 || answer.status === 410)) throw bookGone(book);
    if (!answer.ok && answer.status === 403 && !answer.conditions.includes(TOO_MANY)) throw answer.failure;
    const found = answer.ok && !listed.cutOff ? listed.cards : await listBySync(signal);
    return [...found.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
  }

  /** For servers that do not list everything at once: sync-collection from the start goes on where it was cut (RFC 6578 §3.6). */
  async function listBySync(signal: AbortSignal): Promise<Map<string, CardRef>> {
    const found = new Map<string, CardRef>();
    const tokens = new Set<string>(['']);
    let token = '';
    for (;;) {
      let part: DavItem[] = [];
      const collect = () => {
        part = [];
        return (item: DavItem) => void part.push(item);
      };
      const answer = await client.ask(
        {
          method: 'REPORT',
          url: book.url,
          depth: '0',
          body: syncBody(token),
          collect,
          accept: NO_REPORT,
          ...listing,
        },
        signal,
      );
      if (!answer.ok) throw cannotList(book);
      for (const item of part) addCard(found, item, refOf(item.href), self);
      if (!part.some((item) => item.status === 507)) return found;
      token = answer.extras.find((node) => node.ns === DAV && node.local === 'sync-token')?.text.trim() ?? '';
      if (tokens.has(token)) throw cannotList(book);
      tokens.add(token);
    }
  }

  async function cards(refs: readonly CardRef[], signal: AbortSignal): Promise<FetchedCard[]> {
    const fetched = multiget ? await byMultiget(refs, signal) : await byGet(refs, signal);
    // All of them gone or forbidden is more likely the book than the cards.
    if (refs.length > 0 && fetched.every((card) => card.state === 'gone' || card.state === 'refused')) {
      await lookAtBook(signal);
      const refused = fetched.filter((card) => card.state === 'refused' && card.status === 403);
      if (refused.length >= ALL_REFUSED) throw cardsRefused(book);
    }
    return fetched;
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
        await lookAtBook(signal);
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

  /** Throws when the book is gone or may no longer be read. */
  async function lookAtBook(signal: AbortSignal): Promise<void> {
    const body = propfindBody(['d:resourcetype']);
    const collect = () => () => undefined;
    const accept = [404, 410];
    const answer = await client.ask(
      { method: 'PROPFIND', url: book.url, depth: '0', body, collect, accept },
      signal,
    );
    if (!answer.ok) throw bookGone(book);
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

  return { path: self, gone: () => bookGone(book), list, cards, byUid, refOf };
}

/** Collections, what is no vCard, and what the server says is not there are no cards. */
function addCard(found: Map<string, CardRef>, item: DavItem, ref: CardRef, book: string): void {
  if (item.status !== undefined && item.status >= 300) return;
  if (ref.key.endsWith('/') || ref.key === book) return;
  const type = item.props.find((node) => node.ns === DAV && node.local === 'resourcetype');
  if (child(type, DAV, 'collection') !== undefined) return;
  const content =
    item.props.find((node) => node.ns === DAV && node.local === 'getcontenttype')?.text.trim() ?? '';
  if (content !== '' && !/vcard|directory|octet-stream|text\/plain/i.test(content)) return;
  if (found.size >= MAX_CARDS) {
    throw new ProviderFailure(
      'provider_contract_broken',
      `The address book lists more than ${MAX_CARDS} cards, which is more than is read. Choose a smaller one.`,
    );
  }
  if (!found.has(ref.key)) found.set(ref.key, ref);
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

function bookGone(book: Book): ProviderFailure {
  return new ProviderFailure(
    'provider_object_gone',
    `The address book "${book.name}" is no longer at ${book.url.host}. Nothing was deleted here because of it. ` +
      'Bring it back there, or choose another one in the setting addressBook.',
  );
}

function cardsRefused(book: Book): ProviderFailure {
  return new ProviderFailure(
    'permission_missing',
    `${book.url.host} still shows the address book "${book.name}" but refuses its cards (403). ` +
      'Give the credentials the permission to read them there, or use others.',
  );
}

function cannotList(book: Book): ProviderFailure {
  return new ProviderFailure(
    'provider_contract_broken',
    `${book.url.host} does not list all cards of the address book "${book.name}" in any way that is known here. ` +
      'Nothing was imported from it; split the book there, or raise the limit of the server.',
  );
}
