import { MockActivityEnvironment } from '@temporalio/testing';
import { DefaultLogger } from '@temporalio/worker';
import { v7 as uuid } from 'uuid';
import type { Provider } from '../../activities/providers/provider.js';
import { withSchedule } from '../../activities/store/settle-schedule.js';
import type { AppDoc, ScheduleDoc } from '../../activities/store/documents.js';
import type { DueSync } from '../../workflows/contract/schedules.js';
import { ANN, NOW } from '../store/makers.js';
import { must, openHouse, type House } from '../support/activity-house.js';
import { scriptedProvider } from '../support/scripted-provider.js';

/** What a due sync writes before and after its workflow is started: a run, or a skip that says why. */

const SCHEDULE = { id: 'schedule', name: 'Schedule' };
const HOURLY: ScheduleDoc = {
  ...{ interval: '1h', cron: null, timeZone: null, jitter: null, objects: null },
  ...{ everySeconds: 3_600, jitterSeconds: null, set: { at: NOW, by: ANN } },
};

let house: House;
beforeAll(async () => {
  house = await openHouse();
});
afterAll(() => house.close());

/** One time that a schedule was due; `again` is Temporal's retry of the same activity. */
interface Occasion {
  at: string;
  again: () => MockActivityEnvironment;
}

function occasion(at: string): Occasion {
  const info = {
    scheduledTimestampMs: Date.parse(at),
    workflowExecution: { workflowId: 'schedule', runId: uuid() },
  };
  return {
    at,
    again: () => new MockActivityEnvironment(info, { logger: new DefaultLogger('ERROR') }),
  };
}

const at = (hour: number): Occasion => occasion(new Date(Date.UTC(2026, 4, 1, hour)).toISOString());

/** Contacts can be synced, accounts can be imported only. */
function syncing(): Provider {
  const { provider } = scriptedProvider();
  const objects = provider.objects.map((offer) => ({
    ...offer,
    changes: offer.object === 'accounts' ? ('none' as const) : ('token' as const),
  }));
  return { ...provider, actions: { import: true, sync: true }, objects };
}

async function install(changes: Partial<AppDoc> = {}, provider = syncing()): Promise<AppDoc> {
  const app = await house.install(provider, { scope: ['accounts', 'contacts'], ...changes });
  return must(await house.store.apps.replace(withSchedule(app, HOURLY)));
}

const due = ({ workspaceId, appId, scheduleVersion }: AppDoc): DueSync => ({
  ...{ workspaceId, appId },
  version: scheduleVersion ?? 0,
});
const begin = (app: AppDoc, when: Occasion, args = due(app)) =>
  house.run('beginScheduled', args, { environment: when.again() });
const runsOf = async ({ workspaceId, appId }: AppDoc) =>
  (await house.store.runs.list(workspaceId, { appId }, { limit: 50 })).items;
const auditOf = async ({ workspaceId }: AppDoc) =>
  (await house.store.audit.list(workspaceId, { limit: 50 })).items;

describe('a sync that is due', () => {
  it('begins one run, of what can be synced, however often it is told', async () => {
    const app = await install();
    const when = at(6);
    const { ref } = await begin(app, when);
    expect(await begin(app, when)).toEqual({ ref });
    const [run, ...more] = await runsOf(app);
    expect(more).toEqual([]);
    expect(run).toMatchObject({
      ...{ runId: must(ref).runId, kind: 'sync', status: 'running', startedAt: null, createdAt: when.at },
      ...{ scope: ['contacts'], startedBy: SCHEDULE },
    });
    expect(must(ref).runId).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/);
  });

  it('is told in the audit as started by the schedule, once', async () => {
    const app = await install();
    const when = at(6);
    const ref = must((await begin(app, when)).ref);
    for (let tries = 0; tries < 2; tries += 1) {
      const args = { due: due(app), ref, started: true };
      await house.run('settleScheduled', args, { environment: when.again() });
    }
    const detail = { appId: app.appId, scope: ['contacts'] };
    expect(await auditOf(app)).toMatchObject([
      { action: 'run.started', target: ref.runId, actor: SCHEDULE, at: when.at, detail },
    ]);
    expect((await house.theApp(app)).scheduleSkip ?? null).toBeNull();
  });

  it('does not come to life again once its run has ended', async () => {
    const app = await install();
    const when = at(6);
    const ref = must((await begin(app, when)).ref);
    await house.store.runs.patch(ref.workspaceId, ref.runId, { status: 'cancelled' });
    expect(await begin(app, when)).toEqual({ ref: null });
    expect(await runsOf(app)).toHaveLength(1);
  });

  it.each<[string, Partial<AppDoc>]>([
    ['app_paused', { paused: true }],
    [
      'connection_not_ready',
      {
        connection: {
          ...{ status: 'needs_attention', account: null, checkedAt: null },
          problems: [{ code: 'token_revoked', message: 'Log in again.' }],
        },
      },
    ],
    ['object_out_of_scope', { scope: ['accounts'] }],
  ])('is passed over with %s, and no run is made', async (reason, changes) => {
    const app = await install(changes);
    const when = at(6);
    expect(await begin(app, when)).toEqual({ ref: null });
    expect(await runsOf(app)).toEqual([]);
    const { scheduleSkip } = await house.theApp(app);
    expect(scheduleSkip).toMatchObject({ reason, runId: null, at: when.at, since: when.at, times: 1 });
    expect(scheduleSkip?.message).toContain('nothing was read or written');
    expect(await auditOf(app)).toMatchObject([
      { action: 'schedule.skipped', target: app.appId, actor: SCHEDULE, detail: { reason } },
    ]);
  });

  it('is passed over where the provider offers no sync any more', async () => {
    const app = await install({}, scriptedProvider({ id: 'import-only' }).provider);
    expect(await begin(app, at(6))).toEqual({ ref: null });
    expect((await house.theApp(app)).scheduleSkip?.reason).toBe('action_not_supported');
  });

  it('is passed over while another run is live, and names it', async () => {
    const app = await install();
    const { runId } = await house.start(app);
    expect(await begin(app, at(6))).toEqual({ ref: null });
    expect((await house.theApp(app)).scheduleSkip).toMatchObject({ reason: 'run_already_active', runId });
    expect((await runsOf(app)).map((run) => run.runId)).toEqual([runId]);
  });

  it('counts skips in a row, and tells the first of each row', async () => {
    const app = await install({ paused: true });
    const first = at(6);
    await begin(app, first);
    await begin(app, first);
    await begin(app, at(7));
    await begin(app, at(8));
    expect((await house.theApp(app)).scheduleSkip).toMatchObject({ times: 3, since: first.at });
    expect(await auditOf(app)).toHaveLength(1);
    // A sync that went through in between ends the row.
    const lastSyncedAt = at(9).at;
    await house.store.apps.patch(app.workspaceId, app.appId, { lastSyncedAt });
    await begin(app, at(10));
    expect((await house.theApp(app)).scheduleSkip).toMatchObject({ times: 1, since: at(10).at });
    expect(await auditOf(app)).toHaveLength(2);
  });

  it('is counted once where the worker died between telling and counting', async () => {
    const app = await install({ paused: true });
    const when = at(6);
    const { store } = house;
    const dying = {
      ...store,
      apps: {
        ...store.apps,
        get: (...key: Parameters<typeof store.apps.get>) => store.apps.get(...key),
        patch: () => Promise.reject(new Error('killed')),
      },
    };
    const how = { environment: when.again(), deps: { store: dying } };
    await expect(house.run('beginScheduled', due(app), how)).rejects.toThrow();
    await begin(app, when);
    expect((await house.theApp(app)).scheduleSkip).toMatchObject({ times: 1 });
    expect(await auditOf(app)).toHaveLength(1);
  });

  it('takes its run back where another workflow was faster, and notes it once', async () => {
    const app = await install();
    const when = at(6);
    const ref = must((await begin(app, when)).ref);
    const { runId } = await house.start(app);
    for (let tries = 0; tries < 2; tries += 1) {
      const args = { due: due(app), ref, started: false };
      await house.run('settleScheduled', args, { environment: when.again() });
    }
    expect((await runsOf(app)).map((run) => run.runId)).toEqual([runId]);
    const skip = { reason: 'run_already_active', runId, times: 1 };
    expect((await house.theApp(app)).scheduleSkip).toMatchObject(skip);
    expect((await auditOf(app)).map(({ action }) => action)).toEqual(['schedule.skipped']);
  });

  it('of an older schedule does nothing, and has Temporal told of the one that stands', async () => {
    const app = await install();
    await house.store.apps.patch(app.workspaceId, app.appId, { schedulePending: false });
    expect(await begin(app, at(6), { ...due(app), version: 0 })).toEqual({ ref: null });
    expect(await runsOf(app)).toEqual([]);
    expect(await house.theApp(app)).toMatchObject({ schedulePending: true });
    await house.run('sweep', undefined);
    expect(house.schedules.get(app.appId)).toMatchObject({ version: app.scheduleVersion });
    expect(await house.theApp(app)).toMatchObject({ schedulePending: false });
  });

  it.each([
    ['without a schedule', (app: AppDoc) => withSchedule(app, null)],
    ['that was uninstalled', (app: AppDoc) => ({ ...app, removedAt: NOW })],
  ])('of an app %s removes what Temporal still keeps', async (_which, change) => {
    const app = await install();
    await house.deps.workflows.putSchedule({ ...due(app), timing: HOURLY });
    await house.store.apps.replace(change(app));
    expect(await begin(app, at(6))).toEqual({ ref: null });
    expect(house.schedules.has(app.appId)).toBe(false);
    expect(await runsOf(app)).toEqual([]);
  });
});
