import { createHandover } from '../../activities/transfer/handover.js';
import { createPageReader, type PageReader } from '../../activities/transfer/page-reader.js';
import type { AsPlanned } from '../../activities/plan/as-planned.js';
import type { SourceRecord } from '../../activities/records/types.js';
import type { StagedPage } from '../../activities/store/moving.js';
import { REF } from '../store/makers.js';

interface Reading {
  reader: PageReader;
  asked: number[];
  /** What reading a page throws from now on. */
  fail: (error: Error | null) => void;
}

function reading(pages: number, planned: boolean, beforeSeq = pages): Reading {
  const asked: number[] = [];
  let failure: Error | null = null;
  const source = (_ref: unknown, _object: unknown, seq: number): Promise<StagedPage | null> => {
    asked.push(seq);
    if (failure) return Promise.reject(failure);
    const records: SourceRecord[] = [{ externalId: `of ${seq}`, data: {} }];
    return Promise.resolve(seq < pages ? { seq, origin: 'fetch', records } : null);
  };
  const plan: AsPlanned = { onDrift: 'skip', outcomes: (seq) => Promise.resolve(seq === 1 ? null : []) };
  const handover = createHandover(pages);
  handover.end();
  const reader = createPageReader(
    { pages: { source } } as unknown as Parameters<typeof createPageReader>[0],
    {
      ...{ ref: REF, object: 'contacts', beforeSeq, plan: planned ? plan : null, handover },
      map: ({ externalId }) => ({
        ...{ ok: false, externalId, position: null },
        problems: [{ severity: 'failed', code: 'unmappable', message: 'No.' }],
      }),
      signal: new AbortController().signal,
    },
  );
  return { reader, asked, fail: (error) => (failure = error) };
}

const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('pages that are read ahead', () => {
  it('are read once, with what was planned of them', async () => {
    const { reader, asked } = reading(3, true);
    const first = await reader.read(0);
    expect(first?.planned?.outcomes).toEqual([]);
    expect(first?.planned?.mapped.map((each) => !each.ok && each.externalId)).toEqual(['of 0']);
    reader.ahead(1);
    reader.ahead(1);
    const next = await reader.read(1);
    expect(next?.page.seq).toBe(1);
    expect(next?.planned).toBeNull();
    expect(asked).toEqual([0, 1]);
    reader.ahead(2);
    expect((await reader.read(2))?.page.seq).toBe(2);
    expect(await reader.read(3)).toBeNull();
  });

  it('are read again where that failed, and tell their trouble then', async () => {
    const { reader, asked, fail } = reading(3, true);
    fail(new Error('away'));
    reader.ahead(1);
    await settled();
    await expect(reader.read(1)).rejects.toThrow('away');
    fail(null);
    expect((await reader.read(1))?.page.seq).toBe(1);
    expect(asked).toEqual([1, 1, 1]);
  });

  it('are none beyond the slice, and none where the source is still being read', async () => {
    const beyond = reading(3, true, 2);
    beyond.reader.ahead(2);
    const unplanned = reading(3, false);
    unplanned.reader.ahead(1);
    await settled();
    expect([beyond.asked, unplanned.asked]).toEqual([[], []]);
  });
});
