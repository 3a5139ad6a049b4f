import type { CanonicalRow } from '../../activities/providers/provider.js';
import type { FileDoc } from '../../activities/store/documents.js';
import { ANN, APP, collect, never, NOW, WS } from './makers.js';
import { openStore, type OpenedStore } from './open.js';

/** Uploads: bytes, rows, and what becomes of one that breaks off. */

let now = new Date(NOW);
let opened: OpenedStore;
beforeAll(async () => {
  opened = await openStore({ now: () => now });
});
afterEach(() => opened.clear());
afterAll(() => opened.drop());

describe('files', () => {
  const file = (fileId: string): FileDoc => ({
    workspaceId: WS,
    appId: APP,
    fileId,
    object: 'contacts',
    name: 'x.csv',
    contentType: null,
    size: 3,
    sha256: 'aa',
    kind: 'csv',
    hints: {},
    uploadedAt: NOW,
    uploadedBy: ANN,
    inspection: 'pending',
    result: null,
    error: null,
  });
  async function* bytes(...parts: string[]): AsyncIterable<Uint8Array> {
    for (const part of parts) yield Promise.resolve(Buffer.from(part));
  }
  const text = async (fileId: string): Promise<string> =>
    Buffer.concat(await collect(opened.store.files.bytes(WS, APP, fileId))).toString();

  it('hold bytes and rows, the newest first, until their app goes', async () => {
    const { files } = opened.store;
    const large = 'x'.repeat(3_000_000);
    await files.upload(WS, APP, 'f1', bytes('a,b\n', large));
    await files.insert(file('f1'));
    await files.insert({ ...file('f2'), object: 'deals' });
    expect((await text('f1')) === `a,b\n${large}`).toBe(true);
    expect((await files.newest(WS, APP, 'contacts'))?.fileId).toBe('f1');
    await files.update(WS, APP, 'f1', { inspection: 'done' });
    expect(await files.get(WS, APP, 'f1')).toEqual({ ...file('f1'), inspection: 'done' });
    const rows = (seq: number): CanonicalRow[] => [{ line: seq + 1, data: { 'a.b': seq } }];
    for (let seq = 0; seq < 9; seq += 1) await files.putChunk(WS, APP, 'f1', { seq, rows: rows(seq) });
    await files.putChunk(WS, APP, 'f1', { seq: 8, rows: rows(88) });
    const read = await collect(files.chunks(WS, APP, 'f1', 3, never()));
    expect(read.map((chunk) => chunk.seq)).toEqual([3, 4, 5, 6, 7, 8]);
    expect(read.at(-1)?.rows).toEqual(rows(88));
    await files.clearChunks(WS, APP, 'f1');
    expect(await collect(files.chunks(WS, APP, 'f1', 0, never()))).toEqual([]);
    await files.removeAll(WS, APP);
    expect((await files.list(WS, APP, { limit: 5 })).items).toEqual([]);
    await expect(text('f1')).rejects.toThrow();
  });

  it('forget an upload that broke off, and sweep one that was abandoned', async () => {
    const { files } = opened.store;
    async function* broken(): AsyncIterable<Uint8Array> {
      yield* bytes('begun');
      throw new Error('the client went away');
    }
    await expect(files.upload(WS, APP, 'f1', broken())).rejects.toThrow('went away');
    await files.upload(WS, APP, 'f2', bytes('abandoned'));
    const chunks = opened.client.db(opened.database).collection('files.chunks');
    expect(await chunks.countDocuments()).toBe(1);
    now = new Date('2026-05-02T10:00:01.000Z');
    await files.upload(WS, APP, 'f3', bytes('kept'));
    expect(await chunks.countDocuments()).toBe(1);
    expect(await text('f3')).toBe('kept');
  });
});
