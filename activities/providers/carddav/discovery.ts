import { ProviderFailure } from '../provider.js';
import type { DavClient } from './client.js';
import { CARDDAV, child, DAV, hrefsOf, propfindBody } from './dav-xml.js';
import type { DavItem, DavNode } from './dav-xml.js';
import { namesOf } from './choosing.js';
import { lastPart, resolveHref } from './hrefs.js';
import type { Book, Found } from './found.js';

const ABOUT = [
  'd:current-user-principal',
  'd:resourcetype',
  'd:displayname',
  'd:current-user-privilege-set',
  'c:addressbook-home-set',
];

/**
 * Finds the account and its address books from any address: a bare host, a principal, a home or a book itself.
 * RFC 6764 §6 (well-known address), RFC 5397 (current-user-principal), RFC 6352 §7.1.1 (addressbook-home-set).
 */
export async function discover(
  client: DavClient,
  start: URL,
  username: string,
  signal: AbortSignal,
): Promise<Found> {
  const entry = await enter(client, start, signal);
  const found = await booksOf(client, entry, start, username, signal);
  // A book that is gone must not be replaced by whatever else the account has.
  if (entry.startIsGone && !found.books.some((book) => book.url.pathname.startsWith(start.pathname))) {
    throw new ProviderFailure(
      'provider_object_gone',
      `${start.host} has nothing at ${start.pathname}. Correct the setting url. ` +
        `The account has: ${namesOf(found.books)}.`,
    );
  }
  return entry.strangeStart === undefined ? found : { ...found, strangeStart: entry.strangeStart };
}

async function booksOf(
  client: DavClient,
  entry: Place,
  start: URL,
  username: string,
  signal: AbortSignal,
): Promise<Found> {
  const principal = principalOf(entry);
  const own = toBook(entry.item, entry.url);
  // The address of one book is all that is needed; its siblings are not looked for.
  if (own !== undefined) {
    return { principal: principal ?? own.url, accountName: username, books: [own] };
  }
  if (principal === undefined && homesOf(entry).length === 0) throw notCardDav(start);
  const about = principal === undefined ? entry : await describe(client, principal, signal);
  const homes = homesOf(about).length > 0 ? homesOf(about) : homesOf(entry);
  if (homes.length === 0) {
    throw new ProviderFailure(
      'provider_contract_broken',
      `${start.host} knows the account but offers no address books for it. Check that contacts are switched on there.`,
    );
  }
  const books: Book[] = [];
  for (const home of homes) books.push(...(await booksIn(client, home, signal)));
  const shown = textOf(about.item, DAV, 'displayname');
  return {
    principal: principal ?? about.url,
    accountName: shown === '' ? username : shown,
    books: books.filter((book, at) => books.findIndex((each) => each.url.href === book.url.href) === at),
  };
}

interface Place {
  url: URL;
  item: DavItem;
}

type Entry = Place & { startIsGone: boolean; strangeStart: ProviderFailure | undefined };

/** The first place that knows the account or is a book. */
async function enter(client: DavClient, start: URL, signal: AbortSignal): Promise<Entry> {
  const wellKnown = new URL('/.well-known/carddav', start);
  const places = start.pathname === '/' ? [wellKnown, start] : [start, wellKnown, new URL('/', start)];
  let startIsGone = false;
  let strangeStart: ProviderFailure | undefined;
  let anonymous = false;
  let refused: ProviderFailure | undefined;
  for (const url of places) {
    const asGiven = url === start && start.pathname !== '/';
    const looked = await lookAt(client, url, signal);
    if (looked.state === 'status') {
      // Somebody else's folder: the account's own books are not what was asked for.
      if (asGiven && looked.failure.code === 'permission_missing') throw looked.failure;
      startIsGone ||= asGiven && looked.failure.code === 'provider_object_gone';
    } else if (looked.state === 'strange') {
      refused ??= looked.failure;
      if (asGiven) strangeStart = looked.failure;
    } else if (leadsOn(looked.place)) {
      return { ...looked.place, startIsGone, strangeStart };
    } else anonymous ||= isAnonymous(looked.place.item);
  }
  if (anonymous) {
    throw new ProviderFailure(
      'credentials_rejected',
      `${start.host} takes us for an anonymous visitor. Check the user name and the password.`,
    );
  }
  throw refused ?? notCardDav(start);
}

function leadsOn(place: Place): boolean {
  return (
    principalOf(place) !== undefined ||
    homesOf(place).length > 0 ||
    toBook(place.item, place.url) !== undefined
  );
}

/** Statuses that say no more than: not here. */
const NOT_HERE = [400, 403, 404, 405, 406, 409, 410, 415, 422, 501];

type Looked =
  | { state: 'found'; place: Place }
  | { state: 'status'; failure: ProviderFailure }
  | { state: 'strange'; failure: ProviderFailure };

/** A web page or a far redirect at one place says nothing of the next; a server that is down says all, and throws. */
async function lookAt(client: DavClient, url: URL, signal: AbortSignal): Promise<Looked> {
  try {
    const answer = await ask(client, url, signal, NOT_HERE);
    return answer instanceof ProviderFailure
      ? { state: 'status', failure: answer }
      : { state: 'found', place: answer };
  } catch (error) {
    if (!(error instanceof ProviderFailure) || error.code !== 'provider_contract_broken') throw error;
    return { state: 'strange', failure: error };
  }
}

async function describe(client: DavClient, url: URL, signal: AbortSignal): Promise<Place> {
  const answer = await ask(client, url, signal, []);
  if (answer instanceof ProviderFailure) throw answer;
  return answer;
}

function notCardDav(start: URL): ProviderFailure {
  return new ProviderFailure(
    'provider_contract_broken',
    `No CardDAV server answers at ${start.host}. Put the address that your provider names for CardDAV into the setting url.`,
  );
}

async function ask(
  client: DavClient,
  url: URL,
  signal: AbortSignal,
  accept: readonly number[],
): Promise<Place | ProviderFailure> {
  let items: DavItem[] = [];
  const collect = () => {
    items = [];
    return (item: DavItem) => void items.push(item);
  };
  const answer = await client.ask(
    { method: 'PROPFIND', url, depth: '0', body: propfindBody(ABOUT), collect, accept },
    signal,
  );
  if (!answer.ok) return answer.failure;
  const [item] = items;
  if (item === undefined) throw notCardDav(url);
  return { url: answer.url, item };
}

async function booksIn(client: DavClient, home: URL, signal: AbortSignal): Promise<Book[]> {
  let books: Book[] = [];
  const collect = () => {
    books = [];
    return (item: DavItem) => {
      const book = toBook(item, home);
      if (book !== undefined) books.push(book);
    };
  };
  const body = propfindBody(['d:resourcetype', 'd:displayname', 'd:current-user-privilege-set']);
  const answer = await client.ask({ method: 'PROPFIND', url: home, depth: '1', body, collect }, signal);
  if (!answer.ok) throw answer.failure;
  return books;
}

function toBook(item: DavItem, base: URL): Book | undefined {
  const type = prop(item, DAV, 'resourcetype');
  if (child(type, CARDDAV, 'addressbook') === undefined) return undefined;
  const url = resolveHref(base, item.href);
  const name = textOf(item, DAV, 'displayname');
  return { url, name: name === '' ? lastPart(url) : name, readable: readableOf(item) };
}

/** RFC 3744 §5.4: `all` and `read` are the privileges that let the cards be read. */
function readableOf(item: DavItem): boolean | undefined {
  const set = prop(item, DAV, 'current-user-privilege-set');
  if (set === undefined) return undefined;
  return set.children.some(
    (privilege) => child(privilege, DAV, 'read') !== undefined || child(privilege, DAV, 'all') !== undefined,
  );
}

function principalOf(place: Place): URL | undefined {
  const [href] = hrefsOf(prop(place.item, DAV, 'current-user-principal'));
  return href === undefined || href === '' ? undefined : resolveHref(place.url, href);
}

function homesOf(place: Place): URL[] {
  const hrefs = hrefsOf(prop(place.item, CARDDAV, 'addressbook-home-set'));
  return hrefs.filter((href) => href !== '').map((href) => resolveHref(place.url, href));
}

function isAnonymous(item: DavItem): boolean {
  return child(prop(item, DAV, 'current-user-principal'), DAV, 'unauthenticated') !== undefined;
}

function prop(item: DavItem, ns: string, local: string): DavNode | undefined {
  return item.props.find((node) => node.ns === ns && node.local === local);
}

function textOf(item: DavItem, ns: string, local: string): string {
  return prop(item, ns, local)?.text.trim() ?? '';
}
