import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRadicale } from '../../../local/lab.js';
import type { Radicale } from '../../../local/lab.js';
import { describeWhen } from '../../support/describe-when.js';
import { failureOf } from '../http-client.js';
import { selfSigned } from '../../support/self-signed.js';
import { bookmarkOf, idsOf, news, openSession, readAll, signal } from './open.js';

const users = [
  { name: 'ann', password: 'canary-of-ann' },
  { name: 'bob', password: 'canary-of-bob' },
];

let dir = '';
let radicale: Radicale | undefined;
let missing = '';
try {
  dir = await mkdtemp(join(tmpdir(), 'sluice-radicale-'));
  radicale = await startRadicale({ dir, users });
} catch (error) {
  missing = `Radicale could not be started: ${error instanceof Error ? error.message : String(error)}`;
}

describeWhen(radicale !== undefined, missing, 'CardDAV with Radicale', () => {
  const url = radicale?.url ?? '';
  afterAll(async () => {
    await radicale?.stop();
    await rm(dir, { recursive: true, force: true });
  });

  const as = (name: string) => `Basic ${Buffer.from(`${name}:canary-of-${name}`).toString('base64')}`;

  async function dav(method: string, path: string, body = '', type = 'application/xml'): Promise<void> {
    const name = path.split('/')[1] ?? '';
    const response = await fetch(url + path, {
      method,
      headers: { authorization: as(name), 'content-type': type },
      ...(body === '' ? {} : { body }),
    });
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status}`);
  }

  async function makeBook(path: string, name: string): Promise<void> {
    await dav(
      'MKCOL',
      path,
      `<?xml version="1.0"?><d:mkcol xmlns:d="DAV:" xmlns:c="urn:ietf:params:xml:ns:carddav"><d:set><d:prop>
       <d:resourcetype><d:collection/><c:addressbook/></d:resourcetype><d:displayname>${name}</d:displayname>
       </d:prop></d:set></d:mkcol>`,
    );
  }

  const put = (path: string, lines: string[]) =>
    dav('PUT', path, ['BEGIN:VCARD', ...lines, 'END:VCARD', ''].join('\r\n'), 'text/vcard');

  /** Straight into Radicale's folder, as a book of this size would have come there over the years. */
  async function fill(name: string, book: string, count: number): Promise<void> {
    const folder = join(dir, 'collections', 'collection-root', name, book);
    await mkdir(folder, { recursive: true });
    for (let n = 0; n < count; n += 1) {
      const card = `BEGIN:VCARD\r\nVERSION:4.0\r\nUID:big-${n}\r\nFN:Big ${n}\r\nORG:Corp ${n % 40}\r\nEND:VCARD\r\n`;
      await writeFile(join(folder, `${randomUUID()}.vcf`), card);
    }
  }

  const open = (settings: Record<string, unknown> = {}) =>
    openSession({ settings: { url, ...settings }, username: 'ann', password: 'canary-of-ann' });

  async function identity(settings: Record<string, unknown> = {}, password = 'canary-of-ann') {
    const session = await openSession({ settings: { url, ...settings }, username: 'ann', password });
    return session.identity(signal).finally(() => session.close());
  }

  beforeAll(async () => {
    await makeBook('/ann/customers/', 'Customers');
    await makeBook('/ann/private/', 'Private');
    await makeBook('/bob/contacts/', 'Of Bob');
    await put('/ann/customers/three.vcf', [
      'VERSION:3.0',
      'UID:urn:uuid:11',
      'FN:Zoë Müller',
      'N:Müller;Zoë;;;',
      'EMAIL;TYPE=work:zoe@corp.example',
      'TEL;TYPE=cell:+49 170 1234567',
      'ORG:Corp GmbH;Sales',
      'REV:2026-02-03T04:05:06Z',
    ]);
    await put('/ann/customers/four.vcf', [
      'VERSION:4.0',
      'UID:22',
      'FN:Li Wei',
      'ORG:CORP GmbH',
      'REV:20260203',
    ]);
    await put('/ann/private/mum.vcf', ['VERSION:3.0', 'UID:33', 'FN:Mum', 'N:Mum;;;;']);
    await put('/bob/contacts/x.vcf', ['VERSION:3.0', 'UID:44', 'FN:Of Bob', 'N:Bob;;;;']);
  });

  it('is found from its bare host', async () => {
    const told = await identity();
    expect(told.account).toEqual({ id: `${url}/ann/`, name: 'ann' });
    expect(told.objects.every((object) => object.granted)).toBe(true);
  });

  it.each([
    ['its name', 'Customers'],
    ['its name in another case', 'customers'],
    ['its path', '/ann/customers/'],
  ])('reads the book that is chosen by %s', async (_way, addressBook) => {
    const pages = await readAll(() => open({ addressBook }), 'contacts');
    expect(idsOf(pages).sort()).toEqual(['22', 'urn:uuid:11']);
    expect(pages.at(-1)?.complete).toBe(true);
  });

  it('reads a book from its own address', async () => {
    expect(idsOf(await readAll(() => open({ url: `${url}/ann/private/` }), 'contacts'))).toEqual(['33']);
  });

  it('gives what the cards say, and the text as it was sent', async () => {
    const [page] = await readAll(() => open({ addressBook: 'Customers' }), 'contacts');
    const zoe = page?.records.find((record) => record.externalId === 'urn:uuid:11');
    expect(zoe).toMatchObject({
      modifiedAt: '2026-02-03T04:05:06Z',
      position: '/ann/customers/three.vcf',
      data: {
        fullName: 'Zoë Müller',
        email: 'zoe@corp.example',
        organization: 'Corp GmbH',
        organizationId: 'corp gmbh',
        $raw: expect.stringContaining('FN:Zoë Müller'),
      },
    });
    // A date is no time that could be compared with another clock.
    expect(page?.records.find((record) => record.externalId === '22')).not.toHaveProperty('modifiedAt');
  });

  it('counts the cards', async () => {
    const session = await open({ addressBook: 'Customers' });
    expect(await session.total?.('contacts', signal)).toBe(2);
    expect(await session.total?.('accounts', signal)).toBeUndefined();
    await session.close();
  });

  it('makes one account of two spellings', async () => {
    const pages = await readAll(() => open({ addressBook: 'Customers' }), 'accounts');
    expect(idsOf(pages)).toEqual(['corp gmbh']);
  });

  it('finds cards by UID that are filed under other names', async () => {
    const session = await open({ addressBook: 'Customers' });
    const found = await session.get('contacts', ['22', 'nobody', 'urn:uuid:11'], signal);
    expect(found.map((record) => record.externalId)).toEqual(['22', 'urn:uuid:11']);
    await session.close();
  });

  it('says which books there are when the named one is not', async () => {
    const failure = await failureOf(identity({ addressBook: 'Suppliers' }));
    expect(failure.code).toBe('provider_object_gone');
    expect(failure.message).toMatch(/"Suppliers".*"Customers" \(\/ann\/customers\/\).*"Private"/);
  });

  it('refuses a wrong password, without repeating it', async () => {
    const failure = await failureOf(identity({}, 'canary-wrong'));
    expect(failure.code).toBe('credentials_rejected');
    expect(failure.message).not.toContain('canary');
  });

  it("refuses another user's folder instead of reading one's own", async () => {
    expect((await failureOf(identity({ url: `${url}/bob/` }))).code).toBe('permission_missing');
  });

  it('does not read another book when the one at the given address is gone', async () => {
    const failure = await failureOf(identity({ url: `${url}/ann/old/` }));
    expect(failure.code).toBe('provider_object_gone');
    expect(failure.message).toContain('"Customers"');
  });

  it('reads a large book in pages, each card once, over restarts', async () => {
    await makeBook('/ann/large/', 'Large');
    await fill('ann', 'large', 700);
    const large = () => open({ addressBook: 'Large' });
    const pages = await readAll(large, 'contacts', true);
    expect(new Set(idsOf(pages)).size).toBe(700);
    expect(idsOf(pages)).toHaveLength(700);
    expect(idsOf(await readAll(large, 'accounts', true))).toHaveLength(40);
  }, 120_000);

  it('tells what changed since the listing, and refuses a token it does not know', async () => {
    await makeBook('/ann/moving/', 'Moving');
    const book = () => open({ addressBook: 'Moving' });
    const write = (file: string, uid: string, name: string) =>
      put(`/ann/moving/${file}.vcf`, ['VERSION:3.0', `UID:${uid}`, `FN:${name}`, `ORG:Corp ${uid}`]);
    for (const n of [1, 2, 3, 4]) await write(`file-${n}`, `u${n}`, `Person ${n}`);
    await write('u5', 'u5', 'Person 5');
    const first = bookmarkOf(await readAll(book, 'contacts'));
    const accounts = bookmarkOf(await readAll(book, 'accounts'));
    expect(await readAll(book, 'contacts', false, first)).toEqual([{ records: [], ...first }]);
    expect(await readAll(book, 'accounts', false, accounts)).toEqual([{ records: [], ...accounts }]);

    await write('file-2', 'u2', 'Changed');
    await write('file-6', 'u6', 'Added');
    await dav('DELETE', '/ann/moving/file-3.vcf');
    await dav('DELETE', '/ann/moving/u5.vcf');
    await dav('DELETE', '/ann/moving/file-4.vcf');
    await write('elsewhere', 'u4', 'Person 4');
    const changes = await readAll(book, 'contacts', true, first);
    expect(news(changes)).toEqual(['-u3', '-u5', 'u2', 'u4', 'u6']);
    expect(changes.at(-1)?.complete).toBeUndefined();
    expect(news(await readAll(book, 'contacts', false, bookmarkOf(changes)))).toEqual([]);
    expect(news(await readAll(book, 'accounts', false, accounts))).toContain('corp u6');

    await write('file-3', 'u3', 'Person 3 again');
    expect(news(await readAll(book, 'contacts', false, bookmarkOf(changes)))).toEqual(['u3']);
    const wrong = { bookmark: first.bookmark.replace(/[0-9a-f]{64}/, '0'.repeat(64)) };
    expect((await failureOf(readAll(book, 'contacts', false, wrong))).code).toBe('cursor_expired');
  });

  it('stops when the book vanishes midway', async () => {
    await makeBook('/ann/vanishing/', 'Vanishing');
    await fill('ann', 'vanishing', 300);
    const session = await open({ addressBook: 'Vanishing' });
    const pages = session.read('contacts', undefined, signal)[Symbol.asyncIterator]();
    await pages.next();
    await dav('DELETE', '/ann/vanishing/');
    expect((await failureOf(pages.next())).code).toBe('provider_object_gone');
    await session.close();
  });
});

describeWhen(missing === '', missing, 'CardDAV over TLS', () => {
  it('does not talk to a server whose certificate nobody vouches for', async () => {
    const home = await mkdtemp(join(tmpdir(), 'sluice-radicale-'));
    const secure = await startRadicale({ dir: home, users, tls: await selfSigned() });
    const session = await openSession({ settings: { url: secure.url }, username: 'ann', password: 'x' });
    const failure = await failureOf(session.identity(signal));
    expect(failure.code).toBe('certificate_invalid');
    await session.close();
    await secure.stop();
    await rm(home, { recursive: true, force: true });
  }, 120_000);
});
