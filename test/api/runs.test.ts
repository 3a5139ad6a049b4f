import { TemporalUnavailable } from '../../api/workflow-gateway.js';
import { inspectsAs, startHarness, type Harness } from './harness.js';

describe('starting a run', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startHarness({ maxLiveRuns: 12 });
  });
  beforeEach(() => inspectsAs(api, {}));
  afterAll(() => api.close());

  const upload = (appId: string, object = 'contacts') =>
    api.call('post', `/v1/apps/${appId}/files?object=${object}&name=a.csv`, {
      body: 'id,name\n1,Ann\n',
      headers: { 'Content-Type': 'text/csv' },
    });
  const start = (appId: string, body: object = {}, headers: Record<string, string> = {}) =>
    api.call('post', `/v1/apps/${appId}/runs`, { body: { kind: 'import', ...body }, headers });

  async function appWithFile(object?: string): Promise<string> {
    const appId = await api.newApp();
    await upload(appId, object);
    return appId;
  }

  async function finish(appId: string, runId: string): Promise<void> {
    await api.store.runs.patch('default', runId, { status: 'completed', endedAt: new Date().toISOString() });
    api.gateway.end(appId);
  }

  it('answers 202 with a run that no worker has begun', async () => {
    const appId = await appWithFile();
    const { status, body } = await start(appId, {
      review: 'none',
      options: { limit: 20, backupFirst: true },
    });
    expect(status).toBe(202);
    expect(body).toMatchObject({
      appId,
      kind: 'import',
      mode: 'apply',
      status: 'running',
      startedAt: null,
      attention: null,
      scope: ['contacts'],
      review: 'none',
      options: { limit: 20, backupFirst: true },
      objects: [{ object: 'contacts', state: 'waiting' }],
      booksClosed: true,
      temporal: { workflowId: `app:default:${appId}` },
    });
    expect(api.gateway.started.at(-1)).toMatchObject({ runId: body.runId, kind: 'import' });
    expect((await api.call('get', `/v1/runs/${body.runId}`)).body).toEqual(body);
    const listed = await api.call('get', `/v1/apps/${appId}/runs?status=running&kind=import`);
    expect(listed.body.items).toEqual([body]);
    const all = await api.call('get', `/v1/runs?appId=${appId}`);
    expect(all.body.items).toEqual([body]);
    const sheet = await api.call('get', `/v1/apps/${appId}`);
    expect(sheet.body).toMatchObject({ runtimeStatus: 'running', recentRuns: [{ runId: body.runId }] });
    await finish(appId, body.runId);
  });

  it('refuses a second one with the id of the live run, and makes none', async () => {
    const appId = await appWithFile();
    const first = await start(appId);
    const second = await start(appId);
    expect(second.status).toBe(409);
    expect(second.body).toMatchObject({ code: 'run_already_active', runId: first.body.runId });
    const listed = await api.call('get', `/v1/runs?appId=${appId}`);
    expect(listed.body.items).toHaveLength(1);
    await finish(appId, first.body.runId);
    const third = await start(appId);
    expect(third.status).toBe(202);
    await finish(appId, third.body.runId);
  });

  it('lets one of many starts at the same moment through, the others name it', async () => {
    const appId = await appWithFile();
    const answers = await Promise.all(Array.from({ length: 6 }, () => start(appId)));
    const [one, ...more] = answers.filter(({ status }) => status === 202);
    expect(more).toEqual([]);
    for (const { status, body } of answers) {
      if (status === 409) expect(body).toMatchObject({ code: 'run_already_active', runId: one?.body.runId });
    }
    expect((await api.call('get', `/v1/runs?appId=${appId}`)).body.items).toHaveLength(1);
    await finish(appId, one?.body.runId);
  });

  it('makes one run of the same Idempotency-Key, also when the requests come together', async () => {
    const appId = await appWithFile();
    const headers = { 'Idempotency-Key': 'start-1' };
    const answers = await Promise.all([
      start(appId, {}, headers),
      start(appId, {}, headers),
      start(appId, {}, headers),
    ]);
    expect(new Set(answers.map(({ body }) => body.runId)).size).toBe(1);
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
    const other = await start(appId, { review: 'none' }, headers);
    expect({ status: other.status, code: other.body.code }).toEqual({
      status: 422,
      code: 'idempotency_key_reused',
    });
    await finish(appId, answers[0].body.runId);
    const later = await start(appId, {}, headers);
    expect(later.body).toEqual(answers[0].body);
    expect(later.headers['idempotency-replayed']).toBe('true');
  });

  it('goes on with the same run when Temporal was away at the first try', async () => {
    const appId = await appWithFile();
    const headers = { 'Idempotency-Key': 'start-2' };
    api.gateway.away = new TemporalUnavailable();
    const first = await start(appId, {}, headers);
    expect({ status: first.status, code: first.body.code }).toEqual({
      status: 503,
      code: 'temporal_unavailable',
    });
    expect(first.headers['retry-after']).toBeDefined();
    api.gateway.away = null;
    const second = await start(appId, {}, headers);
    expect(second.status).toBe(202);
    expect((await api.call('get', `/v1/runs?appId=${appId}`)).body.items).toHaveLength(1);
    await finish(appId, second.body.runId);
  });

  it.each([
    [{ kind: 'sync' }, 409, 'action_not_supported'],
    [{ kind: 'export' }, 400, 'invalid_request'],
    [{ objects: ['invoices'] }, 422, 'object_out_of_scope'],
    [{ objects: ['people'] }, 400, 'invalid_request'],
    [{ objects: [] }, 400, 'invalid_request'],
    [{ options: { limit: 0 } }, 400, 'invalid_request'],
    [{ options: { limt: 5 } }, 400, 'invalid_request'],
    [{ colour: 'red' }, 400, 'invalid_request'],
    [{ objects: ['contacts'] }, 409, 'no_file'],
  ])('refuses %j', async (body, status, code) => {
    const appId = await api.newApp({ providerId: 'files', scope: ['contacts'] });
    const answer = await start(appId, body);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect((await api.call('get', `/v1/runs?appId=${appId}`)).body.items).toEqual([]);
  });

  it('refuses a connection that is not ready', async () => {
    const appId = await api.newApp({ providerId: 'carddav', settings: { url: 'https://dav.test' } });
    const { status, body } = await start(appId);
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'connection_not_ready' });
  });

  it('shows the proposal where the mapping is not clear, and takes the mapping that a person sets', async () => {
    const proposedMapping = { fields: { name: 'Title' } };
    inspectsAs(api, { mappingClear: false, mappingWhy: ['two columns could be the name'], proposedMapping });
    const appId = await appWithFile();
    const { status, body } = await start(appId);
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'mapping_needed', proposedMapping: { contacts: proposedMapping } });
    await api.call('patch', `/v1/apps/${appId}`, {
      body: { mapping: { objects: { contacts: { key: ['id'], fields: { name: 'Title' } } } } },
    });
    const again = await start(appId);
    expect(again.status).toBe(202);
    await finish(appId, again.body.runId);
  });

  it('says what is wrong with an unreadable file', async () => {
    inspectsAs(api, null, { code: 'file_unreadable', message: 'Line 3 never ends.' });
    const appId = await appWithFile();
    const { status, body } = await start(appId);
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'file_unreadable' });
    expect(body.detail).toContain('Line 3 never ends.');
  });

  it('waits for an inspection that is under way', async () => {
    api.gateway.onAsk = () => Promise.resolve();
    const appId = await appWithFile();
    inspectsAs(api, {});
    const { status, body } = await start(appId);
    expect(status).toBe(202);
    await finish(appId, body.runId);
  }, 30_000);

  it('runs the objects that have a file, in run order', async () => {
    const appId = await appWithFile('invoices');
    await upload(appId, 'contacts');
    const { body } = await start(appId);
    expect(body.scope).toEqual(['contacts', 'invoices']);
    const missing = await start(appId, { objects: ['contacts', 'products'] });
    expect(missing.body.code).toMatch(/run_already_active|no_file/);
    await finish(appId, body.runId);
  });

  it('answers 429 over the limit of live runs', async () => {
    const live: [string, string][] = [];
    for (let n = 0; n < 12; n += 1) {
      const appId = await appWithFile();
      live.push([appId, (await start(appId)).body.runId]);
    }
    const { status, body, headers } = await start(await appWithFile());
    expect({ status, code: body.code }).toEqual({ status: 429, code: 'too_many_runs' });
    expect(headers['retry-after']).toBeDefined();
    for (const [appId, runId] of live) await finish(appId, runId);
  }, 60_000);

  it('answers 404 for a run of another workspace', async () => {
    const appId = await appWithFile();
    const { body } = await start(appId);
    const { adminKey } = (await api.call('post', '/v1/workspaces', { body: { name: 'Two' } })).body;
    for (const path of ['', '/checklist', '/problems', '/changes', '/events', '/backup', '/conflicts']) {
      const answer = await api.call('get', `/v1/runs/${body.runId}${path}`, { key: adminKey });
      expect({ path, status: answer.status }).toEqual({ path, status: 404 });
    }
    await finish(appId, body.runId);
  });
});
