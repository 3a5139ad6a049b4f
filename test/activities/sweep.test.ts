import type { RunDoc } from '../../activities/store/run-documents.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import { openHouse, type House } from '../support/activity-house.js';
import { people, scriptedProvider } from '../support/scripted-provider.js';

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

/** As seen an hour from now: what happens in this file is long ago. */
const later = { now: () => new Date(Date.now() + 3_600_000) };

/** A run with a page applied and its hold open. */
async function alive(changes = {}): Promise<RunRef> {
  const { provider, script } = scriptedProvider();
  script.answers = { contacts: [people(2), people(2, 3)] };
  const ref = await house.begin(await house.install(provider), ['contacts'], changes);
  await house.run('openHold', ref);
  await house.slice(ref);
  return ref;
}

async function workflowOf(ref: RunRef): Promise<string> {
  return (await house.theRun(ref)).workflowId;
}

async function held(ref: RunRef): Promise<boolean> {
  return (await house.store.holds.live(ref.workspaceId, 10)).some(({ runId }) => runId === ref.runId);
}

describe('the sweeper', () => {
  it('closes runs and ends holds whose workflow is gone, and touches no other', async () => {
    const orphan = await alive();
    const never = await alive({ startedAt: null });
    const living = await alive();
    const recent = await alive();
    const ended = await alive();
    await house.run('closeRun', { ref: ended, status: 'completed', error: null });
    for (const ref of [orphan, never, ended]) house.gone.add(await workflowOf(ref));
    const returning = await workflowOf(recent);
    // Seen as gone once, and there at the second look: a start that was on its way.
    const looks = new Map<string, number>();
    const workflows = {
      ...house.deps.workflows,
      state: async (workflowId: string) => {
        const look = (looks.get(workflowId) ?? 0) + 1;
        looks.set(workflowId, look);
        if (workflowId === returning && look === 1) return 'gone' as const;
        return house.deps.workflows.state(workflowId, null);
      },
      cancel: house.deps.workflows.cancel,
    };
    await house.run('sweep', undefined, { deps: { ...later, workflows } });

    expect(await house.theRun(orphan)).toMatchObject({ status: 'failed', lastError: { code: 'superseded' } });
    expect((await house.theRun(orphan)).lastError?.message).toContain('terminated');
    expect((await house.theRun(orphan)).objects[0]?.state).toBe('failed');
    expect((await house.theRun(never)).lastError?.message).toContain('never started');
    expect((await house.theRun(living)).status).toBe('running');
    expect((await house.theRun(recent)).status).toBe('running');
    expect((await house.theRun(ended)).status).toBe('completed');
    const holds = await Promise.all([orphan, never, living, recent, ended].map(held));
    expect(holds).toEqual([false, false, true, true, false]);

    // What lived on after the termination writes nothing more, what lives goes on.
    expect(await house.slice(orphan, { slice: 1 })).toMatchObject({ state: 'failed' });
    expect(await house.slice(living, { slice: 1 })).toEqual({ state: 'done' });
    expect(await house.records(orphan.workspaceId)).toHaveLength(2);
    expect(await house.records(living.workspaceId)).toHaveLength(4);
  });

  it('looks at no run that was touched a moment ago', async () => {
    const ref = await alive();
    house.gone.add(await workflowOf(ref));
    await house.run('sweep', undefined);
    expect((await house.theRun(ref)).status).toBe('running');
    // A hold names its workflow exactly: it need not wait.
    expect(await held(ref)).toBe(false);
  });

  it('closes nothing while it cannot ask', async () => {
    const ref = await alive();
    house.gone.add(await workflowOf(ref));
    const workflows = { ...house.deps.workflows, state: () => Promise.reject(new Error('no answer')) };
    await expect(house.run('sweep', undefined, { deps: { ...later, workflows } })).rejects.toThrow();
    expect((await house.theRun(ref)).status).toBe('running');
    expect(await held(ref)).toBe(true);
  });

  it('goes on where one workflow cannot be looked at, and says so at the end', async () => {
    const [bad, orphan, asked] = [await alive(), await alive(), await alive()];
    house.gone.add(await workflowOf(orphan));
    await house.store.runs.patch(asked.workspaceId, asked.runId, { control: 'cancel' });
    const old = await alive();
    await house.run('closeRun', { ref: old, status: 'completed', error: null });
    const long = new Date(Date.now() - 31 * 86_400_000).toISOString();
    await house.store.runs.patch(old.workspaceId, old.runId, { endedAt: long });
    const unknown = await workflowOf(bad);
    const workflows = {
      ...house.deps.workflows,
      state: (workflowId: string) =>
        workflowId === unknown
          ? Promise.reject(new Error('no answer'))
          : house.deps.workflows.state(workflowId, null),
    };
    await expect(house.run('sweep', undefined, { deps: { ...later, workflows } })).rejects.toThrow();
    expect((await house.theRun(bad)).status).toBe('running');
    expect((await house.theRun(orphan)).status).toBe('failed');
    expect(await Promise.all([bad, orphan].map(held))).toEqual([true, false]);
    expect(house.cancelled.has(asked.runId)).toBe(true);
    expect(house.cancelled.has(bad.runId)).toBe(false);
    expect((await house.theRun(old)).undoExpired).toBe(true);
  });

  it('ends a cancelled run whose workflow is gone as cancelled', async () => {
    const ref = await alive({ startedAt: null });
    await house.store.runs.patch(ref.workspaceId, ref.runId, { control: 'cancel' });
    house.gone.add(await workflowOf(ref));
    await house.run('sweep', undefined, { deps: later });
    expect(await house.theRun(ref)).toMatchObject({ status: 'cancelled', lastError: null });
  });

  it('lets the pages of runs go whose time is over, and says so on the run', async () => {
    const ref = await alive();
    const young = await alive();
    for (const run of [ref, young]) {
      await house.run('closeRun', { ref: run, status: 'cancelled', error: null });
      await house.run('endHold', run);
    }
    const old = new Date(Date.now() - 31 * 86_400_000).toISOString();
    await house.store.runs.patch(ref.workspaceId, ref.runId, { endedAt: old });
    await house.run('sweep', undefined);
    expect((await house.theRun(ref)).undoExpired).toBe(true);
    expect(await house.store.pages.facts(ref, 'contacts', { limit: 5 })).toEqual([]);
    expect((await house.theRun(young)).undoExpired).toBe(false);
    expect(await house.records(ref.workspaceId)).toHaveLength(2);
  });

  it('lets the pages of old runs go, but for one whose undo or repair is at work', async () => {
    const [idle, busy] = [await alive(), await alive()];
    for (const ref of [idle, busy]) {
      await house.run('endHold', ref);
      await house.run('closeRun', { ref, status: 'completed', error: null });
    }
    const cleanup = { state: 'running', mode: 'undo', conflicts: [] } as unknown as RunDoc['cleanup'];
    await house.store.runs.patch(busy.workspaceId, busy.runId, { cleanup });
    const inYears = { now: () => new Date(Date.now() + 3 * 365 * 86_400_000) };
    await house.run('sweep', undefined, { deps: inYears });
    expect((await house.theRun(idle)).undoExpired).toBe(true);
    expect((await house.theRun(busy)).undoExpired).toBe(false);
  });
});
