import { inspectsAs, startHarness, type Harness } from './harness.js';

describe('apps', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startHarness();
  });
  afterAll(() => api.close());

  it('installs a file app, ready from the start, with defaults shown', async () => {
    const { status, body } = await api.call('post', '/v1/apps', {
      body: { providerId: 'files', name: 'My files' },
    });
    expect(status).toBe(201);
    expect(body).toMatchObject({
      name: 'My files',
      providerId: 'files',
      runtimeStatus: 'ready',
      connection: { status: 'ready', account: { id: body.appId, name: 'Files' } },
      credentials: null,
      lock: null,
      policies: { linked: 'update', breakers: { failed: 0.05 } },
      mapping: { version: 1 },
      recentRuns: [],
    });
    expect(body.scope).toContain('contacts');
    const got = await api.call('get', `/v1/apps/${body.appId}`);
    expect(got.body).toEqual(body);
    const listed = await api.call('get', '/v1/apps');
    expect(listed.body.items.map((app: { appId: string }) => app.appId)).toContain(body.appId);
  });

  it.each([
    [{ providerId: 'nobody' }, 422, 'unknown_provider'],
    [{ providerId: 'files', scope: ['contact'] }, 400, 'invalid_request'],
    [{ providerId: 'files', colour: 'red' }, 400, 'invalid_request'],
    [{ providerId: 'carddav' }, 400, 'invalid_request'],
    [{ providerId: 'carddav', settings: { url: 'ftp://x' } }, 400, 'invalid_request'],
    [
      { providerId: 'carddav', settings: { url: 'https://dav.test' }, scope: ['deals'] },
      422,
      'object_out_of_scope',
    ],
    [{ providerId: 'files', credentials: { a: 'b' } }, 409, 'action_not_supported'],
    [{ providerId: 'files', policies: { required: { contacts: ['nope'] } } }, 400, 'invalid_request'],
  ])('refuses to install %j', async (body, status, code) => {
    const answer = await api.call('post', '/v1/apps', { body });
    expect(answer.status).toBe(status);
    expect(answer.body.code).toBe(code);
    expect(answer.type).toBe('application/problem+json');
  });

  it('says where a field is wrong', async () => {
    const { body } = await api.call('post', '/v1/apps', {
      body: { providerId: 'files', colour: 'red', scope: [] },
    });
    expect(body.issues.map(({ path }: { path: string }) => path)).toEqual(
      expect.arrayContaining(['body.colour', 'body.scope']),
    );
  });

  it('changes what a merge patch names and nothing else', async () => {
    const appId = await api.newApp();
    const patch = {
      name: 'Renamed',
      scope: ['invoices', 'contacts'],
      policies: { breakers: { failed: null } },
    };
    const { status, body } = await api.call('patch', `/v1/apps/${appId}`, { body: patch });
    expect(status).toBe(200);
    expect(body.name).toBe('Renamed');
    expect(body.scope).toEqual(['contacts', 'invoices']);
    expect(body.policies.breakers).toEqual({ failed: null, updated: null, deleted: 0.1, duplicates: null });
    expect(body.mapping.version).toBe(1);
  });

  it('gives a changed mapping a new version, and an unchanged one not', async () => {
    const appId = await api.newApp();
    const mapping = { objects: { contacts: { key: ['id'], fields: { name: 'Name', email: 'Mail' } } } };
    const first = await api.call('patch', `/v1/apps/${appId}`, { body: { mapping } });
    expect(first.body.mapping).toMatchObject({ version: 2, objects: mapping.objects });
    const same = await api.call('patch', `/v1/apps/${appId}`, { body: { mapping } });
    expect(same.body.mapping.version).toBe(2);
    const dropped = await api.call('patch', `/v1/apps/${appId}`, {
      body: { mapping: { objects: { contacts: { fields: { email: null } } } } },
    });
    expect(dropped.body.mapping.objects.contacts.fields).toEqual({ name: 'Name' });
    const wrong = await api.call('patch', `/v1/apps/${appId}`, {
      body: { mapping: { objects: { contacts: { fields: { nmae: 'Name' } } } } },
    });
    expect(wrong.status).toBe(422);
    expect(wrong.body).toMatchObject({ code: 'mapping_invalid' });
    expect(wrong.body.issues[0].path).toBe('body.mapping.objects.contacts.fields.nmae');
  });

  it('shows the mapping of a provider with defaults, and lets a field be dropped', async () => {
    const appId = await api.newApp({ providerId: 'carddav', settings: { url: 'https://dav.test' } });
    const before = await api.call('get', `/v1/apps/${appId}`);
    expect(before.body.mapping.objects.contacts.fields).toHaveProperty('email');
    expect(before.body.runtimeStatus).toBe('not_configured');
    const { body } = await api.call('patch', `/v1/apps/${appId}`, {
      body: { mapping: { objects: { contacts: { fields: { email: null } } } } },
    });
    expect(body.mapping.objects.contacts.fields).not.toHaveProperty('email');
    expect(body.mapping.objects.contacts.fields).toHaveProperty('name');
  });

  it('pauses, resumes and uninstalls', async () => {
    const appId = await api.newApp();
    const paused = await api.call('post', `/v1/apps/${appId}/pause`);
    expect(paused.body).toMatchObject({ paused: true, runtimeStatus: 'paused' });
    const refused = await api.call('post', `/v1/apps/${appId}/runs`, { body: { kind: 'import' } });
    expect(refused.body.code).toBe('app_paused');
    const resumed = await api.call('post', `/v1/apps/${appId}/resume`);
    expect(resumed.body).toMatchObject({ paused: false, runtimeStatus: 'ready' });
    expect((await api.call('delete', `/v1/apps/${appId}`)).status).toBe(204);
    expect((await api.call('get', `/v1/apps/${appId}`)).status).toBe(404);
  });

  it('uninstalls with the uploaded files, and takes none any more', async () => {
    inspectsAs(api, {});
    const upload = (id: string) =>
      api.call('post', `/v1/apps/${id}/files?object=contacts&name=a.csv`, {
        body: 'id,name\n1,Ann\n',
        headers: { 'Content-Type': 'text/csv' },
      });
    const [appId, other] = [await api.newApp(), await api.newApp()];
    const { fileId } = (await upload(appId)).body;
    const kept = (await upload(other)).body;
    expect((await api.call('delete', `/v1/apps/${appId}`)).status).toBe(204);
    expect(await api.store.files.get('default', appId, fileId)).toBeNull();
    expect(await bytesOf(appId, fileId).catch(() => 'gone')).toBe('gone');
    expect((await upload(appId)).status).toBe(404);
    expect(await bytesOf(other, kept.fileId)).toBe('id,name\n1,Ann\n');
  });

  it('keeps no upload that was under way when its app was uninstalled', async () => {
    const appId = await api.newApp();
    const { upload } = api.store.files;
    let stored: string | undefined;
    api.store.files.upload = async (workspaceId, id, fileId, bytes) => {
      api.store.files.upload = upload;
      await upload(workspaceId, id, fileId, bytes);
      stored = fileId;
      expect((await api.call('delete', `/v1/apps/${appId}`)).status).toBe(204);
    };
    const { status } = await api.call('post', `/v1/apps/${appId}/files?object=contacts&name=a.csv`, {
      body: 'id,name\n1,Ann\n',
      headers: { 'Content-Type': 'text/csv' },
    });
    expect(status).toBe(404);
    expect(await api.store.files.get('default', appId, String(stored))).toBeNull();
  });

  async function bytesOf(appId: string, fileId: string): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of api.store.files.bytes('default', appId, fileId)) chunks.push(chunk);
    return Buffer.concat(chunks).toString();
  }

  it('refuses to uninstall while a run is live', async () => {
    inspectsAs(api, {});
    const appId = await api.newApp();
    await api.call('post', `/v1/apps/${appId}/files?object=contacts&name=a.csv`, {
      body: 'id,name\n1,Ann\n',
      headers: { 'Content-Type': 'text/csv' },
    });
    const run = await api.call('post', `/v1/apps/${appId}/runs`, { body: { kind: 'import' } });
    const { status, body } = await api.call('delete', `/v1/apps/${appId}`);
    expect(status).toBe(409);
    expect(body).toMatchObject({ code: 'run_already_active', runId: run.body.runId });
  });

  it('lists providers with JSON Schemas and write-only secrets', async () => {
    const { body } = await api.call('get', '/v1/providers');
    const dav = body.items.find(({ id }: { id: string }) => id === 'carddav');
    expect(dav.credentialsSchema.properties.password).toMatchObject({ type: 'string', writeOnly: true });
    expect(dav.settingsSchema.required).toEqual(['url']);
    expect(dav.actions).toEqual({ import: true, sync: true });
  });
});
