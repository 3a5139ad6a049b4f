import { once } from 'node:events';
import type { ApplyResult, UndoCommit } from '../../activities/store/moving.js';
import type { Store } from '../../activities/store/store.js';
import type { UndoState } from '../../activities/store/clean-ups.js';
import type { SourceRecord } from '../../activities/records/types.js';
import type { UndoEnd } from '../../workflows/contract/activities.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { gate, must, openHouse, type House } from '../support/activity-house.js';
import { record } from '../store/makers.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

/** An undo reads the page below while one is written. What it reads then may have changed by the time it is used. */

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

type Commit = (commit: UndoCommit) => Promise<ApplyResult>;

interface Watched {
  store: Store;
  /** `read`: what a page depends on was read. Else how a commit ended. */
  log: string[];
}

/** The house's store; `commit` may do something beside a page's transaction. */
function watch(
  commit: Commit = (each) => house.store.pages.undo(each),
): Watched & { reads: (n: number) => Promise<void> } {
  const { store } = house;
  const log: string[] = [];
  let wake = gate();
  const ties: Store['links']['ties'] = async (...args) => {
    const found = await store.links.ties(...args);
    log.push('read');
    wake.open();
    wake = gate();
    return found;
  };
  const undo: Commit = async (each) => {
    const result = await commit(each);
    log.push(result);
    return result;
  };
  const reads = async (n: number): Promise<void> => {
    // Whoever waits for a read that never comes fails, and lets the activity end.
    const late = once(AbortSignal.timeout(10_000), 'abort').then(() => Promise.reject(new Error('not read')));
    while (log.filter((each) => each === 'read').length < n) await Promise.race([wake.opened, late]);
    late.catch(() => undefined);
  };
  const watched = { ...store, links: { ...store.links, ties }, pages: { ...store.pages, undo } };
  return { store: watched, log, reads };
}

function undo(ref: RunRef, store: Store = house.store): Promise<UndoEnd> {
  const args = { ref, object: null, actor: { id: 'ann', name: 'Ann' }, note: 'wrong file' };
  return house.run('undoSlice', args, { deps: { store } });
}

async function cleanupOf(ref: RunRef): Promise<Partial<UndoState>> {
  const { state, remove, restore, keep, conflictCount } = must((await house.theRun(ref)).cleanup);
  return { state, remove, restore, keep, conflictCount };
}

/** Runs of one app, one after the other, each with its pages; all have ended. The last one's name is given. */
async function imported(...runs: SourceRecord[][][]): Promise<RunRef> {
  const { provider, script } = scriptedProvider();
  const app = await house.install(provider);
  let last: RunRef | null = null;
  for (const pages of runs) {
    script.answers = { contacts: pages };
    last = await house.begin(app);
    expect(await house.transfer(last)).toEqual({ state: 'done' });
    await house.run('closeRun', { ref: last, status: 'completed', error: null });
  }
  return must(last);
}

const threePages = (): Promise<RunRef> => imported([people(3), people(3, 4), people(3, 7)]);

async function edit(workspaceId: string, name: string, title: string): Promise<void> {
  const found = (await house.records(workspaceId)).find(({ fields }) => fields['name'] === name);
  const before = must(found);
  const writers = { ...before.writers, title: 'a:ann:Ann' };
  const after = { ...before, fields: { ...before.fields, title }, writers, version: before.version + 1 };
  expect(await house.store.records.replace(after, before.version, [])).toBe('written');
}

describe('an undo of several pages', () => {
  it('reads a page while the one above it is on its way', async () => {
    const ref = await threePages();
    const { store, log, reads } = watch(async (commit) => {
      // Page 2 is not written before page 1 was read, nor page 1 before page 0.
      await reads(commit.seq === 0 ? 3 : 4 - commit.seq);
      return house.store.pages.undo(commit);
    });
    expect(await undo(ref, store)).toEqual({ state: 'done' });
    expect(log).toEqual(['read', 'read', 'applied', 'read', 'applied', 'applied']);
    expect(await cleanupOf(ref)).toMatchObject({ state: 'done', remove: 9, conflictCount: 0 });
    expect(await house.records(ref.workspaceId)).toEqual([]);
  }, 20_000);

  it('reads a page that touched the same records after the one above it, so that each finds the state it left', async () => {
    const titled = (title: string): SourceRecord[] => people(3, 1, { title });
    const ref = await imported(
      [people(4)],
      [titled('Sir'), titled('Dr'), [...titled('Boss'), ...people(1, 9)]],
    );
    const { store, log } = watch();
    expect(await undo(ref, store)).toEqual({ state: 'done' });
    expect(log).toEqual(['read', 'applied', 'read', 'applied', 'read', 'applied']);
    expect(await cleanupOf(ref)).toMatchObject({ remove: 1, restore: 3, keep: 0, conflictCount: 0 });
    const left = await house.records(ref.workspaceId);
    expect(left.map(({ fields }) => [fields['name'], fields['title']]).sort()).toEqual(
      [1, 2, 3, 4].map((each) => [`Person ${each}`, undefined]),
    );
  });

  it('of a record that the run made and changed again, on pages that are not neighbours, removes it', async () => {
    const ref = await imported([people(2), people(2, 3), people(2, 1, { title: 'Sir' })]);
    expect(await undo(ref)).toEqual({ state: 'done' });
    expect(await cleanupOf(ref)).toMatchObject({ remove: 4, keep: 0, conflictCount: 0 });
    expect(await house.records(ref.workspaceId)).toEqual([]);
  });

  it('keeps what a person changed after it was read', async () => {
    const ref = await threePages();
    const { store, log, reads } = watch(async (commit) => {
      if (commit.seq === 2) {
        await reads(2);
        await edit(ref.workspaceId, 'Person 5', 'Chair');
      }
      return house.store.pages.undo(commit);
    });
    expect(await undo(ref, store)).toEqual({ state: 'done' });
    expect(log.filter((each) => each !== 'read')).toEqual(['applied', 'conflict', 'applied', 'applied']);
    expect(await cleanupOf(ref)).toMatchObject({ remove: 8, keep: 1, conflictCount: 1 });
    const left = await house.records(ref.workspaceId);
    expect(left.map(({ fields }) => [fields['name'], fields['title']])).toEqual([['Person 5', 'Chair']]);
  });

  it('reads again when somebody else wrote under the turn meanwhile', async () => {
    const ref = await threePages();
    const { store, log, reads } = watch(async (commit) => {
      if (commit.seq !== 2) return house.store.pages.undo(commit);
      await reads(2);
      const result = await house.store.pages.undo(commit);
      const newcomer = record('newcomer', { workspaceId: ref.workspaceId });
      const turn = { ...commit.turn, counter: commit.turn.counter + 1 };
      expect(await house.store.records.insert(newcomer, turn)).toBe('written');
      return result;
    });
    expect(await undo(ref, store)).toEqual({ state: 'done' });
    expect(log.slice(0, 4)).toEqual(['read', 'read', 'applied', 'read']);
    expect(log.filter((each) => each === 'read')).toHaveLength(4);
    expect(log).not.toContain('conflict');
    expect(await cleanupOf(ref)).toMatchObject({ remove: 9, keep: 0, conflictCount: 0 });
    expect((await house.records(ref.workspaceId)).map(({ recordId }) => recordId)).toEqual(['newcomer']);
  });

  it('that dies with a page read ahead goes on where it was, once', async () => {
    const ref = await threePages();
    const { store, reads } = watch(async (commit) => {
      if (commit.seq === 2) return house.store.pages.undo(commit);
      // Page 0 was read by now; the process ends before page 1 is written.
      await reads(3);
      throw new Error('killed');
    });
    await expect(undo(ref, store)).rejects.toThrow();
    expect(await cleanupOf(ref)).toMatchObject({ state: 'running', remove: 3 });
    expect(await house.records(ref.workspaceId)).toHaveLength(6);
    expect(await undo(ref)).toEqual({ state: 'done' });
    expect(await cleanupOf(ref)).toMatchObject({ state: 'done', remove: 9, conflictCount: 0 });
    expect(await house.records(ref.workspaceId)).toEqual([]);
  });

  it('whose answer to a commit was lost finds the page taken back, and counts it once', async () => {
    const ref = await threePages();
    const { store } = watch(async (commit) => {
      await house.store.pages.undo(commit);
      throw new Error('the connection broke after the commit');
    });
    for (const remove of [3, 6, 9]) {
      await expect(undo(ref, store)).rejects.toThrow();
      expect(await cleanupOf(ref)).toMatchObject({ state: 'running', remove });
    }
    expect(await undo(ref)).toEqual({ state: 'done' });
    expect(await cleanupOf(ref)).toMatchObject({ state: 'done', remove: 9, conflictCount: 0 });
  });

  it('loses nothing when reading ahead fails: it reads again', async () => {
    const ref = await threePages();
    const { store } = watch();
    const asked: number[] = [];
    const journal: Store['pages']['journal'] = async (at, object, seq) => {
      asked.push(seq);
      if (asked.filter((each) => each === seq).length === 1 && seq === 1) throw new Error('out of reach');
      return house.store.pages.journal(at, object, seq);
    };
    expect(await undo(ref, { ...store, pages: { ...store.pages, journal } })).toEqual({ state: 'done' });
    expect(asked).toEqual([2, 1, 1, 0]);
    expect(await cleanupOf(ref)).toMatchObject({ state: 'done', remove: 9, conflictCount: 0 });
  });
});
