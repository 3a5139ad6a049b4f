import { createHash } from 'node:crypto';
import request from 'supertest';
import { OWNER, inspectsAs, startHarness, type Harness } from './harness.js';

const CSV = 'id,name\n1,Ann\n2,Bo\n';

describe('uploads', () => {
  let api: Harness;
  let appId: string;
  beforeAll(async () => {
    api = await startHarness();
    appId = await api.newApp();
  });
  beforeEach(() => inspectsAs(api, { rows: 2 }));
  afterAll(() => api.close());

  const upload = (body: string | Buffer, query = 'object=contacts&name=a.csv', type = 'text/csv') =>
    api.call('post', `/v1/apps/${appId}/files?${query}`, { body, headers: { 'Content-Type': type } });

  it('keeps the bytes, says what they are, and shows the inspection', async () => {
    const { status, body } = await upload(CSV);
    expect(status).toBe(201);
    expect(body).toMatchObject({
      object: 'contacts',
      name: 'a.csv',
      kind: 'csv',
      size: CSV.length,
      sha256: createHash('sha256').update(CSV).digest('hex'),
      inspection: 'done',
      rows: 2,
      proposedMapping: { key: ['id'] },
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of api.store.files.bytes('default', appId, body.fileId)) chunks.push(chunk);
    expect(Buffer.concat(chunks).toString()).toBe(CSV);
    expect((await api.call('get', `/v1/apps/${appId}/files/${body.fileId}`)).body).toEqual(body);
    const listed = await api.call('get', `/v1/apps/${appId}/files`);
    expect(listed.body.items[0]).toEqual(body);
  });

  it('answers a file that no worker has read yet as pending', async () => {
    api.gateway.away = null;
    api.gateway.onAsk = () => Promise.resolve();
    const { status, body } = await upload(CSV);
    expect(status).toBe(201);
    expect(body.inspection).toBe('pending');
    expect(body.rows).toBeUndefined();
  }, 20_000);

  it('says why an inspection failed', async () => {
    inspectsAs(api, null, { code: 'file_unreadable', message: 'Line 3 never ends.' });
    const { status, body } = await upload(CSV);
    expect(status).toBe(201);
    expect(body).toMatchObject({ inspection: 'failed', error: { message: 'Line 3 never ends.' } });
  });

  it.each([
    ['nothing at all', Buffer.alloc(0), 'object=contacts&name=a.csv', 422, 'file_empty'],
    ['blanks', ' \n\n', 'object=contacts&name=a.csv', 422, 'file_empty'],
    [
      'a picture called CSV',
      Buffer.from('89504e470d0a1a0a00000000', 'hex'),
      'object=contacts&name=a.csv',
      415,
      'file_kind_unsupported',
    ],
    [
      'zero bytes that come late',
      Buffer.concat([Buffer.from('a,b\n'.repeat(50_000)), Buffer.from('x,\0\n')]),
      'object=contacts&name=a.csv',
      415,
      'file_kind_unsupported',
    ],
    ['more than the limit', 'a,b\n'.repeat(300_000), 'object=contacts&name=a.csv', 413, 'too_large'],
    ['no object', CSV, 'name=a.csv', 400, 'invalid_request'],
    ['an unknown object', CSV, 'object=people', 400, 'invalid_request'],
    ['a header row of 0', CSV, 'object=contacts&headerRow=0', 400, 'invalid_request'],
    ['a locale that is none', CSV, 'object=contacts&locale=!!', 400, 'invalid_request'],
    ['an unknown setting', CSV, 'object=contacts&colour=red', 400, 'invalid_request'],
  ])('refuses %s', async (_what, body, query, status, code) => {
    const before = await api.call('get', `/v1/apps/${appId}/files?limit=100`);
    const answer = await upload(body, query);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    const after = await api.call('get', `/v1/apps/${appId}/files?limit=100`);
    expect(after.body.items).toHaveLength(before.body.items.length);
  });

  it('names the zero byte that no text has, and takes UTF-16 of any length', async () => {
    const late = Buffer.concat([Buffer.from('a,b\n'.repeat(50_000)), Buffer.from('x,\0\n')]);
    const answer = await upload(late);
    expect(answer.body.detail).toContain('byte 200003');
    expect(answer.body.detail).toContain('Nothing was stored');
    const wide = Buffer.from('id,name\n1,Ann\n'.repeat(10_000), 'utf16le');
    expect((await upload(wide)).status).toBe(201);
    expect((await upload(Buffer.concat([Buffer.from('fffe', 'hex'), wide]))).status).toBe(201);
  });

  it('refuses a form: its boundaries are no rows', async () => {
    const answer = await upload('--x\r\n', 'object=contacts&name=a.csv', 'multipart/form-data; boundary=x');
    expect({ status: answer.status, code: answer.body.code }).toEqual({
      status: 415,
      code: 'unsupported_media_type',
    });
  });

  it('stops a stream that never said its size at the limit', async () => {
    const sent = request(api.app)
      .post(`/v1/apps/${appId}/files?object=contacts&name=a.csv`)
      .set({ Authorization: `Bearer ${OWNER}`, 'Content-Type': 'text/csv', 'Transfer-Encoding': 'chunked' });
    for (let n = 0; n < 300; n += 1) sent.write('x,'.repeat(4096));
    const answer = await sent;
    expect(answer.status).toBe(413);
    expect(answer.body).toMatchObject({ code: 'too_large', limit: 1024 * 1024 });
  });

  it('advises CSV for a workbook over its own limit', async () => {
    const zip = Buffer.concat([
      Buffer.from('504b030414000000080000000000000000000000000000000000000013000000', 'hex').subarray(0, 30),
      Buffer.from('[Content_Types].xml'),
      Buffer.alloc(400 * 1024),
    ]);
    const answer = await upload(zip, 'object=contacts&name=a.xlsx', 'application/octet-stream');
    expect(answer.status).toBe(413);
    expect(answer.body.detail).toContain('CSV');
  });

  it('takes what a person says about the file', async () => {
    const { body } = await upload(
      'a;b\n1;2\n',
      'object=contacts&name=..%2Fx.csv&delimiter=%3B&locale=de-DE&headerRow=1&encoding=utf-8',
    );
    const doc = await api.store.files.get('default', appId, body.fileId);
    expect(doc?.hints).toEqual({ delimiter: ';', locale: 'de-DE', headerRow: 1, encoding: 'utf-8' });
    expect(body.name).toBe('x.csv');
  });

  it('keeps one file for the same Idempotency-Key and bytes', async () => {
    const path = `/v1/apps/${appId}/files?object=accounts&name=b.csv`;
    const headers = { 'Content-Type': 'text/csv', 'Idempotency-Key': 'up-1' };
    const first = await api.call('post', path, { body: CSV, headers });
    const second = await api.call('post', path, { body: CSV, headers });
    expect(second.body.fileId).toBe(first.body.fileId);
    const other = await api.call('post', path, { body: `${CSV}3,C\n`, headers });
    expect(other.body.code).toBe('idempotency_key_reused');
  });

  it('belongs to file apps and to objects in their scope', async () => {
    const dav = await api.newApp({ providerId: 'carddav', settings: { url: 'https://dav.test' } });
    const wrong = await api.call('post', `/v1/apps/${dav}/files?object=contacts`, { body: CSV });
    expect({ status: wrong.status, code: wrong.body.code }).toEqual({
      status: 409,
      code: 'action_not_supported',
    });
    const narrow = await api.newApp({ providerId: 'files', scope: ['products'] });
    const outside = await api.call('post', `/v1/apps/${narrow}/files?object=contacts`, {
      body: CSV,
      headers: { 'Content-Type': 'text/csv' },
    });
    expect({ status: outside.status, code: outside.body.code }).toEqual({
      status: 422,
      code: 'object_out_of_scope',
    });
  });
});
