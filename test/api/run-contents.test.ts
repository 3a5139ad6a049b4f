import { parse } from 'lossless-json';
import { v7 as uuid } from 'uuid';
import type { DecidedPage, JournalEntry } from '../../activities/records/page.js';
import { noCounts, type Json, type ProblemDraft, type SourceRecord } from '../../activities/records/types.js';
import type { RunDoc } from '../../activities/store/run-documents.js';
import { newRun } from '../../activities/store/new-run.js';
import { undone } from '../store/makers.js';
import { startHarness, type Harness } from './harness.js';

const EXACT = '{"id":"n1","amount":12345678901234567890.123456789,"name":"Ann"}';

const failed = (externalId: string, message: string): ProblemDraft => ({
  severity: 'failed',
  code: 'value_invalid',
  externalId,
  position: externalId,
  field: 'email',
  value: '=1+1',
  message,
});

/** One page that a worker staged and applied: nothing of it could be imported. */
async function pageOf(
  api: Harness,
  run: RunDoc,
  sources: SourceRecord[],
  problems: ProblemDraft[],
  journal: JournalEntry[] = [],
): Promise<void> {
  const { store } = api;
  const ref = { workspaceId: run.workspaceId, appId: run.appId, runId: run.runId };
  const { fetch, apply } = await store.transfers.claim(ref, 'contacts', { slice: 0, attempt: 1 });
  await store.pages.stage({
    ...{
      ref,
      object: 'contacts',
      epoch: fetch.epoch,
      fromSeq: 0,
      pages: [sources],
      cursor: null,
      done: true,
    },
    ...{ bookmark: null, complete: true, traffic: { requests: 1, bytes: 10 } },
  });
  const counts = { ...noCounts(), fetched: 0, failed: sources.length };
  const decided: DecidedPage = {
    outcomes: sources.map(({ externalId }) => ({ externalId, outcome: 'failed', recordId: null })),
    ...{ records: [], links: [], bumps: [], pending: [], journal, duplicates: [], problems, counts },
    identity: { known: 0, changed: 0, samples: [] },
  };
  const turn = await store.turns.acquire('default', 'contacts', 'test', AbortSignal.timeout(5_000));
  const done = await store.pages.apply({
    ...{
      ref,
      object: 'contacts',
      seq: 0,
      pageOrigin: 'fetch',
      origin: `files:${run.appId}`,
      epoch: apply.epoch,
    },
    ...{ turn, decided, settled: [], rows: 0, now: new Date().toISOString() },
  });
  await store.turns.release(turn);
  expect(done).toBe('applied');
}

describe('what a run brought', () => {
  let api: Harness;
  let run: RunDoc;
  beforeAll(async () => {
    api = await startHarness();
    const appId = await api.newApp();
    run = newRun({
      ...{
        workspaceId: 'default',
        runId: uuid(),
        appId,
        providerId: 'files',
        createdAt: new Date().toISOString(),
      },
      ...{ startedBy: { id: 'u', name: 'U' }, scope: ['contacts'], options: {}, reviewAsked: null },
    });
    await api.store.runs.insert({ ...run, startedAt: run.createdAt });
    await api.store.runs.patchObject('default', run.runId, 'contacts', {
      state: 'transferring',
      startedAt: run.createdAt,
    });
    const rows: Json[] = [
      { id: 'a', name: 'Ann, "A"', email: '=1+1', note: '@sum' },
      { id: 'b', name: '+49 30', email: 'x', error: 'of last time' },
    ];
    await pageOf(
      api,
      run,
      [
        { externalId: 'a', data: rows[0] ?? null },
        { externalId: 'b', data: rows[1] ?? null },
        { externalId: 'n/1', data: parse(EXACT) as Json },
      ],
      [failed('a', 'Row 2 is wrong.'), failed('b', 'Row 3 is wrong.')],
    );
  });
  afterAll(() => api.close());

  const get = (path: string, headers: Record<string, string> = {}) =>
    api.call('get', `/v1/runs/${run.runId}/${path}`, { headers });

  it('lists problems, by filter', async () => {
    const all = await get('problems');
    expect(all.body.items).toHaveLength(2);
    expect(all.body.items[0]).toMatchObject({
      object: 'contacts',
      severity: 'failed',
      code: 'value_invalid',
    });
    expect((await get('problems?severity=warning')).body.items).toEqual([]);
    expect((await get('problems?code=value_invalid&object=contacts&limit=1')).body.nextCursor).not.toBeNull();
  });

  it('gives problems as CSV that no spreadsheet runs', async () => {
    const { text, headers } = await get('problems', { Accept: 'text/csv' });
    expect(headers['content-type']).toContain('text/csv');
    const lines = text.trim().split('\r\n');
    expect(lines[0]).toBe('object,severity,code,externalId,position,field,value,message,count,state');
    expect(lines).toHaveLength(3);
    expect(text).toContain(",'=1+1,");
  });

  it('gives failed records in their own columns plus the error, to be corrected and uploaded again', async () => {
    const { text } = await get('problems?format=source');
    const lines = text.trim().split('\r\n').sort();
    expect(lines).toEqual(
      [
        'id,name,email,note,error',
        `a,"Ann, ""A""",'=1+1,'@sum,Row 2 is wrong.`,
        `b,'+49 30,x,,Row 3 is wrong.`,
      ].sort(),
    );
  });

  it('sets problems aside with a note', async () => {
    expect(
      (await api.call('post', `/v1/runs/${run.runId}/problems/dismiss`, { body: { note: 'x' } })).status,
    ).toBe(400);
    expect(
      (await api.call('post', `/v1/runs/${run.runId}/problems/dismiss`, { body: { code: 'value_invalid' } }))
        .status,
    ).toBe(400);
    const { status, body } = await api.call('post', `/v1/runs/${run.runId}/problems/dismiss`, {
      body: { externalIds: ['a'], note: 'known' },
    });
    expect({ status, body }).toEqual({ status: 200, body: { dismissed: 1 } });
    expect((await get('problems?state=dismissed')).body.items).toMatchObject([{ externalId: 'a' }]);
  });

  it('streams the raw source, no digit changed', async () => {
    const { text, headers } = await get('backup');
    expect(headers['content-type']).toContain('application/x-ndjson');
    const lines = text.trim().split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[2]).toBe(`{"object":"contacts","externalId":"n/1","seq":0,"data":${EXACT}}`);
  });

  it('shows one source record as it was sent', async () => {
    const { text, status } = await get('source/contacts/n%2F1');
    expect(status).toBe(200);
    expect(text).toContain('12345678901234567890.123456789');
    expect((await get('source/contacts/unknown')).status).toBe(404);
    expect((await get('source/people/a')).status).toBe(404);
  });

  it('measures the checklist anew while nobody has decided', async () => {
    const { body } = await get('checklist');
    const [contacts] = body.objects;
    const items = Object.fromEntries(contacts.items.map((item: { itemId: string }) => [item.itemId, item]));
    expect(items.counts).toMatchObject({
      kind: 'measured',
      status: 'warning',
      value: { fetched: 3, failed: 3 },
    });
    expect(items.books).toMatchObject({ status: 'ok', value: true });
  });

  it('shows what the run changed, and field by field what an undo took back', async () => {
    const own = { ...run, runId: uuid() };
    await api.store.runs.insert({ ...own, startedAt: own.createdAt });
    const change = (field: string, after: string) => ({ field, before: null, after, writerBefore: null });
    const fields = [change('name', 'Bo'), change('title', 'CEO'), change('#resolved:account', 'r:x')];
    const entry: JournalEntry = {
      ...{ recordId: 'r-bo', externalId: 'bo', object: 'contacts', outcome: 'updated', fields },
      ...{
        versionBefore: 1,
        versionAfter: 2,
        linkBefore: null,
        linkAfter: null,
        bumps: [],
        pendingAdded: [],
      },
    };
    await pageOf(api, own, [{ externalId: 'bo', data: null }], [], [entry]);
    const listed = () => api.call('get', `/v1/runs/${own.runId}/changes`, {});
    const shown = { recordId: 'r-bo', externalId: 'bo', object: 'contacts', outcome: 'updated' };
    const name = { field: 'name', before: null, after: 'Bo' };
    const title = { field: 'title', before: null, after: 'CEO' };
    // A mark of the resolve step is no change for people.
    expect((await listed()).body.items).toEqual([
      { ...shown, undone: false, fields: [name, title].map((each) => ({ ...each, undone: false })) },
    ]);
    const at = {
      mode: 'undo',
      state: 'running',
      object: null,
      note: null,
      by: null,
      at: own.createdAt,
    } as const;
    const none = { remove: 0, restore: 0, keep: 0, eventsDropped: 0, eventsDelivered: 0 };
    await api.store.runs.patch('default', own.runId, {
      cleanup: { ...at, ...none, conflicts: [], conflictCount: 0 },
    });
    const turn = await api.store.turns.acquire('default', 'contacts', 'test', AbortSignal.timeout(5_000));
    const kept = [{ index: 0, fields: ['title'], unlessGone: false }];
    const ref = { workspaceId: 'default', appId: own.appId, runId: own.runId };
    const undo = { ref, object: 'contacts', seq: 0, origin: `files:${own.appId}`, turn } as const;
    expect(await api.store.pages.undo({ ...undo, undone: undone({ kept }), now: own.createdAt })).toBe(
      'applied',
    );
    await api.store.turns.release(turn);
    expect((await listed()).body.items).toEqual([
      {
        ...shown,
        undone: false,
        fields: [
          { ...name, undone: true },
          { ...title, undone: false },
        ],
      },
    ]);
  });

  it('has empty lists where nothing happened', async () => {
    for (const path of ['changes', 'duplicates', 'conflicts'])
      expect((await get(path)).body.items).toEqual([]);
  });

  it('streams the run as it changes, and ends after its end', async () => {
    const watching = get('events');
    await api.store.runs.patch('default', run.runId, { step: 'review' });
    setTimeout(() => {
      void api.store.runs.patch('default', run.runId, {
        status: 'completed',
        endedAt: new Date().toISOString(),
      });
    }, 700);
    const { text, headers } = await watching;
    expect(headers['content-type']).toContain('text/event-stream');
    const events = text.split('\n\n').filter((block: string) => block.includes('event: run'));
    expect(events.length).toBeGreaterThanOrEqual(2);
    const last = events.at(-1) ?? '';
    const snapshot = JSON.parse(/^data: (.*)$/m.exec(last)?.[1] ?? '');
    expect(snapshot).toMatchObject({ runId: run.runId, status: 'completed', counts: { failed: 3 } });
    expect(last).toContain(`id: ${snapshot.revision}\n`);
    const resumed = await get('events', { 'Last-Event-ID': '1' });
    expect(resumed.text).toContain('"status":"completed"');
  });
});
