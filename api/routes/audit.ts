import { z } from 'zod';
import { endpoint } from '../endpoint.js';
import { actor, listOf, listQuery, pageOf, time } from '../shapes/common.js';

const entry = z
  .object({
    auditId: z.string(),
    at: time,
    actor,
    action: z.string(),
    target: z.string(),
    detail: z.looseObject({}),
  })
  .meta({ id: 'AuditEntry' });

export const listAudit = endpoint({
  method: 'get',
  path: '/v1/audit',
  tag: 'Workspace',
  summary: 'Who did what, newest first',
  access: 'viewer',
  query: z.strictObject(listQuery),
  answers: { 200: { description: 'Entries', schema: listOf(entry) } },
  errors: ['invalid_cursor'],
  async handle({ deps, caller, query }) {
    const { items, nextCursor } = await deps.store.audit.list(caller.workspaceId, pageOf(query));
    return {
      status: 200,
      body: { items: items.map(({ workspaceId: _, ...shown }) => shown), nextCursor },
    };
  },
});
