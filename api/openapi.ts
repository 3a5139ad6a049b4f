import { OpenAPIRegistry, OpenApiGeneratorV31, type RouteConfig } from '@asteasolutions/zod-to-openapi';
import { z } from 'zod';
import type { Endpoint } from './endpoint.js';
import { PROBLEMS, type ProblemCode } from './errors.js';

export type OpenApiDocument = ReturnType<OpenApiGeneratorV31['generateDocument']>;

const PROBLEM_TYPE = 'application/problem+json';

const problem = z
  .looseObject({
    type: z.string(),
    title: z.string(),
    status: z.int(),
    detail: z.string().meta({
      description: 'What is wrong, whether anything was written, and what to do next',
    }),
    code: z.enum(Object.keys(PROBLEMS) as [ProblemCode, ...ProblemCode[]]),
    requestId: z.string(),
    issues: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
  })
  .meta({ id: 'ProblemDetails', description: 'RFC 9457, with fields of its own by `code`' });

/** The document is made of the same schemas that check requests, so the two cannot differ. */
export function createOpenApi(endpoints: readonly Endpoint[], version: string): OpenApiDocument {
  const registry = new OpenAPIRegistry();
  registry.registerComponent('securitySchemes', 'key', { type: 'http', scheme: 'bearer' });
  for (const endpoint of endpoints) registry.registerPath(pathOf(endpoint));
  return new OpenApiGeneratorV31(registry.definitions).generateDocument({
    openapi: '3.1.0',
    info: {
      title: 'Sluice',
      version,
      description:
        'Moves records from business apps into a record store, behind a gate. Times are ISO 8601 UTC; lists are newest first; errors are RFC 9457 problems.',
      license: { name: 'Apache-2.0', identifier: 'Apache-2.0' },
    },
    servers: [{ url: '/' }],
  });
}

function pathOf(endpoint: Endpoint): RouteConfig {
  const { method, path, tag, summary, description, access } = endpoint;
  return {
    method,
    path,
    tags: [tag],
    summary,
    operationId: operationId(endpoint),
    ...(description === undefined ? {} : { description }),
    security: access === 'public' ? [] : [{ key: [] }],
    ...(access === 'public' ? {} : { 'x-role': access }),
    request: requestOf(endpoint),
    responses: { ...answersOf(endpoint), ...problemsOf(endpoint) },
  };
}

/** `GET /v1/runs/{runId}/source/{object}` → `getRunsRunIdSourceObject`. */
function operationId({ method, path }: Endpoint): string {
  const words = path.replace(/^\/v1\//, '/').match(/[A-Za-z0-9]+/g) ?? [];
  return method + words.map((word) => word.charAt(0).toUpperCase() + word.slice(1)).join('');
}

function requestOf(endpoint: Endpoint): NonNullable<RouteConfig['request']> {
  const { params, query, body, rawBody } = endpoint;
  const headers = headersOf(endpoint);
  return {
    ...(params ? { params } : {}),
    ...(query ? { query } : {}),
    ...(Object.keys(headers.shape).length > 0 ? { headers } : {}),
    ...(body ? { body: { content: { 'application/json': { schema: body } } } } : {}),
    ...(rawBody ? { body: { content: { '*/*': { schema: z.string().meta({ format: 'binary' }) } } } } : {}),
  };
}

function headersOf({ headers, idempotency, access, method }: Endpoint): z.ZodObject {
  const own = headers?.shape ?? {};
  const once = idempotency === undefined ? {} : { 'Idempotency-Key': z.string().max(255).optional() };
  const named = access === 'public' || method === 'get' ? {} : { 'Sluice-Actor': z.string().optional() };
  return z.object({ ...own, ...once, ...named });
}

function answersOf({ answers }: Endpoint): RouteConfig['responses'] {
  const responses: RouteConfig['responses'] = {};
  for (const [status, { description, schema, contentTypes }] of Object.entries(answers)) {
    const types = contentTypes ?? (schema ? ['application/json'] : []);
    const content = types.map((type) => [
      type,
      { schema: schema && type === 'application/json' ? schema : z.string() },
    ]);
    responses[status] = {
      description,
      ...(content.length > 0
        ? { content: Object.fromEntries(content) as Record<string, { schema: z.ZodType }> }
        : {}),
    };
  }
  return responses;
}

function problemsOf(endpoint: Endpoint): RouteConfig['responses'] {
  const byStatus = new Map<number, ProblemCode[]>();
  for (const code of codesOf(endpoint)) {
    const [status] = PROBLEMS[code];
    byStatus.set(status, [...(byStatus.get(status) ?? []), code]);
  }
  const taken = Object.keys(endpoint.answers);
  const entries = [...byStatus]
    .filter(([status]) => !taken.includes(String(status)))
    .map(([status, codes]) => [
      status,
      { description: codes.join(', '), content: { [PROBLEM_TYPE]: { schema: problem } } },
    ]);
  return Object.fromEntries(entries) as RouteConfig['responses'];
}

/** What every route of its kind can answer, and its own. */
function codesOf({ access, body, rawBody, query, params, idempotency, errors }: Endpoint): ProblemCode[] {
  const codes: ProblemCode[] = [...errors, 'internal_error'];
  if (access !== 'public') codes.push('unauthorized', 'forbidden', 'actor_not_allowed', 'store_unavailable');
  if (body ?? query) codes.push('invalid_request');
  if (params) codes.push('not_found');
  if (body && !rawBody)
    codes.push('malformed_json', 'too_large', 'unsupported_media_type', 'request_timeout');
  if (idempotency) codes.push('idempotency_key_reused');
  return [...new Set(codes)];
}
