import type { CleanupEntry } from '../../activities/store/clean-ups.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { enter, openHouse, type House } from '../support/activity-house.js';
import { companies, people, scriptedProvider } from '../support/scripted-provider.js';

/** A certificate names each clean-up, by object, with who and when: what it is told from is kept here. */

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const ANN = { id: 'ann', name: 'Ann' };
const BEN = { id: 'ben', name: 'Ben' };

async function ended(): Promise<RunRef> {
  const { provider, script } = scriptedProvider();
  script.answers = { accounts: [companies(2)], contacts: [people(5), people(4, 6)] };
  const app = await house.install(provider, { scope: ['accounts', 'contacts'] });
  const ref = await house.begin(app, ['accounts', 'contacts']);
  await house.transfer(ref, 'accounts');
  await enter(house, ref, 'contacts');
  await house.transfer(ref);
  await house.run('closeRun', { ref, status: 'completed', error: null });
  return ref;
}

const undo = (ref: RunRef, object: ObjectName | null, actor = ANN, note = 'wrong') =>
  house.run('undoSlice', { ref, object, actor, note });

const listed = async (ref: RunRef): Promise<CleanupEntry[]> => (await house.theRun(ref)).cleanups ?? [];
const short = (all: CleanupEntry[]) =>
  all.map(({ object, removed, by, note }) => [object, removed, by?.name, note]);

it('is every object of every undo, with its own numbers, beside their sum', async () => {
  const ref = await ended();
  await undo(ref, 'contacts', ANN, 'wrong people');
  await undo(ref, null, BEN, 'all of it');
  const all = await listed(ref);
  expect(short(all)).toEqual([
    ['contacts', 9, 'Ann', 'wrong people'],
    ['contacts', 0, 'Ben', 'all of it'],
    ['accounts', 2, 'Ben', 'all of it'],
  ]);
  const run = await house.theRun(ref);
  expect(run.cleanup).toMatchObject({ state: 'done', remove: 11, by: BEN });
  expect(all[0]?.at).not.toBe(all[1]?.at);
  expect(all.every(({ at, endedAt }) => at <= endedAt)).toBe(true);
});

it('counts an undo that was stopped midway and goes on once, and nothing twice when its last step is repeated', async () => {
  const ref = await ended();
  const { store } = house.deps;
  let left = 1;
  const pages = {
    ...store.pages,
    undo: (...args: Parameters<typeof store.pages.undo>) => {
      left -= 1;
      if (left < 0) throw new Error('killed');
      return store.pages.undo(...args);
    },
  };
  const args = { ref, object: null, actor: ANN, note: 'wrong' };
  await expect(house.run('undoSlice', args, { deps: { store: { ...store, pages } } })).rejects.toThrow();
  expect(await listed(ref)).toEqual([]);
  await house.run('undoSlice', args, { attempt: 2 });
  const runs = { ...store.runs };
  expect(short(await listed(ref))).toEqual([
    ['contacts', 9, 'Ann', 'wrong'],
    ['accounts', 2, 'Ann', 'wrong'],
  ]);
  // Killed after the objects were told and before the clean-up was: all of it is walked again.
  const { cleanup } = await house.theRun(ref);
  if (!cleanup) throw new Error('none');
  await runs.patch(ref.workspaceId, ref.runId, { cleanup: { ...cleanup, state: 'running' } });
  await house.run('undoSlice', args, { attempt: 3 });
  expect(short(await listed(ref))).toEqual([
    ['contacts', 9, 'Ann', 'wrong'],
    ['accounts', 2, 'Ann', 'wrong'],
  ]);
});

it('tells what a person did by hand as that, without numbers', async () => {
  const ref = await ended();
  await undo(ref, 'contacts');
  await house.run('recordCleanup', { ref, object: 'accounts', actor: BEN, note: 'removed in the shop' });
  expect((await listed(ref)).map(({ mode, object, removed, note }) => [mode, object, removed, note])).toEqual(
    [
      ['undo', 'contacts', 9, 'wrong'],
      ['manual', 'accounts', 0, 'removed in the shop'],
    ],
  );
});
