import request from 'supertest';
import { OWNER, startHarness, type Harness } from './harness.js';

/** What a client gets for requests that are wrong in themselves: precise, never a stack, and nothing is done. */
describe('wrong requests', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startHarness();
  });
  afterAll(() => api.close());

  const json = { 'Content-Type': 'application/json' };

  it.each([
    ['a body that is not JSON', '{"name": ', json, 400, 'malformed_json'],
    ['an unquoted body', 'hello', json, 400, 'malformed_json'],
    [
      'a body of another kind',
      'name=x',
      { 'Content-Type': 'application/x-www-form-urlencoded' },
      415,
      'unsupported_media_type',
    ],
    [
      'another charset',
      '{}',
      { 'Content-Type': 'application/json; charset=iso-8859-1' },
      415,
      'unsupported_media_type',
    ],
    ['a 2 MiB body', JSON.stringify({ name: 'x'.repeat(2 * 1024 * 1024) }), json, 413, 'too_large'],
    ['a bare number', '5', json, 400, 'invalid_request'],
    ['deep nesting', `{"settings":${'{"a":'.repeat(60)}1${'}'.repeat(61)}`, json, 400, 'invalid_request'],
    ['bottomless nesting', '['.repeat(500_000), json, 400, 'malformed_json'],
    ['__proto__', '{"providerId":"files","settings":{"__proto__":{"x":1}}}', json, 400, 'invalid_request'],
  ])('%s', async (_what, body, headers, status, code) => {
    const answer = await request(api.app)
      .post('/v1/apps')
      .set({ Authorization: `Bearer ${OWNER}`, ...headers })
      .send(body);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(answer.body).toMatchObject({ status, type: `/docs#problem-${code}`, title: expect.any(String) });
    expect(answer.body.requestId).toBe(answer.headers['x-request-id']);
    expect(JSON.stringify(answer.body)).not.toMatch(/node_modules|at \w+ \(/);
  });

  it.each([
    ['get', '/v1/nothing', 404, 'not_found'],
    ['get', '/v1/apps/unknown', 404, 'not_found'],
    ['get', '/v1/apps/..%2Fother', 404, 'not_found'],
    ['get', '/v1/apps/%E0%A4%A', 400, 'invalid_request'],
    ['put', '/v1/apps', 405, 'method_not_allowed'],
    ['delete', '/healthz', 405, 'method_not_allowed'],
    ['get', '/v1/apps?limit=0', 400, 'invalid_request'],
    ['get', '/v1/apps?limit=many', 400, 'invalid_request'],
    ['get', '/v1/apps?colour=red', 400, 'invalid_request'],
    ['get', '/v1/apps?cursor=!!', 400, 'invalid_cursor'],
    ['get', '/v1/runs?status=done', 400, 'invalid_request'],
    ['get', '/v1/records?object=people', 400, 'invalid_request'],
    ['post', '/v1/apps/a/automations', 404, 'not_found'],
    ['post', '/v1/runs/a/plan', 404, 'not_found'],
  ] as const)('%s %s → %i %s', async (method, path, status, code) => {
    const answer = await request(api.app)[method](path).set('Authorization', `Bearer ${OWNER}`);
    expect({ status: answer.status, code: answer.body.code }).toEqual({ status, code });
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/);
  });

  it('names the methods that a path takes', async () => {
    const answer = await api.call('put', '/v1/apps');
    expect(answer.headers['allow']).toBe('POST, GET');
  });

  it('answers a bug with the request id and nothing of the bug', async () => {
    api.gateway.away = new Error('canary-of-a-bug');
    const { status, body } = await api.call('delete', `/v1/apps/${await api.newApp()}`);
    api.gateway.away = null;
    expect(status).toBe(500);
    expect(body.code).toBe('internal_error');
    expect(body.detail).toContain(body.requestId);
    expect(JSON.stringify(body)).not.toContain('canary');
    expect(api.logs.join('')).toContain('canary-of-a-bug');
  });
});
