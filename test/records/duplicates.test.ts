import type { Mapped, Policies } from '../../activities/records/types.js';
import { codes, outcomes, record, run } from '../support/pages.js';
import { createPureStore } from '../support/pure-store.js';
import { source } from '../support/record-makers.js';

const second = { runId: 'run2' };
const ofB = { appId: 'app2', runId: 'runB' };

describe('duplicates', () => {
  const bo = (id: string, more: object = {}): Mapped =>
    source(id, { fields: { name: 'Bo', email: 'bo@x.example', title: 'CEO', ...more } });

  it.each<[string, Partial<Policies>, string, string, number]>([
    ['update ties', {}, 'updated', 'tied', 1],
    ['skip skips', { existing: { contacts: 'skip' } }, 'skipped: duplicate', 'skipped', 1],
    ['create creates', { existing: { contacts: 'create' } }, 'created', 'created', 2],
  ])('another app, %s', (_, policies, outcome, decision, records) => {
    const store = createPureStore();
    run(store, [bo('1')]);
    const page = run(store, [bo('77')], { ...ofB, policies });
    expect(outcomes(page)).toEqual([outcome]);
    expect(page.duplicates).toMatchObject([{ externalId: '77', matchedOn: ['email'], decision }]);
    expect(page.counts.duplicates).toBe(1);
    expect(store.records.size).toBe(records);
  });

  it('a tie fills what is empty, and only that; the record is bumped although nothing changes', () => {
    const store = createPureStore();
    run(store, [bo('1')]);
    const page = run(store, [bo('77', { title: 'CTO', notes: 'tall' })], ofB);
    expect(record(store, '77', 'contacts', 'app2')).toMatchObject({
      fields: { title: 'CEO', notes: 'tall' },
      references: 0,
      version: 2,
    });
    expect(store.link('app2', 'contacts', '77')?.notOurs.sort()).toEqual(['email', 'name', 'title']);
    expect(codes(page)).toEqual([]);
    const third = run(store, [bo('x')], { appId: 'app3', runId: 'runC' });
    expect([outcomes(third), third.records[0]?.record.version]).toEqual([['updated'], 3]);
  });

  it.each<[Policies['sameApp'], string[], number]>([
    ['create', ['created', 'created'], 2],
    ['update', ['created', 'updated'], 1],
    ['skip', ['created', 'skipped: duplicate'], 1],
  ])('two ids of one app, policy %s, in a page and across', (sameApp, expected, records) => {
    const together = createPureStore();
    expect(outcomes(run(together, [bo('1'), bo('2')], { policies: { sameApp } }))).toEqual(expected);
    const apart = createPureStore();
    const found = [bo('1'), bo('2')].flatMap((each) =>
      outcomes(run(apart, [each], { policies: { sameApp } })),
    );
    expect([found, together.records.size, apart.records.size]).toEqual([expected, records, records]);
  });

  it('several candidates are never guessed at', () => {
    const store = createPureStore();
    run(store, [bo('1'), bo('2')]);
    const page = run(store, [bo('77')], ofB);
    expect(outcomes(page)).toEqual(['skipped: duplicate']);
    expect(page.duplicates[0]?.candidates).toHaveLength(2);
    expect(
      outcomes(run(store, [bo('78')], { ...ofB, policies: { existing: { contacts: 'create' } } })),
    ).toEqual(['created']);
  });

  it('one candidate of this app and one of another are several, and the policy for other apps speaks', () => {
    const store = createPureStore();
    run(store, [bo('1')]);
    run(store, [bo('77')], { ...ofB, policies: { existing: { contacts: 'create' } } });
    expect(outcomes(run(store, [bo('2')], { policies: { sameApp: 'create' } }))).toEqual([
      'skipped: duplicate',
    ]);
  });

  it('weak keys are listed and never tied', () => {
    const phone = (id: string): Mapped => source(id, { fields: { name: id, phone: '+4930123456' } });
    const store = createPureStore();
    run(store, [phone('1')]);
    const page = run(store, [phone('77'), phone('78')], ofB);
    expect(outcomes(page)).toEqual(['created', 'created']);
    expect(page.duplicates).toMatchObject([
      { decision: 'listed', matchedOn: ['phone'], candidates: [record(store, '1').recordId] },
      { decision: 'listed', candidates: [expect.any(String), expect.any(String)] },
    ]);
  });

  it('a key that moved away in this page is no evidence, one that came is', () => {
    const store = createPureStore();
    run(store, [bo('1')]);
    const moved = source('1', { fields: { name: 'Bo', email: 'bo@y.example' } });
    const newcomers = [bo('2'), source('3', { fields: { name: 'Bo', email: 'bo@y.example' } })];
    const page = run(store, [moved, ...newcomers], { ...second, policies: { sameApp: 'skip' } });
    expect(outcomes(page)).toEqual(['updated', 'created', 'skipped: duplicate']);
  });

  it('a record archived by a sync comes back when another app brings it', () => {
    const store = createPureStore();
    run(store, [bo('1')]);
    run(store, [source('1', { deleted: true })], second);
    run(store, [bo('77')], ofB);
    expect(record(store, '1').archivedAt).toBeNull();
  });
});
