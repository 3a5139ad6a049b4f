import { inspectFile } from '../../../activities/providers/files/inspect.js';
import type { InspectArgs } from '../../../activities/providers/files/inspect.js';
import type { FileChunk } from '../../../activities/providers/provider.js';
import { stored } from '../formats/source.js';
import { workbook } from '../formats/workbook.js';
import { inspect } from './stored-file.js';

const base: Omit<InspectArgs, 'source'> = {
  kind: 'csv',
  object: 'contacts',
  hints: {},
  writeChunk: async () => undefined,
  signal: new AbortController().signal,
};

describe('the inspection of an upload', () => {
  it('tells what is in it', async () => {
    const { inspection } = await inspect(
      'id;name;email;joined;note\n1;Ann;a@x.example;2024-01-01;\n2;Bob;b@x.example;2024-01-01;x\n',
      {
        hints: { locale: 'de-DE' },
      },
    );
    expect(inspection).toMatchObject({
      ...{
        kind: 'csv',
        encoding: 'utf-8',
        delimiter: ';',
        locale: 'de-DE',
        headerRow: 1,
        rows: 2,
        sheet: null,
        sheets: [],
      },
      columns: [
        { name: 'id', filled: 2, unique: true, samples: ['1', '2'], looksLike: 'integer' },
        { name: 'name', filled: 2, unique: true, samples: ['Ann', 'Bob'], looksLike: null },
        { name: 'email', filled: 2, unique: true, looksLike: 'email' },
        { name: 'joined', filled: 2, unique: false, samples: ['2024-01-01'], looksLike: 'date' },
        { name: 'note', filled: 1, unique: true },
      ],
    });
  });

  it('never takes the locale of the settings for the file’s own', async () => {
    expect(
      (await inspect('id,name\n1,Ann\n', { settings: { locale: 'de-DE' } })).inspection.locale,
    ).toBeNull();
  });

  it('is an answer for what cannot be read', async () => {
    expect(await inspectFile({ ...base, source: stored('') })).toEqual({
      ok: false,
      error: { code: 'file_empty', message: expect.any(String) },
    });
    expect(await inspectFile({ ...base, kind: 'xlsx', source: stored('PK nonsense') })).toMatchObject({
      ok: false,
      error: { code: 'file_unreadable' },
    });
  });

  it('proposes by the header alone where there are no rows', async () => {
    expect((await inspect('id,name,email\n')).inspection).toMatchObject({
      rows: 0,
      mappingClear: true,
      proposedMapping: { key: ['id'] },
    });
  });

  it('is never clear about a file of which no row could be read', async () => {
    const { inspection } = await inspect('name;city\nrubbish\n', { kind: 'ndjson' });
    expect(inspection).toMatchObject({ rows: 2, mappingClear: false });
    expect(inspection.mappingWhy[0]).toContain('No row could be read');
  });

  it('lists the sheets of a workbook', async () => {
    const bytes = await workbook({
      sheets: [
        { name: 'Cover', rows: [['Hi']] },
        {
          name: 'People',
          rows: [
            ['id', 'name'],
            ['1', 'Ann'],
          ],
        },
      ],
    });
    expect((await inspect(bytes, { kind: 'xlsx' })).inspection).toMatchObject({
      sheet: 'People',
      sheets: [
        { name: 'Cover', rows: 0 },
        { name: 'People', rows: 1 },
      ],
    });
  });

  it('hands rows on in order, 500 or about 1 MiB at a time, one chunk after the other', async () => {
    const wide = Array.from({ length: 30 }, (_, at) => `${at},${'x'.repeat(100_000)}`).join('\n');
    const narrow = Array.from({ length: 1_100 }, (_, at) => `n${at},y`).join('\n');
    const chunks: FileChunk[] = [];
    let writing = 0;
    const writeChunk = async (chunk: FileChunk): Promise<void> => {
      writing += 1;
      expect(writing).toBe(1);
      await new Promise((resolve) => setImmediate(resolve));
      chunks.push(chunk);
      writing -= 1;
    };
    await inspectFile({ ...base, source: stored(`id,v\n${wide}\n${narrow}\n`, 65_536), writeChunk });
    expect(chunks.map(({ seq }) => seq)).toEqual(chunks.map((_, index) => index));
    expect(chunks.flatMap(({ rows }) => rows).map(({ line }) => line)).toEqual(
      Array.from({ length: 1_130 }, (_, at) => at + 2),
    );
    for (const { rows } of chunks) {
      expect(rows.length).toBeLessThanOrEqual(500);
      expect(JSON.stringify(rows).length).toBeLessThan(1_200_000);
    }
  });

  it('throws what the store throws, and stops when it is told to', async () => {
    const writeChunk = async (): Promise<void> => {
      throw new Error('the store is away');
    };
    await expect(inspectFile({ ...base, source: stored('a\n1\n'), writeChunk })).rejects.toThrow(
      'the store is away',
    );
    const signal = AbortSignal.abort(new Error('enough'));
    await expect(inspectFile({ ...base, source: stored('a\n1\n'), signal })).rejects.toThrow('enough');
  });
});
