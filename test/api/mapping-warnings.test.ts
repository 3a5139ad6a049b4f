import type { InspectionDoc } from '../../activities/store/documents.js';
import { inspectsAs, startHarness, type Harness } from './harness.js';

/** What is told of a mapping when it is set, not only when a run meets it. */

describe('a mapping that names what the source lacks', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startHarness();
  });
  afterAll(() => api.close());

  const columns = (...names: string[]): InspectionDoc['columns'] =>
    names.map((name) => ({ name, filled: 1, unique: true, samples: [], looksLike: null }));

  async function upload(appId: string, found: Partial<InspectionDoc> | null, object = 'contacts') {
    inspectsAs(api, found, found ? null : { code: 'file_unreadable', message: 'It cannot be read.' });
    const { body } = await api.call('post', `/v1/apps/${appId}/files?object=${object}&name=x.csv`, {
      headers: { 'Content-Type': 'text/csv' },
      body: 'Id,Name\n1,Ann\n',
    });
    return body.fileId as string;
  }
  const map = (appId: string, fields: object, key = ['Id']) =>
    api.call('patch', `/v1/apps/${appId}`, { body: { mapping: { objects: { contacts: { key, fields } } } } });

  it('is taken before there is a file, and judged once there is one', async () => {
    const appId = await api.newApp();
    const before = await map(appId, { name: 'Who', title: 'Role' });
    expect([before.status, before.body.mapping.warnings]).toEqual([200, []]);
    const fileId = await upload(appId, { columns: columns('Id', 'Name') });
    const { body: sheet } = await api.call('get', `/v1/apps/${appId}`);
    expect(sheet.mapping.warnings).toEqual([
      {
        ...{ code: 'mapping_broken', object: 'contacts', column: 'Who', fileId },
        path: 'mapping.objects.contacts.fields.name',
        message: expect.stringMatching(
          /"Who".*x\.csv.*it has Id, Name.*stops before it begins.*Correct the mapping/,
        ),
      },
      expect.objectContaining({ code: 'column_gone', column: 'Role' }),
    ]);
  });

  it('is told by the PATCH itself and by the versions, of the newest file, and gone with the next one', async () => {
    const appId = await api.newApp();
    await upload(appId, { columns: columns('Id', 'Name') });
    const { status, body } = await map(appId, { name: 'Name', email: 'Mail' });
    expect(status).toBe(200);
    expect(body.mapping.warnings.map((each: { path: string }) => each.path)).toEqual([
      'mapping.objects.contacts.fields.email',
    ]);
    await map(appId, { phone: 'Phone' }, ['Number']);
    const { body: versions } = await api.call('get', `/v1/apps/${appId}/mappings`);
    expect(versions.items[0].warnings.map((each: { column: string }) => each.column)).toEqual([
      ...['Number', 'Mail', 'Phone'],
    ]);
    expect(versions.items[1].warnings).toBeUndefined();
    await upload(appId, { columns: columns('Number', 'Name', 'Mail', 'Phone') });
    expect((await api.call('get', `/v1/apps/${appId}`)).body.mapping.warnings).toEqual([]);
    const { body: list } = await api.call('get', '/v1/apps');
    expect(list.items.every(({ mapping }: { mapping: object }) => 'warnings' in mapping)).toBe(true);
  });

  it('is not guessed at: a file that could not be read, one of cards, another object, a provider of its own', async () => {
    const appId = await api.newApp();
    await map(appId, { name: 'Who' });
    await upload(appId, { columns: columns('Name') }, 'accounts');
    await upload(appId, { kind: 'vcard', columns: columns('fn') });
    expect((await api.call('get', `/v1/apps/${appId}`)).body.mapping.warnings).toEqual([]);
    await upload(appId, null);
    expect((await api.call('get', `/v1/apps/${appId}`)).body.mapping.warnings).toEqual([]);
    const book = await api.newApp({ providerId: 'carddav', settings: { url: 'https://dav.example.com/' } });
    const { body } = await api.call('patch', `/v1/apps/${book}`, {
      body: { mapping: { objects: { contacts: { fields: { title: 'nothing' } } } } },
    });
    expect(body.mapping.warnings).toEqual([]);
  });
});

describe('a mapping to what does not exist', () => {
  let api: Harness;
  let appId: string;
  let memberId: string;
  beforeAll(async () => {
    api = await startHarness();
    appId = await api.newApp();
    const member = { name: 'Ann', email: 'Ann@corp.example' };
    memberId = (await api.call('post', '/v1/members', { body: member })).body.memberId;
  });
  afterAll(() => api.close());

  const send = (mapping: object) => api.call('patch', `/v1/apps/${appId}`, { body: { mapping } });
  const contacts = (fields: object): object => ({
    objects: { contacts: { fields: { name: 'Name', ...fields } } },
  });

  it.each<[string, object, string]>([
    ['a status', { statuses: { tasks: { Won: 'won' } } }, 'statuses.tasks.Won'],
    ['a status in another case', { statuses: { tasks: { Won: 'Done' } } }, 'statuses.tasks.Won'],
    ['a status of another object', { statuses: { deals: { x: 'done' } } }, 'statuses.deals.x'],
    ['a status of an object without any', { statuses: { products: { x: 'open' } } }, 'statuses.products.x'],
    [
      'a default status',
      contacts({ status: { path: 'S', default: 'Won' } }),
      'objects.contacts.fields.status',
    ],
    ['a member', { owners: { jane: 'nobody' } }, 'owners.jane'],
    [
      'a default owner',
      contacts({ owner: { path: 'O', default: 'zoe@x.example' } }),
      'objects.contacts.fields.owner.default',
    ],
    ['a field', contacts({ nmae: 'N' }), 'objects.contacts.fields.nmae'],
  ])('%s is refused with its place, and nothing is changed', async (_, mapping, path) => {
    const before = (await api.call('get', `/v1/apps/${appId}`)).body;
    const { status, body } = await send(mapping);
    expect([status, body.code]).toEqual([422, 'mapping_invalid']);
    expect(body.issues.map((issue: { path: string }) => issue.path)).toEqual([`body.mapping.${path}`]);
    expect(body.detail).toContain('The mapping was not changed.');
    expect((await api.call('get', `/v1/apps/${appId}`)).body.mapping).toEqual(before.mapping);
  });

  it.each<[string, unknown]>([
    ['a number', { statuses: { tasks: { Won: 1 } } }],
    ['an empty text', { statuses: { tasks: { Won: '' } } }],
    ['a list', { owners: { jane: ['m'] } }],
    ['an unknown object', { statuses: { things: { x: 'open' } } }],
  ])('%s is a 400 with its place', async (_, mapping) => {
    const { status, body } = await send(mapping as object);
    expect([status, body.code]).toEqual([400, 'invalid_request']);
    expect(body.issues[0].path).toMatch(/^body\.mapping\./);
  });

  it('is none where the default is a member, mapped, or a status by another name', async () => {
    const owners = { sales: memberId };
    const statuses = { contacts: { Won: 'active' } };
    for (const fields of [
      { owner: { path: 'O', default: 'sales' }, status: { path: 'S', default: 'Won' } },
      { owner: { path: 'O', default: 'ANN@corp.example' }, status: { path: 'S', default: 'Inactive' } },
      { owner: { path: 'O', default: memberId } },
    ]) {
      const { status, body } = await send({ ...contacts(fields), owners, statuses });
      expect([status, body.issues]).toEqual([200, undefined]);
    }
  });

  it('a member who was removed is none any more', async () => {
    const { body: bob } = await api.call('post', '/v1/members', {
      body: { name: 'Bob', email: 'b@x.example' },
    });
    await api.call('delete', `/v1/members/${bob.memberId}`);
    expect((await send({ owners: { bob: bob.memberId } })).status).toBe(422);
  });
});
