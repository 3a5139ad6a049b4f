import { TemporalUnavailable } from '../../api/workflow-gateway.js';
import { startHarness, type Harness } from './harness.js';

const CANARY = 'canary-password-7f3a';
const CREDENTIALS = { username: 'ann', password: CANARY };
const READY = {
  status: 'ready',
  account: { id: 'a1', name: 'Ann' },
  objects: [{ object: 'contacts', granted: true, total: 3 }],
  problems: [],
};

describe('credentials and checks', () => {
  let api: Harness;
  let appId: string;
  beforeAll(async () => {
    api = await startHarness();
  });
  beforeEach(async () => {
    api.gateway.onAsk = async ({ answerId, ask }) => {
      if (ask.about !== 'check') return;
      await api.store.apps.patch(ask.workspaceId, ask.appId, {
        connection: {
          status: 'ready',
          account: READY.account,
          checkedAt: new Date().toISOString(),
          problems: [],
        },
      });
      await api.store.answers.put(answerId, { result: READY });
    };
    api.gateway.away = null;
    appId = await api.newApp({ providerId: 'carddav', settings: { url: 'https://dav.test' } });
  });
  afterAll(() => api.close());

  const put = (body: unknown = CREDENTIALS) => api.call('put', `/v1/apps/${appId}/credentials`, { body });

  it('seals, stores and checks credentials, and never shows them again', async () => {
    const { status, body } = await put();
    expect({ status, body }).toEqual({ status: 200, body: READY });
    const sheet = await api.call('get', `/v1/apps/${appId}`);
    expect(sheet.body).toMatchObject({
      runtimeStatus: 'ready',
      credentials: { by: { id: 'owner', name: 'Owner' }, enteredAt: expect.any(String) },
    });
    const sealed = await api.store.credentials.get('default', appId);
    expect(sealed).not.toBeNull();
    const everything = JSON.stringify([
      sealed,
      sheet.body,
      (await api.call('get', '/v1/audit')).body,
      api.logs,
    ]);
    expect(everything).not.toContain(CANARY);
    expect(everything).not.toContain(Buffer.from(CANARY).toString('base64'));
  });

  it('installs and connects in one request', async () => {
    const { status, body } = await api.call('post', '/v1/apps', {
      body: { providerId: 'carddav', settings: { url: 'https://dav.test' }, credentials: CREDENTIALS },
      headers: { 'Idempotency-Key': 'install-1' },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({ runtimeStatus: 'ready', connection: { account: READY.account } });
    expect(JSON.stringify(body)).not.toContain(CANARY);
  });

  it('answers 200 with what is wrong when the check fails', async () => {
    const found = {
      ...READY,
      status: 'needs_attention',
      account: null,
      problems: [{ code: 'credentials_rejected', message: 'No.' }],
    };
    api.gateway.onAsk = ({ answerId }) => api.store.answers.put(answerId, { result: found });
    const { status, body } = await put();
    expect({ status, body }).toEqual({ status: 200, body: found });
    expect(api.gateway.woken).toEqual([]);
  });

  it('names fields of wrong credentials, never their values', async () => {
    const { status, body } = await put({ username: 5, password: CANARY, pin: CANARY });
    expect({ status, code: body.code }).toEqual({ status: 400, code: 'invalid_request' });
    expect(body.issues.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(['body.username', 'body.pin']),
    );
    expect(JSON.stringify(body)).not.toContain(CANARY);
    expect(await api.store.credentials.get('default', appId)).toBeNull();
  });

  it('says that credentials are stored when nobody could check them', async () => {
    api.gateway.onAsk = () => {
      throw new TemporalUnavailable();
    };
    const { status, body } = await put();
    expect({ status, body }).toMatchObject({
      status: 503,
      body: { code: 'temporal_unavailable', stored: true },
    });
    expect(await api.store.credentials.get('default', appId)).not.toBeNull();
  });

  it('answers 503 within 10 s when no worker takes the check up', async () => {
    api.gateway.onAsk = () => Promise.resolve();
    const { status, body } = await api.call('post', `/v1/apps/${appId}/check`);
    expect({ status, code: body.code }).toEqual({ status: 503, code: 'worker_unavailable' });
  }, 15_000);

  it('wakes a run that parked for its connection', async () => {
    await put();
    const { runId } = (await api.call('post', `/v1/apps/${appId}/runs`, { body: { kind: 'import' } })).body;
    await api.store.runs.patch('default', runId, {
      status: 'needs_attention',
      attention: {
        reason: 'reconnect',
        object: 'contacts',
        questionId: 'q1',
        code: 'credentials_rejected',
        message: 'Rejected.',
        choices: ['resume', 'skip_object', 'stop'],
        since: new Date().toISOString(),
        evidence: null,
      },
    });
    expect((await api.call('post', `/v1/apps/${appId}/check`)).status).toBe(200);
    expect(api.gateway.woken).toContain(appId);
    api.gateway.end(appId);
  });

  it('discards credentials when the address changes, and only then', async () => {
    await put();
    const renamed = await api.call('patch', `/v1/apps/${appId}`, {
      body: { settings: { addressBook: 'work' } },
    });
    expect(renamed.body.credentials).not.toBeNull();
    const moved = await api.call('patch', `/v1/apps/${appId}`, {
      body: { settings: { url: 'https://other.test' } },
    });
    expect(moved.body).toMatchObject({
      credentials: null,
      connection: { status: 'not_connected', account: null },
      runtimeStatus: 'not_configured',
      settings: { url: 'https://other.test', addressBook: 'work' },
    });
    expect(await api.store.credentials.get('default', appId)).toBeNull();
  });

  it('forgets secrets with the app', async () => {
    await put();
    await api.call('delete', `/v1/apps/${appId}`);
    expect(await api.store.credentials.get('default', appId)).toBeNull();
  });

  it('answers a preflight from the worker', async () => {
    const found = {
      blockers: [],
      warnings: [{ code: 'first_run', message: 'New.' }],
      account: READY.account,
      totals: { contacts: 3 },
      duplicates: {},
      sentence: 'Three.',
    };
    api.gateway.onAsk = ({ answerId }) => api.store.answers.put(answerId, { result: found });
    const { status, body } = await api.call('post', `/v1/apps/${appId}/preflight`, {
      body: { objects: ['contacts'] },
    });
    expect({ status, body }).toEqual({ status: 200, body: found });
    const outside = await api.call('post', `/v1/apps/${appId}/preflight`, { body: { objects: ['deals'] } });
    expect(outside.status).toBe(422);
  });

  it('shows what a start would refuse as blockers of a preflight', async () => {
    const files = await api.newApp();
    const { status, body } = await api.call('post', `/v1/apps/${files}/preflight`, { body: {} });
    expect(status).toBe(200);
    expect(body.blockers).toMatchObject([{ code: 'no_file' }]);
  });
});
