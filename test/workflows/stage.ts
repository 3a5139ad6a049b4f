import { randomUUID } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import { Client, Connection, type WorkflowHandle } from '@temporalio/client';
import {
  bundleWorkflowCode,
  DefaultLogger,
  NativeConnection,
  Runtime,
  Worker,
  type WorkflowBundleWithSourceMap,
} from '@temporalio/worker';
import type {
  Activities,
  ChecklistSummary,
  Progress,
  SliceArgs,
  SliceEnd,
} from '../../workflows/contract/activities.js';
import { appWorkflowId, type RunRef } from '../../workflows/contract/ids.js';
import type { importWorkflow } from '../../workflows/index.js';

/** A real Temporal server and real workflow code; the activities are played, so that a test decides what the outside does. */
export interface Stage {
  client: Client;
  taskQueue: string;
  /** Everything the workflow asked of the outside, in order: `transferSlice contacts`, `endHold` ... */
  calls: string[];
  progress: Progress[];
  start(ref?: RunRef): Promise<WorkflowHandle<typeof importWorkflow>>;
  /** Until the workflow has told this. */
  told(isIt: (progress: Progress) => boolean): Promise<void>;
  close(): Promise<void>;
}

Runtime.install({ logger: new DefaultLogger('ERROR') });

let bundle: Promise<WorkflowBundleWithSourceMap> | undefined;

export function workflowBundle(): Promise<WorkflowBundleWithSourceMap> {
  bundle ??= bundleWorkflowCode({
    workflowsPath: fileURLToPath(new URL('../../workflows/index.ts', import.meta.url)),
    logger: new DefaultLogger('ERROR'),
  });
  return bundle;
}

export const ALL_GOOD: ChecklistSummary = {
  openItems: ['sample_seen'],
  findings: [],
  nothingNew: false,
  written: 3,
};

export function newRef(): RunRef {
  return { workspaceId: 'w1', appId: randomUUID(), runId: randomUUID() };
}

export async function setStage(play: Partial<Activities> = {}): Promise<Stage> {
  const address = process.env['TEST_TEMPORAL_ADDRESS'] ?? '127.0.0.1:7233';
  const taskQueue = `stage-${randomUUID()}`;
  const calls: string[] = [];
  const progress: Progress[] = [];
  let heard: () => void = () => undefined;
  const connection = await NativeConnection.connect({ address });
  const client = new Client({
    connection: await Connection.connect({ address, interceptors: [] }),
    identity: 'stage',
  });
  const activities = noted({ ...quietActivities(), ...play }, (name, args) => {
    const object = (args as { object?: string | null }).object;
    calls.push(object ? `${name} ${object}` : name);
    if (name === 'recordProgress') progress.push((args as { progress: Progress }).progress);
    heard();
  });
  const worker = await Worker.create({
    ...{ connection, taskQueue, activities: { ...activities }, workflowBundle: await workflowBundle() },
    identity: 'stage',
    workflowFailureErrorTypes: { '*': ['Error'] },
  });
  const running = worker.run();
  return {
    client,
    taskQueue,
    calls,
    progress,
    start: (ref = newRef()) =>
      client.workflow.start<typeof importWorkflow>('importWorkflow', {
        ...{ workflowId: appWorkflowId(ref), taskQueue, args: [ref], memo: { runId: ref.runId } },
        workflowExecutionTimeout: '2 minutes',
      }),
    async told(isIt) {
      while (!progress.some(isIt)) await new Promise<void>((resolve) => (heard = resolve));
    },
    async close() {
      worker.shutdown();
      await running;
      await connection.close();
      await client.connection.close();
    },
  };
}

function noted(activities: Activities, note: (name: string, args: unknown) => void): Activities {
  return Object.fromEntries(
    Object.entries(activities).map(([name, activity]) => [
      name,
      (args: unknown) => {
        note(name, args);
        return (activity as (args: unknown) => Promise<unknown>)(args);
      },
    ]),
  ) as unknown as Activities;
}

/** Two objects that go through without a hitch. */
function quietActivities(): Activities {
  const nothing = (): Promise<void> => Promise.resolve();
  const done = (): Promise<SliceEnd> => Promise.resolve({ state: 'done' });
  return {
    beginRun: nothing,
    preflight: () =>
      Promise.resolve({
        blocked: null,
        objects: ['accounts', 'contacts'],
        review: 'each_object',
        reminderHours: 24,
      }),
    recordProgress: nothing,
    openHold: nothing,
    endHold: nothing,
    setControl: nothing,
    transferSlice: done,
    resolveSlice: done,
    sealPlan: () => Promise.resolve({ hash: 'plan-1' }),
    recordPlanDecision: nothing,
    clearPlan: nothing,
    closeTransfer: nothing,
    buildChecklist: () => Promise.resolve(ALL_GOOD),
    recordReview: nothing,
    recordAnswer: nothing,
    recordCleanup: nothing,
    undoSlice: () => Promise.resolve({ state: 'done' }),
    repairSlice: () => Promise.resolve({ state: 'done' }),
    closeRun: ({ status }) => Promise.resolve({ status }),
    answerAsk: nothing,
    beginScheduled: () => Promise.resolve({ ref: null }),
    settleScheduled: nothing,
    sweep: nothing,
  };
}

/** Plays the slices of one object from a list; the last one is repeated. */
export function slices(ends: Partial<Record<string, SliceEnd[]>>): Activities['transferSlice'] {
  const seen = new Map<string, number>();
  return ({ object }: SliceArgs) => {
    const list = ends[object] ?? [{ state: 'done' }];
    const at = seen.get(object) ?? 0;
    seen.set(object, at + 1);
    return Promise.resolve(list[Math.min(at, list.length - 1)] ?? { state: 'done' });
  };
}
