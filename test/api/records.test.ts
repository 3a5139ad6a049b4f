import { startHarness, type Harness } from './harness.js';

describe('records', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startHarness();
  });
  afterAll(() => api.close());

  const make = (fields: object, more: object = {}) =>
    api.call('post', '/v1/records', { body: { object: 'contacts', fields, ...more } });
  const edit = (recordId: string, version: string | null, body: object) =>
    api.call('patch', `/v1/records/${recordId}`, {
      body,
      headers: version === null ? {} : { 'If-Match': version },
    });

  it('makes a record by hand, once for the same Idempotency-Key', async () => {
    const sent = {
      body: { object: 'contacts', fields: { name: 'Ann Lee', email: 'Ann@X.test' } },
      headers: { 'Idempotency-Key': 'rec-1' },
    };
    const first = await api.call('post', '/v1/records', sent);
    expect(first.status).toBe(201);
    expect(first.body).toMatchObject({
      object: 'contacts',
      fields: { name: 'Ann Lee', status: 'active' },
      version: 1,
      links: [],
      createdBy: { actor: { id: 'owner', name: 'Owner' } },
    });
    const second = await api.call('post', '/v1/records', sent);
    expect(second.body).toEqual(first.body);
    const found = await api.call('get', '/v1/records?object=contacts&q=ann');
    expect(found.body.items).toEqual([first.body]);
  });

  it('guards an edit by the version that was looked at', async () => {
    const { recordId } = (await make({ name: 'Bo' })).body;
    const blind = await edit(recordId, null, { fields: { title: 'Boss' } });
    expect({ status: blind.status, code: blind.body.code }).toEqual({
      status: 428,
      code: 'precondition_required',
    });
    const done = await edit(recordId, '"1"', { fields: { title: 'Boss' } });
    expect({ status: done.status, etag: done.headers['etag'] }).toEqual({ status: 200, etag: '"2"' });
    expect(done.body).toMatchObject({ version: 2, fields: { name: 'Bo', title: 'Boss' } });
    const late = await edit(recordId, '1', { fields: { title: 'Other' } });
    expect({ status: late.status, body: late.body }).toMatchObject({
      status: 412,
      body: { code: 'version_clash', version: 2 },
    });
    const odd = await edit(recordId, 'abc', { fields: { title: 'Other' } });
    expect(odd.status).toBe(412);
    const same = await edit(recordId, '2', { fields: { title: 'Boss' } });
    expect(same.body.version).toBe(2);
    const emptied = await edit(recordId, '2', { fields: { title: null } });
    expect(emptied.body.fields).not.toHaveProperty('title');
  });

  it('lets one of two edits of the same version through', async () => {
    const { recordId } = (await make({ name: 'Race' })).body;
    const answers = await Promise.all([
      edit(recordId, '1', { fields: { title: 'A' } }),
      edit(recordId, '1', { fields: { title: 'B' } }),
    ]);
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 412]);
  });

  it('archives, shows archived ones only when asked, and brings them back', async () => {
    const { recordId } = (await make({ name: 'Old Zed' })).body;
    expect((await api.call('delete', `/v1/records/${recordId}`)).status).toBe(428);
    const gone = await api.call('delete', `/v1/records/${recordId}`, { headers: { 'If-Match': '1' } });
    expect(gone.body.archivedAt).not.toBeNull();
    const shown = await api.call('get', '/v1/records?q=old&archived=true');
    expect(shown.body.items.map((each: { recordId: string }) => each.recordId)).toEqual([recordId]);
    expect((await api.call('get', '/v1/records?q=old&archived=false')).body.items).toEqual([]);
    const back = await edit(recordId, '2', { archived: false });
    expect(back.body.archivedAt).toBeNull();
  });

  it('relates records, and only to those that exist', async () => {
    const account = (
      await api.call('post', '/v1/records', { body: { object: 'accounts', fields: { name: 'Acme' } } })
    ).body;
    const made = await make({ name: 'Cy' }, { relations: { account: account.recordId } });
    expect(made.body.relations.account).toMatchObject({ recordId: account.recordId, resolved: true });
    const wrong = await make({ name: 'Di' }, { relations: { account: made.body.recordId } });
    expect({ status: wrong.status, code: wrong.body.code }).toEqual({ status: 422, code: 'record_invalid' });
    expect(wrong.body.issues[0].path).toBe('body.relations.account');
  });

  it.each([
    [{ name: '' }, 'body.fields.name'],
    [{}, 'body.fields.name'],
    [{ name: 'E', email: 'nope' }, 'body.fields.email'],
    [{ name: 'E', nmae: 'x' }, 'body.fields.nmae'],
    [{ name: 'E', owner: 'nobody' }, 'body.fields.owner'],
    [{ name: 'E', birthday: '1980-02-30' }, 'body.fields.birthday'],
  ])('refuses the fields %j', async (fields, path) => {
    const { status, body } = await make(fields);
    expect({ status, code: body.code }).toEqual({ status: 422, code: 'record_invalid' });
    expect(body.issues.map((issue: { path: string }) => issue.path)).toContain(path);
  });

  it('has nothing to compare where no app brought the record', async () => {
    const { recordId } = (await make({ name: 'Alone' })).body;
    const { status, body } = await api.call('get', `/v1/records/${recordId}/compare`);
    expect({ status, code: body.code }).toEqual({ status: 409, code: 'no_link' });
    expect((await api.call('get', '/v1/records/unknown/compare')).status).toBe(404);
  });

  it('walks a list by its cursor, each record once', async () => {
    for (let n = 0; n < 5; n += 1) {
      await api.call('post', '/v1/records', { body: { object: 'products', fields: { name: `P${n}` } } });
    }
    const seen: string[] = [];
    for (let cursor: string | null = ''; cursor !== null;) {
      const at: string = cursor === '' ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const { body } = await api.call('get', `/v1/records?object=products&limit=2${at}`);
      seen.push(...body.items.map((each: { fields: { name: string } }) => each.fields.name));
      cursor = body.nextCursor;
    }
    expect(seen).toEqual(['P4', 'P3', 'P2', 'P1', 'P0']);
  });
});
