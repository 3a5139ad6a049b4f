import { z } from 'zod';
import { docsPage } from '../docs-page.js';
import { endpoint, type Endpoint } from '../endpoint.js';
import type { OpenApiDocument } from '../openapi.js';

/** Both answer from the document that was made once at start; `document` is asked for late, because it lists these routes too. */
export function documentRoutes(document: () => OpenApiDocument): Endpoint[] {
  let page: string | undefined;
  return [
    endpoint({
      method: 'get',
      path: '/openapi.json',
      tag: 'Health',
      summary: 'This API as an OpenAPI 3.1 document',
      access: 'public',
      answers: { 200: { description: 'OpenAPI 3.1', schema: z.looseObject({ openapi: z.string() }) } },
      errors: [],
      async handle() {
        return { status: 200, body: document(), headers: { 'Cache-Control': 'public, max-age=60' } };
      },
    }),
    endpoint({
      method: 'get',
      path: '/docs',
      tag: 'Health',
      summary: 'This API as a readable page',
      access: 'public',
      answers: { 200: { description: 'A page', contentTypes: ['text/html'] } },
      errors: [],
      async handle() {
        page ??= docsPage(document());
        const headers = {
          'Content-Type': 'text/html; charset=utf-8',
          'Content-Security-Policy':
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; frame-ancestors 'none'",
        };
        return { status: 200, body: page, headers };
      },
    }),
  ];
}
