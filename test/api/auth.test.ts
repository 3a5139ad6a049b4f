import { OWNER, startHarness, type Harness } from './harness.js';

describe('keys and roles', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startHarness();
  });
  afterAll(() => api.close());

  it.each([null, 'wrong', `${OWNER}x`, ''])('answers 401 to the key %j', async (key) => {
    const { status, body, headers } = await api.call('get', '/v1/apps', { key });
    expect({ status, code: body.code }).toEqual({ status: 401, code: 'unauthorized' });
    expect(headers['www-authenticate']).toBe('Bearer');
  });

  it.each([
    ['viewer', 'get', '/v1/apps', 200],
    ['viewer', 'post', '/v1/apps/x/runs', 403],
    ['viewer', 'post', '/v1/records', 403],
    ['viewer', 'post', '/v1/apps', 403],
    ['operator', 'post', '/v1/apps/x/runs', 404],
    ['operator', 'post', '/v1/apps', 403],
    ['operator', 'patch', '/v1/apps/x', 403],
    ['operator', 'put', '/v1/apps/x/credentials', 403],
    ['operator', 'post', '/v1/keys', 403],
    ['admin', 'patch', '/v1/apps/x', 404],
    ['admin', 'get', '/v1/workspaces', 403],
    ['admin', 'post', '/v1/workspaces', 403],
  ] as const)('a %s gets from %s %s: %i', async (role, method, path, status) => {
    const key = await api.newKey(role);
    const body = path.endsWith('/runs') ? { kind: 'import' } : method === 'get' ? undefined : {};
    const answer = await api.call(method, path, { key, body });
    expect(answer.status).toBe(status);
    if (status === 403) expect(answer.body).toMatchObject({ code: 'forbidden', role });
  });

  it('shows a key once, stores its hash, and revokes it at once', async () => {
    const made = await api.call('post', '/v1/keys', { body: { name: 'CI', role: 'operator' } });
    expect(made.status).toBe(201);
    const { key, keyId } = made.body;
    const listed = await api.call('get', '/v1/keys');
    expect(JSON.stringify(listed.body)).not.toContain(key);
    expect(JSON.stringify(await api.store.keys.get('default', keyId))).not.toContain(key);
    expect((await api.call('get', '/v1/apps', { key })).status).toBe(200);
    expect((await api.call('delete', `/v1/keys/${keyId}`)).status).toBe(204);
    expect((await api.call('get', '/v1/apps', { key })).status).toBe(401);
  });

  it('shows the same new key again for the same Idempotency-Key, though nobody kept it', async () => {
    const sent = { body: { name: 'again', role: 'viewer' }, headers: { 'Idempotency-Key': 'key-1' } };
    const first = await api.call('post', '/v1/keys', sent);
    const second = await api.call('post', '/v1/keys', sent);
    expect(second.body).toEqual(first.body);
    const listed = await api.call('get', '/v1/keys?limit=100');
    expect(listed.body.items.filter(({ name }: { name: string }) => name === 'again')).toHaveLength(1);
  });

  it('lets nobody make a key above their own role', async () => {
    const admin = await api.newKey('admin');
    const peer = await api.call('post', '/v1/keys', { key: admin, body: { name: 'peer', role: 'admin' } });
    expect(peer.status).toBe(201);
    const owner = await api.call('post', '/v1/keys', { key: admin, body: { name: 'o', role: 'owner' } });
    expect(owner.status).toBe(400);
  });

  it('shows the person of Sluice-Actor, with a key that may act for one', async () => {
    const key = await api.newKey('operator', true);
    const headers = { 'Sluice-Actor': '{"id":"u1","name":"Ann"}' };
    const body = { object: 'contacts', fields: { name: 'By hand' } };
    const made = await api.call('post', '/v1/records', { key, headers, body });
    expect(made.body.createdBy).toEqual({ actor: { id: 'u1', name: 'Ann' } });
    const wrong = await api.call('post', '/v1/records', { key, headers: { 'Sluice-Actor': 'Ann' }, body });
    expect(wrong.status).toBe(400);
    const plain = await api.newKey('operator');
    const refused = await api.call('post', '/v1/records', { key: plain, headers, body });
    expect({ status: refused.status, code: refused.body.code }).toEqual({
      status: 403,
      code: 'actor_not_allowed',
    });
  });

  it("keeps workspaces apart: the other one's ids are unknown ids", async () => {
    const made = await api.call('post', '/v1/workspaces', { body: { workspaceId: 'other', name: 'Other' } });
    expect(made.status).toBe(201);
    const { adminKey } = made.body;
    const appId = await api.newApp();
    const theirs = await api.call('post', '/v1/apps', { key: adminKey, body: { providerId: 'files' } });
    expect(theirs.status).toBe(201);
    const across = await api.call('get', `/v1/apps/${appId}`, { key: adminKey });
    const unknown = await api.call('get', '/v1/apps/01920000-0000-7000-8000-000000000000', { key: adminKey });
    expect(across.status).toBe(404);
    expect(across.body.detail.replace(appId, '')).toBe(
      unknown.body.detail.replace('01920000-0000-7000-8000-000000000000', ''),
    );
    expect((await api.call('get', `/v1/apps/${theirs.body.appId}`)).status).toBe(404);
    expect((await api.call('delete', '/v1/workspaces/other')).status).toBe(204);
    expect((await api.call('get', '/v1/apps', { key: adminKey })).status).toBe(401);
    expect((await api.call('delete', '/v1/workspaces/default')).status).toBe(409);
  });

  it('logs no key', async () => {
    const key = await api.newKey('viewer');
    await api.call('get', '/v1/apps?cursor=secret-of-a-query', { key });
    const logged = api.logs.join('');
    expect(logged).toContain('/v1/apps');
    for (const secret of [key, OWNER, 'secret-of-a-query']) expect(logged).not.toContain(secret);
  });
});
