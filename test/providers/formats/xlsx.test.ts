import { formatOf } from '../../../activities/providers/formats/xlsx-styles.js';
import { numberText, plainNumber } from '../../../activities/providers/formats/xlsx-values.js';
import { readXlsx } from '../../../activities/providers/formats/xlsx.js';
import { dataOf, readWhole, refusalOf, stored } from './source.js';
import { workbook, zipped } from './workbook.js';
import type { CellSpec, WorkbookSpec } from './workbook.js';

const read = async (spec: WorkbookSpec, hints = {}) =>
  readWhole(readXlsx, stored(await workbook(spec), 1_000), hints);
const number = (value: string, style = 0): CellSpec => ({
  attributes: `s="${style}"`,
  xml: `<v>${value}</v>`,
});

describe('a workbook', () => {
  it('reads shared, inline and rich texts, numbers, booleans, formulas and errors as a person sees them', async () => {
    const { columns, rows, facts } = await read({
      sheets: [
        {
          name: 'People',
          rows: [
            ['Id', 'Name', 'Zip', 'Ok', 'Sum', 'Look', 'Rich', 'Gap'],
            [
              '007',
              'Zoë & "Bob" <x>_x000D_',
              number('42', 1),
              { attributes: 't="b"', xml: '<v>1</v>' },
              { xml: '<f>A1+B1</f><v>261.95999999999998</v>' },
              { attributes: 't="e"', xml: '<f>VLOOKUP(1)</f><v>#N/A</v>' },
              {
                attributes: 't="inlineStr"',
                xml: '<is><r><t>in</t></r><r><t>line</t></r><rPh><t>reading</t></rPh></is>',
              },
            ],
            [
              null,
              'only',
              null,
              null,
              { attributes: 't="str"', xml: '<f>"x"</f><v>text</v>' },
              { xml: '<f>NOW()</f>' },
            ],
          ],
        },
      ],
      formats: ['00000'],
    });
    expect(columns).toEqual(['Id', 'Name', 'Zip', 'Ok', 'Sum', 'Look', 'Rich', 'Gap']);
    expect(rows).toEqual([
      {
        line: 2,
        data: {
          Id: '007',
          Name: 'Zoë & "Bob" <x>\r',
          Zip: '00042',
          Ok: 'true',
          Sum: '261.96',
          Look: '#N/A',
          Rich: 'inline',
          Gap: '',
        },
      },
      { line: 3, data: { Id: '', Name: 'only', Zip: '', Ok: '', Sum: 'text', Look: '', Rich: '', Gap: '' } },
    ]);
    expect(facts.warnings).toEqual([
      { code: 'formula_without_value', message: expect.stringContaining('1 cells') },
    ]);
  });

  it.each([
    [false, '2024-03-02', '45353'],
    [true, '2024-03-02', '43891'],
  ])('reads days of both epochs (from 1904: %s)', async (date1904, day, serial) => {
    const { rows } = await read({
      date1904,
      formats: ['dd.mm.yyyy', 'yyyy-mm-dd hh:mm', '[h]:mm', '"Year "0', 'h:mm AM/PM'],
      sheets: [
        {
          name: 'S',
          rows: [
            ['day', 'time', 'plain', 'hours', 'text', 'clock'],
            [
              number(serial, 1),
              number(`${serial}.75`, 2),
              number(serial, 0),
              number('1.5', 3),
              number('5', 4),
              number('0.5', 5),
            ],
          ],
        },
      ],
    });
    expect(rows[0]?.data).toEqual({
      day,
      time: `${day}T18:00:00`,
      plain: serial,
      hours: '36:00:00',
      text: '5',
      clock: '12:00:00',
    });
  });

  it('keeps the days around the leap day that 1900 never had', () => {
    const day = { kind: 'date' } as const;
    expect(['1', '59', '61', '2958465'].map((serial) => numberText(serial, day, false))).toEqual([
      '1900-01-01',
      '1900-02-28',
      '1900-03-01',
      '9999-12-31',
    ]);
    expect(numberText('0', day, true)).toBe('1904-01-01');
    expect(numberText('-5', day, false)).toBe('-5');
    expect(numberText('45353.999999999', day, false)).toBe('2024-03-03');
  });

  it.each([
    ['261.95999999999998', '261.96'],
    ['0.1', '0.1'],
    ['12.50', '12.5'],
    ['1E-05', '0.00001'],
    ['1.2345678901234567E+19', '12345678901234600000'],
    ['12345678901234567890', '12345678901234567890'],
    ['-0.30000000000000004', '-0.3'],
    ['100', '100'],
    ['1.5E3', '1500'],
  ])('writes the number %s as %s', (raw, text) => {
    expect(plainNumber(raw)).toBe(text);
  });

  it.each([
    ['General', 'plain'],
    ['#,##0.00', 'plain'],
    ['"Day "0', 'plain'],
    ['[Red]0.00', 'plain'],
    ['[$€-407] #,##0.00', 'plain'],
    ['dd/mm/yyyy', 'date'],
    ['[$-409]d-mmm-yy;@', 'date'],
    ['mmm', 'date'],
    ['hh:mm:ss', 'time'],
    ['mm:ss', 'time'],
    ['[mm]:ss', 'duration'],
    ['0.0%', 'percent'],
    ['000-0000', 'mask'],
    ['00000\\-0000', 'mask'],
  ])('takes the format %s as %s', (code, kind) => {
    expect(formatOf(code).kind).toBe(kind);
  });

  it('fills the places of a masked number and shows shares in per cent', () => {
    expect(numberText('2134', formatOf('00000'), false)).toBe('02134');
    expect(numberText('21340001', formatOf('00000\\-0000'), false)).toBe('02134-0001');
    expect(numberText('0.07', formatOf('0%'), false)).toBe('7%');
  });

  it('lists all sheets with their rows and reads the first that has some, or the one that was named', async () => {
    const spec: WorkbookSpec = {
      sheets: [
        { name: 'Cover', rows: [['Only a title']] },
        { name: 'Hidden', rows: [['a'], ['1'], ['2'], ['3']], state: 'hidden' },
        { name: 'People', rows: [['name'], ['Ann'], [], [null], ['Bob']] },
        { name: 'Cities', rows: [['city'], ['Rome']] },
      ],
    };
    const first = await read(spec);
    expect(first.facts).toMatchObject({
      sheet: 'People',
      headerRow: 1,
      sheets: [
        { name: 'Cover', rows: 0 },
        { name: 'Hidden', rows: 3 },
        { name: 'People', rows: 2 },
        { name: 'Cities', rows: 1 },
      ],
    });
    expect(first.rows.map(({ line }) => line)).toEqual([2, 5]);
    expect(dataOf(await read(spec, { sheet: 'cities ' }))).toEqual([{ city: 'Rome' }]);
    const refusal = await refusalOf(readXlsx, stored(await workbook(spec), 1_000), { sheet: 'Towns' });
    expect(refusal.message).toContain('"People"');
  });

  it('takes the header row that was said, and keeps cells under no header', async () => {
    const spec: WorkbookSpec = {
      sheets: [{ name: 'S', rows: [['Report'], [], ['a', 'b'], ['1', '2', null, '4']] }],
    };
    const { rows, columns } = await read(spec, { headerRow: 3 });
    expect(columns).toEqual(['a', 'b']);
    expect(rows).toEqual([{ line: 4, data: { a: '1', b: '2', 'Column 4': '4' } }]);
    expect(
      (await refusalOf(readXlsx, stored(await workbook(spec), 1_000), { headerRow: 2 })).message,
    ).toContain('Row 2');
  });

  it('has no rows with a header only, and is empty without anything', async () => {
    const header = await read({ sheets: [{ name: 'S', rows: [['a', 'b']] }] });
    expect([header.columns, header.rows]).toEqual([['a', 'b'], []]);
    expect(
      (await refusalOf(readXlsx, stored(await workbook({ sheets: [{ name: 'S', rows: [] }] }), 500))).code,
    ).toBe('file_empty');
  });

  it('fails a row that is too long, and only that', async () => {
    const { rows } = await read({
      sheets: [
        {
          name: 'S',
          rows: [
            ['a', 'b'],
            ['x'.repeat(700_000), 'y'.repeat(700_000)],
            ['1', '2'],
          ],
        },
      ],
    });
    expect(rows.map(({ line, trouble }) => [line, trouble?.code])).toEqual([
      [2, 'too_large'],
      [3, undefined],
    ]);
  });

  it('reads a sheet with a prefix on its names', async () => {
    const bytes = await workbook({
      sheets: [{ name: 'S', rows: [] }],
      extra: {
        'xl/worksheets/sheet1.xml': Buffer.from(
          '<x:worksheet xmlns:x="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><x:sheetData><x:row><x:c t="inlineStr"><x:is><x:t>a</x:t></x:is></x:c></x:row><x:row><x:c><x:v>1</x:v></x:c></x:row></x:sheetData></x:worksheet>',
        ),
      },
    });
    const whole = await readWhole(readXlsx, stored(bytes, 300));
    expect(whole.facts.sheets).toEqual([{ name: 'S', rows: 1 }]);
    expect(whole.rows).toEqual([{ line: 2, data: { a: '1' } }]);
  });
});

describe('a workbook that is none', () => {
  it('refuses a zip bomb at once, wherever in the archive it is', async () => {
    const bomb = await workbook({
      sheets: [{ name: 'S', rows: [['a'], ['1']] }],
      extra: { 'xl/media/image1.png': Buffer.alloc(30_000_000) },
    });
    expect(bomb.length).toBeLessThan(100_000);
    const refusal = await refusalOf(readXlsx, stored(bomb, 10_000));
    expect(refusal.code).toBe('file_unreadable');
    expect(refusal.message).toContain('unpacks to far more');
  });

  it('stops where an archive unpacks to more than it declares', async () => {
    const bytes = await workbook({
      sheets: [{ name: 'S', rows: [] }],
      extra: {
        'xl/worksheets/sheet1.xml': Buffer.from(
          `<worksheet><sheetData>${'<row><c><v>1</v></c></row>'.repeat(50_000)}</sheetData></worksheet>`,
        ),
      },
    });
    // The unpacked size stands 22 bytes before the name in the archive's directory.
    bytes.writeUInt32LE(1_000, bytes.lastIndexOf('xl/worksheets/sheet1.xml') - 22);
    const refusal = await refusalOf(readXlsx, stored(bytes, 10_000));
    expect(refusal.message).toContain('is broken');
  });

  it.each([
    [
      'half a file',
      async () => (await workbook({ sheets: [{ name: 'S', rows: [['a'], ['1']] }] })).subarray(0, 900),
    ],
    ['a zip without a workbook', () => zipped({ 'readme.txt': 'hello' })],
    [
      'broken XML',
      () =>
        workbook({
          sheets: [{ name: 'S', rows: [['a']] }],
          extra: { 'xl/worksheets/sheet1.xml': Buffer.from('<worksheet><sheetData><row><c><v>1</v></row>') },
        }),
    ],
    [
      'no XML at all',
      () =>
        workbook({
          sheets: [{ name: 'S', rows: [['a']] }],
          extra: { 'xl/workbook.xml': Buffer.from('hello') },
        }),
    ],
  ])('says what to do with %s', async (_name, bytes) => {
    const refusal = await refusalOf(readXlsx, stored(await bytes(), 500));
    expect(refusal.code).toBe('file_unreadable');
    expect(refusal.message).toMatch(/Nothing was read\..*(CSV|upload)/);
  });

  it('passes a failure of the storage on as what it is', async () => {
    const source = {
      size: 1_000,
      open: async function* (): AsyncGenerator<Uint8Array> {
        yield await Promise.reject(new Error('the store is away'));
      },
    };
    await expect(readWhole(readXlsx, source)).rejects.toThrow('the store is away');
  });
});
