import { startHarness, type Harness } from './harness.js';

describe('mappings', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startHarness();
  });
  afterAll(() => api.close());

  const fields = (field: string): object => ({
    mapping: { objects: { contacts: { key: ['id'], fields: { name: field } } } },
  });

  it('keeps every version, with who set it and when, newest first', async () => {
    const appId = await api.newApp();
    for (const name of ['Name', 'Full name', 'Full name', 'Customer'])
      await api.call('patch', `/v1/apps/${appId}`, { body: fields(name) });
    const { status, body } = await api.call('get', `/v1/apps/${appId}/mappings`);
    expect(status).toBe(200);
    expect(
      body.items.map((item: { version: number; current: boolean; mapping: { objects: object } }) => [
        item.version,
        item.current,
        item.mapping.objects,
      ]),
    ).toEqual([
      [4, true, { contacts: { key: ['id'], fields: { name: 'Customer' } } }],
      [3, false, { contacts: { key: ['id'], fields: { name: 'Full name' } } }],
      [2, false, { contacts: { key: ['id'], fields: { name: 'Name' } } }],
      [1, false, {}],
    ]);
    expect(body.items[0]).toMatchObject({ at: expect.any(String), by: { id: expect.any(String) } });
    expect(body.items[3]).toMatchObject({ at: null, by: null });
    const first = await api.call('get', `/v1/apps/${appId}/mappings?limit=3`);
    const rest = await api.call(
      'get',
      `/v1/apps/${appId}/mappings?limit=3&cursor=${encodeURIComponent(first.body.nextCursor)}`,
    );
    expect([...first.body.items, ...rest.body.items]).toEqual(body.items);
    expect((await api.call('get', '/v1/apps/nobody/mappings')).status).toBe(404);
  });

  it('refuses what could not work, with its place, and changes nothing', async () => {
    const appId = await api.newApp();
    const refused = async (mapping: object): Promise<[number, string, string[]]> => {
      const { status, body } = await api.call('patch', `/v1/apps/${appId}`, { body: { mapping } });
      return [status, body.code, body.issues?.map(({ path }: { path: string }) => path)];
    };
    expect(await refused({ statuses: { tasks: { Later: 'someday' } } })).toEqual([
      ...[422, 'mapping_invalid', ['body.mapping.statuses.tasks.Later']],
    ]);
    expect(await refused({ owners: { 'jane@corp.example': 'nobody' } })).toEqual([
      ...[422, 'mapping_invalid', ['body.mapping.owners.jane@corp.example']],
    ]);
    expect(await refused({ objects: { contacts: { fields: { name: 'Name', nmae: 'Name' } } } })).toEqual([
      ...[422, 'mapping_invalid', ['body.mapping.objects.contacts.fields.nmae']],
    ]);
    const { body } = await api.call('get', `/v1/apps/${appId}/mappings`);
    expect(body.items).toHaveLength(1);
  });

  it('checks the limits of breakers and the setting of tags', async () => {
    const appId = await api.newApp();
    const policies = async (changes: object): Promise<number> =>
      (await api.call('patch', `/v1/apps/${appId}`, { body: { policies: changes } })).status;
    expect(await policies({ breakers: { failed: 1.5 } })).toBe(400);
    expect(await policies({ breakers: { failed: -0.1 } })).toBe(400);
    expect(await policies({ breakers: { failed: '5%' } })).toBe(400);
    expect(await policies({ breakers: { skipped: 0.1 } })).toBe(400);
    expect(await policies({ breakers: { failed: 0, updated: 1, duplicates: null } })).toBe(200);
    expect(await policies({ matching: { plusTags: 'drop' } })).toBe(400);
    expect(await policies({ matching: { plusTags: 'ignore' } })).toBe(200);
    const { body } = await api.call('get', `/v1/apps/${appId}`);
    expect(body.policies).toMatchObject({
      breakers: { failed: 0, updated: 1, deleted: 0.1, duplicates: null },
      matching: { plusTags: 'ignore' },
    });
  });

  it('proposes targets for what a sample has and nothing maps', async () => {
    const { body: member } = await api.call('post', '/v1/members', {
      body: { name: 'Jane Doe', email: 'jane@corp.example' },
    });
    const { body: app } = await api.call('post', '/v1/apps', {
      body: { providerId: 'carddav', settings: { url: 'https://dav.test' } },
    });
    const values = (...all: string[]): object[] => all.map((value, n) => ({ value, count: n + 1 }));
    const found = {
      ...{ blockers: [], account: null, totals: {}, duplicates: {}, sentence: '' },
      warnings: [
        { code: 'owner_unmapped', object: 'contacts', message: '', values: values('Doe, Jane', 'Who') },
        { code: 'status_unmapped', object: 'contacts', message: '', values: values('Customer', 'Q3') },
        { code: 'first_run', message: '' },
      ],
    };
    api.gateway.onAsk = ({ answerId }) => api.store.answers.put(answerId, { result: found });
    const { status, body } = await api.call('post', `/v1/apps/${app.appId}/mapping/propose`, { body: {} });
    expect(status).toBe(200);
    expect(body).toEqual({
      mappingVersion: 1,
      owners: [
        { value: 'Doe, Jane', count: 1, proposed: member.memberId, by: 'name' },
        { value: 'Who', count: 2, proposed: null, by: null },
      ],
      statuses: [
        { object: 'contacts', value: 'Customer', count: 1, proposed: 'active', by: 'meaning' },
        { object: 'contacts', value: 'Q3', count: 2, proposed: null, by: null },
      ],
      mapping: { owners: { 'Doe, Jane': member.memberId }, statuses: { contacts: { Customer: 'active' } } },
      blockers: [],
    });
    const taken = await api.call('patch', `/v1/apps/${app.appId}`, { body: { mapping: body.mapping } });
    expect(taken.body.mapping).toMatchObject({ version: 2, statuses: { contacts: { Customer: 'active' } } });
    const outside = await api.call('post', `/v1/apps/${app.appId}/mapping/propose`, {
      body: { objects: ['deals'] },
    });
    expect([outside.status, outside.body.code]).toEqual([422, 'object_out_of_scope']);
    const files = await api.newApp();
    const none = await api.call('post', `/v1/apps/${files}/mapping/propose`, { body: {} });
    expect(none.body.blockers).toMatchObject([{ code: 'no_file' }]);
  });
});
