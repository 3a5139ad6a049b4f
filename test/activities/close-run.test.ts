import type { Collection } from 'mongodb';
import type { RunStatus } from '../../workflows/contract/status.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { booksClosed } from '../../activities/records/books.js';
import { enter, must, openHouse, type House } from '../support/activity-house.js';
import { companies, people, scriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const TROUBLE = { code: 'provider_contract_broken', message: 'It says nonsense.' } as const;

/** Accounts are accepted, contacts are under way with one page applied and one staged; deals have not begun. */
async function midway(): Promise<RunRef> {
  const { provider, script } = scriptedProvider();
  script.answers = {
    accounts: [companies(2)],
    contacts: [people(4), people(3, 5), people(2, 8)],
  };
  const app = await house.install(provider, { scope: ['accounts', 'contacts', 'deals'] });
  const ref = await house.begin(app, ['accounts', 'contacts', 'deals']);
  await house.transfer(ref, 'accounts');
  const progress = { kind: 'object', object: 'accounts', state: 'accepted' } as const;
  await house.run('recordProgress', { ref, progress });
  await enter(house, ref, 'contacts');
  await house.slice(ref);
  await stageOneMore(ref);
  return ref;
}

/** As a worker that died between staging and applying leaves it. */
async function stageOneMore(ref: RunRef): Promise<void> {
  const { store } = house;
  const claim = await store.transfers.claim(ref, 'contacts', { slice: 1, attempt: 1 });
  await store.pages.stage({
    ...{ ref, object: 'contacts', epoch: claim.fetch.epoch, fromSeq: claim.fetch.position },
    ...{ pages: [people(3, 5)], cursor: '2', done: false, bookmark: null, complete: false },
    traffic: { requests: 1, bytes: 1 },
  });
}

describe('the end of a run', () => {
  it.each([
    ['completed', null, ['accepted', 'unreviewed', 'not_started']],
    ['failed', TROUBLE, ['accepted', 'failed', 'not_started']],
    ['cancelled', null, ['accepted', 'unreviewed', 'not_started']],
  ] as const)('%s: closes the books and says where each object stands', async (status, error, states) => {
    const ref = await midway();
    expect(await house.counts(ref)).toMatchObject({ fetched: 7, created: 4, staged: 2, applied: 1 });
    expect(await house.run('closeRun', { ref, status, error })).toEqual({ status });

    const counts = await house.counts(ref);
    expect(counts).toMatchObject({ fetched: 4, created: 4, staged: 1 });
    expect(booksClosed(counts)).toBe(true);
    const run = await house.theRun(ref);
    expect(run.objects.map(({ state }) => state)).toEqual(states);
    expect(run).toMatchObject({ status, step: 'close', object: null, attention: null, waitingUntil: null });
    expect(run.reviewState).toBe(status === 'failed' ? 'accepted' : 'unreviewed');
    expect(Date.parse(must(run.keepUntil)) - Date.parse(must(run.endedAt))).toBe(30 * 86_400_000);
    expect(run.objects.map(({ endedAt }) => endedAt !== null)).toEqual([true, true, false]);
    expect(run.lastError).toEqual(
      error && { ...error, object: 'contacts', step: 'transfer', at: expect.any(String) as string },
    );
  });

  it('tells the app what it needs to know', async () => {
    const ref = await midway();
    await house.run('closeRun', { ref, status: 'failed', error: TROUBLE });
    expect(await house.theApp(ref)).toMatchObject({ lastError: TROUBLE, lastImportedAt: null });

    const cancelled = await house.start(await house.theApp(ref));
    await house.run('closeRun', { ref: cancelled, status: 'cancelled', error: null });
    expect(await house.theApp(ref)).toMatchObject({ lastError: TROUBLE, lastImportedAt: null });

    const completed = await house.start(await house.theApp(ref));
    await house.run('closeRun', { ref: completed, status: 'completed', error: null });
    const { lastError, lastImportedAt } = await house.theApp(ref);
    expect(lastError).toBeNull();
    expect(lastImportedAt).not.toBeNull();
  });

  it('stays as it is when it is repeated, also with another word', async () => {
    const ref = await midway();
    await house.run('closeRun', { ref, status: 'cancelled', error: null });
    const run = await house.theRun(ref);
    const app = await house.theApp(ref);
    for (const status of ['cancelled', 'completed', 'failed'] as const) {
      const error = status === 'failed' ? TROUBLE : null;
      expect(await house.run('closeRun', { ref, status, error })).toEqual({ status: 'cancelled' });
    }
    expect(await house.theRun(ref)).toEqual(run);
    expect(await house.theApp(ref)).toEqual(app);
  });

  it('is reached again after a worker that died in the middle of it', async () => {
    const ref = await midway();
    const { store } = house;
    for (const dies of ['apps', 'runs'] as const) {
      const patch = () => Promise.reject(new Error('killed'));
      const dying = { store: { ...store, [dies]: { ...store[dies], patch } } };
      const closing = house.run('closeRun', { ref, status: 'failed', error: TROUBLE }, { deps: dying });
      await expect(closing).rejects.toThrow();
    }
    expect(await house.run('closeRun', { ref, status: 'failed', error: TROUBLE })).toEqual({
      status: 'failed',
    });
    expect((await house.theRun(ref)).objects.map(({ state }) => state)).toEqual([
      ...['accepted', 'failed', 'not_started'],
    ]);
    expect(await house.counts(ref)).toMatchObject({ fetched: 4, created: 4 });
  });

  it('settles the books that a closer left behind when it died', async () => {
    const ref = await midway();
    // What `transfers.close` leaves between its two transactions.
    await transfers().updateMany({ _id: { $regex: keyOf(ref) } }, { $set: { closedFor: 'in_review' } });
    const end = await house.run('closeRun', { ref, status: 'completed', error: null });
    expect(end).toEqual({ status: 'completed' });
    expect(await house.counts(ref)).toMatchObject({ fetched: 4, created: 4 });
  });

  it('is failed, and says why, where the books do not close', async () => {
    const ref = await midway();
    const tampered = await transfers().updateOne(
      { _id: { $regex: `${keyOf(ref)}.*fetch` } },
      { $inc: { fetched: 1 } },
    );
    expect(tampered.modifiedCount).toBe(1);
    const end: { status: RunStatus } = await house.run('closeRun', { ref, status: 'completed', error: null });
    expect(end).toEqual({ status: 'failed' });
    expect((await house.theRun(ref)).lastError).toMatchObject({ code: 'books_open' });
    expect((await house.theApp(ref)).lastError).toMatchObject({ code: 'books_open' });
  });

  it('of a run that is not there is no trouble', async () => {
    const { provider } = scriptedProvider();
    const { workspaceId, appId } = await house.install(provider);
    const ref = { workspaceId, appId, runId: 'never' };
    expect(await house.run('closeRun', { ref, status: 'failed', error: TROUBLE })).toEqual({
      status: 'failed',
    });
  });
});

function transfers(): Collection<{ _id: string; fetched: number; closedFor: string | null }> {
  return house.client.db(house.database).collection('transfers');
}

function keyOf({ workspaceId, runId }: RunRef): string {
  return `^${workspaceId}/${runId}/contacts`;
}
