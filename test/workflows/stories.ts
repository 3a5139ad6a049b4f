import { WorkflowUpdateFailedError } from '@temporalio/client';
import type { WorkflowHandle } from '@temporalio/client';
import type { Actor, SliceEnd } from '../../workflows/contract/activities.js';
import {
  answer,
  applyPlan,
  pauseRun,
  repairRun,
  resumeRun,
  submitReview,
} from '../../workflows/contract/messages.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { importWorkflow } from '../../workflows/index.js';
import { setStage, slices, type Stage } from './stage.js';

export type Handle = WorkflowHandle<typeof importWorkflow>;

export const PERSON: Actor = { id: 'k1', name: 'The operator' };

/** A story that is told to its end; the same ones are played in tests and recorded for replay. */
export type Story = () => Promise<{ stage: Stage; handle: Handle; status: string }>;

export async function accept(stage: Stage, handle: Handle, object: ObjectName): Promise<void> {
  await inReview(stage, object);
  await handle.executeUpdate(submitReview, {
    args: [{ object, decision: 'accept', confirmed: ['sample_seen'], actor: PERSON }],
  });
}

export function inReview(stage: Stage, object: ObjectName): Promise<void> {
  return stage.told(
    (told) =>
      told.kind === 'attention' && told.attention.reason === 'review' && told.attention.object === object,
  );
}

export async function questionOf(stage: Stage): Promise<string> {
  await stage.told((told) => told.kind === 'attention' && told.attention.questionId !== null);
  for (const told of stage.progress)
    if (told.kind === 'attention' && told.attention.questionId) return told.attention.questionId;
  throw new Error('There is no question.');
}

export async function refusalOf(update: Promise<unknown>): Promise<{ type: string; details: unknown }> {
  try {
    await update;
  } catch (error) {
    if (error instanceof WorkflowUpdateFailedError) {
      const cause = error.cause as { type?: string; details?: unknown[] };
      return { type: cause.type ?? '', details: cause.details?.[0] };
    }
    throw error;
  }
  throw new Error('The update was accepted.');
}

/** A review is refused while the repair is at work. */
async function onceRepaired(decide: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      await decide();
      return;
    } catch (error) {
      const { cause } = error as { cause?: { type?: string } };
      if (cause?.type !== 'object_transferring') throw error;
    }
  }
}

async function told(stage: Stage, handle: Handle): Promise<{ stage: Stage; handle: Handle; status: string }> {
  const { status } = await handle.result();
  return { stage, handle, status };
}

const PARKED: SliceEnd = {
  state: 'parked',
  parked: {
    reason: 'reconnect',
    code: 'credentials_rejected',
    message: 'The provider refuses the password.',
    choices: ['resume', 'skip_object', 'stop'],
  },
};

export const STORIES: Record<string, Story> = {
  'clean-import': async () => {
    const stage = await setStage({
      transferSlice: slices({ contacts: [{ state: 'more' }, { state: 'done' }] }),
    });
    const handle = await stage.start();
    await accept(stage, handle, 'accounts');
    await accept(stage, handle, 'contacts');
    return told(stage, handle);
  },
  blocked: async () => {
    const blocked = { code: 'permission_missing' as const, message: 'The account may not read contacts.' };
    const stage = await setStage({
      preflight: () =>
        Promise.resolve({ blocked, objects: ['contacts'], review: 'each_object', reminderHours: 24 }),
    });
    return told(stage, await stage.start());
  },
  'partial-failure-parked-and-resumed': async () => {
    const stage = await setStage({
      transferSlice: slices({ accounts: [{ state: 'more' }, PARKED, { state: 'done' }] }),
    });
    const handle = await stage.start();
    const questionId = await questionOf(stage);
    await handle.executeUpdate(answer, { args: [{ questionId, choice: 'resume', actor: PERSON }] });
    await accept(stage, handle, 'accounts');
    await accept(stage, handle, 'contacts');
    return told(stage, handle);
  },
  'clean-up': async () => {
    const stage = await setStage();
    const handle = await stage.start();
    await inReview(stage, 'accounts');
    await handle.executeUpdate(submitReview, {
      args: [{ object: 'accounts', decision: 'clean_up', cleanupBy: 'sluice', then: 'stop', actor: PERSON }],
    });
    return told(stage, handle);
  },
  'cancelled-midway': async () => {
    const stage = await setStage({
      transferSlice: slices({ contacts: [{ state: 'more' }, { state: 'cancelled' }] }),
    });
    const handle = await stage.start();
    await accept(stage, handle, 'accounts');
    return told(stage, handle);
  },
  'paused-and-resumed': async () => {
    const stage = await setStage({
      transferSlice: slices({ accounts: [{ state: 'paused' }, { state: 'done' }] }),
    });
    const handle = await stage.start();
    await handle.executeUpdate(pauseRun, { args: [{ actor: PERSON }] });
    await stage.told((progress) => progress.kind === 'paused');
    await handle.executeUpdate(resumeRun, { args: [{ actor: PERSON }] });
    await accept(stage, handle, 'accounts');
    await accept(stage, handle, 'contacts');
    return told(stage, handle);
  },
  'planned-and-applied': async () => {
    const stage = await setStage({
      preflight: () =>
        Promise.resolve({
          ...{ blocked: null, objects: ['accounts'], review: 'each_object', reminderHours: 24 },
          planFirst: true,
        }),
      sealPlan: () => Promise.resolve({ hash: 'plan-1' }),
    });
    const handle = await stage.start();
    await stage.told((progress) => progress.kind === 'attention' && progress.attention.reason === 'plan');
    await handle.executeUpdate(applyPlan, { args: [{ planHash: 'plan-1', actor: PERSON }] });
    await accept(stage, handle, 'accounts');
    return told(stage, handle);
  },
  'repaired-in-review': async () => {
    const stage = await setStage();
    const handle = await stage.start();
    await inReview(stage, 'accounts');
    await handle.executeUpdate(repairRun, { args: [{ repairId: 'r1', actor: PERSON }] });
    await onceRepaired(() => accept(stage, handle, 'accounts'));
    await accept(stage, handle, 'contacts');
    return told(stage, handle);
  },
  'waited-for-its-provider': async () => {
    const until = new Date(Date.now() + 500).toISOString();
    let looked = 0;
    const stage = await setStage({
      preflight: () => {
        looked += 1;
        const wait = looked === 1 ? { wait: { until, code: 'provider_unavailable' as const } } : {};
        return Promise.resolve({
          ...{ blocked: null, objects: ['accounts'], review: 'none', reminderHours: 24 },
          ...wait,
        });
      },
    });
    return told(stage, await stage.start());
  },
  'in-review': async () => {
    const stage = await setStage();
    const handle = await stage.start();
    await inReview(stage, 'accounts');
    return { stage, handle, status: 'running' };
  },
};
