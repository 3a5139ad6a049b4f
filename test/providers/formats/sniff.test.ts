import iconv from 'iconv-lite';
import { sniffFile } from '../../../activities/providers/formats/sniff.js';
import { workbook } from './workbook.js';

const sniff = (
  bytes: Buffer | string,
  name = 'x',
  contentType: string | null = null,
  said: { encoding?: string } = {},
) => sniffFile(typeof bytes === 'string' ? Buffer.from(bytes) : bytes, { name, contentType, ...said });

describe('the kind of an upload', () => {
  it.each([
    ['a,b\n1,2', 'people.csv', null, 'csv'],
    ['a\tb', 'people.tsv', null, 'csv'],
    ['a;b', 'upload', 'text/csv; charset=utf-8', 'csv'],
    ['just words', 'notes.txt', 'text/plain', 'csv'],
    ['{"a":1}\n{"a":2}', 'upload', 'application/octet-stream', 'ndjson'],
    ['{"a":1}', 'people.csv', 'text/csv', 'ndjson'],
    ['not json', 'people.jsonl', null, 'ndjson'],
    ['\uFEFFBEGIN:VCARD\nVERSION:3.0', 'x.csv', null, 'vcard'],
  ])('%j as %s (%s) is %s', (text, name, type, kind) => {
    expect(sniff(text, name, type)).toEqual({ ok: true, kind });
  });

  it('knows text in UTF-16 and Windows-1252', () => {
    const wide = { ok: true, kind: 'csv', wide: true };
    expect(sniff(iconv.encode('a;b\n1;2', 'utf-16le'), 'x.csv')).toEqual(wide);
    expect(sniff(iconv.encode('a;b\n1;2', 'utf-16be'), 'x.csv')).toEqual(wide);
    expect(sniff(iconv.encode(`${'id,name\n1,Ann\n'.repeat(20)}2,一\n`, 'utf-16le'), 'x.csv')).toEqual(wide);
    expect(sniff(iconv.encode('имя;почта\n', 'utf-16le', { addBOM: true }), 'x.csv')).toEqual(wide);
    expect(sniff(iconv.encode('BEGIN:VCARD', 'utf-16be', { addBOM: true }))).toEqual({
      ok: true,
      kind: 'vcard',
      wide: true,
    });
    expect(sniff(iconv.encode('Name\nZoë', 'windows-1252'), 'x.csv')).toEqual({ ok: true, kind: 'csv' });
  });

  it('takes UTF-16 that only a person can know by its said encoding', () => {
    const cyrillic = iconv.encode('имя;почта\n'.repeat(50), 'utf-16le');
    expect(sniff(cyrillic, 'x.csv')).toMatchObject({ ok: false, status: 415 });
    expect(sniff(cyrillic, 'x.csv', null, { encoding: 'utf-16le' })).toEqual({
      ok: true,
      kind: 'csv',
      wide: true,
    });
    expect(sniff('a,b', 'x.csv', null, { encoding: 'utf-16-klingon' })).toEqual({ ok: true, kind: 'csv' });
  });

  it.each([
    ['one zero byte', Buffer.from([0]), 'byte 1'],
    ['a zero in a cell', Buffer.from('a,b\n1,2\0\n'), 'byte 8'],
    [
      'a zero far behind the first lines',
      Buffer.concat([Buffer.from('a,b\n'.repeat(2_000)), Buffer.from([0])]),
      'byte 8001',
    ],
    [
      'what has the mark of UTF-16 and is none',
      Buffer.concat([
        Buffer.from('fffe', 'hex'),
        Buffer.from(Array.from({ length: 400 }, (_, at) => (at * 89 + at * at) % 256)),
      ]),
      'no text in utf-16le',
    ],
  ])('refuses %s, whatever its name', (_what, bytes, says) => {
    for (const name of ['x.csv', 'x.ndjson', 'x.vcf']) {
      const answer = sniff(bytes, name, 'text/csv');
      expect(answer).toMatchObject({ ok: false, status: 415, code: 'file_kind_unsupported' });
      expect(answer).toHaveProperty('message', expect.stringContaining(says));
    }
  });

  it('knows a workbook by its bytes, whatever its name', async () => {
    expect(sniff(await workbook({ sheets: [{ name: 'A', rows: [['a']] }] }), 'x.csv', 'text/csv')).toEqual({
      ok: true,
      kind: 'xlsx',
    });
  });

  it('leaves a zip that says it is a workbook, but begins with something else, to the inspection', () => {
    const zip = Buffer.from('504b0304140000000000000000000000000000000000000000000700000061626300', 'hex');
    expect(sniff(zip, 'x.xlsx')).toEqual({ ok: true, kind: 'xlsx' });
  });

  it.each([
    ['a PDF', Buffer.from('%PDF-1.7 ...'), 'PDF'],
    ['a picture', Buffer.from('89504e470d0a1a0a', 'hex'), 'picture'],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae1', 'hex'), '.xlsx'],
    [
      'a zip of something else',
      Buffer.from('504b0304140000000000000000000000000000000000000000000700000061626300', 'hex'),
      'Unpack',
    ],
    ['gzip', Buffer.from('1f8b0800', 'hex'), 'Unpack'],
    ['zeros', Buffer.concat([Buffer.from('a,b\n'), Buffer.alloc(50)]), 'binary'],
    ['random bytes', Buffer.from(Array.from({ length: 400 }, (_, at) => (at * 89 + 1) % 256)), 'binary'],
    ['a web page', Buffer.from('\n<!DOCTYPE html><html>'), 'web page'],
    ['a JSON array', Buffer.from('[\n {"a":1}]'), 'NDJSON'],
    ['text named as a workbook', Buffer.from('a,b'), 'workbook'],
  ])('refuses %s as CSV with advice', (name, bytes, says) => {
    const answer = sniff(
      bytes,
      name.includes('workbook') && says === 'workbook' ? 'x.xlsx' : 'x.csv',
      'text/csv',
    );
    expect(answer).toMatchObject({ ok: false, status: 415, code: 'file_kind_unsupported' });
    expect(answer).toHaveProperty('message', expect.stringContaining(says));
    expect(answer).toHaveProperty('message', expect.stringContaining('Nothing was stored'));
  });

  it.each([[''], ['\uFEFF'], [' \r\n\t']])('finds %j empty', (text) => {
    expect(sniff(text, 'x.csv')).toMatchObject({ ok: false, status: 422, code: 'file_empty' });
  });
});
