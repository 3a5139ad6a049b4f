import { Validator } from '@seriousme/openapi-schema-validator';
import { startHarness, type Harness } from './harness.js';

/** Routes of the HTTP contract that this version offers. */
const OFFERED = [
  'GET /healthz',
  'GET /readyz',
  'GET /metrics',
  'GET /v1/providers',
  'POST /v1/apps',
  'GET /v1/apps',
  'GET /v1/apps/{appId}',
  'PATCH /v1/apps/{appId}',
  'DELETE /v1/apps/{appId}',
  'PUT /v1/apps/{appId}/credentials',
  'POST /v1/apps/{appId}/check',
  'POST /v1/apps/{appId}/connect',
  'POST /v1/apps/{appId}/connect/confirm',
  'GET /oauth/callback',
  'POST /v1/apps/{appId}/preflight',
  'POST /v1/apps/{appId}/pause',
  'POST /v1/apps/{appId}/resume',
  'POST /v1/apps/{appId}/files',
  'GET /v1/apps/{appId}/files/{fileId}',
  'POST /v1/apps/{appId}/runs',
  'GET /v1/apps/{appId}/runs',
  'GET /v1/runs',
  'GET /v1/runs/{runId}',
  'GET /v1/runs/{runId}/events',
  'GET /v1/runs/{runId}/problems',
  'POST /v1/runs/{runId}/problems/dismiss',
  'GET /v1/runs/{runId}/changes',
  'GET /v1/runs/{runId}/duplicates',
  'GET /v1/runs/{runId}/checklist',
  'POST /v1/runs/{runId}/review',
  'POST /v1/runs/{runId}/cleanup',
  'GET /v1/runs/{runId}/conflicts',
  'POST /v1/runs/{runId}/pause',
  'POST /v1/runs/{runId}/resume',
  'POST /v1/runs/{runId}/cancel',
  'POST /v1/runs/{runId}/answer',
  'GET /v1/runs/{runId}/backup',
  'GET /v1/runs/{runId}/source/{object}/{externalId}',
  'GET /v1/records',
  'GET /v1/records/{recordId}',
  'POST /v1/records',
  'PATCH /v1/records/{recordId}',
  'DELETE /v1/records/{recordId}',
  'GET /v1/records/{recordId}/compare',
  'GET /v1/members',
  'POST /v1/members',
  'PATCH /v1/members/{memberId}',
  'DELETE /v1/members/{memberId}',
  'GET /v1/keys',
  'POST /v1/keys',
  'DELETE /v1/keys/{keyId}',
  'GET /v1/workspaces',
  'POST /v1/workspaces',
  'DELETE /v1/workspaces/{workspaceId}',
  'GET /v1/holds',
  'GET /v1/audit',
];

describe('the OpenAPI document', () => {
  let api: Harness;
  beforeAll(async () => {
    api = await startHarness();
  });
  afterAll(() => api.close());

  it('is a valid OpenAPI 3.1 document', async () => {
    const { body } = await api.call('get', '/openapi.json', { key: null });
    expect(body.openapi).toBe('3.1.0');
    const result = await new Validator().validate(structuredClone(body));
    expect(result.errors ?? []).toEqual([]);
    expect(result.valid).toBe(true);
  });

  it('lists every route of the contract', async () => {
    const { body } = await api.call('get', '/openapi.json', { key: null });
    const listed = Object.entries(body.paths as Record<string, object>).flatMap(([path, item]) =>
      Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
    );
    expect(OFFERED.filter((route) => !listed.includes(route))).toEqual([]);
  });

  it('names the role that a route needs, and asks for a key everywhere but at health', async () => {
    const { body } = await api.call('get', '/openapi.json', { key: null });
    const open = Object.entries(body.paths as Record<string, Record<string, { security: unknown[] }>>)
      .filter(([, item]) => Object.values(item).some(({ security }) => security.length === 0))
      .map(([path]) => path);
    expect(open.sort()).toEqual([
      ...['/docs', '/healthz', '/metrics', '/oauth/callback', '/openapi.json', '/readyz'],
    ]);
    expect(body.paths['/v1/keys'].post['x-role']).toBe('admin');
  });

  it('is readable as a page that loads nothing from elsewhere', async () => {
    const { text, headers } = await api.call('get', '/docs', { key: null });
    expect(headers['content-type']).toContain('text/html');
    expect(headers['content-security-policy']).toContain("default-src 'none'");
    expect(text).toContain('/v1/runs/{runId}/review');
    expect(text).toContain('id="problem-run_already_active"');
    expect(text).not.toMatch(/<script|<link|src=/);
  });
});
