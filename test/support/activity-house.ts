import { randomUUID } from 'node:crypto';
import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { v7 as uuid } from 'uuid';
import { createActivities } from '../../activities/create-activities.js';
import type { ActivityDeps } from '../../activities/deps.js';
import { inspectFile } from '../../activities/providers/files/inspect.js';
import type { Provider } from '../../activities/providers/provider.js';
import type { Counts, StoredRecord } from '../../activities/records/types.js';
import type { AppDoc } from '../../activities/store/documents.js';
import type { RunDoc } from '../../activities/store/run-documents.js';
import type { Activities, Ask, SliceArgs, SliceEnd } from '../../workflows/contract/activities.js';
import { appWorkflowId, type RunRef } from '../../workflows/contract/ids.js';
import type { AppSchedule } from '../../workflows/contract/schedules.js';
import { inRunOrder, type ObjectName } from '../../workflows/contract/objects.js';
import { app as appDoc, run as runDoc } from '../store/makers.js';
import { openStore, type OpenedStore } from '../store/open.js';
import { policies } from './record-makers.js';

/** How one attempt of an activity comes to be. */
export interface Attempt {
  attempt?: number;
  deps?: Partial<ActivityDeps>;
  /** Given by tests that cancel it. */
  environment?: MockActivityEnvironment;
}

/** The real activities on a real store; only the provider, the clock and Temporal are played. */
export interface House extends OpenedStore {
  deps: ActivityDeps;
  /** Workflow ids that are gone; everything else runs. */
  gone: Set<string>;
  /** Runs whose workflows were asked to end. */
  cancelled: Set<string>;
  /** Schedules that Temporal keeps, by app. */
  schedules: Map<string, AppSchedule>;
  run<Name extends keyof Activities>(
    name: Name,
    args: Parameters<Activities[Name]>[0],
    how?: Attempt,
  ): Promise<Awaited<ReturnType<Activities[Name]>>>;
  /** An app of the provider; in a workspace of its own unless the changes name one. */
  install(provider: Provider, changes?: Partial<AppDoc>): Promise<AppDoc>;
  /** A run that was started: its document is there and nothing has happened yet. */
  start(app: AppDoc, scope?: ObjectName[], changes?: Partial<RunDoc>): Promise<RunRef>;
  /** The same with its preflight done and its first object under way. */
  begin(app: AppDoc, scope?: ObjectName[], changes?: Partial<RunDoc>): Promise<RunRef>;
  slice(ref: RunRef, args?: Partial<Omit<SliceArgs, 'ref'>>, how?: Attempt): Promise<SliceEnd>;
  /** Slices of one page each until it says something else than `more`. */
  transfer(ref: RunRef, object?: ObjectName, args?: Partial<Omit<SliceArgs, 'ref'>>): Promise<SliceEnd>;
  ask(ask: Ask, how?: Attempt): Promise<unknown>;
  theRun(ref: RunRef): Promise<RunDoc>;
  theApp(ref: Pick<RunRef, 'workspaceId' | 'appId'>): Promise<AppDoc>;
  counts(
    ref: RunRef,
    object?: ObjectName,
  ): Promise<Counts & { fetched: number; staged: number; applied: number }>;
  records(workspaceId: string, object?: ObjectName): Promise<StoredRecord[]>;
  close(): Promise<void>;
}

const nothingThere = (): never => {
  throw new Error('Nobody logs in here.');
};
const NO_LOGINS: ActivityDeps['logins'] = {
  exchange: nothingThere,
  accessOf: nothingThere,
  fail: nothingThere,
  giveBack: nothingThere,
};

const quiet = { info: () => undefined, warn: () => undefined, error: () => undefined };

export function environment(attempt = 1): MockActivityEnvironment {
  return new MockActivityEnvironment({ attempt }, { logger: new DefaultLogger('ERROR') });
}

export async function openHouse(): Promise<House> {
  const opened = await openStore();
  const { store } = opened;
  const providers = new Map<string, Provider>();
  const gone = new Set<string>();
  const cancelled = new Set<string>();
  const schedules = new Map<string, AppSchedule>();
  const deps: ActivityDeps = {
    ...{ store, providers, inspectFile, log: quiet, newId: () => uuid(), now: () => new Date() },
    openCredentials: async () => ({}),
    logins: NO_LOGINS,
    network: { allowPrivate: true, requestTimeoutMs: 5_000, maxResponseBytes: 1_000_000 },
    workflows: {
      state: async (workflowId) => (gone.has(workflowId) ? 'gone' : 'running'),
      cancel: async ({ runId }) => void cancelled.add(runId),
      putSchedule: async (schedule) => void schedules.set(schedule.appId, schedule),
      removeSchedule: async ({ appId }) => void schedules.delete(appId),
    },
    retentionDays: 30,
  };

  const house: House = {
    ...opened,
    deps,
    gone,
    cancelled,
    schedules,
    run(name, args, how = {}) {
      const activities = createActivities({ ...deps, ...how.deps });
      const env = how.environment ?? environment(how.attempt);
      type Answer = Awaited<ReturnType<Activities[typeof name]>>;
      const activity = activities[name] as (args: unknown) => Promise<Answer>;
      return env.run<[unknown], Answer, typeof activity>(activity, args);
    },
    async install(provider, changes = {}) {
      providers.set(provider.id, provider);
      const ids = { workspaceId: `w-${randomUUID()}`, appId: `app-${randomUUID()}` };
      const app = appDoc({ ...ids, providerId: provider.id, policies: policies(), ...changes });
      await store.apps.insert(app);
      return app;
    },
    async start({ workspaceId, appId, providerId }, scope = ['contacts'], changes = {}) {
      const ref = { workspaceId, appId, runId: uuid() };
      const objects = inRunOrder(scope).map((object) => ({
        ...{ object, state: 'waiting' as const, providerTotal: null, startedAt: null, endedAt: null },
      }));
      const at = new Date().toISOString();
      const workflowId = appWorkflowId(ref);
      const times = { createdAt: at, startedAt: at, updatedAt: at };
      await store.runs.insert(
        runDoc({ ...ref, providerId, scope, objects, workflowId, ...times, ...changes }),
      );
      return ref;
    },
    async begin(app, scope, changes) {
      const ref = await house.start(app, scope, changes);
      const { blocked } = await house.run('preflight', ref);
      if (blocked) throw new Error(blocked.message);
      const [first = 'contacts'] = inRunOrder(scope ?? []);
      await enter(house, ref, first);
      return ref;
    },
    slice: (ref, args = {}, how = {}) =>
      house.run('transferSlice', { ref, object: 'contacts', slice: 0, pages: 1, allowed: [], ...args }, how),
    async transfer(ref, object = 'contacts', args = {}) {
      for (let slice = args.slice ?? 0; ; slice += 1) {
        const end = await house.slice(ref, { object, pages: 4, ...args, slice });
        if (end.state !== 'more') return end;
      }
    },
    async ask(ask, how) {
      const answerId = randomUUID();
      await house.run('answerAsk', { answerId, ask }, how);
      return store.answers.get(answerId);
    },
    theRun: async ({ workspaceId, runId }) => must(await store.runs.get(workspaceId, runId)),
    theApp: async ({ workspaceId, appId }) => must(await store.apps.get(workspaceId, appId)),
    async counts(ref, object = 'contacts') {
      const { fetch, apply } = must(await store.transfers.get(ref, object));
      return { ...apply.counts, fetched: fetch.fetched, staged: fetch.position, applied: apply.position };
    },
    records: async (workspaceId, object = 'contacts') =>
      (await store.records.list(workspaceId, { object }, { limit: 2_000 })).items,
    close: opened.drop,
  };
  return house;
}

/** As the workflow says it before it moves an object. */
export async function enter(house: House, ref: RunRef, object: ObjectName): Promise<void> {
  await house.run('recordProgress', { ref, progress: { kind: 'step', step: 'transfer', object } });
  await house.run('recordProgress', { ref, progress: { kind: 'object', object, state: 'transferring' } });
}

export function must<T>(value: T | null | undefined): T {
  if (value === null || value === undefined) throw new Error('It is not there.');
  return value;
}

/** Something that happens once, from outside, and those who wait for it. */
export function gate(): { opened: Promise<void>; open: () => void } {
  let open: () => void = () => undefined;
  const opened = new Promise<void>((resolve) => (open = resolve));
  return { opened, open };
}
