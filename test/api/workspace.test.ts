import { startHarness, type Harness } from './harness.js';

describe('members, holds and audit', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startHarness();
  });
  afterAll(() => api.close());

  it('keeps members, one per e-mail, and removed ones readable', async () => {
    const made = await api.call('post', '/v1/members', { body: { name: 'Jane', email: 'jane@corp.test' } });
    expect(made.status).toBe(201);
    const path = `/v1/members/${made.body.memberId}`;
    const twin = await api.call('post', '/v1/members', { body: { name: 'J', email: 'JANE@corp.test' } });
    expect({ status: twin.status, code: twin.body.code }).toEqual({ status: 409, code: 'already_exists' });
    const other = await api.call('post', '/v1/members', { body: { name: 'Kim', email: 'kim@corp.test' } });
    const taken = await api.call('patch', path, { body: { email: 'kim@corp.test' } });
    expect(taken.status).toBe(409);
    const changed = await api.call('patch', path, { body: { name: 'Jane D.' } });
    expect(changed.body).toMatchObject({ name: 'Jane D.', email: 'jane@corp.test' });
    expect((await api.call('delete', path)).status).toBe(204);
    expect((await api.call('get', path)).body.removedAt).not.toBeNull();
    expect((await api.call('patch', path, { body: { name: 'X' } })).status).toBe(404);
    const listed = await api.call('get', '/v1/members');
    expect(listed.body.items[0].memberId).toBe(other.body.memberId);
    const wrong = await api.call('post', '/v1/members', { body: { name: 'N', email: 'nope' } });
    expect(wrong.body.issues[0].path).toBe('body.email');
  });

  it('shows live holds', async () => {
    const hold = {
      appId: 'a',
      workflowId: 'app:default:a',
      temporalRunId: 't',
      openedAt: '2026-01-01T00:00:00.000Z',
    };
    await api.store.holds.open({
      workspaceId: 'default',
      runId: 'r1',
      ...hold,
      endedAt: null,
      endedBy: null,
    });
    const { body } = await api.call('get', '/v1/holds');
    expect(body.items).toMatchObject([{ runId: 'r1', appId: 'a' }]);
  });

  it('tells who did what', async () => {
    await api.newApp();
    const { body } = await api.call('get', '/v1/audit?limit=1');
    expect(body.items).toMatchObject([{ action: 'app.installed', actor: { id: 'owner', name: 'Owner' } }]);
    expect(body.nextCursor).not.toBeNull();
  });

  it('refuses an id that a workspace has already', async () => {
    await api.call('post', '/v1/workspaces', { body: { workspaceId: 'twice' } });
    const again = await api.call('post', '/v1/workspaces', { body: { workspaceId: 'twice' } });
    expect({ status: again.status, code: again.body.code }).toEqual({ status: 409, code: 'already_exists' });
    expect((await api.call('post', '/v1/workspaces', { body: { workspaceId: 'A/b' } })).status).toBe(400);
    const sent = { body: { workspaceId: 'once' }, headers: { 'Idempotency-Key': 'ws-1' } };
    const first = await api.call('post', '/v1/workspaces', sent);
    expect((await api.call('post', '/v1/workspaces', sent)).body).toEqual(first.body);
    expect((await api.call('get', '/v1/apps', { key: first.body.adminKey })).status).toBe(200);
  });
});

describe('health, metrics and documents', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startHarness();
  });
  afterAll(() => api.close());

  it('is alive without a key, and ready with engines, worker and store', async () => {
    expect((await api.call('get', '/healthz', { key: null })).body).toEqual({
      status: 'ok',
      version: '0.0.0-test',
    });
    const ready = await api.call('get', '/readyz', { key: null });
    expect(ready.status).toBe(200);
    expect(ready.body).toMatchObject({
      status: 'ready',
      temporal: { reachable: true, version: '1.32.0' },
      worker: { reachable: true },
      store: { reachable: true, name: expect.any(String), version: expect.any(String) },
    });
  });

  it('is not ready without a worker', async () => {
    const { health } = api.gateway;
    api.gateway.health = async () => ({
      ...(await health()),
      worker: { reachable: false, taskQueue: 'sluice', pollers: 0 },
    });
    const { status, body } = await api.call('get', '/readyz', { key: null });
    api.gateway.health = health;
    expect({ status, ready: body.status }).toEqual({ status: 503, ready: 'not_ready' });
  });

  it('measures, from loopback without a key, else with one', async () => {
    const near = await api.call('get', '/metrics', { key: null });
    expect(near.text).toMatch(/sluice_runs\{status="running"\} 0/);
    expect(near.text).toContain('sluice_oldest_review_seconds');
    const far = await api.call('get', '/metrics', {
      key: null,
      headers: { 'X-Forwarded-For': '203.0.113.9' },
    });
    expect(far.status).toBe(401);
  });
});
