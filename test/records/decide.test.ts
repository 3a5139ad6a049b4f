import type { Mapped } from '../../activities/records/types.js';
import { codes, outcomes, record, run } from '../support/pages.js';
import type { How } from '../support/pages.js';
import { createPureStore } from '../support/pure-store.js';
import { ANN, failedSource, linkTo, source } from '../support/record-makers.js';

const AT = { may: '2026-05-01T00:00:00Z', june: '2026-06-01T00:00:00Z' };
const second = { runId: 'run2' };
const ofB = { appId: 'app2', runId: 'runB' };

describe('created', () => {
  it('writes a record, its link, its journal', () => {
    const store = createPureStore();
    const page = run(store, [
      source('1', {
        fields: { name: 'Bo', email: 'bo@x.example', title: null },
        extra: { Fax: '1' },
        unmapped: { owner: 'jane' },
        modifiedAt: AT.may,
      }),
    ]);
    expect(outcomes(page)).toEqual(['created']);
    expect(record(store, '1')).toMatchObject({
      fields: { name: 'Bo', email: 'bo@x.example', status: 'active' },
      extra: { Fax: '1' },
      unmapped: { owner: 'jane' },
      keys: ['email:bo@x.example'],
      version: 1,
      writers: { '*': `r:run1:app1:${AT.may}` },
      createdBy: { runId: 'run1' },
    });
    expect(record(store, '1').fields).not.toHaveProperty('title');
    expect(store.link('app1', 'contacts', '1')).toMatchObject({
      applied: { name: 'Bo', title: null },
      notOurs: [],
      modifiedAt: AT.may,
      seenRunId: 'run1',
    });
    expect(page.journal).toMatchObject([
      { outcome: 'created', versionBefore: null, versionAfter: 1, linkBefore: null },
    ]);
    expect(page.journal[0]?.fields.map(({ field }) => field)).toEqual(['name', 'email', 'status']);
  });

  it('also where a link leads to no record any more', () => {
    const store = createPureStore();
    store.links.set('app1|contacts|1', linkTo('vanished', '1', { sourceHash: 'h' }));
    expect(outcomes(run(store, [source('1', { fields: { name: 'Bo' }, hash: 'h' })]))).toEqual(['created']);
    expect(record(store, '1').fields['name']).toBe('Bo');
  });
});

describe('known external ids', () => {
  const bo = (title: string | null, more: object = {}): Mapped =>
    source('1', { fields: { name: 'Bo', title }, ...more });

  it.each<[string, Mapped, How, string]>([
    ['same source, same rules', bo('CEO'), second, 'unchanged'],
    ['same source, other rules, same result', bo('CEO'), { ...second, version: 'v2' }, 'unchanged'],
    ['another source, same fields', bo('CEO', { hash: 'other' }), second, 'unchanged'],
    ['a field changed', bo('CTO'), second, 'updated'],
    ['a field emptied', bo(null), second, 'updated'],
    [
      'older than what is stored',
      bo('CTO', { modifiedAt: '2026-04-30T23:59:59.999Z' }),
      second,
      'skipped: stale',
    ],
    ['equal time, another source', bo('CTO', { modifiedAt: AT.may }), second, 'updated'],
    [
      'policy: known records are left alone',
      bo('CTO'),
      { ...second, policies: { linked: 'skip' } },
      'skipped: linked',
    ],
    ['a tombstone', bo('CEO', { deleted: true, modifiedAt: AT.june }), second, 'deleted'],
    [
      'a tombstone older than what is stored',
      bo('CEO', { deleted: true, modifiedAt: '2026-04-01T00:00:00Z' }),
      second,
      'skipped: stale',
    ],
    ['a tombstone of somebody unknown', source('9', { deleted: true }), second, 'skipped: out_of_scope'],
  ])('%s', (_, again, how, expected) => {
    const store = createPureStore();
    run(store, [bo('CEO', { modifiedAt: AT.may })]);
    expect(outcomes(run(store, [again], how))).toEqual([expected]);
  });

  it('unchanged by its hash writes nothing at all', () => {
    const store = createPureStore();
    run(store, [bo('CEO')]);
    const page = run(store, [bo('CEO')], second);
    expect([page.records, page.links, page.journal, page.bumps, page.problems]).toEqual([[], [], [], [], []]);
  });

  it('unchanged, but confirmed at a later time: what is older than that is stale from then on', () => {
    const store = createPureStore();
    run(store, [bo('CEO', { modifiedAt: AT.may })]);
    const page = run(store, [bo('CEO', { modifiedAt: AT.june })], second);
    expect([outcomes(page), page.records, page.journal]).toEqual([['unchanged'], [], []]);
    const late = run(store, [bo('CTO', { modifiedAt: '2026-05-15T00:00:00Z' })], { runId: 'run3' });
    expect(outcomes(late)).toEqual(['skipped: stale']);
  });

  it('an edit that stays is said once, and the record is not written', () => {
    const store = createPureStore();
    run(store, [bo('CEO')]);
    store.edit(record(store, '1').recordId, { title: 'Queen' }, ANN);
    const page = run(store, [bo('CTO')], second);
    expect([outcomes(page), codes(page), page.records]).toEqual([['unchanged'], ['warning edit_kept'], []]);
    expect(page.problems[0]).toMatchObject({ field: 'title', value: 'CTO' });
    expect(page.counts.warnings).toBe(1);
    expect(codes(run(store, [bo('CTO', { hash: 'again' })], { runId: 'run3' }))).toEqual([]);
    expect(record(store, '1').fields['title']).toBe('Queen');
  });

  it('an overwritten edit is ours again', () => {
    const store = createPureStore();
    run(store, [bo('CEO')]);
    store.edit(record(store, '1').recordId, { title: 'Queen' }, ANN);
    run(store, [bo('CTO')], { ...second, policies: { edits: { contacts: { title: 'overwrite' } } } });
    expect(record(store, '1').fields['title']).toBe('CTO');
    run(store, [bo('CFO')], { runId: 'run3' });
    expect(record(store, '1').fields['title']).toBe('CFO');
  });

  it('a column that is absent is not a value', () => {
    const store = createPureStore();
    run(store, [bo('CEO')]);
    run(store, [source('1', { fields: { name: 'Bo B' } })], second);
    expect(record(store, '1').fields).toMatchObject({ name: 'Bo B', title: 'CEO' });
  });

  it('keys follow the fields', () => {
    const store = createPureStore();
    run(store, [source('1', { fields: { name: 'Bo', email: 'bo@x.example' } })]);
    run(store, [source('1', { fields: { name: 'Bo', email: 'bo@y.example' } })], second);
    expect(record(store, '1').keys).toEqual(['email:bo@y.example']);
  });

  it('an owner that nobody mapped keeps its original until it is mapped or edited', () => {
    const owned = (owner: string | null, original?: string): Mapped =>
      source('1', {
        fields: { name: 'Bo', owner },
        unmapped: original === undefined ? {} : { owner: original },
      });
    const store = createPureStore();
    run(store, [owned(null, 'jane')]);
    expect(outcomes(run(store, [owned(null, 'joe')], second))).toEqual(['updated']);
    expect(record(store, '1').unmapped).toEqual({ owner: 'joe' });
    run(store, [owned('m1')], { runId: 'run3', version: 'v2' });
    expect([record(store, '1').unmapped, record(store, '1').fields['owner']]).toEqual([{}, 'm1']);
    store.edit(record(store, '1').recordId, { owner: 'm2' }, ANN);
    run(store, [owned(null, 'jim')], { runId: 'run4' });
    expect([record(store, '1').unmapped, record(store, '1').fields['owner']]).toEqual([{}, 'm2']);
  });

  it('extra follows its source and keeps what it no longer says', () => {
    const store = createPureStore();
    run(store, [source('1', { fields: { name: 'Bo' }, extra: { Fax: '1', Tier: 'A' } })]);
    const page = run(store, [source('1', { fields: { name: 'Bo' }, extra: { Fax: '2', Zip: '3' } })], second);
    expect(outcomes(page)).toEqual(['updated']);
    expect(record(store, '1').extra).toEqual({ Fax: '2', Tier: 'A', Zip: '3' });
    expect(page.journal[0]?.fields.map(({ field }) => field)).toEqual(['#extra.Fax', '#extra.Zip']);
  });
});

describe('gone and back', () => {
  it('archives with the last live link, and comes back with its source', () => {
    const store = createPureStore();
    run(store, [source('1', { fields: { name: 'Bo' } })]);
    const mapped = [source('1', { deleted: true })];
    expect(outcomes(run(store, mapped, second))).toEqual(['deleted']);
    expect(record(store, '1').archivedAt).not.toBeNull();
    expect(outcomes(run(store, mapped, { runId: 'run3' }))).toEqual(['unchanged']);
    expect(outcomes(run(store, [source('1', { fields: { name: 'Bo' } })], { runId: 'run4' }))).toEqual([
      'updated',
    ]);
    expect(record(store, '1').archivedAt).toBeNull();
    expect(store.link('app1', 'contacts', '1')?.goneAt).toBeNull();
  });

  it('stays while another app vouches for it', () => {
    const store = createPureStore();
    const bo = source('1', { fields: { name: 'Bo', email: 'bo@x.example' } });
    run(store, [bo]);
    run(store, [bo], ofB);
    run(store, [source('1', { deleted: true })], second);
    expect(record(store, '1').archivedAt).toBeNull();
  });

  it('what a person archived stays so, known or tied', () => {
    const store = createPureStore();
    const bo = (title: string): Mapped =>
      source('1', { fields: { name: 'Bo', email: 'bo@x.example', title } });
    run(store, [bo('CEO')]);
    store.archive(record(store, '1').recordId, true, ANN);
    expect(codes(run(store, [bo('CTO')], second))).toEqual(['warning edit_kept']);
    expect(codes(run(store, [bo('CTO')], ofB))).toEqual(['warning edit_kept']);
    expect(record(store, '1').archivedAt).not.toBeNull();
  });
});

describe('evidence for key_reused', () => {
  const person = (id: string, name: string, email: string | null): Mapped =>
    source(id, { fields: { name, email } });
  it('counts known ids whose whole identity changed at the source', () => {
    const store = createPureStore();
    run(store, [
      person('1', 'Ann Lee', 'ann@x.example'),
      person('2', 'Bo', null),
      person('3', 'Cy', 'cy@x.example'),
    ]);
    store.edit(record(store, '3').recordId, { name: 'Dr Cy', email: 'dr@x.example' }, ANN);
    const page = run(
      store,
      [
        person('1', 'Zoe', 'zoe@x.example'),
        person('2', 'BO ', null),
        person('3', 'Cy', 'new@x.example'),
        person('4', 'Di', null),
      ],
      second,
    );
    expect(page.identity).toMatchObject({
      known: 3,
      changed: 1,
      samples: [{ externalId: '1', before: 'Ann Lee, ann@x.example', after: 'Zoe, zoe@x.example' }],
    });
  });
});

it('a failed record is one problem and one outcome', () => {
  const page = run(createPureStore(), [failedSource('4')]);
  expect([outcomes(page), codes(page)]).toEqual([['failed: value_invalid'], ['failed value_invalid']]);
});

it('what mapping noted is told of what is written, not of what is skipped', () => {
  const store = createPureStore();
  const noted = (hash: string): Mapped =>
    source('1', {
      hash,
      fields: { name: hash },
      warnings: [{ severity: 'warning', code: 'owner_unmapped', message: 'who?' }],
    });
  expect(codes(run(store, [noted('a')]))).toEqual(['warning owner_unmapped']);
  expect(codes(run(store, [noted('a')], second))).toEqual([]);
  expect(codes(run(store, [noted('b')], { ...second, policies: { linked: 'skip' } }))).toEqual([
    'skipped linked',
  ]);
});
