import type { RunDoc } from '../../activities/store/run-documents.js';
import { endRun, movedRun } from './ended-run.js';
import { inspectsAs, startHarness, type Harness } from './harness.js';

const REJECTED = { code: 'credentials_rejected', message: 'The password was refused.' } as const;
const BUG = { code: 'bug', message: 'Sluice met an error.' } as const;

describe('the retry lock', () => {
  let api: Harness;
  let appId: string;
  beforeAll(async () => {
    api = await startHarness();
  });
  beforeEach(async () => {
    inspectsAs(api, {});
    appId = await api.newApp();
    const headers = { 'Content-Type': 'text/csv' };
    const path = `/v1/apps/${appId}/files?object=contacts&name=a.csv`;
    await api.call('post', path, { body: 'id,name\n1,Ann\n', headers });
  });
  afterEach(() => api.gateway.end(appId));
  afterAll(() => api.close());

  const start = () => api.call('post', `/v1/apps/${appId}/runs`, { body: { kind: 'import' } });
  const sheet = async () => (await api.call('get', `/v1/apps/${appId}`)).body;
  const acknowledge = (run: RunDoc, body: object = { note: 'looked' }, key?: string) =>
    api.call('post', `/v1/runs/${run.runId}/acknowledge`, { body, ...(key ? { key } : {}) });
  const unlock = (body: object = { note: 'I know better' }, key?: string) =>
    api.call('post', `/v1/apps/${appId}/unlock`, { body, ...(key ? { key } : {}) });
  async function ended(status: 'failed' | 'cancelled', error: typeof REJECTED | typeof BUG | null) {
    const run = await movedRun(api, appId, 'contacts', { created: 2, unchanged: 1 });
    await endRun(api, run, status, error);
    return run;
  }
  const checked = (ready: boolean) =>
    api.store.apps.patch('default', appId, {
      lastCheck: { at: new Date(Date.now() + 1).toISOString(), ready, codes: [] },
    });

  it('refuses a start with the evidence, and shows it on the app sheet', async () => {
    const { runId } = await ended('failed', REJECTED);
    const { status, body } = await start();
    expect(status).toBe(409);
    const evidence = {
      ...{ runId, cause: REJECTED, causeTestsClean: false, checkedAt: null, unacknowledged: ['contacts'] },
      written: [{ object: 'contacts', created: 2, updated: 0, deleted: 0 }],
      howToOpen: expect.stringContaining('/acknowledge') as string,
    };
    expect(body).toMatchObject({ code: 'retry_locked', evidence });
    expect(body.detail).toContain('Nothing was started');
    const app = await sheet();
    expect(app).toMatchObject({ runtimeStatus: 'locked', lock: { cause: REJECTED, evidence } });
    expect(app.actions.import).toMatchObject({ available: false });
    expect(app.actions.import.why).toContain(runId);
    await api.store.apps.patch('default', appId, { paused: true });
    expect((await sheet()).runtimeStatus).toBe('locked');
    expect((await start()).body.code).toBe('retry_locked');
  });

  it('opens by a check that succeeds and an acknowledgement, in either order and not by one alone', async () => {
    const run = await ended('failed', REJECTED);
    await checked(false);
    expect((await start()).body.evidence.causeTestsClean).toBe(false);
    await checked(true);
    expect((await start()).body.evidence).toMatchObject({ causeTestsClean: true });
    const said = await acknowledge(run);
    expect(said.status).toBe(202);
    expect(said.body.acknowledged).toEqual({
      ...{ note: 'looked', at: expect.any(String) as string, by: expect.any(Object) as object },
    });
    expect(await sheet()).toMatchObject({ lock: null, runtimeStatus: 'ready' });
    expect((await start()).status).toBe(202);
    const { items } = (await api.call('get', '/v1/audit')).body;
    expect(items.find(({ action }: { action: string }) => action === 'run.acknowledged')).toMatchObject({
      ...{ target: run.runId, detail: { note: 'looked', objects: ['contacts'] } },
    });
  });

  it('a cause without a test needs the acknowledgement alone', async () => {
    const run = await ended('cancelled', null);
    expect((await start()).body.evidence).toMatchObject({
      ...{ cause: { code: 'cancelled' }, causeTestsClean: null },
    });
    await acknowledge(run);
    expect((await start()).status).toBe(202);
  });

  it('opens when everything the run wrote is taken back', async () => {
    const run = await ended('failed', BUG);
    expect((await start()).status).toBe(409);
    await api.store.runs.patchObject('default', run.runId, 'contacts', { state: 'cleaned_up' });
    expect((await start()).status).toBe(202);
  });

  it('an acknowledgement is refused where there is nothing to say it about', async () => {
    const live = await movedRun(api, appId, 'contacts', { created: 1 });
    await api.gateway.startRun('import', live, live.runId);
    expect((await acknowledge(live)).body).toMatchObject({ status: 409, code: 'run_not_ended' });
    await endRun(api, live, 'completed');
    api.gateway.end(appId);
    expect((await acknowledge(live)).body).toMatchObject({ status: 409, code: 'nothing_to_acknowledge' });
    const idle = await movedRun(api, appId, 'contacts', { unchanged: 3 });
    await endRun(api, idle, 'failed', BUG);
    expect((await acknowledge(idle)).body.code).toBe('nothing_to_acknowledge');
    const run = await ended('failed', BUG);
    expect((await acknowledge(run, {})).status).toBe(400);
    expect((await acknowledge(run, { note: ' ' })).status).toBe(400);
    expect((await acknowledge(run, { note: 'x', more: 1 })).status).toBe(400);
    expect((await acknowledge(run, { note: 'x' }, await api.newKey('viewer'))).status).toBe(403);
    expect((await acknowledge(run)).status).toBe(202);
    const again = await acknowledge(run);
    expect(again.body.code).toBe('nothing_to_acknowledge');
    expect(again.body.detail).toContain('already');
    expect((await api.call('post', '/v1/runs/nope/acknowledge', { body: { note: 'x' } })).status).toBe(404);
  });

  it('an admin opens it with a note, once', async () => {
    expect((await unlock()).body).toMatchObject({ status: 409, code: 'not_locked' });
    await ended('failed', REJECTED);
    expect((await unlock({})).status).toBe(400);
    expect((await unlock({ note: 'x' }, await api.newKey('operator'))).status).toBe(403);
    const opened = await unlock();
    expect(opened.status).toBe(200);
    expect(opened.body).toMatchObject({ appId, lock: null, runtimeStatus: 'ready' });
    expect((await unlock()).body.code).toBe('not_locked');
    const { items } = (await api.call('get', '/v1/audit')).body;
    expect(items[0]).toMatchObject({ action: 'app.unlocked', target: appId });
    expect(items[0].detail).toMatchObject({ note: 'I know better', evidence: { cause: REJECTED } });
    expect((await start()).status).toBe(202);
  });

  it('a run whose workflow was terminated locks before anybody has closed it', async () => {
    const run = await movedRun(api, appId, 'contacts', { created: 1 });
    const { status, body } = await start();
    expect(status).toBe(409);
    expect(body).toMatchObject({
      code: 'retry_locked',
      evidence: { runId: run.runId, cause: { code: 'superseded' }, unacknowledged: ['contacts'] },
    });
    expect((await acknowledge(run)).status).toBe(202);
    expect((await start()).status).toBe(202);
  });

  it('an admin opens that one too', async () => {
    await movedRun(api, appId, 'contacts', { created: 1 });
    expect((await start()).body.code).toBe('retry_locked');
    expect((await unlock()).status).toBe(200);
    expect((await unlock()).body.code).toBe('not_locked');
    expect((await start()).status).toBe(202);
  });
});
