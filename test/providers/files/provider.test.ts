import { files as description } from '../../../activities/providers/files/describe.js';
import { createFilesProvider } from '../../../activities/providers/files/provider.js';
import { workbook } from '../formats/workbook.js';
import { inspect, open, pagesOf, recordsOf } from './stored-file.js';

const signal = new AbortController().signal;
const grouped = { key: ['no'], group: true, fields: { number: 'no' }, lines: { description: 'item' } };

async function groups(text: string, mapping = grouped) {
  return recordsOf(
    await open('invoices', await inspect(text, { object: 'invoices' }), { mapping }),
    'invoices',
  );
}

describe('uploaded files as a provider', () => {
  it('offers imports of all objects, and settings that are checked', () => {
    expect(description).toMatchObject({
      id: 'files',
      auth: ['file'],
      actions: { import: true, sync: false },
    });
    expect(description.objects).toHaveLength(7);
    expect(description.settings.safeParse({ locale: 'de-DE', timeZone: 'Europe/Berlin' }).success).toBe(true);
    for (const wrong of [{ locale: 'not a locale' }, { timeZone: 'Mars/Base' }, { url: 'x' }]) {
      expect(description.settings.safeParse(wrong).success).toBe(false);
    }
  });

  it('is the app itself, and says what a file of no object is', async () => {
    const session = await open('contacts', await inspect('id,name\n1,Ann\n'));
    expect(await session.identity(signal)).toMatchObject({
      account: { id: 'app-1', name: 'Files' },
    });
    expect(await session.columns?.('contacts', signal)).toEqual(['id', 'name']);
    expect(await session.total?.('deals', signal)).toBeUndefined();
    await expect(pagesOf(session, 'deals')).rejects.toMatchObject({ code: 'file_unreadable' });
  });

  it('makes a record of each row, with its line, and a problem of each row without an id', async () => {
    const upload = await inspect('id,name\n 1 ,Ann\n,Bob\n3,"x" y\n4,Dan,extra\n5,Eve\n', {
      object: 'contacts',
    });
    const read = await recordsOf(
      await open('contacts', upload, { mapping: { key: ['id'], fields: { name: 'name' } } }),
      'contacts',
    );
    expect(read.map(({ externalId, position, trouble }) => [externalId, position, trouble?.code])).toEqual([
      ['1', '2', undefined],
      ['#line-3', '3', 'required_missing'],
      ['3', '4', 'row_broken'],
      ['4', '5', 'row_broken'],
      ['5', '6', undefined],
    ]);
    expect(read.map(({ nameless }) => nameless === true)).toEqual([false, true, false, false, false]);
    expect(read[0]?.data).toEqual({ id: ' 1 ', name: 'Ann' });
    expect(read[1]?.trouble).toMatchObject({ field: 'id', message: expect.stringContaining('Line 3') });
  });

  it('makes ids of several columns, and of the whole row where there is no id', async () => {
    const upload = await inspect('a,b\n1,x\n1,y\n1,x\n,z\n');
    const several = await recordsOf(
      await open('contacts', upload, { mapping: { key: ['a', 'b'], fields: {} } }),
      'contacts',
    );
    expect(several.map(({ externalId }) => externalId)).toEqual([
      '["1","x"]',
      '["1","y"]',
      '["1","x"]',
      '#line-5',
    ]);
    const hashed = await recordsOf(
      await open('contacts', upload, { mapping: { key: ['#row'], fields: {} } }),
      'contacts',
    );
    const ids = hashed.map(({ externalId }) => externalId);
    expect(ids[0]).toMatch(/^row:[0-9a-f]{32}$/);
    expect(ids[2]).toBe(ids[0]);
    expect(new Set(ids).size).toBe(3);
  });

  it('gives the same hash to the same NDJSON row whatever the order of its names', async () => {
    const upload = await inspect(
      '{"a":1,"b":{"c":2,"d":12345678901234567890}}\n{"b":{"d":12345678901234567890,"c":2},"a":1}\n',
      { kind: 'ndjson' },
    );
    const read = await recordsOf(
      await open('contacts', upload, { mapping: { key: ['#row'], fields: {} } }),
      'contacts',
    );
    expect(read[0]?.externalId).toBe(read[1]?.externalId);
    const nested = await recordsOf(
      await open('contacts', upload, { mapping: { key: ['b.d'], fields: {} } }),
      'contacts',
    );
    expect(nested[0]?.externalId).toBe('12345678901234567890');
  });

  it('tells cards by their UID, else by what they say', async () => {
    const card = (lines: string): string => `BEGIN:VCARD\nVERSION:3.0\n${lines}\nEND:VCARD\n`;
    const upload = await inspect(card('UID:u1\nFN:Ann') + card('FN:Bob') + card('rubbish'), {
      kind: 'vcard',
    });
    expect(upload.inspection).toMatchObject({ rows: 3, mappingClear: true });
    const read = await recordsOf(await open('contacts', upload), 'contacts');
    expect(read.map(({ externalId, trouble }) => [externalId.replace(/:.*/, ''), trouble?.code])).toEqual([
      ['u1', undefined],
      ['row', undefined],
      ['#line-10', 'row_broken'],
    ]);
  });

  it('fails a row for an error value in a mapped column, and only there', async () => {
    const error = { attributes: 't="e"', xml: '<v>#N/A</v>' };
    const bytes = await workbook({
      sheets: [
        {
          name: 'S',
          rows: [
            ['id', 'name', 'other'],
            ['1', 'Ann', error],
            ['2', error, 'x'],
          ],
        },
      ],
    });
    const upload = await inspect(bytes, { kind: 'xlsx' });
    const read = await recordsOf(await open('contacts', upload), 'contacts');
    expect(read.map(({ trouble }) => trouble)).toEqual([
      undefined,
      {
        code: 'value_invalid',
        field: 'name',
        value: '#N/A',
        message: expect.stringContaining('Line 3: name'),
      },
    ]);
  });

  it('stops at the limit, also across pages', async () => {
    const upload = await inspect(
      `id,name\n${Array.from({ length: 1_200 }, (_, at) => `${at},n${at}`).join('\n')}\n`,
    );
    const session = await open('contacts', upload, { limit: 700 });
    const pages = await pagesOf(session, 'contacts');
    expect(pages.map(({ records }) => records.length)).toEqual([500, 200]);
    expect(pages.map(({ complete }) => complete)).toEqual([undefined, false]);
    expect((await pagesOf(session, 'contacts', pages[0]?.next)).map(({ records }) => records.length)).toEqual(
      [200],
    );
    expect(await session.total?.('contacts', signal)).toBe(700);
  });

  it('refuses a cursor that is none of its own', async () => {
    const session = await open('contacts', await inspect('id,name\n1,Ann\n'));
    await expect(pagesOf(session, 'contacts', '{"chunk":-1}')).rejects.toMatchObject({
      code: 'provider_contract_broken',
    });
    await expect(pagesOf(session, 'contacts', 'next')).rejects.toMatchObject({
      code: 'provider_contract_broken',
    });
  });

  it('finds records again by their ids, and reads no further than it must', async () => {
    const upload = await inspect(
      `id,name\n${Array.from({ length: 3_000 }, (_, at) => `${at},n${at}`).join('\n')}\n0,again\n`,
    );
    const chunks: number[] = [];
    const session = await open('contacts', upload, {
      onChunk: (seq) => chunks.push(seq),
      mapping: { key: ['id'], fields: {} },
    });
    expect(await session.get('contacts', ['3', '0'], signal)).toMatchObject([
      { data: { name: 'n0' } },
      { data: { name: 'n3' } },
    ]);
    expect(chunks).toEqual([0]);
    expect(await session.get('contacts', ['nobody'], signal)).toEqual([]);
  });
});

describe('grouped rows', () => {
  it('become one record, with the lines of all', async () => {
    const read = await groups('no,item\nA,1\nA,2\nB,3\n');
    expect(read).toEqual([
      {
        externalId: 'A',
        position: '2',
        rows: 2,
        data: {
          rows: [
            { no: 'A', item: '1' },
            { no: 'A', item: '2' },
          ],
        },
      },
      { externalId: 'B', position: '4', rows: 1, data: { rows: [{ no: 'B', item: '3' }] } },
    ]);
  });

  it('fail as a whole for one bad row, also one whose key is lost', async () => {
    const read = await groups('item,no\n1,A\n2,A,extra\n3,B\n"x" y,B\n4,B\n5,C\n"x" y,C\n6,D\n');
    expect(read.map(({ externalId, rows, trouble }) => [externalId, rows, trouble?.code])).toEqual([
      ['A', 2, 'row_broken'],
      ['B', 3, 'row_broken'],
      ['C', 1, undefined],
      ['#line-8', undefined, 'row_broken'],
      ['D', 1, undefined],
    ]);
  });

  it('are one record that fails when their key comes back later', async () => {
    const provider = createFilesProvider();
    const upload = await inspect('no,item\nA,1\nB,2\nA,3\nC,4\nC,5\n', { object: 'invoices' });
    const session = await open('invoices', upload, { mapping: grouped, provider });
    const read = await recordsOf(session, 'invoices');
    expect(read.map(({ externalId, trouble }) => [externalId, trouble?.code])).toEqual([
      ['A', 'group_split'],
      ['B', undefined],
      ['C', undefined],
    ]);
    expect(read[0]?.trouble?.message).toContain('Sort the file');
    expect(read.map(({ rows }) => rows)).toEqual([2, 1, 2]);
    expect(await session.total?.('invoices', signal)).toBe(3);
  });

  it('look through the file for that once a process, not once a page', async () => {
    const provider = createFilesProvider();
    const upload = await inspect(
      `no,item\n${Array.from({ length: 2_000 }, (_, at) => `${at},x`).join('\n')}\n`,
      { object: 'invoices' },
    );
    const chunks: number[] = [];
    const args = { mapping: grouped, provider, onChunk: (seq: number) => chunks.push(seq) };
    const pages = await pagesOf(await open('invoices', upload, args), 'invoices');
    expect(chunks).toEqual([0, 1, 2, 3, 0, 1, 2, 3]);
    chunks.length = 0;
    await pagesOf(await open('invoices', upload, args), 'invoices', pages[2]?.next);
    expect(chunks).toEqual([3]);
  });

  it('keep apart what has an empty key', async () => {
    const read = await groups('no,item\nA,1\n,2\n,3\nB,4\n');
    expect(read.map(({ externalId, trouble }) => [externalId, trouble?.code])).toEqual([
      ['A', undefined],
      ['#line-3', 'required_missing'],
      ['#line-4', 'required_missing'],
      ['B', undefined],
    ]);
  });

  it('are too large beyond 1,000 rows or 1 MiB, and cost no memory then', async () => {
    const many = Array.from({ length: 1_001 }, (_, at) => `A,${at}`).join('\n');
    const wide = Array.from({ length: 30 }, () => `B,${'x'.repeat(50_000)}`).join('\n');
    const read = await groups(`no,item\n${many}\n${wide}\nC,1\n`);
    expect(read.map(({ externalId, rows, trouble }) => [externalId, rows, trouble?.code])).toEqual([
      ['A', 1_001, 'too_large'],
      ['B', 30, 'too_large'],
      ['C', 1, undefined],
    ]);
    expect(JSON.stringify(read).length).toBeLessThan(1_300_000);
  });

  it('stay whole across chunks and pages', async () => {
    const lines = Array.from({ length: 700 }, (_, at) => `${at},a\n${at},b\n${at},c`).join('\n');
    const upload = await inspect(`no,item\n${lines}\n`, { object: 'invoices' });
    expect(upload.chunks.map(({ rows }) => rows.length)).toEqual([500, 500, 500, 500, 100]);
    const pages = await pagesOf(await open('invoices', upload, { mapping: grouped }), 'invoices');
    expect(pages.map(({ records }) => records.length)).toEqual([500, 200]);
    expect(pages.flatMap(({ records }) => records).every(({ rows, trouble }) => rows === 3 && !trouble)).toBe(
      true,
    );
  });
});
