import { afterEach, describe, expect, it } from '@jest/globals';
import { pauseRun, resumeRun } from '../../workflows/contract/messages.js';
import { appWorkflowId, type RunRef } from '../../workflows/contract/ids.js';
import type { scheduledSyncWorkflow, syncWorkflow } from '../../workflows/index.js';
import type { SliceEnd } from '../../workflows/contract/activities.js';
import { newRef, setStage, slices, type Stage } from './stage.js';
import { PERSON } from './stories.js';

const open: Stage[] = [];
afterEach(async () => {
  for (const stage of open.splice(0)) await stage.close();
});

async function stageWith(play: Parameters<typeof setStage>[0]): Promise<Stage> {
  const stage = await setStage(play);
  open.push(stage);
  return stage;
}

const quiet = () =>
  Promise.resolve({
    ...{ blocked: null, objects: ['contacts' as const], review: 'on_findings' as const },
    reminderHours: 24,
  });

function startSync({ client, taskQueue }: Stage, ref: RunRef) {
  return client.workflow.start<typeof syncWorkflow>('syncWorkflow', {
    ...{ workflowId: appWorkflowId(ref), taskQueue, args: [ref], memo: { runId: ref.runId } },
    workflowExecutionTimeout: '2 minutes',
  });
}

function due({ client, taskQueue }: Stage, ref: RunRef) {
  const { workspaceId, appId } = ref;
  return client.workflow.start<typeof scheduledSyncWorkflow>('scheduledSyncWorkflow', {
    ...{ workflowId: `due-${ref.runId}`, taskQueue, args: [{ workspaceId, appId, version: 1 }] },
    workflowExecutionTimeout: '1 minute',
  });
}

describe('the story of a sync', () => {
  it('asks nobody where nothing is off, and ends its hold', async () => {
    const stage = await stageWith({ preflight: quiet });
    expect(await (await startSync(stage, newRef())).result()).toEqual({ status: 'completed' });
    expect(stage.progress.some(({ kind }) => kind === 'attention')).toBe(false);
    expect(stage.calls).toEqual(expect.arrayContaining(['openHold', 'endHold', 'closeRun']));
  });

  it("a pause wakes it from a provider's limit of an hour, and resuming goes on", async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const limited: SliceEnd = { state: 'wait', until, code: 'provider_rate_limited' };
    const ends = slices({ contacts: [limited, { state: 'paused' }, { state: 'done' }] });
    const stage = await stageWith({ preflight: quiet, transferSlice: ends });
    const handle = await startSync(stage, newRef());
    await stage.told(({ kind }) => kind === 'waiting');
    await handle.executeUpdate(pauseRun, { args: [{ actor: PERSON }] });
    await stage.told(({ kind }) => kind === 'paused');
    await handle.executeUpdate(resumeRun, { args: [{ actor: PERSON }] });
    expect(await handle.result()).toEqual({ status: 'completed' });
  });

  it("a cancel wakes it from a provider's limit", async () => {
    const until = new Date(Date.now() + 3_600_000).toISOString();
    const ends = slices({ contacts: [{ state: 'wait', until, code: 'provider_rate_limited' }] });
    const stage = await stageWith({ preflight: quiet, transferSlice: ends });
    const handle = await startSync(stage, newRef());
    await stage.told(({ kind }) => kind === 'waiting');
    await handle.cancel();
    expect(await handle.result()).toEqual({ status: 'cancelled' });
  });
});

describe('a sync that is due', () => {
  it("starts the app's workflow under its one id, and is done before that is", async () => {
    const ref = newRef();
    const settled: boolean[] = [];
    const stage = await stageWith({
      ...{ preflight: quiet, beginScheduled: () => Promise.resolve({ ref }) },
      settleScheduled: ({ started }) => Promise.resolve(void settled.push(started)),
    });
    await (await due(stage, ref)).result();
    expect(settled).toEqual([true]);
    const sync = stage.client.workflow.getHandle<typeof syncWorkflow>(appWorkflowId(ref));
    expect(await sync.result()).toEqual({ status: 'completed' });
    expect((await sync.describe()).memo).toMatchObject({ runId: ref.runId, kind: 'sync' });
  });

  it('is passed over, without a failure, while another run of the app is live', async () => {
    const ref = newRef();
    const settled: boolean[] = [];
    const stage = await stageWith({
      ...{ beginScheduled: () => Promise.resolve({ ref }) },
      settleScheduled: ({ started }) => Promise.resolve(void settled.push(started)),
    });
    const live = await stage.start({ ...ref, runId: newRef().runId });
    await (await due(stage, ref)).result();
    expect(settled).toEqual([false]);
    await live.terminate();
  });
});
