import { LosslessNumber } from 'lossless-json';
import { noCounts } from '../../activities/records/types.js';
import { Fenced } from '../../activities/store/moving.js';
import {
  applying,
  begin,
  collect,
  createPage,
  creating,
  entry,
  freshTurn,
  link,
  never,
  nothing,
  NOW,
  ORIGIN,
  record,
  REF,
  source,
  staging,
  WS,
} from './makers.js';
import { openStore, type OpenedStore } from './open.js';

/** The page transaction keeps each of its promises, whatever came before or beside it. */

let opened: OpenedStore;
beforeAll(async () => {
  opened = await openStore();
});
afterEach(() => opened.clear());
afterAll(() => opened.drop());

const counted = async (): Promise<Record<string, number>> => {
  const db = opened.client.db(opened.database);
  const names = ['records', 'links', 'journals', 'problems', 'pending', 'pages', 'conflicts'];
  const counts = await Promise.all(names.map((name) => db.collection(name).countDocuments()));
  return Object.fromEntries(names.map((name, index) => [name, counts[index] ?? 0]));
};

describe('staging', () => {
  it('keeps source records as they were sent, digits and odd keys included', async () => {
    const { store } = opened;
    const { claim } = await begin(store);
    const data = {
      amount: new LosslessNumber('12345678901234567890.10'),
      rate: new LosslessNumber('1.10'),
      'a.b': { $set: 1, 'c.$d': [null, true] },
      plain: 0.5,
    };
    await store.pages.stage(staging(claim, 0, [[source('1', data)], [source('2', 'text'), source('3', 7)]]));
    const page = await store.pages.source(REF, 'contacts', 0);
    expect(page?.records[0]?.data).toEqual(data);
    const second = await store.pages.source(REF, 'contacts', 1);
    expect(second?.records.map((each) => each.data)).toEqual(['text', 7]);
    expect(await store.pages.source(REF, 'contacts', 2)).toBeNull();
    const sides = await store.transfers.get(REF, 'contacts');
    expect(sides?.fetch).toMatchObject({
      position: 2,
      fetched: 3,
      cursor: 'after 1',
      requests: 1,
      bytes: 10,
    });
  });

  it('stages an answer once, however often it is sent', async () => {
    const { store } = opened;
    const { claim } = await begin(store);
    const commit = staging(claim, 0, [[source('1')], [source('2')]]);
    await store.pages.stage(commit);
    await store.pages.stage(commit);
    expect((await store.transfers.get(REF, 'contacts'))?.fetch).toMatchObject({ position: 2, fetched: 2 });
  });

  it('is fenced by a later attempt, and leaves nothing behind', async () => {
    const { store } = opened;
    const { claim } = await begin(store);
    await store.transfers.claim(REF, 'contacts', { slice: 0, attempt: 2 });
    await expect(store.pages.stage(staging(claim, 0, [[source('1')]]))).rejects.toThrow(Fenced);
    expect(await counted()).toMatchObject({ pages: 0 });
  });

  it('finds one source record, and streams all of them in order', async () => {
    const { store } = opened;
    const { claim } = await begin(store);
    const pages = [0, 1, 2].map((page) => [0, 1].map((at) => source(`id/${page}-${at}`, { page, at })));
    await store.pages.stage(staging(claim, 0, pages));
    expect((await store.pages.sourceOf(REF, 'contacts', 'id/1-1'))?.data).toEqual({ page: 1, at: 1 });
    expect(await store.pages.sourceOf(REF, 'contacts', 'id/9')).toBeNull();
    const streamed = await collect(store.pages.stream(REF, never()));
    expect(streamed.map((each) => each.record.externalId)).toEqual(
      pages.flat().map((each) => each.externalId),
    );
  });
});

describe('applying', () => {
  it('writes records, links, journal, problems, pending and counts together', async () => {
    const { store } = opened;
    const begun = await begin(store);
    await store.pages.stage(staging(begun.claim, 0, [[source('1'), source('2')]]));
    const decided = creating([['1', 'r1']]);
    decided.counts = { ...noCounts(), fetched: 2, created: 1, failed: 1 };
    decided.problems.push({ severity: 'failed', code: 'value_invalid', externalId: '2', message: 'No.' });
    decided.pending.push({
      recordId: 'r1',
      object: 'contacts',
      field: 'account',
      targetObject: 'accounts',
      targetExternalId: 'acc/1',
    });
    const commit = { ...applying(begun.claim, begun.turn, 0, decided), rows: 5 };
    expect(await store.pages.apply(commit)).toBe('applied');
    const side = (await store.transfers.get(REF, 'contacts'))?.apply;
    expect(side).toMatchObject({ position: 1, pages: 1, firstAt: NOW, lastAt: NOW });
    expect(side?.counts).toEqual({ ...noCounts(), fetched: 2, created: 1, failed: 1, rows: 5 });
    expect(await store.records.byIds(WS, ['r1'])).toEqual([record('r1')]);
    expect(await store.links.byExternalIds(WS, ORIGIN, 'contacts', ['1', '2'])).toEqual([link('1', 'r1')]);
    expect(await store.pages.journal(REF, 'contacts', 0)).toEqual(decided.journal);
    expect((await store.problems.list(REF, {}, { limit: 10 })).items).toEqual([
      { object: 'contacts', ...decided.problems[0], state: 'open' },
    ]);
    expect(await store.pending.waiting(WS, ORIGIN, 'accounts', null, 10)).toEqual({
      items: decided.pending,
      position: null,
    });
    expect(await store.pending.countOf(REF, 'contacts')).toBe(1);
    expect(await store.pages.facts(REF, 'contacts', { limit: 5 })).toEqual([
      { seq: 0, origin: 'fetch', records: 2, applied: true, undone: false },
    ]);
  });

  it('answers `repeated` for a page that is applied, and changes nothing', async () => {
    const { store } = opened;
    const begun = await begin(store);
    await createPage(store, begun, 0, [['1', 'r1']]);
    const before = await counted();
    const again = await store.pages.apply(applying(begun.claim, begun.turn, 0, creating([['1', 'other']])));
    expect(again).toBe('repeated');
    expect(await counted()).toEqual(before);
    expect((await store.transfers.get(REF, 'contacts'))?.apply.counts.created).toBe(1);
  });

  it('is fenced by a later attempt and by a close, and leaves nothing behind', async () => {
    const { store } = opened;
    const begun = await begin(store);
    await store.pages.stage(staging(begun.claim, 0, [[source('1')]]));
    const commit = applying(begun.claim, begun.turn, 0, creating([['1', 'r1']]));
    const later = await store.transfers.claim(REF, 'contacts', { slice: 1, attempt: 1 });
    await expect(store.pages.apply(commit)).rejects.toThrow(Fenced);
    await store.transfers.close(REF, 'contacts', 'cancelled');
    await expect(store.pages.apply({ ...commit, epoch: later.apply.epoch })).rejects.toThrow(Fenced);
    expect(await counted()).toMatchObject({ records: 0, links: 0, journals: 0 });
  });

  it('conflicts when a record it read was edited, and leaves nothing behind', async () => {
    const { store } = opened;
    const begun = await begin(store);
    begun.turn = await createPage(store, begun, 0, [['1', 'r1']]);
    const [read] = await store.records.byIds(WS, ['r1']);
    const edited = { ...read!, fields: { name: 'Edited' }, version: 2 };
    expect(await store.records.replace(edited, 1, [])).toBe('written');
    await store.pages.stage(staging(begun.claim, 1, [[source('1'), source('2')]]));
    const decided = creating([['2', 'r2']]);
    decided.records.push({
      record: { ...read!, fields: { name: 'Source' }, version: 2 },
      expectedVersion: 1,
    });
    expect(await store.pages.apply(applying(begun.claim, begun.turn, 1, decided))).toBe('conflict');
    expect(await counted()).toMatchObject({ records: 1, links: 1, journals: 1 });
    expect((await store.records.byIds(WS, ['r1']))[0]?.fields).toEqual({ name: 'Edited' });
    expect((await store.transfers.get(REF, 'contacts'))?.apply.position).toBe(1);
  });

  it('conflicts on a key that is taken, and leaves nothing behind', async () => {
    const { store } = opened;
    const begun = await begin(store);
    begun.turn = await createPage(store, begun, 0, [['1', 'r1']]);
    await store.pages.stage(staging(begun.claim, 1, [[source('1'), source('2')]]));
    const decided = creating([
      ['2', 'r2'],
      ['1', 'r3'],
    ]);
    expect(await store.pages.apply(applying(begun.claim, begun.turn, 1, decided))).toBe('conflict');
    expect(await counted()).toMatchObject({ records: 1, links: 1, journals: 1 });
  });

  it('conflicts when somebody wrote under the turn meanwhile', async () => {
    const { store } = opened;
    const begun = await begin(store);
    const stale = begun.turn;
    begun.turn = await createPage(store, begun, 0, [['1', 'r1']]);
    await store.pages.stage(staging(begun.claim, 1, [[source('2')]]));
    const commit = applying(begun.claim, stale, 1, creating([['2', 'r2']]));
    expect(await store.pages.apply(commit)).toBe('conflict');
    const turn = await freshTurn(store, stale);
    expect(await store.pages.apply({ ...commit, turn })).toBe('applied');
  });

  it('lets one of two commits of the same page win', async () => {
    const { store, another } = opened;
    const begun = await begin(store);
    await store.pages.stage(staging(begun.claim, 0, [[source('1')]]));
    const results = await Promise.all(
      ['a', 'b', 'c'].map((name) =>
        another().pages.apply(applying(begun.claim, begun.turn, 0, creating([['1', `r-${name}`]]))),
      ),
    );
    expect(results.sort()).toEqual(['applied', 'repeated', 'repeated']);
    expect(await counted()).toMatchObject({ records: 1, links: 1 });
  });

  it('raises references and version of targets, whether they are written in the page or not', async () => {
    const { store } = opened;
    const begun = await begin(store);
    begun.turn = await createPage(store, begun, 0, [['1', 'r1']]);
    await store.pages.stage(staging(begun.claim, 1, [[source('2')]]));
    const decided = creating([['2', 'r2']]);
    decided.bumps.push({ recordId: 'r1', by: 2 }, { recordId: 'r2', by: 1 }, { recordId: 'r1', by: 1 });
    expect(await store.pages.apply(applying(begun.claim, begun.turn, 1, decided))).toBe('applied');
    const [first, second] = await store.records.byIds(WS, ['r1', 'r2']);
    expect(first).toMatchObject({ recordId: 'r1', references: 3, version: 2 });
    expect(second).toMatchObject({ recordId: 'r2', references: 1, version: 1 });
  });

  it('conflicts when a target is gone', async () => {
    const { store } = opened;
    const begun = await begin(store);
    await store.pages.stage(staging(begun.claim, 0, [[source('1')]]));
    const decided = creating([['1', 'r1']]);
    decided.bumps.push({ recordId: 'nobody', by: 1 });
    expect(await store.pages.apply(applying(begun.claim, begun.turn, 0, decided))).toBe('conflict');
    expect(await counted()).toMatchObject({ records: 0 });
  });

  it('replaces known links, and keeps count of them', async () => {
    const { store } = opened;
    const begun = await begin(store);
    begun.turn = await createPage(store, begun, 0, [['1', 'r1']]);
    await store.pages.stage(staging(begun.claim, 1, [[source('1'), source('2')]]));
    const moved = link('1', 'r1', { sourceHash: 'new', runId: 'run-2', seenRunId: 'run-2' });
    const decided = creating([['2', 'r2']]);
    decided.links.push(moved);
    decided.journal.push(entry('r1', { outcome: 'updated', linkBefore: link('1', 'r1'), linkAfter: moved }));
    expect(await store.pages.apply(applying(begun.claim, begun.turn, 1, decided))).toBe('applied');
    expect(await store.links.byExternalIds(WS, ORIGIN, 'contacts', ['1'])).toEqual([moved]);
    expect(await store.links.count(WS, ORIGIN, 'contacts')).toBe(2);
    expect(await store.links.any(WS, ORIGIN, 'accounts')).toBe(false);
  });

  it('counts skipped and warned ones by what they say, with at most 100 samples', async () => {
    const { store } = opened;
    const begun = await begin(store);
    for (const seq of [0, 1]) {
      await store.pages.stage(staging(begun.claim, seq, [[source(`s${seq}`)]]));
      const decided = nothing();
      for (let at = 0; at < 80; at += 1) {
        decided.problems.push({
          severity: 'warning',
          code: 'owner_unmapped',
          field: 'owner',
          value: 'jane@corp.example',
          externalId: `${seq}-${at}`,
          message: 'Nobody has this e-mail.',
        });
      }
      expect(await store.pages.apply(applying(begun.claim, begun.turn, seq, decided))).toBe('applied');
      begun.turn = await freshTurn(store, begun.turn);
    }
    const { items } = await store.problems.list(REF, { severity: 'warning' }, { limit: 10 });
    expect(items).toHaveLength(1);
    expect(items[0]).toMatchObject({ count: 160, code: 'owner_unmapped', value: 'jane@corp.example' });
    expect(items[0]?.samples).toHaveLength(100);
    expect(await store.problems.summary(REF, 'contacts')).toEqual([
      { severity: 'warning', code: 'owner_unmapped', field: 'owner', value: 'jane@corp.example', count: 160 },
    ]);
  });

  it('applies a page of the resolve step that was never staged, and settles what waited', async () => {
    const { store } = opened;
    const begun = await begin(store);
    await store.pages.stage(staging(begun.claim, 0, [[source('1')]]));
    const waiting = {
      recordId: 'r1',
      object: 'contacts',
      field: 'account',
      targetObject: 'accounts',
      targetExternalId: 'a',
    } as const;
    const decided = creating([['1', 'r1']]);
    decided.pending.push(waiting);
    await store.pages.apply(applying(begun.claim, begun.turn, 0, decided));
    const turn = await freshTurn(store, begun.turn);
    const resolved = nothing();
    resolved.journal.push(entry('r1', { outcome: 'resolved', versionBefore: 1, versionAfter: 2 }));
    const commit = { ...applying(begun.claim, turn, 1, resolved), pageOrigin: 'resolve' as const };
    expect(await store.pages.apply({ ...commit, settled: [waiting] })).toBe('applied');
    expect(await store.pages.apply({ ...commit, settled: [waiting] })).toBe('repeated');
    expect(await store.pending.countOf(REF, 'contacts')).toBe(0);
    const facts = await store.pages.facts(REF, 'contacts', { limit: 9 });
    expect(facts.map(({ seq, origin }) => [seq, origin])).toEqual([
      [1, 'resolve'],
      [0, 'fetch'],
    ]);
  });
});
