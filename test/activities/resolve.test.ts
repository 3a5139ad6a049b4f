import type { SliceEnd } from '../../workflows/contract/activities.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { enter, gate, must, openHouse, type House } from '../support/activity-house.js';
import { companies, people, scriptedProvider, type ScriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const ANN = { id: 'ann', name: 'Ann' };

function resolve(ref: RunRef, slice: number, attempt = 1): Promise<SliceEnd> {
  return house.run('resolveSlice', { ref, object: 'accounts', slice, pages: 50, allowed: [] }, { attempt });
}

/** One run brought contacts that wait for a company; a later one has brought that company, and not looked who waits. */
async function waiting(contacts = 3): Promise<ScriptedProvider & { earlier: RunRef; ref: RunRef }> {
  const scripted = scriptedProvider();
  const { provider, script } = scripted;
  script.answers = { contacts: [people(contacts, 1, { account: 'C1' })], accounts: [companies(1)] };
  const app = await house.install(provider, { scope: ['accounts', 'contacts'] });
  const earlier = await house.begin(app, ['contacts']);
  await house.transfer(earlier);
  await house.run('closeRun', { ref: earlier, status: 'completed', error: null });
  const ref = await house.begin(app, ['accounts']);
  expect(await house.transfer(ref, 'accounts')).toEqual({ state: 'done' });
  return { ...scripted, earlier, ref };
}

async function relations({ workspaceId }: RunRef): Promise<unknown[]> {
  return (await house.records(workspaceId)).map(({ relations }) => relations['account']?.recordId ?? null);
}

async function company({ workspaceId }: RunRef): Promise<{ recordId: string; references: number }> {
  return must((await house.records(workspaceId, 'accounts'))[0]);
}

describe('relations whose target came later', () => {
  it('are linked, listed as changes, and undone with the run that linked them', async () => {
    const { ref } = await waiting();
    expect(await relations(ref)).toEqual([null, null, null]);
    expect(await resolve(ref, 1)).toEqual({ state: 'done' });
    const { recordId, references } = await company(ref);
    expect(references).toBe(3);
    expect(await relations(ref)).toEqual([recordId, recordId, recordId]);
    const { items } = await house.store.pages.changes(ref, { outcome: 'resolved' }, { limit: 10 });
    expect(items.map((entry) => entry.fields[0]?.field)).toEqual(['@account', '@account', '@account']);
    // It counts no outcome: the books are those of the source.
    expect(await house.counts(ref, 'accounts')).toMatchObject({ fetched: 1, created: 1, updated: 0 });

    await house.run('closeRun', { ref, status: 'completed', error: null });
    expect(await house.run('undoSlice', { ref, object: null, actor: ANN, note: '' })).toEqual({
      state: 'done',
    });
    expect(await relations(ref)).toEqual([null, null, null]);
    expect(await house.records(ref.workspaceId, 'accounts')).toEqual([]);
  });

  it('wait again after such an undo, and are linked by the next run', async () => {
    const { ref, provider } = await waiting();
    await resolve(ref, 1);
    await house.run('closeRun', { ref, status: 'completed', error: null });
    await house.run('undoSlice', { ref, object: null, actor: ANN, note: '' });
    const app = await house.theApp(ref);
    const next = await house.begin(app, ['accounts']);
    expect(provider.id).toBe(app.providerId);
    await house.transfer(next, 'accounts');
    expect(await resolve(next, 1)).toEqual({ state: 'done' });
    const { recordId, references } = await company(next);
    expect(references).toBe(3);
    expect(await relations(next)).toEqual([recordId, recordId, recordId]);
  });

  it('are linked once, however often it is repeated and whichever attempt comes', async () => {
    // More than one page of them.
    const { ref } = await waiting(505);
    await resolve(ref, 1);
    await resolve(ref, 1, 2);
    await resolve(ref, 2);
    expect((await company(ref)).references).toBe(505);
    const { items } = await house.store.pages.changes(ref, { outcome: 'resolved' }, { limit: 1_000 });
    expect(items).toHaveLength(505);
  });

  it('are linked by the newer of two attempts; the frozen one writes nothing', async () => {
    const { ref } = await waiting();
    const frozen = gate();
    const thawed = gate();
    const quick = house.another({ turnTimes: { leaseMs: 300, queueMs: 300 } });
    const apply: typeof quick.pages.apply = async (commit) => {
      frozen.open();
      await thawed.opened;
      return quick.pages.apply(commit);
    };
    const args = { ref, object: 'accounts', slice: 1, pages: 50, allowed: [] } as const;
    const slow = { store: { ...quick, pages: { ...quick.pages, apply } } };
    const old = house.run('resolveSlice', { ...args, allowed: [] }, { attempt: 1, deps: slow });
    await frozen.opened;
    const now = await house.run(
      'resolveSlice',
      { ...args, allowed: [] },
      { attempt: 2, deps: { store: quick } },
    );
    expect(now).toEqual({ state: 'done' });
    thawed.open();
    expect(await old).toMatchObject({ state: 'failed', failure: { code: 'superseded' } });
    expect((await company(ref)).references).toBe(3);
  });

  it('that were undone with their own run do not disturb', async () => {
    const { ref, earlier } = await waiting();
    await house.run('undoSlice', { ref: earlier, object: null, actor: ANN, note: '' });
    expect(await house.records(ref.workspaceId)).toEqual([]);
    expect(await resolve(ref, 1)).toEqual({ state: 'done' });
    expect((await company(ref)).references).toBe(0);
  });

  it('that a person has pointed elsewhere since are left, and wait no more', async () => {
    const { ref } = await waiting(2);
    const [one, two] = await house.records(ref.workspaceId);
    if (!one || !two) throw new Error('There must be two.');
    const edited = {
      ...one,
      relations: {},
      writers: { ...one.writers, '@account': 'a:ann:Ann' },
      version: one.version + 1,
    };
    expect(await house.store.records.replace(edited, one.version, [])).toBe('written');
    expect(await resolve(ref, 1)).toEqual({ state: 'done' });
    const { recordId, references } = await company(ref);
    expect(references).toBe(1);
    const [first, second] = await house.store.records.byIds(ref.workspaceId, [one.recordId, two.recordId]);
    const byId = new Map([first, second].map((record) => [record?.recordId, record?.relations]));
    expect(byId.get(one.recordId)).toEqual({});
    expect(byId.get(two.recordId)?.['account']?.recordId).toBe(recordId);
    const { origin } = must((await house.theRun(ref)).pinned);
    const still = await house.store.pending.waiting(ref.workspaceId, origin, 'accounts', null, 10);
    expect(still.items).toEqual([]);
  });

  it('whose target never comes go on waiting and are counted', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(2, 1, { account: 'nobody' })] };
    const ref = await house.begin(await house.install(provider), ['contacts']);
    await house.transfer(ref);
    expect(await house.store.pending.countOf(ref, 'contacts')).toBe(2);
    await enter(house, ref, 'contacts');
    await house.run('buildChecklist', { ref, object: 'contacts', enteringReview: false });
    const list = must(await house.store.checklists.get(ref, 'contacts'));
    expect(list.items.find(({ itemId }) => itemId === 'relations')).toMatchObject({
      status: 'warning',
      value: 2,
    });
  });

  it('stop for a pause', async () => {
    const { ref } = await waiting();
    await house.run('setControl', { ref, control: 'pause' });
    expect(await resolve(ref, 1)).toEqual({ state: 'paused' });
    expect((await company(ref)).references).toBe(0);
    await house.run('setControl', { ref, control: 'go' });
    expect(await resolve(ref, 2)).toEqual({ state: 'done' });
    expect((await company(ref)).references).toBe(3);
  });
});
