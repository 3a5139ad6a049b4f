import { readAhead } from '../../activities/repair/read-ahead.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { policies } from '../support/record-makers.js';
import { ANN, MAPPING, repairDesk } from '../support/repair-desk.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

/** A repair of many pages is done in slices, whether anything in them is meant or not. */

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const { ended, booksOf } = repairDesk(() => house);
const PAGES = 6;

/** Six pages of two people each; those of the pages named here lack the name that is required. */
async function imported(badPages: readonly number[]): Promise<RunRef> {
  const { provider, script } = scriptedProvider();
  const pages = Array.from({ length: PAGES }, (_each, n) => {
    const name = badPages.includes(n) ? { name: '' } : {};
    return people(2, 1 + 2 * n, name);
  });
  script.answers = { contacts: pages };
  const app = await house.install(provider, { mapping: MAPPING });
  const ref = await house.begin(app);
  expect(await house.transfer(ref)).toEqual({ state: 'done' });
  await ended(ref);
  const fields = { ...MAPPING.objects.contacts.fields, name: { path: 'name', default: 'Somebody' } };
  await house.store.apps.patch(app.workspaceId, app.appId, {
    mapping: { ...MAPPING, objects: { contacts: { fields } } },
  });
  return ref;
}

/** So much time passes each time anybody looks. */
function hurriedClock(stepMs: number): () => Date {
  let at = Date.now();
  return () => new Date((at += stepMs));
}

async function slices(ref: RunRef, repairId: string, stepMs = 30_000): Promise<number> {
  const args = { ref, repairId, object: null, code: null, externalIds: null, actor: ANN };
  for (let slice = 1; ; slice += 1) {
    if (slice > 20 * PAGES) throw new Error('The repair does not come to its end.');
    const end = await house.run('repairSlice', args, { deps: { now: hurriedClock(stepMs) } });
    if (end.state === 'done') return slice;
    expect(must((await house.theRun(ref)).repair).state).toBe('running');
  }
}

describe('the slices of a repair', () => {
  it('go on behind the last page that was looked at, also where nothing was meant', async () => {
    const ref = await imported([]);
    const seen: number[] = [];
    const { repairs } = house.store;
    const watched: typeof repairs = {
      ...repairs,
      moveOn: (run, object, args) => {
        seen.push(args.seq);
        return repairs.moveOn(run, object, args);
      },
    };
    const args = { ref, repairId: 'idle', object: null, code: null, externalIds: null, actor: ANN };
    const how = (): { deps: object } => ({
      deps: { now: hurriedClock(90_000), store: { ...house.store, repairs: watched } },
    });
    let last = await house.run('repairSlice', args, how());
    for (let slice = 0; last.state === 'more' && slice < 50; slice += 1) {
      last = await house.run('repairSlice', args, how());
    }
    expect(last).toEqual({ state: 'done' });
    expect(seen.length).toBeGreaterThan(1);
    expect(seen).toEqual([...new Set(seen)].sort((a, b) => a - b));
    expect(await booksOf(ref)).toMatchObject({ created: 2 * PAGES, failed: 0 });
  });

  it('repair everything once', async () => {
    const ref = await imported([0, 2, 3, 5]);
    expect(await booksOf(ref)).toMatchObject({ created: 4, failed: 8 });
    expect(await slices(ref, 'hurried')).toBeGreaterThan(1);
    expect(await booksOf(ref)).toMatchObject({ fetched: 12, created: 12, failed: 0 });
    expect((await house.theRun(ref)).repair).toMatchObject({ state: 'done', repaired: 8, next: null });
    expect(await house.records(ref.workspaceId)).toHaveLength(2 * PAGES);
    const { items } = await house.store.problems.list(ref, { severity: 'failed' }, { limit: 50 });
    expect(items.map(({ state }) => state)).toEqual(items.map(() => 'repaired'));
    expect(items.length).toBeGreaterThanOrEqual(8);
  });

  it('are fenced: whoever came before says nothing of where it goes on', async () => {
    const ref = await imported([1]);
    const { repairs } = house.store;
    const first = must(await repairs.claim(ref, 'contacts'));
    const second = must(await repairs.claim(ref, 'contacts'));
    await expect(repairs.moveOn(ref, 'contacts', { epoch: first.epoch, seq: 3 })).rejects.toThrow(
      'took over',
    );
    await repairs.moveOn(ref, 'contacts', { epoch: second.epoch, seq: 4 });
    expect((await house.theRun(ref)).repair?.next).toEqual({ object: 'contacts', seq: 4 });
  });
});

describe('decisions on many duplicates', () => {
  it('are carried out in slices, each exactly once', async () => {
    const other = scriptedProvider({ id: 'other' });
    const { provider, script } = scriptedProvider();
    const MANY = 5;
    other.script.answers = {
      contacts: [people(MANY, 1, {}).map((each) => ({ ...each, externalId: `X${each.externalId}` }))],
    };
    script.answers = { contacts: [people(3, 1), people(2, 4)] };
    const existing = { contacts: 'create' as const };
    const app = await house.install(provider, { mapping: MAPPING, policies: policies({ existing }) });
    const { workspaceId } = app;
    const before = await house.begin(
      await house.install(other.provider, { workspaceId, appId: 'other-app', mapping: MAPPING }),
    );
    await house.transfer(before);
    await ended(before);
    const theirs = await house.records(workspaceId);
    const ref = await house.begin(app);
    await house.transfer(ref);
    await ended(ref);
    expect(await house.records(workspaceId)).toHaveLength(2 * MANY);
    for (const { recordId, fields } of theirs) {
      const own = [...people(MANY, 1)].find(({ data }) => (data as { name: string }).name === fields['name']);
      const at = new Date().toISOString();
      const about = { workspaceId, runId: ref.runId, object: 'contacts' as const };
      const externalId = must(own).externalId;
      const said = { decision: 'update' as const, recordId, by: ANN, at, appliedAt: null };
      await house.store.decisions.put({ ...about, externalId, ...said });
    }

    // Each slice is over as soon as one was taken back.
    expect(await slices(ref, 'decided', 90_000)).toBeGreaterThan(MANY);

    expect(await house.store.decisions.open(ref, 'contacts')).toEqual([]);
    expect(await booksOf(ref)).toMatchObject({ created: 0, updated: MANY, skipped: 0, duplicate: 0 });
    const left = await house.records(workspaceId);
    expect(left.map(({ recordId }) => recordId).sort()).toEqual(
      theirs.map(({ recordId }) => recordId).sort(),
    );
  });
});

describe('a failure that a person let pass', () => {
  it('is let pass still where it fails in the same way again, and open where something else is wrong', async () => {
    const { provider, script } = scriptedProvider();
    script.answers = { contacts: [people(1, 1, { name: '' })] };
    const app = await house.install(provider, { mapping: MAPPING });
    const ref = await house.begin(app);
    await house.transfer(ref);
    await ended(ref);
    const states = async () => {
      const { items } = await house.store.problems.list(ref, { severity: 'failed' }, { limit: 10 });
      return items.map(({ code, field, state }) => ({ code, field, state }));
    };
    const again = { ref, object: null, code: null, externalIds: ['P1'], actor: ANN };
    expect(await house.store.problems.dismiss(ref, { note: 'Known.', actor: ANN, externalIds: ['P1'] })).toBe(
      1,
    );
    expect(await house.run('repairSlice', { ...again, repairId: 'again' })).toEqual({ state: 'done' });
    expect(await states()).toEqual([{ code: 'required_missing', field: 'name', state: 'dismissed' }]);

    const fields = {
      ...MAPPING.objects.contacts.fields,
      name: { path: 'name', default: 'Somebody' },
      birthday: 'email',
    };
    await house.store.apps.patch(app.workspaceId, app.appId, {
      mapping: { ...MAPPING, objects: { contacts: { fields } } },
    });
    expect(await house.run('repairSlice', { ...again, repairId: 'otherwise' })).toEqual({ state: 'done' });
    expect(await states()).not.toContainEqual(expect.objectContaining({ state: 'dismissed' }));
  });
});

describe('what is made ahead', () => {
  async function* counted(log: string[]): AsyncGenerator<number, void> {
    try {
      yield 1;
      yield 2;
      await Promise.reject(new Error('no third'));
    } finally {
      log.push('closed');
    }
  }

  it('is made once, and tells its trouble when it is asked for', async () => {
    const items = readAhead(counted([]));
    expect(await items.next()).toBe(1);
    expect(await Promise.all([items.peek(), items.peek()])).toEqual([2, 2]);
    expect(await items.next()).toBe(2);
    expect(await items.peek()).toBeNull();
    await expect(items.next()).rejects.toThrow('no third');
    expect(await items.next()).toBeNull();
  });

  it('is given up without a word', async () => {
    const log: string[] = [];
    const items = readAhead(counted(log));
    await items.next();
    void items.peek();
    await items.end();
    expect(log).toEqual(['closed']);
  });
});
