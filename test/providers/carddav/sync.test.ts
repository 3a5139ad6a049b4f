import type { SourcePage } from '../../../activities/providers/provider.js';
import { failureOf } from '../http-client.js';
import { bookPath, startFakeDav, vcard } from './fake-dav.js';
import type { FakeDav, FakeSync } from './fake-dav.js';
import { bookmarkOf, news, openSession, readAll, signal } from './open.js';

let dav: FakeDav;
afterEach(() => dav.close());

const open = () => openSession({ settings: { url: dav.url } });
const contacts = (from?: { bookmark: string }, restart = false) => readAll(open, 'contacts', restart, from);
const at = (n: number) => `${bookPath}card%20${n}.vcf`;
const endOf = (pages: SourcePage[]) => pages.at(-1);

/** A book of a server that tells changes, read once. */
async function listed(count: number, sync: Partial<FakeSync> = {}) {
  dav = await startFakeDav(count);
  dav.behave = { sync };
  const pages = await contacts();
  expect(endOf(pages)?.complete).toBe(true);
  return bookmarkOf(pages);
}

describe('changes of an address book by token', () => {
  it('are what was changed, added and deleted since, and nothing else', async () => {
    const first = await listed(60);
    dav.cards.set(at(2), vcard(2, 'NOTE:new\r\n'));
    dav.cards.set(`${bookPath}uid-99.vcf`, vcard(99));
    dav.cards.delete(at(3));
    const pages = await contacts(first);
    expect(news(pages)).toEqual(['-uid-3', 'uid-2', 'uid-99']);
    expect(endOf(pages)?.complete).toBeUndefined();
    dav.cards.delete(`${bookPath}uid-99.vcf`);
    const later = await contacts(bookmarkOf(pages));
    expect(news(later)).toEqual(['-uid-99']);
    expect(news(await contacts(bookmarkOf(later)))).toEqual([]);
  });

  it('cost one report where there are none', async () => {
    const first = await listed(60);
    dav.asked.length = 0;
    const pages = await contacts(first);
    expect(pages).toEqual([{ records: [], bookmark: first.bookmark }]);
    expect(dav.asked.filter((line) => line.includes(bookPath) && !line.startsWith('PROPFIND'))).toEqual([
      `REPORT ${bookPath}`,
    ]);
  });

  it.each([
    ['cut into pages', { rows: 7 }],
    ['told by property', { byProperty: true }],
    ['without the token among the properties', { hidesToken: true }],
  ] as const)('arrive when they are %s, over restarts too', async (_name, sync) => {
    const first = await listed(1_300, sync);
    const expected: string[] = [];
    for (let n = 1; n <= 1_200; n += 1) {
      if (n % 2 === 0) dav.cards.delete(at(n));
      else dav.cards.set(at(n), vcard(n, 'NOTE:new\r\n'));
      expected.push(n % 2 === 0 ? `-uid-${n}` : `uid-${n}`);
    }
    for (const restart of [false, true])
      expect(news(await contacts(first, restart))).toEqual(expected.sort());
  });

  it('of a card that is filed anew are no deletion, whichever name is the later', async () => {
    const first = await listed(4);
    for (const [from, to] of [
      [1, 'a-name.vcf'],
      [2, 'uid-2.vcf'],
      [3, 'z-name.vcf'],
    ] as const) {
      dav.cards.delete(at(from));
      dav.cards.set(bookPath + to, vcard(from));
    }
    const pages = await contacts(first);
    expect(news(pages)).toEqual(['uid-1', 'uid-2', 'uid-3']);
    for (const name of ['a-name.vcf', 'uid-2.vcf', 'z-name.vcf']) dav.cards.delete(bookPath + name);
    expect(news(await contacts(bookmarkOf(pages)))).toEqual(['-uid-1', '-uid-2', '-uid-3']);
  });

  it('of two cards with one id are a deletion when the last is gone, once', async () => {
    dav = await startFakeDav(2);
    dav.behave = { sync: {} };
    dav.cards.set(`${bookPath}uid-1.vcf`, vcard(1));
    const first = bookmarkOf(await contacts());
    dav.cards.delete(`${bookPath}uid-1.vcf`);
    const pages = await contacts(first);
    expect(news(pages)).toEqual([]);
    dav.cards.delete(at(1));
    expect(news(await contacts(bookmarkOf(pages)))).toEqual(['-uid-1']);
    expect(news(await contacts(first))).toEqual(['-uid-1']);
  });

  it('made while the book is read come with the next sync', async () => {
    dav = await startFakeDav(700);
    dav.behave = { sync: {} };
    const session = await open();
    const reading = session.read('contacts', undefined, signal)[Symbol.asyncIterator]();
    const { value } = await reading.next();
    dav.cards.set(at(1), vcard(1, 'NOTE:new\r\n'));
    dav.cards.set(`${bookPath}aa.vcf`, vcard(701));
    await session.close();
    const going = await open();
    const pages: SourcePage[] = [];
    for await (const page of going.read('contacts', value.next, signal)) pages.push(page);
    await going.close();
    expect(news(await contacts(bookmarkOf(pages)))).toEqual(expect.arrayContaining(['uid-1', 'uid-701']));
  });
});

describe('a token that the server refuses', () => {
  it.each([
    [403, 'valid-sync-token'],
    [409, 'valid-sync-token'],
    [400, undefined],
    [410, undefined],
    [412, undefined],
  ])('with %i %s has expired; a full listing goes on', async (status, condition) => {
    const first = await listed(3);
    const refusal = { status, ...(condition === undefined ? {} : { condition }) };
    dav.behave.sync = { refusal, states: new Map([['another', new Map()]]) };
    expect(await failureOf(contacts(first))).toMatchObject({
      code: 'cursor_expired',
      message: expect.stringContaining('Nothing was deleted'),
    });
    expect(endOf(await contacts())?.complete).toBe(true);
  });

  it('for good, or repeating itself, leads to a full listing without a question', async () => {
    const first = await listed(30);
    dav.cards.delete(at(5));
    for (const fault of ['no report', 'no token', 'same token'] as const) {
      dav.behave.sync = { ...dav.behave.sync, fault, rows: fault === 'same token' ? 0 : Infinity };
      const pages = await contacts(first);
      expect(news(pages)).toHaveLength(29);
      expect(endOf(pages)).toMatchObject({ complete: true, bookmark: expect.any(String) });
    }
  });

  it('or a bookmark of another book or version is not gone on from', async () => {
    const { bookmark } = await listed(3);
    for (const other of [bookmark.replace('Team A', 'Team B'), '{"v":9}', 'junk']) {
      expect((await failureOf(contacts({ bookmark: other }))).code).toBe('cursor_expired');
    }
  });

  it('because the book is gone is no expired token', async () => {
    const first = await listed(3);
    dav.behave.instead = (method, path, response) => {
      const isBook = path === bookPath && method !== 'GET';
      if (isBook && dav.asked.includes(`REPORT ${bookPath}`)) response.writeHead(404).end();
      return isBook && response.writableEnded;
    };
    dav.asked.length = 0;
    expect((await failureOf(contacts(first))).code).toBe('provider_object_gone');
  });
});

describe('a deletion that nobody can name', () => {
  it('is found by a complete listing', async () => {
    dav = await startFakeDav(2_500);
    dav.behave = { sync: {} };
    for (const [n, path] of [...dav.cards.keys()].entries()) {
      dav.cards.set(path, vcard(n + 1).replace('UID:', `UID:${'long-'.repeat(10)}`));
    }
    const first = bookmarkOf(await contacts());
    expect(first.bookmark.length).toBeLessThan(200_000);
    dav.cards.set(at(2), vcard(2, 'NOTE:new\r\n'));
    const changed = await contacts(first);
    expect(news(changed)).toEqual(['uid-2']);
    dav.cards.set(`${bookPath}more.vcf`, vcard(3_000));
    dav.cards.delete(at(7));
    const pages = await contacts(bookmarkOf(changed));
    expect(news(pages)).toHaveLength(2_500);
    expect(endOf(pages)?.complete).toBe(true);
  }, 60_000);

  it('as that of a card that got another id', async () => {
    const first = await listed(5);
    dav.cards.set(at(2), vcard(77));
    const pages = await contacts(first);
    expect(news(pages)).not.toContain('uid-2');
    expect(endOf(pages)?.complete).toBe(true);
  });
});

describe('a server that tells no changes', () => {
  it('is read whole, unless its ctag is as it was', async () => {
    dav = await startFakeDav(30);
    const first = bookmarkOf(await contacts());
    expect(endOf(await contacts(first))?.complete).toBe(true);
    dav.behave = { ctag: 'one' };
    const second = bookmarkOf(await contacts());
    expect(await contacts(second)).toEqual([{ records: [], ...second }]);
    dav.behave = { ctag: 'two' };
    expect(news(await contacts(second))).toHaveLength(30);
  });
});

describe('organizations', () => {
  it('are walked again only where the book changed, and never said to be deleted', async () => {
    dav = await startFakeDav(30);
    dav.behave = { sync: {} };
    const first = bookmarkOf(await readAll(open, 'accounts'));
    expect(await readAll(open, 'accounts', false, first)).toEqual([{ records: [], ...first }]);
    dav.cards.set(`${bookPath}x.vcf`, vcard(31).replace('ORG:Org 3', 'ORG:Newcomer'));
    const pages = await readAll(open, 'accounts', true, first);
    expect(news(pages)).toEqual(expect.arrayContaining(['newcomer', 'org 1']));
  });
});

describe('a card that the list names and a multiget denies', () => {
  it('is asked for alone before it is believed to be gone', async () => {
    dav = await startFakeDav(10);
    dav.behave = { itemStatus: { [at(4)]: 404 } };
    expect(news(await contacts())).toContain('uid-4');
  });
});
