import type { ChecklistItem } from '../../activities/records/checklist.js';
import type { SourceRecord } from '../../activities/records/types.js';
import { readKnownFailures } from '../../activities/store/known-failures.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { enter, must, openHouse, type House } from '../support/activity-house.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

/** What failed before and was let pass does not ask again; whatever is new about it does. */

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const nobody = (externalId: string): SourceRecord => ({
  externalId,
  data: { email: `${externalId}@people.example` },
});
const ill = (externalId: string, value: string): SourceRecord => ({
  ...{ externalId, data: { name: externalId } },
  trouble: { code: 'value_invalid', field: 'birthday', value, message: `'${value}' is not a date.` },
});
/** A row without an id: `line` is its place, and all else that is known is what it says. */
const nameless = (line: number, says: string): SourceRecord => ({
  ...{ externalId: `#line-${line}`, nameless: true, position: String(line), data: { note: says } },
  trouble: { code: 'required_missing', field: 'id', message: `Line ${line}: the key column is empty.` },
});

async function underway(records: SourceRecord[]) {
  const { provider, script } = scriptedProvider();
  const app = await house.install(provider);
  /** The next run of the same app, up to its checklist. */
  const next = async (found: SourceRecord[], limit?: number) => {
    script.answers = { contacts: [limit === undefined ? found : found.slice(0, limit)] };
    const ref = await house.begin(await house.theApp(app));
    await house.transfer(ref);
    const summary = await house.run('buildChecklist', { ref, object: 'contacts', enteringReview: true });
    const { items } = must(await house.store.checklists.get(ref, 'contacts'));
    return { ref, summary, items: new Map(items.map((item) => [item.itemId, item])) };
  };
  const end = (ref: RunRef, status: 'completed' | 'cancelled' = 'completed') =>
    house.run('closeRun', { ref, status, error: null });
  return { app, next, end, first: await next(records) };
}

const counts = (items: Map<string, ChecklistItem>) => must(items.get('counts'));

describe('failures', () => {
  const bad = [nobody('a'), ill('b', '31.2.'), nameless(9, 'who?')];

  it('of an earlier run do not ask again, and are shown as known', async () => {
    const { next, end, first } = await underway([...people(3), ...bad]);
    expect(first.summary.findings).toEqual(['counts', 'required']);
    expect(counts(first.items).value).toMatchObject({ failed: 3, knownFailed: 0 });
    await end(first.ref);

    // The same rows, elsewhere in the file; nothing else is new.
    const moved = [nameless(2, 'who?'), ...people(3), ill('b', '31.2.'), nobody('a')];
    const second = await next(moved);
    expect(second.summary).toMatchObject({ findings: [], nothingNew: true });
    expect(counts(second.items)).toMatchObject({ status: 'ok', value: { failed: 3, knownFailed: 3 } });
    expect(counts(second.items).detail).toContain(`known from run ${first.ref.runId}`);
    expect(second.items.get('required')).toMatchObject({ status: 'ok', value: 2 });
    expect(second.items.get('required')?.detail).toContainEqual({
      ...{ field: 'name', count: 1, known: 1, knownFrom: first.ref.runId },
    });
    const { items } = await house.store.problems.list(second.ref, { severity: 'failed' }, { limit: 9 });
    expect(items).toHaveLength(3);
    expect(Object.keys(Object.assign({}, ...items) as object)).not.toEqual(
      expect.arrayContaining([expect.stringMatching(/sameAs|likeness/)]),
    );
    await end(second.ref);

    // With records that are new, but no new failure: nothing to ask, and something to look at.
    const third = await next([...moved, ...people(1, 4)]);
    expect(third.summary).toMatchObject({ findings: [], nothingNew: false, written: 1 });
    expect(counts(third.items).detail).toContain(`known from run ${second.ref.runId}`);
  });

  it.each([
    ['another record', nobody('c'), ['counts', 'required']],
    ['another value', ill('b', '30.2.'), ['counts']],
    ['a row without an id that says something else', nameless(9, 'me!'), ['counts', 'required']],
  ])('ask where they are new: %s', async (_name, record, findings) => {
    const { next, end, first } = await underway([...people(3), ...bad]);
    await end(first.ref);
    const kept = bad.filter(({ externalId }) => externalId !== record.externalId);
    const second = await next([...people(3), ...kept, record]);
    expect(second.summary).toMatchObject({ nothingNew: false });
    // Under `findings` of a run that wrote nothing only new failures count.
    expect(second.summary.findings).toEqual(findings);
    expect(counts(second.items).value).toMatchObject({ knownFailed: kept.length });
    expect(counts(second.items).detail).toContain(`${kept.length} of them failed in the same way before`);
  });

  it('are remembered across a run that met only some of them', async () => {
    const { next, end, first } = await underway([...bad, ...people(3)]);
    await end(first.ref);
    const part = await next([...bad, ...people(3)], 1);
    await end(part.ref);
    expect((await next([...bad, ...people(3)])).summary.findings).toEqual([]);
  });

  it('ask again after a run that nobody let pass, or that was taken back', async () => {
    const { next, end, first } = await underway([...people(3), ...bad]);
    await end(first.ref, 'cancelled');
    const second = await next([...people(3), ...bad]);
    expect(counts(second.items).value).toMatchObject({ knownFailed: 0 });
    await end(second.ref);
    const actor = { id: 'ann', name: 'Ann' };
    await house.run('undoSlice', { ref: second.ref, object: null, actor, note: 'no' });
    const third = await next([...people(3), ...bad]);
    expect(counts(third.items)).toMatchObject({ status: 'warning', value: { knownFailed: 0 } });
  });

  it('are of their own app and object alone', async () => {
    const { first, end, app } = await underway([...people(3), ...bad]);
    await end(first.ref);
    const { provider, script } = scriptedProvider({ id: 'other' });
    const other = await house.install(provider, {
      workspaceId: app.workspaceId,
      scope: ['contacts', 'accounts'],
    });
    script.answers = { contacts: [bad], accounts: [[nobody('a')]] };
    const ref = await house.begin(other, ['accounts', 'contacts']);
    await house.transfer(ref, 'accounts');
    await enter(house, ref, 'contacts');
    await house.transfer(ref);
    for (const object of ['accounts', 'contacts'] as const) {
      const { nothingNew } = await house.run('buildChecklist', { ref, object, enteringReview: true });
      expect(nothingNew).toBe(false);
    }
  });

  it('beyond ten thousand are all new, and nobody is asked', async () => {
    const { first } = await underway(bad);
    const asked = (): never => {
      throw new Error('asked');
    };
    const { problems, runs } = house.store;
    const store = {
      problems: { ...problems, failures: asked, known: asked },
      runs: { ...runs, before: asked },
    };
    const none = { records: 0, runId: null, required: [] };
    expect(await readKnownFailures(store, first.ref, 'contacts', 10_001)).toEqual(none);
    // One record may fail in many ways: it is their number that counts.
    const many = { ...store, problems: { ...store.problems, failures: async () => null } };
    expect(await readKnownFailures(many, first.ref, 'contacts', 9_000)).toEqual(none);
  });
});
