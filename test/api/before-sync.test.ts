import type { AppDoc } from '../../activities/store/documents.js';
import type { Ask } from '../../workflows/contract/activities.js';
import { must } from '../support/activity-house.js';
import { endRun, movedRun } from './ended-run.js';
import { startHarness, type Harness } from './harness.js';

/** What a person sees before a sync: whether it can be started and why not, when the last one was, and what went wrong. */

const SYNCED = '2026-05-02T08:00:00.000Z';
const IMPORTED = '2026-05-01T08:00:00.000Z';
const READY: AppDoc['connection'] = {
  ...{ status: 'ready', account: { id: 'a1', name: 'Ann' }, checkedAt: SYNCED, problems: [] },
};
const LAST_ERROR: NonNullable<AppDoc['lastError']> = {
  ...{ code: 'provider_unavailable', message: 'The server answered 503 for an hour.' },
  ...{ object: 'contacts', step: 'transfer', at: '2026-05-03T08:00:00.000Z' },
};

describe('before a sync', () => {
  let api: Harness;
  let appId: string;
  beforeAll(async () => (api = await startHarness()));
  beforeEach(async () => {
    api.gateway.onAsk = () => Promise.resolve();
    api.gateway.asked.length = 0;
    appId = await api.newApp({
      ...{ providerId: 'carddav', settings: { url: 'https://dav.test' }, scope: ['contacts'] },
    });
  });
  afterAll(() => api.close());

  const is = async (patch: Partial<AppDoc>) =>
    must(
      await api.store.apps.replace({
        ...must(await api.store.apps.get('default', appId)),
        ...patch,
      }),
    );
  const sheet = async () => (await api.call('get', `/v1/apps/${appId}`)).body;
  const preflight = async (body: object = { kind: 'sync' }) =>
    (await api.call('post', `/v1/apps/${appId}/preflight`, { body })).body;
  const start = () => api.call('post', `/v1/apps/${appId}/runs`, { body: { kind: 'sync' } });
  const bookmarked = () =>
    api.store.bookmarks.set({
      ...{
        workspaceId: 'default',
        appId,
        object: 'contacts',
        origin: 'carddav:a1',
        bookmark: 'secret-place',
      },
      ...{ version: 1, runId: 'r', at: SYNCED, before: null },
    });
  const workerAnswers = (found: object): Extract<Ask, { about: 'preflight' }>[] => {
    const asked: Extract<Ask, { about: 'preflight' }>[] = [];
    api.gateway.onAsk = async ({ answerId, ask }) => {
      if (ask.about !== 'preflight') return;
      asked.push(ask);
      await api.store.answers.put(answerId, { result: found });
    };
    return asked;
  };

  it('the sheet shows connection, readiness, the last sync and import, and where the next begins', async () => {
    await is({ connection: READY, lastSyncedAt: SYNCED, lastImportedAt: IMPORTED });
    await bookmarked();
    const shown = await sheet();
    expect(shown).toMatchObject({
      connection: { status: 'ready', account: { id: 'a1', name: 'Ann' }, checkedAt: SYNCED, problems: [] },
      ...{ runtimeStatus: 'ready', actions: { sync: { available: true } } },
      ...{ lastSyncedAt: SYNCED, lastImportedAt: IMPORTED, lastError: null },
      bookmarks: { contacts: { at: SYNCED } },
    });
    // Where exactly is the provider's own, and may be an address with a secret in it.
    expect(JSON.stringify(shown)).not.toContain('secret-place');
  });

  it('the sheet of an app that never ran says so with nulls', async () => {
    await is({ connection: READY });
    expect(await sheet()).toMatchObject({
      ...{ lastSyncedAt: null, lastImportedAt: null, lastError: null, bookmarks: {}, lock: null },
      ...{ runtimeStatus: 'ready', schedule: null, recentRuns: [] },
    });
  });

  it('the sheet shows the last error whole, and a sync may be tried all the same', async () => {
    await is({ connection: READY, lastSyncedAt: SYNCED, lastError: LAST_ERROR });
    expect(await sheet()).toMatchObject({
      ...{ lastError: LAST_ERROR, lastSyncedAt: SYNCED, runtimeStatus: 'ready' },
      actions: { sync: { available: true } },
    });
    expect((await start()).status).toBe(202);
    api.gateway.end(appId);
  });

  it('a preflight is asked of the provider as a sync, and its answer is shown', async () => {
    await is({ connection: READY, lastSyncedAt: SYNCED, lastError: LAST_ERROR });
    const found = {
      ...{ blockers: [], account: { id: 'a1', name: 'Ann' }, totals: {}, duplicates: {} },
      warnings: [{ code: 'last_error', message: 'The last run failed.', at: SYNCED }],
      sentence: `The contacts that changed or were deleted since ${SYNCED} will be read.`,
    };
    const asked = workerAnswers(found);
    expect(await preflight({ kind: 'sync', objects: ['contacts'] })).toEqual({
      ...found,
      ...{ connection: { status: 'ready' }, runtimeStatus: 'ready' },
      ...{ lastSyncedAt: SYNCED, lastError: LAST_ERROR },
    });
    expect(asked).toMatchObject([{ kind: 'sync', objects: ['contacts'], appId }]);
    expect((await sheet()).recentRuns).toEqual([]);
  });

  it.each<[string, string, Partial<AppDoc>]>([
    ['connection_not_ready', 'not_configured', {}],
    [
      'connection_not_ready',
      'needs_attention',
      {
        connection: {
          ...READY,
          status: 'needs_attention',
          problems: [{ code: 'credentials_rejected', message: 'Enter them again.' }],
        },
      },
    ],
    ['app_paused', 'paused', { connection: READY, paused: true }],
  ])(
    '%s: an app that is %s says why at the sheet, the preflight and the start',
    async (code, status, app) => {
      await is(app);
      const shown = await sheet();
      expect(shown).toMatchObject({ runtimeStatus: status, actions: { sync: { available: false } } });
      expect(shown.actions.sync.why).toMatch(/\w+/);
      const looked = await preflight();
      expect(looked.blockers).toMatchObject([{ code }]);
      expect(looked.sentence).toContain('Nothing would be moved');
      const refused = await start();
      expect({ status: refused.status, code: refused.body.code }).toEqual({ status: 409, code });
      expect(refused.headers['content-type']).toContain('application/problem+json');
      expect(api.gateway.asked).toEqual([]);
    },
  );

  it('a live run, and then the lock that it leaves, stand in the way in the same words everywhere', async () => {
    await is({ connection: READY });
    const run = await movedRun(api, appId, 'contacts', { created: 1 });
    expect(await sheet()).toMatchObject({
      ...{ runtimeStatus: 'running', actions: { sync: { available: false } } },
    });
    expect((await preflight()).blockers).toMatchObject([{ code: 'run_already_active' }]);
    await endRun(api, run, 'failed', { code: 'credentials_rejected', message: 'The password was refused.' });
    const shown = await sheet();
    expect(shown).toMatchObject({
      ...{ runtimeStatus: 'locked', lock: { evidence: { runId: run.runId } } },
      recentRuns: [{ runId: run.runId, status: 'failed' }],
    });
    expect(shown.actions.sync.why).toContain(run.runId);
    expect((await preflight()).blockers).toMatchObject([{ code: 'retry_locked' }]);
    expect((await start()).body).toMatchObject({ status: 409, code: 'retry_locked' });
  });

  it('a preflight of an import is as it always was', async () => {
    await is({ connection: READY, lastSyncedAt: SYNCED });
    const found = { blockers: [], warnings: [], account: null, totals: {}, duplicates: {}, sentence: 'All.' };
    workerAnswers(found);
    expect(await preflight({})).toEqual(found);
  });

  it('a log-in that waits to be confirmed is said by both', async () => {
    const login = {
      loginId: 'l',
      account: { id: 'a2', name: 'Ben' },
      at: SYNCED,
      by: { id: 'u', name: 'U' },
    };
    await is({ login });
    expect((await sheet()).connection.status).toBe('pending');
    expect(await preflight()).toMatchObject({
      ...{ connection: { status: 'pending' }, runtimeStatus: 'not_configured' },
      blockers: [{ code: 'connection_not_ready', message: expect.stringContaining('confirmed') }],
    });
  });

  it('a provider that cannot sync says so', async () => {
    const files = await api.newApp();
    const looked = await api.call('post', `/v1/apps/${files}/preflight`, { body: { kind: 'sync' } });
    expect(looked.body.blockers).toMatchObject([{ code: 'action_not_supported' }]);
    const shown = (await api.call('get', `/v1/apps/${files}`)).body;
    expect(shown.actions.sync).toMatchObject({ available: false, why: expect.stringContaining('sync') });
    const refused = await api.call('post', `/v1/apps/${files}/runs`, { body: { kind: 'sync' } });
    expect(refused.body).toMatchObject({ status: 409, code: 'action_not_supported' });
  });
});
