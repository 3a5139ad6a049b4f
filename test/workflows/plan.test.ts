import type { Activities } from '../../workflows/contract/activities.js';
import { applyPlan, cleanUp, pauseRun, replan } from '../../workflows/contract/messages.js';
import { setStage, type Stage } from './stage.js';
import { accept, PERSON, refusalOf } from './stories.js';

const open: Stage[] = [];
afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

async function plannedStage(play: Partial<Activities> = {}): Promise<Stage> {
  let plans = 0;
  const stage = await setStage({
    preflight: () =>
      Promise.resolve({
        ...{ blocked: null, objects: ['accounts', 'contacts'], review: 'each_object', reminderHours: 24 },
        planFirst: true,
      }),
    sealPlan: () => Promise.resolve({ hash: `plan-${(plans += 1)}` }),
    ...play,
  });
  open.push(stage);
  return stage;
}

/** Until the run has said so many times that a plan waits. */
async function waits(stage: Stage, times = 1): Promise<void> {
  let seen = 0;
  await stage.told((told) => {
    if (told === stage.progress[0]) seen = 0;
    if (told.kind === 'attention' && told.attention.reason === 'plan') seen += 1;
    return seen === times;
  });
}

describe('the story of a plan', () => {
  it('holds nothing and moves nothing before somebody has it applied', async () => {
    const stage = await plannedStage();
    const handle = await stage.start();
    await waits(stage);
    expect(stage.calls).not.toContain('openHold');
    expect(stage.calls).not.toContain('buildChecklist accounts');
    expect(stage.calls.filter((call) => /^(transferSlice|sealPlan)/.test(call))).toEqual([
      'transferSlice accounts',
      'transferSlice contacts',
      'sealPlan',
    ]);
    await handle.executeUpdate(applyPlan, { args: [{ planHash: 'plan-1', actor: PERSON }] });
    await accept(stage, handle, 'accounts');
    await accept(stage, handle, 'contacts');
    expect((await handle.result()).status).toBe('completed');
    const after = stage.calls.slice(stage.calls.indexOf('recordPlanDecision'));
    expect(after.filter((call) => /^(clearPlan|openHold|transferSlice|endHold)/.test(call))).toEqual([
      'clearPlan',
      'openHold',
      'transferSlice accounts',
      'transferSlice contacts',
      'endHold',
    ]);
  });

  it('is made anew when asked to, and then knows the old hash no more', async () => {
    const stage = await plannedStage();
    const handle = await stage.start();
    await waits(stage);
    await handle.executeUpdate(replan, { args: [{ actor: PERSON }] });
    await waits(stage, 2);
    const old = handle.executeUpdate(applyPlan, { args: [{ planHash: 'plan-1', actor: PERSON }] });
    expect(await refusalOf(old)).toEqual({ type: 'plan_outdated', details: { planHash: 'plan-2' } });
    await handle.executeUpdate(applyPlan, { args: [{ planHash: 'plan-2', actor: PERSON }] });
    await accept(stage, handle, 'accounts');
    await handle.cancel();
    expect((await handle.result()).status).toBe('cancelled');
    const planned = stage.calls.slice(0, stage.calls.lastIndexOf('clearPlan'));
    expect(planned.filter((call) => call.startsWith('transferSlice'))).toHaveLength(4);
  });

  it('refuses what does not concern a plan that waits', async () => {
    const stage = await plannedStage();
    const handle = await stage.start();
    await waits(stage);
    expect((await refusalOf(handle.executeUpdate(pauseRun, { args: [{}] }))).type).toBe('not_pausable');
    const undo = handle.executeUpdate(cleanUp, { args: [{ mode: 'undo' }] });
    expect((await refusalOf(undo)).type).toBe('nothing_to_clean_up');
    await handle.cancel();
    expect((await handle.result()).status).toBe('cancelled');
    expect(stage.calls).not.toContain('openHold');
    expect(stage.calls.at(-1)).toBe('closeRun');
  });

  it('has no plan to apply in an import that was not planned', async () => {
    const stage = await setStage();
    open.push(stage);
    const handle = await stage.start();
    const update = handle.executeUpdate(applyPlan, { args: [{ planHash: 'plan-1' }] });
    expect((await refusalOf(update)).type).toBe('nothing_planned');
    await handle.cancel();
    await handle.result();
  });

  it('ends failed, untouched, where the source cannot be planned', async () => {
    const stage = await plannedStage({
      transferSlice: ({ object, planning }) =>
        Promise.resolve(
          object === 'accounts' && planning
            ? { state: 'failed', failure: { code: 'file_unreadable', message: 'No.' } }
            : { state: 'done' },
        ),
    });
    const handle = await stage.start();
    expect((await handle.result()).status).toBe('failed');
    expect(stage.calls).not.toContain('sealPlan');
    expect(stage.calls).not.toContain('openHold');
  });
});
