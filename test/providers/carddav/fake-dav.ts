import type { ServerResponse } from 'node:http';
import { bodyOf, serve } from '../local-server.js';
import type { LocalServer } from '../local-server.js';

/**
 * A CardDAV server in a hundred lines that behaves as badly as a test wants. By default it is correct, but unlike Radicale in
 * every choice that a server is free to make: prefixes, absolute and encoded references, no trailing newline, CDATA.
 */
export interface FakeDav extends LocalServer {
  cards: Map<string, string>;
  /** Requests as `METHOD path`. */
  asked: string[];
  behave: Behaviour;
  /** Bodies of REPORTs. */
  reports: string[];
}

export interface Behaviour {
  /** Answers instead of the server; `true` when it did. */
  instead?: (method: string, path: string, response: ServerResponse) => boolean;
  multiget?: 'works' | 'refused' | 'no_bodies' | 'ignores_some';
  /** PROPFIND of the book shows only so many and says 507 for the rest. */
  listsAtMost?: number;
  /** Status of a card inside a multistatus, by its path. */
  itemStatus?: Record<string, number>;
  privileges?: string;
  homeSet?: string;
  principal?: string;
  /** Tells changes by token. Otherwise it knows sync-collection only as a way to list in two halves. */
  sync?: Partial<FakeSync>;
  ctag?: string;
}

export interface FakeSync {
  /** The book as it was, by token; `marked` adds the present one. */
  states: Map<string, Map<string, string>>;
  /** Rows of one answer; the rest with 507. */
  rows: number;
  /** Answer to a token that is not in `states`. */
  refusal: { status: number; condition?: string };
  /** The report goes wrong. */
  fault: 'same token' | 'no token' | 'no report';
  /** Deleted cards are told by the status of their properties. */
  byProperty: boolean;
  /** The property is left out, although the report works. */
  hidesToken: boolean;
}

const BOOK = '/dav/books/ann%40corp/Team%20A/';

export async function startFakeDav(count: number): Promise<FakeDav> {
  const cards = new Map<string, string>();
  for (let n = 1; n <= count; n += 1) cards.set(`${BOOK}card%20${n}.vcf`, vcard(n));
  const asked: string[] = [];
  const reports: string[] = [];
  const server = await serve((request, response) => {
    void (async () => {
      const method = request.method ?? '';
      const path = request.url ?? '';
      const body = await bodyOf(request);
      const depth = request.headers.depth === '0' && path === BOOK ? ' itself' : '';
      asked.push(`${method} ${path}${method === 'PROPFIND' ? depth : ''}`);
      if (method === 'REPORT') reports.push(body);
      if (fake.behave.instead?.(method, path, response) === true) return;
      if (request.headers.authorization !== `Basic ${Buffer.from('ann:pässword').toString('base64')}`) {
        response.writeHead(401, { 'www-authenticate': 'Basic realm="x"' }).end();
        return;
      }
      if (depth !== '' && method === 'PROPFIND') multistatus(response, bookItem(fake));
      else answer(fake, method, path, body, response);
    })();
  });
  const fake: FakeDav = { ...server, cards, asked, reports, behave: {} };
  return fake;
}

export const bookPath = BOOK;

export function vcard(n: number, more = ''): string {
  return `BEGIN:VCARD\r\nVERSION:3.0\r\nUID:uid-${n}\r\nFN:Person ${n} & <Co>\r\nEMAIL:p${n}@corp.example\r\nORG:Org ${n % 7}\r\n${more}END:VCARD`;
}

function answer(fake: FakeDav, method: string, path: string, body: string, response: ServerResponse): void {
  const { behave } = fake;
  if (method === 'GET' && fake.cards.has(path)) {
    response.writeHead(200, { 'content-type': 'text/x-vcard' }).end(fake.cards.get(path));
  } else if (method === 'PROPFIND' && path === '/') {
    multistatus(
      response,
      `<X:response><X:href>/</X:href>${ok(
        `<X:current-user-principal><X:href>${behave.principal ?? `${fake.url}/dav/people/ann%40corp/`}</X:href></X:current-user-principal>`,
      )}</X:response>`,
    );
  } else if (method === 'PROPFIND' && path.startsWith('/dav/people/')) {
    multistatus(
      response,
      `<X:response><X:href>${path}</X:href>${ok(
        `<X:displayname>Ann of Corp</X:displayname><addressbook-home-set xmlns="urn:ietf:params:xml:ns:carddav"><X:href>${behave.homeSet ?? '/dav/books/ann@corp/'}</X:href></addressbook-home-set>`,
      )}</X:response>`,
    );
  } else if (method === 'PROPFIND' && path === '/dav/books/ann@corp/') {
    multistatus(
      response,
      `<X:response><X:href>/dav/books/ann@corp/</X:href>${ok('<X:resourcetype><X:collection/></X:resourcetype>')}</X:response>${bookItem(fake)}`,
    );
  } else if (method === 'PROPFIND' && path === BOOK) {
    listing(fake, response);
  } else if (method === 'REPORT' && path === BOOK) {
    report(fake, body, response);
  } else {
    response.writeHead(path.startsWith('/.well-known') ? 405 : 404).end();
  }
}

function bookItem(fake: FakeDav): string {
  const { privileges = '', sync, ctag } = fake.behave;
  const marks = [
    sync && sync.hidesToken !== true ? `<X:sync-token>${escaped(mark(fake))}</X:sync-token>` : '',
    sync
      ? '<X:supported-report-set><X:supported-report><X:report><X:sync-collection/></X:report></X:supported-report></X:supported-report-set>'
      : '',
    ctag === undefined ? '' : `<getctag xmlns="http://calendarserver.org/ns/">${ctag}</getctag>`,
  ].join('');
  return `<X:response><X:href>${fake.url}${BOOK}</X:href>${ok(
    `<X:displayname><![CDATA[Team A & friends]]></X:displayname><X:resourcetype><X:collection/><B:addressbook/></X:resourcetype>${privileges}${marks}`,
  )}<X:propstat><X:prop><X:owner/></X:prop><X:status>HTTP/1.1 404 Not Found</X:status></X:propstat></X:response>`;
}

function listing(fake: FakeDav, response: ServerResponse): void {
  const paths = [...fake.cards.keys()].slice(0, fake.behave.listsAtMost ?? Infinity);
  const cut =
    paths.length < fake.cards.size
      ? `<X:response><X:href>${BOOK}</X:href><X:status>HTTP/1.1 507 Insufficient Storage</X:status></X:response>`
      : '';
  // Every other one absolute, as some servers do after a proxy; and one that is no card.
  const items = paths.map((path, at) => row(at % 2 === 0 ? path : fake.url + path));
  const stranger = `<X:response><X:href>${BOOK}notes.ics</X:href>${ok('<X:getcontenttype>text/calendar</X:getcontenttype>')}</X:response>`;
  multistatus(response, bookItem(fake) + items.join('') + stranger + cut);
}

function row(href: string): string {
  return `<X:response><X:href>${href}</X:href>${ok('<X:getetag>"1"</X:getetag><X:resourcetype/>')}</X:response>`;
}

function report(fake: FakeDav, body: string, response: ServerResponse): void {
  const { multiget = 'works', itemStatus = {} } = fake.behave;
  if (body.includes('sync-collection')) return syncCollection(fake, body, response);
  if (body.includes('addressbook-query') || multiget === 'refused') {
    response.writeHead(501).end();
    return;
  }
  const hrefs = [...body.matchAll(/<d:href>([^<]+)<\/d:href>/g)].map((match) => match[1] ?? '');
  const items = hrefs.map((href, at) => {
    const path = href.replace(fake.url, '');
    const card = fake.cards.get(path);
    const status = itemStatus[path] ?? (card === undefined ? 404 : 200);
    if (status !== 200)
      return `<X:response><X:href>${href}</X:href><X:status>HTTP/1.1 ${status} No</X:status></X:response>`;
    if (multiget === 'ignores_some' && at % 3 === 0) return '';
    if (multiget === 'no_bodies') return row(href);
    const text = (card ?? '').replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('\r', '&#13;');
    return `<X:response><X:href>${href}</X:href>${ok(`<X:getetag>"1"</X:getetag><B:address-data>${text}</B:address-data>`)}</X:response>`;
  });
  multistatus(response, items.join(''));
}

/** The present state's token: no URI, in need of escaping, the same for the same state. */
export function mark(fake: FakeDav): string {
  const states = fake.behave.sync?.states ?? new Map<string, Map<string, string>>();
  const same = [...states].find(
    ([, cards]) =>
      cards.size === fake.cards.size && [...cards].every(([path, text]) => fake.cards.get(path) === text),
  );
  const token = same?.[0] ?? `state <${states.size + 1}> & more`;
  states.set(token, new Map(fake.cards));
  if (fake.behave.sync) fake.behave.sync.states = states;
  return token;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function tokenIn(body: string): string {
  const text = /<d:sync-token>([^<]*)</.exec(body)?.[1] ?? '';
  return text.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&amp;', '&');
}

/** What differs between two states; where `rows` cuts it, the token names both and how far it came. */
function changesSince(fake: FakeDav, sync: Partial<FakeSync>, body: string, response: ServerResponse): void {
  const [asked = '', goal = mark(fake), from = '0'] = tokenIn(body).split('|');
  const before = asked === '' ? new Map<string, string>() : sync.states?.get(asked);
  const now = sync.states?.get(goal);
  if (sync.fault === 'no report') return void response.writeHead(501).end();
  if (!before || !now) {
    const { status, condition } = sync.refusal ?? { status: 403, condition: 'valid-sync-token' };
    const error = condition === undefined ? '' : `<x:error xmlns:x="DAV:"><x:${condition}/></x:error>`;
    return void response.writeHead(status, { 'content-type': 'application/xml' }).end(error);
  }
  const gone = [...before.keys()].filter((path) => !now.has(path));
  const changed = [...now].filter(([path, text]) => before.get(path) !== text).map(([path]) => path);
  // Deleted ones first: a card that was filed anew is gone before it is there.
  const all = [...gone.map((path) => goneRow(path, sync.byProperty === true)), ...changed.map(row)];
  const end = Number(from) + (sync.rows ?? Infinity);
  const cut = end < all.length;
  const more = `<X:response><X:href>${BOOK}</X:href><X:status>HTTP/1.1 507 More</X:status></X:response>`;
  const next = !cut ? goal : sync.fault === 'same token' ? tokenIn(body) : `${asked}|${goal}|${end}`;
  const token = sync.fault === 'no token' ? '' : `<X:sync-token>${escaped(next)}</X:sync-token>`;
  multistatus(response, all.slice(Number(from), end).join('') + (cut ? more : '') + token);
}

function goneRow(path: string, byProperty: boolean): string {
  const status = '<X:status>HTTP/1.1 404 Not Found</X:status>';
  return byProperty
    ? `<X:response><X:href>${path}</X:href><X:propstat><X:prop><X:getetag/><X:resourcetype/></X:prop>${status}</X:propstat></X:response>`
    : `<X:response><X:href>${path}</X:href>${status}</X:response>`;
}

/** Half of the book at a time; the token is no URI and needs escaping. */
function syncCollection(fake: FakeDav, body: string, response: ServerResponse): void {
  if (fake.behave.sync) return changesSince(fake, fake.behave.sync, body, response);
  const paths = [...fake.cards.keys()];
  const middle = Math.ceil(paths.length / 2);
  const isSecond = body.includes('half &lt;1&gt; &amp; more');
  const part = isSecond ? paths.slice(middle) : paths.slice(0, middle);
  const cut = isSecond
    ? ''
    : `<X:response><X:href>${BOOK}</X:href><X:status>HTTP/1.1 507 More</X:status></X:response>`;
  const token = isSecond ? 'all' : 'half &lt;1&gt; &amp; more';
  multistatus(response, `${part.map(row).join('')}${cut}<X:sync-token>${token}</X:sync-token>`);
}

function ok(props: string): string {
  return `<X:propstat><X:prop>${props}</X:prop><X:status>HTTP/1.1 200 OK</X:status></X:propstat>`;
}

function multistatus(response: ServerResponse, inner: string): void {
  response.writeHead(207, { 'content-type': 'text/xml' });
  response.end(
    `<?xml version="1.0"?><X:multistatus xmlns:X="DAV:" xmlns:B="urn:ietf:params:xml:ns:carddav">${inner}</X:multistatus>`,
  );
}
