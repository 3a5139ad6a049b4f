import { filesProvider } from '../../activities/providers/files/provider.js';
import type { UndoState } from '../../activities/store/clean-ups.js';
import type { UndoEnd } from '../../workflows/contract/activities.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { enter, environment, must, openHouse, type Attempt, type House } from '../support/activity-house.js';
import { uploadFile } from '../support/house-files.js';
import { companies, people, scriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const ANN = { id: 'ann', name: 'Ann' };

function undo(ref: RunRef, object: ObjectName | null = null, how: Attempt = {}): Promise<UndoEnd> {
  return house.run('undoSlice', { ref, object, actor: ANN, note: 'wrong file' }, how);
}

function numbersOf({ remove, restore, keep, conflictCount }: UndoState): Record<string, number> {
  return { remove, restore, keep, conflictCount };
}

async function preview(ref: RunRef, object: ObjectName | null = null): Promise<UndoState> {
  const answer = await house.ask({ about: 'undo_preview', ...ref, object });
  const { result } = answer as { result: UndoState };
  return result;
}

async function edit(ref: RunRef, externalName: string, fields: Record<string, string>): Promise<void> {
  const record = must(
    (await house.records(ref.workspaceId)).find((each) => each.fields['name'] === externalName),
  );
  const writers = Object.fromEntries(Object.keys(fields).map((field) => [field, 'a:ann:Ann']));
  const edited = {
    ...record,
    fields: { ...record.fields, ...fields },
    writers: { ...record.writers, ...writers },
    version: record.version + 1,
  };
  expect(await house.store.records.replace(edited, record.version, [])).toBe('written');
}

/** A first run made ten people; a second one changed six of them, and brought five more and two companies. Both have ended. */
async function twoRuns(): Promise<{ first: RunRef; second: RunRef }> {
  const { provider, script } = scriptedProvider();
  script.answers = { contacts: [people(5), people(5, 6)] };
  const app = await house.install(provider, { scope: ['accounts', 'contacts'] });
  const first = await house.begin(app);
  await house.transfer(first);
  await house.run('closeRun', { ref: first, status: 'completed', error: null });
  script.answers = {
    accounts: [companies(2)],
    contacts: [people(3, 1, { title: 'Boss' }), people(3, 8, { account: 'C1' }), people(5, 11)],
  };
  const second = await house.begin(app, ['accounts', 'contacts']);
  expect(await house.transfer(second, 'accounts')).toEqual({ state: 'done' });
  await enter(house, second, 'contacts');
  expect(await house.transfer(second)).toEqual({ state: 'done' });
  await house.run('closeRun', { ref: second, status: 'completed', error: null });
  return { first, second };
}

async function picture(ref: RunRef): Promise<unknown[]> {
  const records = [
    ...(await house.records(ref.workspaceId)),
    ...(await house.records(ref.workspaceId, 'accounts')),
  ];
  return records
    .map(({ recordId, fields, relations, references, keys, archivedAt }) => ({
      ...{ recordId, fields, references, keys, archivedAt },
      account: relations['account']?.externalId ?? null,
    }))
    .sort((a, b) => (a.recordId < b.recordId ? -1 : 1));
}

describe('an undo', () => {
  it('leaves the store as it was before the run, and does what its preview said', async () => {
    const { first, second } = await twoRuns();
    const seen = await preview(second);
    expect(seen.state).toBe('previewed');
    expect(numbersOf(seen)).toEqual({ remove: 7, restore: 6, keep: 0, conflictCount: 0 });
    expect(await house.records(second.workspaceId)).toHaveLength(15);

    expect(await undo(second)).toEqual({ state: 'done' });
    const { cleanup, objects, reviewState } = await house.theRun(second);
    expect(cleanup).toMatchObject({ mode: 'undo', state: 'done', by: ANN, note: 'wrong file' });
    expect(numbersOf(must(cleanup))).toEqual(numbersOf(seen));
    expect(objects.map(({ state }) => state)).toEqual(['cleaned_up', 'cleaned_up']);
    expect(reviewState).toBe('cleaned_up');
    const records = await house.records(second.workspaceId);
    expect(records).toHaveLength(10);
    expect(records.every(({ fields }) => fields['title'] === undefined)).toBe(true);
    expect(records.every(({ relations }) => (relations['account']?.externalId ?? null) === null)).toBe(true);
    expect(await house.records(second.workspaceId, 'accounts')).toEqual([]);
    // The run's own counts stay beside what was undone.
    expect(await house.counts(second)).toMatchObject({ fetched: 11, created: 5, updated: 6 });

    expect(await undo(first)).toEqual({ state: 'done' });
    expect(await house.records(second.workspaceId)).toEqual([]);
    expect(must((await house.theRun(first)).cleanup)).toMatchObject({ remove: 10, restore: 0 });
  });

  it('done twice changes nothing the second time', async () => {
    const { second } = await twoRuns();
    await undo(second);
    const after = await picture(second);
    const before = numbersOf(must((await house.theRun(second)).cleanup));
    expect(await undo(second)).toEqual({ state: 'done' });
    expect(await picture(second)).toEqual(after);
    expect(numbersOf(must((await house.theRun(second)).cleanup))).toEqual(before);
    expect(numbersOf(await preview(second))).toEqual({ remove: 0, restore: 0, keep: 0, conflictCount: 0 });
    expect((await house.theRun(second)).cleanup?.state).toBe('done');
  });

  it('keeps what a person changed since, and lists it', async () => {
    const { second } = await twoRuns();
    await edit(second, 'Person 2', { title: 'Chair' });
    await edit(second, 'Person 12', { title: 'Chair' });
    const seen = await preview(second);
    expect(numbersOf(seen)).toEqual({ remove: 6, restore: 5, keep: 2, conflictCount: 2 });
    await undo(second);
    const cleanup = must((await house.theRun(second)).cleanup);
    expect(numbersOf(cleanup)).toEqual(numbersOf(seen));
    expect(cleanup.conflicts).toEqual(seen.conflicts);
    expect(cleanup.conflicts.map(({ field, current }) => ({ field, current }))).toEqual([
      { field: 'title', current: 'Chair' },
      { field: 'title', current: 'Chair' },
    ]);
    expect(cleanup.conflicts[0]?.why).toContain('Ann');
    const names = (await house.records(second.workspaceId)).map(({ fields }) => fields['name']);
    expect(names).toContain('Person 12');
    expect(names).not.toContain('Person 11');
    const { items } = await house.store.conflicts.list(second, { limit: 10 });
    expect(items).toHaveLength(2);
  });

  /** Per external id: whether all of it was taken back, and the fields that were not. */
  async function changesOf(ref: RunRef, object: ObjectName = 'contacts') {
    const { items } = await house.store.pages.changes(ref, { object }, { limit: 1_000 });
    return items.map(({ externalId, outcome, undone, fields }) => ({
      ...{ externalId, outcome, undone },
      stays: fields.filter((change) => !change.undone).map(({ field }) => field),
    }));
  }

  it('says of each change, field by field, whether it was taken back', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(3)] };
    const app = await house.install(provider, { scope: ['contacts'] });
    const first = await house.begin(app);
    await house.transfer(first);
    await house.run('closeRun', { ref: first, status: 'completed', error: null });
    const named = people(3, 1, { title: 'Boss' }).map(({ externalId, data }) => ({
      externalId,
      data: { ...(data as Record<string, string>), name: `${externalId} Senior` },
    }));
    script.answers = { contacts: [named, people(2, 4)] };
    const second = await house.begin(app);
    await house.transfer(second);
    await house.run('closeRun', { ref: second, status: 'completed', error: null });
    const before = await changesOf(second);
    expect(before).toHaveLength(5);
    expect(before.every(({ undone, stays }) => !undone && stays.length > 0)).toBe(true);
    await edit(second, 'P2 Senior', { title: 'Chair' });
    await edit(second, 'Person 5', { title: 'Chair' });
    await undo(second);
    const [p1, p2, p3, p4, p5] = await changesOf(second);
    for (const back of [p1, p3, p4]) expect(back).toMatchObject({ undone: true, stays: [] });
    // Of an update one field stays; of a record that the run made everything does.
    expect(p2).toMatchObject({ externalId: 'P2', outcome: 'updated', undone: false, stays: ['title'] });
    expect(p5).toMatchObject({ externalId: 'P5', outcome: 'created', undone: false });
    expect(p5?.stays.sort()).toEqual(before[4]?.stays.sort());
    expect((await changesOf(first)).every(({ undone }) => !undone)).toBe(true);
  });

  it('says of a later change of a record that the run made what became of the record', async () => {
    const { provider, script } = scriptedProvider({ uniqueIds: false });
    const at = (time: string, more: Record<string, string>) =>
      people(2, 1, more).map((record) => ({ ...record, modifiedAt: `2026-05-0${time}T00:00:00Z` }));
    script.answers = { contacts: [at('1', {}), at('2', { title: 'Boss' })] };
    const ref = await house.begin(await house.install(provider));
    await house.transfer(ref);
    await house.run('closeRun', { ref, status: 'completed', error: null });
    await edit(ref, 'Person 2', { email: 'two@people.example' });
    await undo(ref);
    expect(await changesOf(ref)).toMatchObject([
      { externalId: 'P1', outcome: 'created', undone: true, stays: [] },
      { externalId: 'P2', outcome: 'created', undone: false },
      { externalId: 'P1', outcome: 'updated', undone: true, stays: [] },
      { externalId: 'P2', outcome: 'updated', undone: false, stays: ['title'] },
    ]);
  });

  it('of one object leaves the others', async () => {
    const { second } = await twoRuns();
    expect(await undo(second, 'contacts')).toEqual({ state: 'done' });
    expect(await house.records(second.workspaceId)).toHaveLength(10);
    expect(await house.records(second.workspaceId, 'accounts')).toHaveLength(2);
    const { objects, cleanup } = await house.theRun(second);
    expect(objects.map(({ state }) => state)).toEqual(['unreviewed', 'cleaned_up']);
    expect(cleanup).toMatchObject({ object: 'contacts', remove: 5, restore: 6 });
    await undo(second, 'accounts');
    expect((await house.theRun(second)).cleanup).toMatchObject({ object: 'accounts', remove: 7, restore: 6 });
  });

  it('goes on where it was stopped: by its time, by a cancel, by the store', async () => {
    const { second } = await twoRuns();
    const whole = numbersOf(await preview(second));
    // Its time is over before each page but the first.
    let now = Date.now();
    const hasty = { now: () => new Date((now += 50_000)) };
    expect(await undo(second, null, { deps: hasty })).toEqual({ state: 'more' });

    const env = environment();
    const { store } = house;
    const journal: typeof store.pages.journal = async (...args) => {
      const found = await store.pages.journal(...args);
      env.cancel('CANCELLED');
      return found;
    };
    const cancelling = { store: { ...store, pages: { ...store.pages, journal } } };
    await expect(undo(second, null, { environment: env, deps: cancelling })).rejects.toMatchObject({
      name: 'CancelledFailure',
    });
    const halfway = must((await house.theRun(second)).cleanup);
    expect(halfway.state).toBe('running');
    expect(halfway.remove + halfway.restore).toBeGreaterThan(0);
    expect(halfway.remove + halfway.restore).toBeLessThan(13);

    expect(await undo(second)).toEqual({ state: 'done' });
    expect(numbersOf(must((await house.theRun(second)).cleanup))).toEqual(whole);
    expect(await house.records(second.workspaceId)).toHaveLength(10);
  });

  it('fences a transfer that was still alive', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(2), people(2, 3)] };
    const ref = await house.begin(await house.install(provider));
    await house.slice(ref);
    await undo(ref);
    expect(await house.slice(ref, { slice: 1 })).toMatchObject({
      state: 'failed',
      failure: { code: 'superseded' },
    });
    expect(await house.records(ref.workspaceId)).toEqual([]);
  });

  it('needs no file: the app that read it may be uninstalled', async () => {
    const app = await house.install(filesProvider);
    await uploadFile(house, app, 'id,name,email\n1,Ann,a@undo.example\n2,Bo,b@undo.example\n');
    const ref = await house.begin(app);
    await house.transfer(ref);
    await house.run('closeRun', { ref, status: 'completed', error: null });
    await house.store.files.removeAll(app.workspaceId, app.appId);
    await house.store.apps.patch(app.workspaceId, app.appId, { removedAt: new Date().toISOString() });
    expect(numbersOf(await preview(ref))).toMatchObject({ remove: 2, conflictCount: 0 });
    expect(await undo(ref)).toEqual({ state: 'done' });
    expect(await house.records(ref.workspaceId)).toEqual([]);
  });

  it('is refused when the pages of the run are gone', async () => {
    const { second } = await twoRuns();
    await house.store.pages.expire(second);
    await expect(undo(second)).rejects.toMatchObject({ nonRetryable: true });
    const answer = await house.ask({ about: 'undo_preview', ...second, object: null });
    expect(answer).toHaveProperty('error');
    expect(await house.records(second.workspaceId)).toHaveLength(15);
  });
});

describe('a clean-up by a person', () => {
  const args = (ref: RunRef) => ({ ref, object: 'contacts' as const, actor: ANN, note: 'by hand' });

  it('is recorded once, with name and note, and writes no record', async () => {
    const { second } = await twoRuns();
    // A retry of the activity carries the same time.
    for (const attempt of [1, 2]) await house.run('recordCleanup', args(second), { attempt });
    const reviews = await house.store.reviews.list(second);
    expect(reviews).toHaveLength(1);
    expect(reviews[0]).toMatchObject({ decision: 'cleanup_recorded', actor: ANN, note: 'by hand' });
    const { objects, cleanup } = await house.theRun(second);
    expect(objects.map(({ state }) => state)).toEqual(['unreviewed', 'cleaned_up']);
    expect(cleanup).toMatchObject({ mode: 'manual', state: 'done', object: 'contacts', by: ANN });
    expect(await house.records(second.workspaceId)).toHaveLength(15);
  });

  it('keeps the numbers of an undo that was before it', async () => {
    const { second } = await twoRuns();
    await undo(second, 'accounts');
    await house.run('recordCleanup', args(second));
    const { cleanup } = await house.theRun(second);
    expect(cleanup).toMatchObject({ mode: 'manual', state: 'done', object: 'contacts' });
    const undone = must(cleanup);
    expect(undone.remove + undone.keep).toBe(2);
  });
});
