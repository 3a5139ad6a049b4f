import { bookPath, startFakeDav, vcard } from './fake-dav.js';
import type { FakeDav } from './fake-dav.js';
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

function uids(count: number): string[] {
  return Array.from({ length: count }, (_each, at) => `uid-${at + 1}`).sort();
}

describe('a server unlike the others', () => {
  it('is found from its bare host, with other prefixes, absolute and encoded references', async () => {
    dav = await startFakeDav(3);
    expect(await identity()).toEqual({
      account: { id: `${dav.url}/dav/people/ann%40corp/`, name: 'Ann of Corp' },
      objects: [
        { object: 'accounts', granted: true },
        { object: 'contacts', granted: true },
      ],
    });
  });

  it('gives every card once, in pages that another process can go on from', async () => {
    dav = await startFakeDav(730);
    const whole = await readAll(open, 'contacts');
    const restarted = await readAll(open, 'contacts', true);
    expect(idsOf(whole).sort()).toEqual(uids(730));
    expect(idsOf(restarted).sort()).toEqual(uids(730));
    expect(whole.length).toBeGreaterThan(2);
    expect(whole.map((page) => page.complete)).toEqual([...whole.slice(1).map(() => undefined), true]);
    expect(Math.max(...whole.map((page) => page.records.length))).toBeLessThanOrEqual(500);
    const [record] = whole[0]?.records ?? [];
    expect(record?.data).toMatchObject({
      fullName: expect.stringMatching(/^Person \d+ & <Co>$/),
      $raw: vcard(1),
    });
  });

  it('does not list the book again for each page', async () => {
    dav = await startFakeDav(730);
    await readAll(open, 'contacts');
    expect(dav.asked.filter((line) => line === `PROPFIND ${bookPath}`)).toHaveLength(1);
  });

  it.each(['refused', 'no_bodies', 'ignores_some'] as const)(
    'is read card by card where multiget is: %s',
    async (multiget) => {
      dav = await startFakeDav(60);
      dav.behave = { multiget };
      expect(idsOf(await readAll(open, 'contacts')).sort()).toEqual(uids(60));
    },
  );

  it.each([0, 1])('is listed by sync-collection where it cuts a listing (at %i)', async (listsAtMost) => {
    dav = await startFakeDav(41);
    dav.behave = { listsAtMost };
    const session = await open();
    expect(await session.total?.('contacts', signal)).toBe(41);
    await session.close();
    expect(idsOf(await readAll(open, 'contacts')).sort()).toEqual(uids(41));
  });

  it('that answers more than fits is asked for less; a single card that is too large is left out by name', async () => {
    dav = await startFakeDav(40);
    const photo = `PHOTO;ENCODING=b:${'A'.repeat(20_000)}\r\n`;
    for (const [at, path] of [...dav.cards.keys()].entries()) dav.cards.set(path, vcard(at + 1, photo));
    dav.cards.set(`${bookPath}huge.vcf`, vcard(99, `NOTE:${'x'.repeat(1_300_000)}\r\n`));
    const pages = await readAll(() => open({ network: { maxResponseBytes: 300_000 } }), 'contacts');
    const records = pages.flatMap((page) => page.records);
    expect(records).toHaveLength(41);
    expect(
      records.filter((record) => record.trouble).map((record) => [record.position, record.trouble?.code]),
    ).toEqual([['/dav/books/ann@corp/Team A/huge.vcf', 'too_large']]);
  });

  it('may say that the credentials must not read', async () => {
    dav = await startFakeDav(1);
    dav.behave = {
      privileges:
        '<X:current-user-privilege-set><X:privilege><X:write/></X:privilege></X:current-user-privilege-set>',
    };
    const [accounts] = (await identity()).objects;
    expect(accounts).toMatchObject({ granted: false, why: expect.stringContaining('Team A & friends') });
    dav.behave = {
      privileges:
        '<X:current-user-privilege-set><X:privilege><X:read/></X:privilege></X:current-user-privilege-set>',
    };
    expect((await identity()).objects.every((object) => object.granted)).toBe(true);
  });
});

describe('some cards among many', () => {
  it('that are broken, gone or refused cost only themselves', async () => {
    dav = await startFakeDav(6);
    const paths = [...dav.cards.keys()];
    const [broken, noUid, refused, gone] = paths as [string, string, string, string];
    dav.cards.set(broken, 'BEGIN:VCARD\r\nVERSION:3.0\r\nUID:uid-1\r\nthis is no property\r\n');
    dav.cards.set(noUid, 'BEGIN:VCARD\nVERSION:2.1\nN:Doe;Jane\nEND:VCARD\n');
    dav.behave = {
      itemStatus: { [refused]: 403, [gone]: 404 },
      instead: (method, path, response) => {
        if (method === 'GET' && path === gone) response.writeHead(404).end();
        return method === 'GET' && path === gone;
      },
    };
    const records = (await readAll(open, 'contacts')).flatMap((page) => page.records);
    const told = records.map(({ externalId, trouble }) => [externalId, trouble?.code]);
    expect(told.sort()).toEqual(
      [
        ['uid-1', 'row_broken'],
        ['href:/dav/books/ann@corp/Team A/card 2.vcf', undefined],
        ['href:/dav/books/ann@corp/Team A/card 3.vcf', 'row_broken'],
        ['uid-5', undefined],
        ['uid-6', undefined],
      ].sort(),
    );
  });

  it('with the same UID are both given, so that the second is counted as a repeat', async () => {
    dav = await startFakeDav(2);
    dav.cards.set(`${bookPath}copy.vcf`, vcard(1));
    expect(idsOf(await readAll(open, 'contacts')).sort()).toEqual(['uid-1', 'uid-1', 'uid-2']);
  });

  it('are asked for by id, by whatever way the server leaves', async () => {
    dav = await startFakeDav(30);
    const session = await open();
    const ids = ['uid-7', 'uid-404', 'href:/dav/books/ann@corp/Team A/card 9.vcf', 'uid-30'];
    dav.cards.set(`${bookPath}card%209.vcf`, 'BEGIN:VCARD\r\nVERSION:4.0\r\nFN:No Id\r\nEND:VCARD\r\n');
    const found = await session.get('contacts', ids, signal);
    expect(found.map((record) => record.externalId)).toEqual(
      [ids[2], 'uid-7', 'uid-30'].sort((a, b) => ids.indexOf(String(a)) - ids.indexOf(String(b))),
    );
    await session.close();
  });

  it('are found under the address that they failed by once they can be read, and say so', async () => {
    dav = await startFakeDav(3);
    const path = `${bookPath}card%202.vcf`;
    dav.behave = { itemStatus: { [path]: 403 } };
    const id = 'href:/dav/books/ann@corp/Team A/card 2.vcf';
    expect(idsOf(await readAll(open, 'contacts'))).toContain(id);
    dav.behave = {};
    const session = await open();
    expect(await session.get('contacts', [id], signal)).toMatchObject([
      { externalId: 'uid-2', formerId: id },
    ]);
    await session.close();
  });

  it('stop at the limit of a test run, over a restart too', async () => {
    dav = await startFakeDav(120);
    const limited = () => open({ limit: 60 });
    for (const restart of [false, true]) {
      const pages = await readAll(limited, 'contacts', restart);
      expect(idsOf(pages)).toHaveLength(60);
      expect(pages.at(-1)?.complete).toBeUndefined();
    }
  });
});

describe('organizations', () => {
  it('come once each, with the spelling first met, over a restart too', async () => {
    dav = await startFakeDav(700);
    dav.cards.set(`${bookPath}zz.vcf`, vcard(1, '').replace('ORG:Org 1', 'ORG:ORG   1;Sales'));
    for (const restart of [false, true]) {
      const records = (await readAll(open, 'accounts', restart)).flatMap((page) => page.records);
      expect(records.map((record) => record.externalId).sort()).toEqual(
        [0, 1, 2, 3, 4, 5, 6].map((n) => `org ${n}`),
      );
      expect(records.find((record) => record.externalId === 'org 1')?.data).toEqual({
        organization: 'Org 1',
      });
    }
    const contacts = (await readAll(open, 'contacts')).flatMap((page) => page.records);
    expect(contacts.find((record) => record.position?.endsWith('zz.vcf'))?.data).toMatchObject({
      organizationId: 'org 1',
    });
  });

  it('are found again by id', async () => {
    dav = await startFakeDav(20);
    const session = await open();
    const found = await session.get('accounts', ['org 3', 'nobody'], signal);
    expect(found.map((record) => record.externalId)).toEqual(['org 3']);
    await session.close();
  });
});
