import { z } from 'zod';
import { endpoint } from '../endpoint.js';
import { recordOf, viewRecords } from '../edit-record.js';
import { given, id, listOf, listQuery, objectName, pageOf } from '../shapes/common.js';
import { record } from '../shapes/record.js';

export const listRecords = endpoint({
  method: 'get',
  path: '/v1/records',
  tag: 'Records',
  summary: 'The record store, newest first',
  access: 'viewer',
  query: z.strictObject({
    ...listQuery,
    object: objectName.optional(),
    q: z.string().trim().max(200).optional().meta({ description: 'Prefix of a name, e-mail, number or key' }),
    appId: id.optional(),
    externalId: z.string().min(1).max(2000).optional(),
    runId: id.optional().meta({ description: 'Records that this run made or changed' }),
    archived: z
      .enum(['true', 'false'], 'Must be true or false')
      .optional()
      .meta({ description: 'Only archived ones, or only others; others if left out' }),
  }),
  answers: { 200: { description: 'Records', schema: listOf(record) } },
  errors: ['invalid_cursor'],
  async handle(call) {
    const { object, q, appId, externalId, runId, archived } = call.query;
    const found = await call.deps.store.records.list(
      call.caller.workspaceId,
      {
        ...given({ object, appId, externalId, runId }),
        ...(q === undefined || q === '' ? {} : { q }),
        ...(archived === undefined ? {} : { archived: archived === 'true' }),
      },
      pageOf(call.query),
    );
    return {
      status: 200,
      body: { items: await viewRecords(call, found.items), nextCursor: found.nextCursor },
    };
  },
});

export const getRecord = endpoint({
  method: 'get',
  path: '/v1/records/{recordId}',
  tag: 'Records',
  summary: 'One record with its links',
  access: 'viewer',
  params: z.strictObject({ recordId: id }),
  answers: { 200: { description: 'The record; its version is the ETag', schema: record } },
  errors: ['not_found'],
  async handle(call) {
    const found = await recordOf(call, call.params.recordId);
    const [view] = await viewRecords(call, [found]);
    return { status: 200, body: view, headers: { ETag: `"${found.version}"` } };
  },
});
