import fc from 'fast-check';
import iconv from 'iconv-lite';
import { parse } from 'csv-parse/sync';
import { readCsv } from '../../../activities/providers/formats/csv.js';
import { createCsvTokenizer } from '../../../activities/providers/formats/csv-tokenizer.js';
import { dataOf, readWhole, refusalOf, stored } from './source.js';

const read = (text: string | Buffer, hints = {}) => readWhole(readCsv, stored(text), hints);

describe('a CSV file', () => {
  it.each([
    ['comma', 'a,b\n1,2\n', ','],
    ['semicolon, with decimal commas', 'a;b\n1,5;2,5\n3,25;4\n', ';'],
    ['tab', 'a\tb\n1\t2\n', '\t'],
    ['pipe', 'a|b\n1|2\n', '|'],
    ['comma, although quoted cells are full of semicolons', 'a,b\n"x;y;z","1;2"\n"p;q;r","3;4"\n', ','],
    ['comma, although one cell has line breaks', 'a,b\n"x\n;;;\n;;;",2\n3,4\n', ','],
    ['one column', 'a\n1\n2\n', ','],
  ])('tells its delimiter: %s', async (_name, text, delimiter) => {
    const { facts } = await read(text);
    expect(facts.delimiter).toBe(delimiter);
  });

  it('takes the delimiter that was said, and a sep= line, which is no row', async () => {
    expect(dataOf(await read('a,b;c,d\n1,2;3,4\n', { delimiter: ';' }))).toEqual([
      { 'a,b': '1,2', 'c,d': '3,4' },
    ]);
    const declared = await read('sep=|\na,x|b\n1,2|3\n');
    expect(declared.rows).toEqual([{ line: 3, data: { 'a,x': '1,2', b: '3' } }]);
    expect((await refusalOf(readCsv, stored('a\n1'), { delimiter: 'xy' })).message).toContain(
      'cannot be a delimiter',
    );
  });

  it.each([
    ['UTF-8', Buffer.from('n\nZoë Ångström €\n'), 'utf-8'],
    ['UTF-8 with a mark', Buffer.from('\uFEFFn\nZoë Ångström €\n'), 'utf-8'],
    ['UTF-16LE with a mark', iconv.encode('n\nZoë Ångström €\n', 'utf-16le', { addBOM: true }), 'utf-16le'],
    ['UTF-16BE with a mark', iconv.encode('n\nZoë Ångström €\n', 'utf-16be', { addBOM: true }), 'utf-16be'],
    ['UTF-16LE without one', iconv.encode('n\nZoë Ångström €\n', 'utf-16le'), 'utf-16le'],
    ['Windows-1252', iconv.encode('n\nZoë Ångström €\n', 'windows-1252'), 'windows-1252'],
  ])('is read as %s', async (_name, bytes, encoding) => {
    const whole = await read(bytes);
    expect(whole.columns).toEqual(['n']);
    expect(dataOf(whole)).toEqual([{ n: 'Zoë Ångström €' }]);
    expect(whole.facts.encoding).toBe(encoding);
  });

  it('turns to Windows-1252 when the first odd byte comes after the sample', async () => {
    const plain = 'n\n' + 'plain ascii\n'.repeat(8_000);
    const { rows, facts } = await readWhole(
      readCsv,
      stored(Buffer.concat([Buffer.from(plain), iconv.encode('Zoë\n', 'windows-1252')]), 4_096),
    );
    expect(rows.at(-1)?.data).toEqual({ n: 'Zoë' });
    expect(facts.encoding).toBe('windows-1252');
  });

  it('repairs single bytes of another encoding in a UTF-8 file, and says so', async () => {
    const bytes = Buffer.concat([Buffer.from('n\nGrüße\n'), iconv.encode('Zoë\n', 'windows-1252')]);
    const padded = Buffer.concat([Buffer.from('n\n' + 'x€\n'.repeat(20_000)), bytes.subarray(2)]);
    const { rows, facts } = await readWhole(readCsv, stored(padded, 5_000));
    expect(rows.slice(-2).map(({ data }) => data)).toEqual([{ n: 'Grüße' }, { n: 'Zoë' }]);
    expect(facts.warnings.map(({ code }) => code)).toEqual(['encoding_mixed']);
  });

  it('warns of an encoding that was guessed, and doubts one that cannot be', async () => {
    const codes = async (text: string, encoding: string, hints = {}): Promise<string[]> =>
      (await read(iconv.encode(text, encoding), hints)).facts.warnings.map(({ code }) => code);
    expect(await codes('n\nZoë\n', 'windows-1252')).toEqual(['encoding_guessed']);
    expect(await codes('имя\nИван Петров\n', 'windows-1251')).toEqual(['encoding_doubtful']);
    expect(await codes('имя\nИван Петров\n', 'windows-1251', { encoding: 'windows-1251' })).toEqual([]);
    expect(await codes('имя\nИван Петров\n', 'utf-8')).toEqual([]);
  });

  it('refuses an encoding that does not exist', async () => {
    expect((await refusalOf(readCsv, stored('a\n1'), { encoding: 'klingon-8' })).message).toContain(
      'klingon-8',
    );
  });

  it('keeps cells as they are written, and counts lines inside quotes', async () => {
    const { rows } = await read('id,note\r\n007," two\r\nlines "\r\n008,"say ""hi"""\r\n\r\n009,5" pipe\r\n');
    expect(rows).toEqual([
      { line: 2, data: { id: '007', note: ' two\r\nlines ' } },
      { line: 4, data: { id: '008', note: 'say "hi"' } },
      { line: 6, data: { id: '009', note: '5" pipe' } },
    ]);
  });

  it('names columns that are doubled or have no name, and never loses one called __proto__', async () => {
    const { columns, rows } = await read('Phone,Phone,,phone,__proto__\n1,2,3,4,5\n');
    expect(columns).toEqual(['Phone', 'Phone (2)', 'Column 3', 'phone', 'proto']);
    expect(rows[0]?.data).toEqual({ Phone: '1', 'Phone (2)': '2', 'Column 3': '3', phone: '4', proto: '5' });
  });

  it('fails ragged rows with their line, and only those', async () => {
    const { rows } = await read('a,b,c\n1,2,3\n4,5\n6,7,8,9\n10,11,12,,\n13,14,15\n');
    expect(rows.map(({ line, trouble }) => [line, trouble?.code])).toEqual([
      [2, undefined],
      [3, 'row_broken'],
      [4, 'row_broken'],
      [5, undefined],
      [6, undefined],
    ]);
    expect(rows[2]?.trouble).toMatchObject({
      value: '9',
      message: expect.stringContaining('Line 4 has 4 cells, the header has 3'),
    });
  });

  it('pads rows that lack unnamed columns only, or where the file leaves out empty cells at the ends of rows', async () => {
    expect((await read('a,b,\n1,2\n')).rows).toEqual([{ line: 2, data: { a: '1', b: '2', 'Column 3': '' } }]);
    const habit = await read('a,b,c\n' + '1,2\n1,2,3\n'.repeat(10));
    expect(habit.rows.every(({ trouble }) => trouble === undefined)).toBe(true);
    expect(habit.rows[0]?.data).toEqual({ a: '1', b: '2', c: '' });
  });

  it('loses only the line of a broken quote', async () => {
    const { rows } = await read('a,b\n1,"x\n2,"ok"\n3,fine\n4,"y" z\n5,"last"\n6,"open\n7,end\n');
    expect(rows.map(({ line, data, trouble }) => [line, trouble?.code ?? data])).toEqual([
      [2, 'row_broken'],
      [3, { a: '2', b: 'ok' }],
      [4, { a: '3', b: 'fine' }],
      [5, 'row_broken'],
      [6, { a: '5', b: 'last' }],
      [7, 'row_broken'],
      [8, { a: '7', b: 'end' }],
    ]);
    expect(rows[0]?.data).toEqual({ a: '1' });
  });

  it('passes over a line that is too long, and goes on', async () => {
    const bytes = Buffer.from(
      `a,b\n1,2\n3,${'x'.repeat(3_000_000)}\n5,6\n7,"${'y'.repeat(2_000_000)}\n8,9\n`,
    );
    const { rows } = await readWhole(readCsv, stored(bytes, 65_536));
    expect(rows.map(({ line, trouble }) => [line, trouble?.code])).toEqual([
      [2, undefined],
      [3, 'too_large'],
      [4, undefined],
      [5, 'too_large'],
      [6, undefined],
    ]);
  });

  it('answers a 50 MB line without a line break in bounded memory', async () => {
    const piece = Buffer.alloc(65_536, 'x');
    const source = {
      size: piece.length * 800,
      open: async function* () {
        for (let count = 0; count < 800; count += 1) yield piece;
      },
    };
    const error = await refusalOf(readCsv, source);
    expect(error.code).toBe('file_unreadable');
    expect(error.message).toContain('longer than 1 MiB');
  });

  it.each([
    ['nothing', ''],
    ['a byte order mark', '\uFEFF'],
    ['blank lines', '\r\n\r\n'],
  ])('is empty with %s', async (_name, text) => {
    expect((await refusalOf(readCsv, stored(text))).code).toBe('file_empty');
  });

  it('has no rows with a header only, also without a line end, and with empty rows below', async () => {
    for (const text of ['a,b', 'a,b\n', 'a,b\n,\n , \n']) {
      const whole = await read(text);
      expect(whole.columns).toEqual(['a', 'b']);
      expect(whole.rows).toEqual([]);
    }
  });

  it('skips titles above the header that was said, and refuses one that is not there', async () => {
    const text = 'Report; March\n\nname,city\nAnn,Rome\n';
    const whole = await read(text, { headerRow: 3 });
    expect(whole.rows).toEqual([{ line: 4, data: { name: 'Ann', city: 'Rome' } }]);
    expect((await refusalOf(readCsv, stored(text), { headerRow: 40 })).message).toContain('Line 40');
  });

  it('refuses more columns than a table has', async () => {
    expect((await refusalOf(readCsv, stored('a,'.repeat(3_000), 4_096))).message).toContain('3001 columns');
  });

  it('reads what old Macs wrote', async () => {
    expect(dataOf(await read('a,b\r1,2\r3,4\r'))).toEqual([
      { a: '1', b: '2' },
      { a: '3', b: '4' },
    ]);
  });

  it('stops when it is told to', async () => {
    const stop = new AbortController();
    const reading = await readCsv(stored('a\n1\n2\n3\n', 2), {}, stop.signal);
    stop.abort(new Error('enough'));
    await expect(reading.batches[Symbol.asyncIterator]().next()).rejects.toThrow('enough');
  });
});

describe('the CSV tokenizer', () => {
  const cell = fc.string({
    unit: fc.constantFrom('a', 'é', '"', ',', ';', '\n', '\r\n', ' ', '1', '', '😀'),
    maxLength: 8,
  });
  const written = (value: string): string => `"${value.replaceAll('"', '""')}"`;

  it('reads what csv-parse reads, however the text is cut into pieces', () => {
    fc.assert(
      fc.property(
        fc.array(fc.array(cell, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 6 }),
        fc.constantFrom(',', ';', '\t'),
        fc.integer({ min: 1, max: 9 }),
        (table, delimiter, piece) => {
          const text = table.map((row) => row.map(written).join(delimiter)).join('\r\n');
          const tokenizer = createCsvTokenizer(delimiter);
          const records = [];
          for (let at = 0; at < text.length; at += piece)
            records.push(...tokenizer.write(text.slice(at, at + piece)));
          records.push(...tokenizer.end());
          const expected = parse(text, { delimiter, relax_column_count: true, record_delimiter: '\r\n' });
          expect(records.map(({ cells }) => cells)).toEqual(expected);
          expect(records.map(({ cells }) => cells)).toEqual(table);
        },
      ),
      { numRuns: 300 },
    );
  });
});
