import iconv from 'iconv-lite';
import { defaultVCardMapping } from '../../../activities/providers/formats/vcard-mapping.js';
import { readVCards } from '../../../activities/providers/formats/vcard-file.js';
import { parseVCard } from '../../../activities/providers/formats/vcard.js';
import type { VCardJson } from '../../../activities/providers/formats/vcard.js';
import { valueAt } from '../../../activities/providers/formats/value-at.js';
import { dataOf, readWhole, refusalOf, stored } from './source.js';

function card(lines: string[], version = '3.0'): VCardJson {
  const parsed = parseVCard(['BEGIN:VCARD', `VERSION:${version}`, ...lines, 'END:VCARD'].join('\r\n'));
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.card;
}

describe('a vCard', () => {
  it('of version 4.0 is read with parameters, preferences and URIs', () => {
    const read = card(
      [
        'UID:urn:uuid:4fbe8971',
        'FN:Dr. Zoë Ångström',
        'N:Ångström;Zoë;Maria,Anna;Dr.;PhD',
        'EMAIL;TYPE="home,work";PREF=2:zoe@home.example',
        'EMAIL;PREF=1:mailto:zoe@work.example',
        'TEL;VALUE=uri;TYPE="voice,cell":tel:+49-30-1234567;ext=89',
        'ORG:Acme\\, Inc.;Research;Lab 2',
        'TITLE:Head of\\nResearch',
        'BDAY:19800229',
        'ADR;TYPE=work:;Suite 5;Main St. 1;Rome;Lazio;00100;Italy',
        'URL:https://zoe.example/a;b',
        'NOTE:One\\, two\\; three',
        'CATEGORIES:friends,VIP\\, gold',
        'REV:20240102T030405Z',
        'GENDER:F',
      ],
      '4.0',
    );
    expect(read).toMatchObject({
      version: '4.0',
      uid: 'urn:uuid:4fbe8971',
      fullName: 'Dr. Zoë Ångström',
      firstName: 'Zoë',
      lastName: 'Ångström',
      email: 'zoe@work.example',
      emails: [
        { value: 'zoe@work.example', types: [], pref: 1 },
        { value: 'zoe@home.example', types: ['home', 'work'], pref: 2 },
      ],
      emailAddresses: ['zoe@work.example', 'zoe@home.example'],
      phones: [{ value: '+49-30-1234567 ext. 89', types: ['cell'] }],
      organization: 'Acme, Inc.',
      organizationUnits: ['Research', 'Lab 2'],
      title: 'Head of\nResearch',
      birthday: '1980-02-29',
      address: {
        street: 'Suite 5, Main St. 1',
        city: 'Rome',
        region: 'Lazio',
        postalCode: '00100',
        country: 'Italy',
        types: ['work'],
      },
      url: 'https://zoe.example/a;b',
      notes: 'One, two; three',
      categories: ['friends', 'VIP, gold'],
      rev: '2024-01-02T03:04:05Z',
      other: { gender: ['F'] },
    });
  });

  it('of version 2.1 is read with bare parameters, quoted-printable text, charsets and soft line breaks', () => {
    const read = card(
      [
        'N;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:=C3=85ngstr=C3=B6m;Zo=C3=AB',
        'FN;QUOTED-PRINTABLE;CHARSET=ISO-8859-1:Zo=EB =C5ngstr=',
        '=F6m',
        'TEL;HOME;PREF:+39 06 123',
        'TEL;CELL;VOICE:+39 333 1',
        'EMAIL;INTERNET:zoe@home.example',
        'NOTE;ENCODING=QUOTED-PRINTABLE:first=0D=0Asecond=3B third',
        'PHOTO;ENCODING=BASE64;TYPE=JPEG:',
        ' /9j/4AAQSkZJRgABAQAAAQABAAD',
        ' AAAA',
        '',
        'ADR;HOME:;;C:\\new street;Rome;;;',
      ],
      '2.1',
    );
    expect(read).toMatchObject({
      fullName: 'Zoë Ångström',
      firstName: 'Zoë',
      lastName: 'Ångström',
      phone: '+39 06 123',
      phones: [
        { value: '+39 06 123', types: ['home'], pref: 1 },
        { value: '+39 333 1', types: ['cell'] },
      ],
      email: 'zoe@home.example',
      notes: 'first\r\nsecond; third',
      address: { street: 'C:\\new street', city: 'Rome' },
      photo: { bytes: 23 },
    });
    expect(JSON.stringify(read)).not.toContain('9j/4AAQ');
  });

  it('makes a name of its parts, or of the organization', () => {
    expect(card(['N:Doe;Jane;;Dr.;']).fullName).toBe('Dr. Jane Doe');
    expect(card(['ORG:Acme;']).fullName).toBe('Acme');
    expect(card(['N:;;;;', 'TEL:1']).fullName).toBeNull();
  });

  it.each([
    ['BDAY:1980-04-12', { birthday: '1980-04-12' }],
    ['BDAY:1980-04-12T00:00:00Z', { birthday: '1980-04-12' }],
    ['BDAY:1980-02-30', { birthday: '1980-02-30' }],
    ['BDAY:--0412', { birthdayPartial: '--0412' }],
    ['BDAY:1980-04', { birthdayPartial: '1980-04' }],
    ['BDAY;VALUE=text:circa 1800', { birthdayPartial: 'circa 1800' }],
    ['BDAY;X-APPLE-OMIT-YEAR=1604:1604-04-12', { birthdayPartial: '--04-12' }],
    ['BDAY:12.4.1980', { birthday: '12.4.1980' }],
    ['BDAY:', {}],
  ])('reads %s', (line, expected) => {
    const { birthday, birthdayPartial } = card([line], '4.0');
    expect({ ...(birthday && { birthday }), ...(birthdayPartial && { birthdayPartial }) }).toEqual(expected);
  });

  it('knows labels of groups, folded lines, and quoted parameters with colons', () => {
    const read = card([
      'item1.TEL;type=pref:1',
      'item1.X-ABLabel:_$!<Assistant>!$_',
      'NOTE:a long',
      '  folded line',
      'EMAIL;X-LABEL="a:b;c":ann@corp.example',
    ]);
    expect(read.phones).toEqual([{ value: '1', types: ['assistant'], pref: 1 }]);
    expect(read.notes).toBe('a long folded line');
    expect(read.email).toBe('ann@corp.example');
  });

  it('drops pictures and tells their size or address', () => {
    expect(card([`PHOTO;ENCODING=b;TYPE=JPEG:${'A'.repeat(4_000)}`]).photo).toEqual({ bytes: 3_000 });
    expect(card(['PHOTO;VALUE=uri:https://pic.example/a.jpg']).photo).toEqual({
      url: 'https://pic.example/a.jpg',
    });
    expect(card([`PHOTO:data:image/jpeg;base64,${'A'.repeat(400)}`], '4.0').photo).toEqual({ bytes: 300 });
  });

  it.each([
    ['no colon', 'BEGIN:VCARD\nVERSION:3.0\nFN:Ann\nrubbish\nEND:VCARD', 'rubbish'],
    ['no end', 'BEGIN:VCARD\nVERSION:3.0\nFN:Ann', 'END:VCARD'],
    ['no beginning', 'FN:Ann\nEND:VCARD', 'BEGIN:VCARD'],
    ['an unknown version', 'BEGIN:VCARD\nVERSION:9.9\nFN:Ann\nEND:VCARD', '9.9'],
    ['nothing', '', 'BEGIN:VCARD'],
  ])('with %s is refused in words', (_name, text, says) => {
    expect(parseVCard(text)).toEqual({ ok: false, message: expect.stringContaining(says) });
  });

  it('leaves out the other card inside AGENT', () => {
    const text =
      'BEGIN:VCARD\nVERSION:2.1\nFN:Ann\nAGENT:\nBEGIN:VCARD\nVERSION:2.1\nFN:Bob\nEND:VCARD\nTEL:1\nEND:VCARD';
    expect(parseVCard(text)).toMatchObject({ ok: true, card: { fullName: 'Ann', phone: '1' } });
  });

  it('says null for what a contact could have and this one has not, so that it is cleared', () => {
    const bare = card(['UID:1']);
    for (const source of Object.values(defaultVCardMapping.fields)) {
      const path = typeof source === 'string' ? source : (source?.path ?? '');
      expect([path, valueAt(bare, path)]).not.toEqual([path, undefined]);
    }
  });

  it('has every place that the default mapping reads', () => {
    const full = card([
      'N:Doe;Jane',
      'EMAIL:j@x.example',
      'TEL:1',
      'TITLE:CEO',
      'BDAY:1980-01-01',
      'ADR:;;S;C;R;P;DE',
      'CATEGORIES:a',
      'NOTE:n',
      'URL:u',
    ]);
    for (const source of Object.values(defaultVCardMapping.fields)) {
      const path = typeof source === 'string' ? source : (source?.path ?? '');
      expect([path, valueAt(full, path)]).not.toEqual([path, undefined]);
    }
  });
});

describe('a file of vCards', () => {
  const good = (name: string, version = '3.0'): string =>
    `BEGIN:VCARD\r\nVERSION:${version}\r\nUID:${name}\r\nFN:${name}\r\nEND:VCARD\r\n`;

  it('reads mixed versions and makes one problem of each malformed card', async () => {
    const text = `\uFEFF${good('A')}BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Broken\r\n${good('B', '4.0')}BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Bad\r\nrubbish\r\nEND:VCARD\r\nstray text\r\nmore of it\r\n${good('C', '2.1').toLowerCase().replace('c\r\nfn:c', 'C\r\nFN:C')}`;
    const { rows } = await readWhole(readVCards, stored(text, 11));
    expect(
      rows.map(({ line, data, trouble }) => [line, trouble?.code ?? (data as { uid?: string }).uid]),
    ).toEqual([
      [1, 'A'],
      [6, 'row_broken'],
      [9, 'B'],
      [14, 'row_broken'],
      [19, 'row_broken'],
      [21, 'C'],
    ]);
    expect(rows[1]?.trouble?.message).toContain('no END:VCARD');
  });

  it('reads raw bytes of the charset that a property names, beside UTF-8', async () => {
    const bytes = Buffer.concat([
      Buffer.from('BEGIN:VCARD\r\nVERSION:2.1\r\nFN;CHARSET=WINDOWS-1251:'),
      iconv.encode('Иван', 'windows-1251'),
      Buffer.from('\r\nNOTE:'),
      iconv.encode('Zoë', 'windows-1252'),
      Buffer.from('\r\nEND:VCARD\r\n'),
      Buffer.from(good('Zoë')),
    ]);
    expect(dataOf(await readWhole(readVCards, stored(bytes, 9)))).toMatchObject([
      { fullName: 'Иван', notes: 'Zoë' },
      { fullName: 'Zoë' },
    ]);
  });

  it('needs no memory for pictures, on one line or folded, and counts their bytes', async () => {
    const long = 'A'.repeat(4_000_000);
    const folded = 'A'.repeat(3_000_000).replace(/(.{70})/g, '$1\r\n ');
    const text = `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\nPHOTO;ENCODING=b:${long}\r\nEND:VCARD\r\nBEGIN:VCARD\r\nVERSION:3.0\r\nPHOTO;ENCODING=b:${folded}\r\nFN:B\r\nEND:VCARD\r\n`;
    const data = dataOf(await readWhole(readVCards, stored(text, 65_536)));
    expect(data).toMatchObject([
      { fullName: 'A', photo: { bytes: 3_000_000 } },
      { fullName: 'B', photo: { bytes: 2_250_000 } },
    ]);
  });

  it('makes a problem of a card that is too large without its pictures', async () => {
    const text = `BEGIN:VCARD\r\nVERSION:3.0\r\nFN:A\r\n${`NOTE:${'x'.repeat(900)}\r\n`.repeat(1_300)}END:VCARD\r\n${good('B')}`;
    const { rows } = await readWhole(readVCards, stored(text, 65_536));
    expect(rows.map(({ trouble }) => trouble?.code)).toEqual(['too_large', undefined]);
  });

  it('is empty without a card, and reads UTF-16', async () => {
    expect((await refusalOf(readVCards, stored('\r\n'))).code).toBe('file_empty');
    expect(
      dataOf(await readWhole(readVCards, stored(Buffer.from(`\uFEFF${good('Zoë')}`, 'utf16le')))),
    ).toMatchObject([{ fullName: 'Zoë' }]);
  });
});
