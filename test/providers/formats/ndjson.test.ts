import { LosslessNumber, stringify } from 'lossless-json';
import { readNdjson } from '../../../activities/providers/formats/ndjson.js';
import { dataOf, readWhole, refusalOf, stored } from './source.js';

const read = (text: string | Buffer) => readWhole(readNdjson, stored(text));

describe('an NDJSON file', () => {
  it('keeps nested objects, lists and types as they are', async () => {
    const rows = [
      { id: 1, name: 'Zoë', ok: true, none: null, address: { city: 'Rome' }, tags: ['a', 'b'] },
      { id: 2 },
    ];
    const {
      columns,
      facts,
      rows: read_,
    } = await read(`\uFEFF${rows.map((row) => JSON.stringify(row)).join('\r\n')}\n`);
    expect(columns).toBeNull();
    expect(facts).toMatchObject({ encoding: 'utf-8', delimiter: null, headerRow: null });
    expect(read_).toEqual([
      { line: 1, data: rows[0] },
      { line: 2, data: rows[1] },
    ]);
  });

  it('loses no digit', async () => {
    const line =
      '{"id":12345678901234567890,"price":12.5,"tiny":0.1000000000000000055,"big":1e400,"small":7}';
    const { rows } = await read(line);
    const data = rows[0]?.data as Record<string, unknown>;
    expect(data['id']).toBeInstanceOf(LosslessNumber);
    expect(String(data['id'])).toBe('12345678901234567890');
    expect(data['price']).toBe(12.5);
    expect(data['small']).toBe(7);
    expect(stringify(data)).toBe(line);
  });

  it('makes a problem of each broken line, and reads the others', async () => {
    const { rows } = await read('{"a":1}\n{"a":2\n\n[1]\n"text"\nnull\n{"a":3}\n');
    expect(rows.map(({ line, data, trouble }) => [line, trouble?.code ?? data])).toEqual([
      [1, { a: 1 }],
      [2, 'row_broken'],
      [4, 'row_broken'],
      [5, 'row_broken'],
      [6, 'row_broken'],
      [7, { a: 3 }],
    ]);
    expect(rows[1]?.trouble).toMatchObject({
      value: '{"a":2',
      message: expect.stringContaining('Line 2 is not valid JSON'),
    });
  });

  it('passes over a line beyond 1 MiB and one that is nested too deeply', async () => {
    const text = `{"a":"${'x'.repeat(1_200_000)}"}\n{"a":${'['.repeat(5_000)}${']'.repeat(5_000)}}\n{"a":"[[[{{{\\""}\n`;
    const { rows } = await readWhole(readNdjson, stored(text, 50_000));
    expect(rows.map(({ trouble }) => trouble?.code)).toEqual(['too_large', 'row_broken', undefined]);
    expect(rows[2]?.data).toEqual({ a: '[[[{{{"' });
  });

  it('says what to do with one array, and with nothing', async () => {
    expect((await refusalOf(readNdjson, stored('[\n{"a":1}\n]'))).message).toContain(
      'one object on each line',
    );
    expect((await refusalOf(readNdjson, stored(' \n\n'))).code).toBe('file_empty');
  });

  it('reads UTF-16', async () => {
    expect(dataOf(await read(Buffer.from('\uFEFF{"a":"Zoë"}\n', 'utf16le')))).toEqual([{ a: 'Zoë' }]);
  });
});
