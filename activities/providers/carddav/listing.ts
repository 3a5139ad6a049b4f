import { ProviderFailure } from '../provider.js';
import type { NetworkPolicy } from '../provider.js';
import type { DavAnswer, DavClient } from './client.js';
import { CALENDARSERVER, child, DAV, propfindBody, syncBody } from './dav-xml.js';
import type { DavItem, DavNode } from './dav-xml.js';
import type { Book } from './found.js';
import { plainPath } from './hrefs.js';

/** A card of the listing: `key` is its path in one spelling (sorts, compares), `href` is what the server calls it. */
export interface CardRef {
  key: string;
  href: string;
}

/** What a book says of its own state: any text. Where both are absent, nothing tells whether something changed. */
export interface BookMark {
  /** Changes can be asked for from here on (RFC 6578 §4). No URI everywhere. */
  token?: string;
  /** Differs after every change; an extension that many servers know, also ones without tokens. */
  ctag?: string;
}

export type BookChanges =
  /** `changed` sorted by key; the keys in `removed`, sorted too, are not there any more. `token`: until where. */
  | { state: 'read'; changed: CardRef[]; removed: string[]; token: string }
  /** The server no longer accepts the token. */
  | { state: 'expired' }
  /** The server does not tell changes, or in a way that nobody could rely on. */
  | { state: 'unknown' };

/** One book's table of contents at the server. */
export interface BookListing {
  /** Tells books of one server apart. */
  path: string;
  gone(): ProviderFailure;
  /** Throws when the book is gone or may no longer be read. */
  look(signal: AbortSignal): Promise<void>;
  /** Every card, once each, sorted by key. Complete, or it throws. */
  list(signal: AbortSignal): Promise<CardRef[]>;
  /** Taken before a listing, nothing that changes during it is lost. */
  mark(signal: AbortSignal): Promise<BookMark>;
  /** Everything that changed since a token, or no answer at all. */
  changes(token: string, signal: AbortSignal): Promise<BookChanges>;
  refOf(href: string): CardRef;
}

/**
 * A listing streams through, so it may be longer than other answers (50,000 cards are about 10 MB), and a server that
 * lists a large book for the first time may have to read every card of it.
 */
const LISTING_FACTOR = 4;
const MAX_CARDS = 1_000_000;
/** Parts that a server may cut one answer into; more is a server that never ends. */
const MAX_PARTS = 10_000;
/** Longer tokens are not kept, as if there were none. */
const MAX_TOKEN = 4_096;
/** Answers to a REPORT that mean: this server does not do it. */
export const NO_REPORT = [400, 403, 404, 405, 406, 409, 410, 415, 422, 501];
/** Of these, the ones that say so of any REPORT. The others are what servers answer to a token they do not (any longer) know. */
const NEVER = new Set([405, 415, 422, 501, 507]);
/** Words of RFC 6352 §8.6.2 and RFC 6578 §3.7 for "too many to list at once". */
const TOO_MANY = 'number-of-matches-within-limits';

/** What a report says of one card. */
interface Row {
  ref: CardRef;
  here: boolean;
}

type Fed =
  | { state: 'read'; cards: Map<string, CardRef>; removed: Set<string>; token: string | undefined }
  | { state: 'refused'; answer: Extract<DavAnswer, { ok: false }> }
  /** It repeats itself, or says that there is more without saying where. */
  | { state: 'broken' };

export function createBookListing(client: DavClient, book: Book, network: NetworkPolicy): BookListing {
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
        const ref = refOf(item.href);
        if ((item.status ?? 200) < 300 && isCard(item, ref.key, self)) add(fresh.cards, ref);
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
    if (answer.ok && !listed.cutOff) return sorted(listed.cards);
    // For servers that do not list everything at once: sync-collection from the start goes on where it was cut.
    const fed = await feed('', signal);
    if (fed.state !== 'read') throw cannotList(book);
    return sorted(fed.cards);
  }

  /** RFC 6578 §3.6: a 507 row says that there is more, to be asked for with the token that came with it. */
  async function feed(from: string, signal: AbortSignal): Promise<Fed> {
    const cards = new Map<string, CardRef>();
    const removed = new Set<string>();
    const asked = new Set<string>();
    let token = from;
    while (!asked.has(token) && asked.size < MAX_PARTS) {
      asked.add(token);
      let part = { rows: [] as Row[], cutOff: false };
      const collect = () => {
        const fresh = { rows: [] as Row[], cutOff: false };
        part = fresh;
        return (item: DavItem) => {
          const ref = refOf(item.href);
          if (item.status === 507) fresh.cutOff = true;
          else if (isRemoved(item)) fresh.rows.push({ ref, here: false });
          else if (isCard(item, ref.key, self)) fresh.rows.push({ ref, here: true });
        };
      };
      const accept = [...NO_REPORT, 412, 507];
      const answer = await client.ask(
        { method: 'REPORT', url: book.url, depth: '0', body: syncBody(token), collect, accept, ...listing },
        signal,
      );
      if (!answer.ok) return { state: 'refused', answer };
      for (const { ref, here } of part.rows) {
        if (here) {
          removed.delete(ref.key);
          add(cards, ref);
        } else if (isInside(ref.key, self)) {
          cards.delete(ref.key);
          removed.add(ref.key);
        }
      }
      if (removed.size > MAX_CARDS) throw tooMany();
      const next = short(answer.extras.find((node) => node.ns === DAV && node.local === 'sync-token'));
      if (!part.cutOff) return { state: 'read', cards, removed, token: next };
      if (next === undefined || part.rows.length === 0) break;
      token = next;
    }
    return { state: 'broken' };
  }

  async function changes(token: string, signal: AbortSignal): Promise<BookChanges> {
    const fed = await feed(token, signal);
    if (fed.state === 'read' && fed.token !== undefined) {
      const { cards, removed } = fed;
      return { state: 'read', changed: sorted(cards), removed: [...removed].sort(), token: fed.token };
    }
    if (fed.state !== 'refused') return { state: 'unknown' };
    await look(signal);
    const { status, conditions, failure } = fed.answer;
    if (conditions.includes('valid-sync-token')) return { state: 'expired' };
    if (conditions.includes('need-privileges')) throw failure;
    const never =
      NEVER.has(status) || conditions.includes('supported-report') || conditions.includes(TOO_MANY);
    return never ? { state: 'unknown' } : { state: 'expired' };
  }

  async function mark(signal: AbortSignal): Promise<BookMark> {
    let items: DavItem[] = [];
    const collect = () => {
      const fresh: DavItem[] = [];
      items = fresh;
      return (item: DavItem) => {
        // A server that does not look at the depth lists all cards here.
        if (fresh.length < 10) fresh.push(item);
      };
    };
    const body = propfindBody(['d:sync-token', 'd:supported-report-set', 's:getctag']);
    const answer = await client.ask(
      { method: 'PROPFIND', url: book.url, depth: '0', body, collect, accept: NO_REPORT },
      signal,
    );
    if (!answer.ok && (answer.status === 404 || answer.status === 410)) throw bookGone(book);
    // Whatever else stands in the way is met again, and judged, by the listing.
    if (!answer.ok) return {};
    const props = items.find((item) => refOf(item.href).key.replace(/\/$/, '') === self)?.props ?? [];
    const ctag = short(props.find((node) => node.ns === CALENDARSERVER && node.local === 'getctag'));
    let token = short(props.find((node) => node.ns === DAV && node.local === 'sync-token'));
    if (token === undefined && offersChanges(props)) {
      const fed = await feed('', signal);
      token = fed.state === 'read' ? fed.token : undefined;
    }
    return { ...(token === undefined ? {} : { token }), ...(ctag === undefined ? {} : { ctag }) };
  }

  async function look(signal: AbortSignal): Promise<void> {
    const body = propfindBody(['d:resourcetype']);
    const collect = () => () => undefined;
    const accept = [404, 410];
    const answer = await client.ask(
      { method: 'PROPFIND', url: book.url, depth: '0', body, collect, accept },
      signal,
    );
    if (!answer.ok) throw bookGone(book);
  }

  return { path: self, gone: () => bookGone(book), look, list, mark, changes, refOf };
}

function sorted(cards: ReadonlyMap<string, CardRef>): CardRef[] {
  return [...cards.values()].sort((a, b) => (a.key < b.key ? -1 : 1));
}

/** By a status of the whole row, as RFC 6578 §3.5.2 wants it, or of all its properties, as some servers say it. */
function isRemoved({ status, props, missing }: DavItem): boolean {
  const said = status ?? (props.length === 0 ? missing.get('getetag') : undefined);
  return said === 404 || said === 410;
}

function isInside(key: string, book: string): boolean {
  return !key.endsWith('/') && key !== book;
}

/** Collections and what is no vCard are no cards. */
function isCard(item: DavItem, key: string, book: string): boolean {
  if (!isInside(key, book)) return false;
  const type = item.props.find((node) => node.ns === DAV && node.local === 'resourcetype');
  if (child(type, DAV, 'collection') !== undefined) return false;
  const content =
    item.props.find((node) => node.ns === DAV && node.local === 'getcontenttype')?.text.trim() ?? '';
  return content === '' || /vcard|directory|octet-stream|text\/plain/i.test(content);
}

function add(found: Map<string, CardRef>, ref: CardRef): void {
  if (found.has(ref.key)) return;
  if (found.size >= MAX_CARDS) throw tooMany();
  found.set(ref.key, ref);
}

/** RFC 3253 §3.1.5. */
function offersChanges(props: readonly DavNode[]): boolean {
  const set = props.find((node) => node.ns === DAV && node.local === 'supported-report-set');
  return (set?.children ?? []).some(
    (each) => child(child(each, DAV, 'report'), DAV, 'sync-collection') !== undefined,
  );
}

function short(node: DavNode | undefined): string | undefined {
  const text = node?.text.trim() ?? '';
  return text === '' || text.length > MAX_TOKEN ? undefined : text;
}

function tooMany(): ProviderFailure {
  return new ProviderFailure(
    'provider_contract_broken',
    `The address book lists more than ${MAX_CARDS} cards, which is more than is read. Choose a smaller one.`,
  );
}

function bookGone(book: Book): ProviderFailure {
  return new ProviderFailure(
    'provider_object_gone',
    `The address book "${book.name}" is no longer at ${book.url.host}. Nothing was deleted here because of it. ` +
      'Bring it back there, or choose another one in the setting addressBook.',
  );
}

function cannotList(book: Book): ProviderFailure {
  return new ProviderFailure(
    'provider_contract_broken',
    `${book.url.host} does not list all cards of the address book "${book.name}" in any way that is known here. ` +
      'Nothing was imported from it; split the book there, or raise the limit of the server.',
  );
}
