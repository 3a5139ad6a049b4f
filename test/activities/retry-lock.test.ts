import type { FailureInfo } from '../../workflows/contract/failures.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { openHouse, type House } from '../support/activity-house.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

const BUG: FailureInfo = { code: 'bug', message: 'Something is wrong.' };
const AWAY: FailureInfo = { code: 'store_unavailable', message: 'The store is away.' };

/** A run that wrote as many records. */
async function wrote(records: number): Promise<RunRef> {
  const { provider, script } = scriptedProvider();
  script.answers = { contacts: [people(records)] };
  const ref = await house.begin(await house.install(provider), ['contacts']);
  await house.slice(ref);
  return ref;
}

const lockOf = async (ref: RunRef) => (await house.theApp(ref)).lock ?? null;

describe('the end of a run locks its app', () => {
  it.each([
    ['that failed with something written', 2, 'failed', BUG, true],
    ['that was cancelled with something written', 2, 'cancelled', null, true],
    ['that failed with nothing written', 0, 'failed', BUG, false],
    ['that was cancelled with nothing written', 0, 'cancelled', null, false],
    ['that failed of something that waiting cures', 2, 'failed', AWAY, false],
    ['that completed', 2, 'completed', null, false],
  ] as const)('%s', async (_name, records, status, error, locks) => {
    const ref = await wrote(records);
    await house.run('closeRun', { ref, status, error });
    expect(await lockOf(ref)).toEqual(locks ? { runId: ref.runId, at: expect.any(String) as string } : null);
  });

  it('before it is written that it ended, and once, whenever the worker dies', async () => {
    const ref = await wrote(2);
    const { store } = house;
    const patch = (): Promise<never> => Promise.reject(new Error('killed'));
    const patchEnd: typeof store.runs.patch = (workspaceId, runId, change, onlyIf) =>
      change.status === undefined ? store.runs.patch(workspaceId, runId, change, onlyIf) : patch();
    const deaths = [{ apps: { ...store.apps, patch } }, { runs: { ...store.runs, patch: patchEnd } }];
    for (const dies of deaths) {
      const deps = { store: { ...store, ...dies } };
      await expect(house.run('closeRun', { ref, status: 'failed', error: BUG }, { deps })).rejects.toThrow();
      expect((await house.theRun(ref)).status).toBe('running');
    }
    expect(await lockOf(ref)).toMatchObject({ runId: ref.runId });
    await house.run('closeRun', { ref, status: 'failed', error: BUG });
    expect((await house.theRun(ref)).status).toBe('failed');
    expect(await lockOf(ref)).toMatchObject({ runId: ref.runId });
  });

  it('also when the sweeper closes it, and the next completed run takes the lock away', async () => {
    const ref = await wrote(2);
    house.gone.add((await house.theRun(ref)).workflowId);
    const later = { now: () => new Date(Date.now() + 3_600_000) };
    await house.run('sweep', undefined, { deps: later });
    expect(await house.theRun(ref)).toMatchObject({ status: 'failed', lastError: { code: 'superseded' } });
    expect(await lockOf(ref)).toMatchObject({ runId: ref.runId });
    const next = await house.start(await house.theApp(ref));
    await house.run('closeRun', { ref: next, status: 'completed', error: null });
    expect(await lockOf(ref)).toBeNull();
  });
});

describe('a check is the proof that a cause is gone', () => {
  it('says when it was made, whether it was ready and what it met', async () => {
    const { provider, script } = scriptedProvider();
    const app = await house.install(provider, { scope: ['contacts', 'deals'] });
    const { workspaceId, appId } = app;
    script.refused = { deals: 'no' };
    const check = async () => {
      await house.ask({ about: 'check', workspaceId, appId });
      return (await house.theApp(app)).lastCheck;
    };
    const at = expect.any(String) as string;
    expect(await check()).toEqual({ at, ready: true, codes: ['permission_missing'] });
    script.refused = { contacts: 'no', deals: 'no' };
    expect(await check()).toMatchObject({ ready: false });
    script.refused = {};
    expect(await check()).toEqual({ at, ready: true, codes: [] });
  });
});
