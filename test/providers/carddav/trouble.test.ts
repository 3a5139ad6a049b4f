import type { ServerResponse } from 'node:http';
import { bookPath, startFakeDav } from './fake-dav.js';
import type { FakeDav } from './fake-dav.js';
import { failureOf } from '../http-client.js';
import { idsOf, openSession, readAll, signal } from './open.js';
import type { OpenArgs } from './open.js';

let dav: FakeDav;
afterEach(() => dav.close());

function open(more: Partial<OpenArgs> = {}) {
  return openSession({ settings: { url: dav.url }, ...more });
}

async function identity(more: Partial<OpenArgs> = {}) {
  const session = await open(more);
  return session.identity(signal).finally(() => session.close());
}

describe('trouble', () => {
  it('a book that vanishes midway stops the reading and is no empty book', async () => {
    dav = await startFakeDav(400);
    const session = await open();
    const pages = session.read('contacts', undefined, signal)[Symbol.asyncIterator]();
    expect((await pages.next()).value.records.length).toBeGreaterThan(0);
    dav.behave = {
      instead: (_method, path, response) => {
        if (path.startsWith(bookPath)) response.writeHead(404).end();
        return path.startsWith(bookPath);
      },
    };
    const failure = await failureOf(pages.next());
    expect(failure.code).toBe('provider_object_gone');
    expect(failure.message).toContain('Nothing was deleted');
    await session.close();
  });

  it('a book whose cards all answer 404, while it is gone itself, is gone and not empty', async () => {
    dav = await startFakeDav(10);
    const cards = [...dav.cards.keys()];
    let listed = false;
    dav.behave = {
      itemStatus: Object.fromEntries(cards.map((path) => [path, 404])),
      instead: (method, path, response) => {
        if (method !== 'PROPFIND' || path !== bookPath) return false;
        if (listed) response.writeHead(410).end();
        const first = !listed;
        listed = true;
        return !first;
      },
    };
    expect((await failureOf(readAll(open, 'contacts'))).code).toBe('provider_object_gone');
  });

  it('a place in one book is not gone on from in another', async () => {
    dav = await startFakeDav(100);
    const session = await open();
    const page = await session.read('contacts', undefined, signal)[Symbol.asyncIterator]().next();
    const foreign = String(page.value.next).replace('Team A', 'Team B');
    const going = session.read('contacts', foreign, signal)[Symbol.asyncIterator]().next();
    expect((await failureOf(going)).code).toBe('provider_object_gone');
    const junk = session.read('contacts', 'not ours', signal)[Symbol.asyncIterator]().next();
    expect((await failureOf(junk)).code).toBe('cursor_expired');
    await session.close();
  });

  it.each([
    [
      'a log-in page with 200',
      'text/html',
      '<!doctype html><html><body>Log in, canary</body></html>',
      'web page',
    ],
    ['XML of another kind', 'application/xml', '<rss><channel>canary</channel></rss>', 'XML of another kind'],
    ['XML that ends at once', 'application/xml', '<?xml version="1.0"?><d:multi', 'cut off'],
    ['JSON', 'application/json', '{"canary":1}', 'not well-formed'],
    ['nothing', 'application/xml', '', 'empty or cut off'],
    [
      'entities that grow',
      'application/xml',
      '<!DOCTYPE d [<!ENTITY a "canary"><!ENTITY b "&a;&a;">]><d:multistatus xmlns:d="DAV:">&b;</d:multistatus>',
      'document type',
    ],
    [
      'an endless nest',
      'application/xml',
      `<d:multistatus xmlns:d="DAV:">${'<d:x>'.repeat(100)}`,
      'too deeply',
    ],
  ])('%s is refused in plain words', async (_name, type, body, words) => {
    dav = await startFakeDav(0);
    dav.behave = {
      instead: (_method, _path, response) => {
        response.writeHead(200, { 'content-type': type }).end(body);
        return true;
      },
    };
    const failure = await failureOf(identity());
    expect(failure.code).toBe('provider_contract_broken');
    expect(failure.message).toContain(words);
    expect(failure.message).not.toContain('canary');
  });

  it.each([
    [401, 'Digest realm="x"', 'Basic'],
    [401, 'Basic realm="x"', 'app password'],
  ])('%i with %s says what to do', async (status, challenge, words) => {
    dav = await startFakeDav(0);
    dav.behave = {
      instead: (_method, _path, response) => {
        response.writeHead(status, { 'www-authenticate': challenge }).end();
        return true;
      },
    };
    const failure = await failureOf(identity({ password: 'canary-password' }));
    expect(failure.code).toBe('credentials_rejected');
    expect(failure.message).toContain(words);
    expect(failure.message).not.toContain('canary-password');
  });

  it('a host that is no CardDAV server at all', async () => {
    dav = await startFakeDav(0);
    dav.behave = {
      instead: (_method, _path, response) => {
        response.writeHead(405).end();
        return true;
      },
    };
    const failure = await failureOf(identity());
    expect(failure.code).toBe('provider_contract_broken');
    expect(failure.message).toContain('No CardDAV server answers');
  });

  it('an answer that stops in its middle is asked for again, and is no verdict on the server', async () => {
    dav = await startFakeDav(60);
    let left = 2;
    const broken = (method: string, path: string, response: ServerResponse): boolean => {
      if (method !== 'REPORT' || left === 0) return false;
      left -= 1;
      response.writeHead(207, { 'content-type': 'text/xml' });
      response.end(`<d:multistatus xmlns:d="DAV:"><d:response><d:href>${path}`);
      return true;
    };
    dav.behave = { instead: broken };
    expect(idsOf(await readAll(open, 'contacts'))).toHaveLength(60);
    left = Infinity;
    const failure = await failureOf(readAll(open, 'contacts'));
    expect(failure.code).toBe('provider_unavailable');
    expect(failure.message).toContain('cut off');
  });

  it('a card that the server does not escape costs no other', async () => {
    dav = await startFakeDav(20);
    dav.behave = {
      instead: (method, _path, response) => {
        if (method !== 'REPORT') return false;
        response
          .writeHead(207, { 'content-type': 'text/xml' })
          .end('<d:multistatus xmlns:d="DAV:">Salt & Pepper');
        return true;
      },
    };
    expect(idsOf(await readAll(open, 'contacts'))).toHaveLength(20);
    for (const path of dav.cards.keys()) dav.cards.set(path, '<<< canary');
    expect((await failureOf(readAll(open, 'contacts'))).message).toContain('not well-formed');
    for (const path of dav.cards.keys()) dav.cards.set(path, '<!doctype html><html>Log in</html>');
    expect((await failureOf(readAll(open, 'contacts'))).message).toContain('web page');
  });

  it('cards that are all refused while the book is shown are a permission that is missing', async () => {
    dav = await startFakeDav(12);
    dav.behave = { itemStatus: Object.fromEntries([...dav.cards.keys()].map((path) => [path, 403])) };
    const failure = await failureOf(readAll(open, 'contacts'));
    expect(failure.code).toBe('permission_missing');
    expect(failure.message).toContain('refuses its cards');
  });

  it('a book in trouble is not replaced by another of the account', async () => {
    dav = await startFakeDav(3);
    const second = `/dav/books/ann%40corp/Other/`;
    const at = { settings: { url: dav.url + bookPath } };
    const behave = (books: string): void => {
      dav.behave = {
        instead: (method, path, response) => {
          if (path === bookPath) {
            response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Busy</html>');
          } else if (method === 'PROPFIND' && path === '/dav/books/ann@corp/') {
            response.writeHead(207, { 'content-type': 'text/xml' }).end(books);
          } else return false;
          return true;
        },
      };
    };
    const item = (href: string): string =>
      `<response><href>${href}</href><propstat><prop><resourcetype><c:addressbook/></resourcetype></prop><status>HTTP/1.1 200 OK</status></propstat></response>`;
    behave(
      `<multistatus xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">${item(second)}${item(bookPath)}</multistatus>`,
    );
    expect((await failureOf(identity(at))).message).toContain('web page');
    behave(
      `<multistatus xmlns="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav">${item(second)}</multistatus>`,
    );
    // An address for the browser, and one book: there is nothing to mistake.
    expect((await identity(at)).account.name).toBe('Ann of Corp');
  });

  it('references to a strange host are not followed', async () => {
    dav = await startFakeDav(1);
    for (const [key, value] of [
      ['principal', 'https://evil.example/me/'],
      ['homeSet', 'http://localhost:1/books/'],
    ] as const) {
      dav.behave = { [key]: value };
      const failure = await failureOf(identity());
      expect(failure.code).toBe('provider_contract_broken');
      expect(failure.message).toContain(new URL(value).origin);
    }
  });

  it('a server that is busy is waited for, and one that is down is said to be', async () => {
    dav = await startFakeDav(2);
    dav.behave = {
      instead: (_method, _path, response) => {
        response.writeHead(503, { 'retry-after': '3600' }).end();
        return true;
      },
    };
    const failure = await failureOf(identity());
    expect(failure.code).toBe('provider_unavailable');
    expect(failure.retryAt?.getTime()).toBeGreaterThan(Date.now() + 3_000_000);
  });
});
