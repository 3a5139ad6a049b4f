import { afterEach, describe, expect, it } from '@jest/globals';
import type { RepairEnd } from '../../workflows/contract/activities.js';
import { appWorkflowId } from '../../workflows/contract/ids.js';
import { repairRun, submitReview } from '../../workflows/contract/messages.js';
import { ALL_GOOD, newRef, setStage, slices, type Stage } from './stage.js';
import { inReview, PERSON, refusalOf } from './stories.js';

const open: Stage[] = [];
afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

async function stageWith(play: Parameters<typeof setStage>[0]): Promise<Stage> {
  const stage = await setStage(play);
  open.push(stage);
  return stage;
}

/** Two slices, the second of which ends when the test says so. */
function repairing(): { slice: () => Promise<RepairEnd>; finish: () => void } {
  let finish: () => void = () => undefined;
  const finished = new Promise<void>((resolve) => (finish = resolve));
  let calls = 0;
  return {
    finish,
    slice: async () => {
      calls += 1;
      if (calls === 1) return { state: 'more' };
      await finished;
      return { state: 'done' };
    },
  };
}

describe('a repair of a live run', () => {
  it('is done while it waits in its review, which then asks for what is open now', async () => {
    const { slice, finish } = repairing();
    let lists = 0;
    const stage = await stageWith({
      repairSlice: slice,
      buildChecklist: () => {
        lists += 1;
        return Promise.resolve({
          ...ALL_GOOD,
          openItems: lists === 1 ? ['sample_seen'] : ['sample_seen', 'account_seen'],
        });
      },
    });
    const handle = await stage.start();
    await inReview(stage, 'accounts');
    await handle.executeUpdate(repairRun, {
      args: [{ repairId: 'r1', code: 'value_invalid', actor: PERSON }],
    });
    const early = await refusalOf(
      handle.executeUpdate(submitReview, {
        args: [{ object: 'accounts', decision: 'accept', confirmed: ['sample_seen'] }],
      }),
    );
    expect(early.type).toBe('object_transferring');
    finish();
    let refused = early;
    while (refused.type === 'object_transferring') {
      refused = await refusalOf(
        handle.executeUpdate(submitReview, {
          args: [{ object: 'accounts', decision: 'accept', confirmed: ['sample_seen'] }],
        }),
      );
    }
    expect(refused).toMatchObject({ type: 'review_incomplete', details: { openItems: ['account_seen'] } });
    expect(stage.calls.filter((call) => call.startsWith('repairSlice'))).toHaveLength(2);
    await handle.executeUpdate(submitReview, {
      args: [{ object: 'accounts', decision: 'accept_and_stop', confirmed: ['sample_seen', 'account_seen'] }],
    });
    expect(await handle.result()).toEqual({ status: 'completed' });
  });

  it('is refused while an object moves', async () => {
    const question = {
      ...({ reason: 'breaker', code: 'breaker_failed', message: 'Too many failed.' } as const),
      choices: ['resume', 'stop'] as ('resume' | 'stop')[],
    };
    const stage = await stageWith({
      transferSlice: slices({ accounts: [{ state: 'parked', parked: question }, { state: 'done' }] }),
    });
    const handle = await stage.start();
    await stage.told((told) => told.kind === 'attention');
    const refused = await refusalOf(handle.executeUpdate(repairRun, { args: [{}] }));
    expect(refused.type).toBe('object_transferring');
    expect(stage.calls.filter((call) => call.startsWith('repairSlice'))).toEqual([]);
    await handle.terminate();
  });
});

it('a repair of an ended run is told slice by slice under the id of the app', async () => {
  const { slice, finish } = repairing();
  const stage = await stageWith({ repairSlice: slice });
  const ref = newRef();
  finish();
  const handle = await stage.client.workflow.start('repairWorkflow', {
    workflowId: appWorkflowId(ref),
    taskQueue: stage.taskQueue,
    args: [{ ref, repairId: 'r1', object: null, code: null, externalIds: null, actor: PERSON }],
    workflowExecutionTimeout: '1 minute',
  });
  await handle.result();
  expect(stage.calls.filter((call) => call.startsWith('repairSlice'))).toHaveLength(2);
});
