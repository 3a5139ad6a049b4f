import type { ActivityDeps } from '../../activities/deps.js';
import type { SourceRecord } from '../../activities/records/types.js';
import type { AppDoc } from '../../activities/store/documents.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { gate, openHouse, type House } from '../support/activity-house.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

/** The same store with other leases, as another process would see it. */
function withLeases(leaseMs: number): Pick<ActivityDeps, 'store'> {
  return { store: house.another({ turnTimes: { leaseMs, queueMs: 300 } }) };
}

describe('an old attempt that was frozen', () => {
  it('stages nothing after a newer one has begun', async () => {
    const { provider, script } = scriptedProvider();
    const ref = await house.begin(await house.install(provider));
    const frozen = gate();
    const thawed = gate();
    let calls = 0;
    script.answers = {
      contacts: [
        people(3),
        async () => {
          calls += 1;
          if (calls > 1) return people(3, 4);
          frozen.open();
          await thawed.opened;
          return people(3, 4);
        },
      ],
    };
    const old = house.slice(ref, { pages: 4 }, { attempt: 1 });
    await frozen.opened;
    expect(await house.slice(ref, { pages: 4 }, { attempt: 2 })).toEqual({ state: 'done' });
    thawed.open();
    expect(await old).toMatchObject({ state: 'failed', failure: { code: 'superseded' } });
    expect(await house.counts(ref)).toMatchObject({ fetched: 6, created: 6, staged: 2, applied: 2 });
    expect(await house.records(ref.workspaceId)).toHaveLength(6);
  });

  it('applies nothing after a newer one has begun', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(3), people(3, 4)] };
    const ref = await house.begin(await house.install(provider));
    const frozen = gate();
    const thawed = gate();
    const quick = withLeases(400);
    const { store } = quick;
    const apply: typeof store.pages.apply = async (commit) => {
      frozen.open();
      await thawed.opened;
      return store.pages.apply(commit);
    };
    const slow = { store: { ...store, pages: { ...store.pages, apply } } };
    const old = house.slice(ref, { pages: 4 }, { attempt: 1, deps: slow });
    await frozen.opened;
    expect(await house.slice(ref, { pages: 4 }, { attempt: 2, deps: quick })).toEqual({ state: 'done' });
    thawed.open();
    expect(await old).toMatchObject({ state: 'failed', failure: { code: 'superseded' } });
    expect(await house.counts(ref)).toMatchObject({ fetched: 6, created: 6, applied: 2 });
    expect(await house.records(ref.workspaceId)).toHaveLength(6);
  });

  it('cannot begin again after a newer one, nor after the end of the run', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(1), people(1, 2)] };
    const ref = await house.begin(await house.install(provider));
    await house.slice(ref, { slice: 1 }, { attempt: 1 });
    expect(await house.slice(ref, { slice: 0 }, { attempt: 9 })).toMatchObject({ state: 'failed' });
    await house.run('closeRun', { ref, status: 'cancelled', error: null });
    expect(await house.slice(ref, { slice: 2 })).toMatchObject({
      state: 'failed',
      failure: { code: 'superseded' },
    });
    expect(await house.records(ref.workspaceId)).toHaveLength(1);
  });
});

describe('two apps that bring the same people at the same moment', () => {
  it('make one record per person', async () => {
    const one = scriptedProvider({ id: 'one' });
    const two = scriptedProvider({ id: 'two' });
    const pages = [people(20), people(20, 21), people(20, 41)];
    one.script.answers = { contacts: pages };
    two.script.answers = { contacts: pages.toReversed().map((page) => page.toReversed()) };
    const app = await house.install(one.provider);
    const other = await house.install(two.provider, { workspaceId: app.workspaceId });
    const refs = [await house.begin(app), await house.begin(other)];

    const ends = await Promise.all(refs.map((ref) => house.transfer(ref)));
    expect(ends).toEqual([{ state: 'done' }, { state: 'done' }]);
    const records = await house.records(app.workspaceId);
    expect(new Set(records.map(({ fields }) => fields['email'])).size).toBe(60);
    expect(records).toHaveLength(60);
    const links = await house.store.links.byRecords(
      app.workspaceId,
      records.map(({ recordId }) => recordId),
    );
    expect(links).toHaveLength(120);
    const counts = await Promise.all(refs.map((ref) => house.counts(ref)));
    expect(counts.map(({ fetched }) => fetched)).toEqual([60, 60]);
    expect(counts.reduce((sum, { created }) => sum + created, 0)).toBe(60);
  });

  it.each([
    [
      'accounts',
      (n: number) => ({ name: `Company ${n}`, domain: `https://www.c${n}.example/about` }),
      'domain',
    ],
    ['products', (n: number) => ({ name: `Thing ${n}`, sku: ` AB-${n} ` }), 'sku'],
  ] as const)('make one record of each of the %s', async (object, data, key) => {
    const numbered = (from: number): SourceRecord[] =>
      Array.from({ length: 20 }, (_none, at) => ({ externalId: `X${from + at}`, data: data(from + at) }));
    const { app, refs } = await rivals(object, [numbered(1), numbered(21), numbered(41)]);
    const records = await house.records(app.workspaceId, object);
    expect(records).toHaveLength(60);
    expect(new Set(records.map(({ fields }) => fields[key])).size).toBe(60);
    const counts = await Promise.all(refs.map((ref) => house.counts(ref, object)));
    expect(counts.map(({ fetched }) => fetched)).toEqual([60, 60]);
    expect(counts.map(({ created, updated }) => created + updated)).toEqual([60, 60]);
    expect(counts.reduce((sum, { created }) => sum + created, 0)).toBe(60);
    expect(counts.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(60);
  });

  it('see likenesses in what the other one has just written, and tie none', async () => {
    const named = (from: number): SourceRecord[] =>
      Array.from({ length: 20 }, (_none, at) => ({
        externalId: `X${from + at}`,
        data: { name: `Käufer ${from + at} GmbH` },
      }));
    const { app, refs } = await rivals('accounts', [named(1), named(21)]);
    expect(await house.records(app.workspaceId, 'accounts')).toHaveLength(80);
    const counts = await Promise.all(refs.map((ref) => house.counts(ref, 'accounts')));
    expect(counts.map(({ created }) => created)).toEqual([40, 40]);
    expect(counts.reduce((sum, { duplicates }) => sum + duplicates, 0)).toBe(40);
  });

  async function rivals(
    object: ObjectName,
    pages: SourceRecord[][],
  ): Promise<{ app: AppDoc; refs: RunRef[] }> {
    const one = scriptedProvider({ id: 'one' });
    const two = scriptedProvider({ id: 'two' });
    one.script.answers = { [object]: pages };
    two.script.answers = { [object]: pages.toReversed().map((page) => page.toReversed()) };
    const app = await house.install(one.provider);
    const other = await house.install(two.provider, { workspaceId: app.workspaceId });
    const refs = [await house.begin(app, [object]), await house.begin(other, [object])];
    const ends = await Promise.all(refs.map((ref) => house.transfer(ref, object)));
    expect(ends).toEqual([{ state: 'done' }, { state: 'done' }]);
    return { app, refs };
  }

  it('do not wait for one another while a provider is slow', async () => {
    const slow = scriptedProvider({ id: 'slow' });
    const quick = scriptedProvider({ id: 'quick' });
    const app = await house.install(slow.provider);
    const other = await house.install(quick.provider, { workspaceId: app.workspaceId });
    const refs = [await house.begin(app), await house.begin(other)] as const;
    const applied = gate();
    const answered = gate();
    slow.script.answers = {
      contacts: [
        people(2),
        async () => {
          await answered.opened;
          return people(2, 3);
        },
      ],
    };
    quick.script.answers = { contacts: [people(2, 11)] };
    // A lease that outlives this test.
    const { store } = withLeases(45_000);
    const renew: typeof store.turns.renew = async (turn) => {
      const renewed = await store.turns.renew(turn);
      applied.open();
      return renewed;
    };
    const seen = { store: { ...store, turns: { ...store.turns, renew } } };
    const waiting = house.slice(refs[0], { pages: 3 }, { deps: seen });
    await applied.opened;
    expect(await house.slice(refs[1], {}, { deps: { store } })).toEqual({ state: 'done' });
    answered.open();
    expect(await waiting).toEqual({ state: 'done' });
    expect(await house.records(app.workspaceId)).toHaveLength(6);
  }, 30_000);
});
