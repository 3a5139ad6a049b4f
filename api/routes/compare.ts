import { z } from 'zod';
import { ask } from '../ask.js';
import { recordOf } from '../edit-record.js';
import { endpoint } from '../endpoint.js';
import { Problem } from '../errors.js';
import { workerSilent } from '../problem-of.js';
import { id } from '../shapes/common.js';

const COMPARE_MS = 25_000;

const comparison = z
  .object({
    appId: z.string(),
    externalId: z.string(),
    providerUrl: z.string().nullable(),
    gone: z.boolean().meta({ description: 'The provider has it no longer' }),
    fields: z.array(
      z.object({
        field: z.string(),
        provider: z.unknown(),
        record: z.unknown(),
        same: z.boolean(),
        why: z.enum(['mapped', 'unmapped', 'truncated', 'edited', 'kept', 'wrong']).optional(),
      }),
    ),
  })
  .meta({ id: 'Comparison' });

export const compareRecord = endpoint({
  method: 'get',
  path: '/v1/records/{recordId}/compare',
  tag: 'Records',
  summary: 'Provider and record side by side, fetched live',
  access: 'viewer',
  params: z.strictObject({ recordId: id }),
  query: z.strictObject({ appId: id.optional() }),
  answersWithinMs: 31_000,
  answers: { 200: { description: 'Field by field', schema: comparison } },
  errors: ['not_found', 'no_link', 'provider_failed', 'worker_unavailable', 'temporal_unavailable'],
  async handle(call) {
    const { deps, caller, params, query } = call;
    const { recordId } = await recordOf(call, params.recordId);
    const links = await deps.store.links.byRecords(caller.workspaceId, [recordId]);
    if (!links.some(({ appId }) => query.appId === undefined || appId === query.appId)) {
      throw new Problem(
        'no_link',
        'No app has brought this record (or not the one asked for), so there is nothing to compare it with. Nothing was changed.',
      );
    }
    const answer = await ask(
      deps,
      { about: 'compare', workspaceId: caller.workspaceId, recordId, appId: query.appId ?? null },
      COMPARE_MS,
    );
    if (!answer) throw workerSilent();
    if ('error' in answer) {
      throw new Problem(
        'provider_failed',
        `${answer.error.message} Nothing was changed. Check the app's connection, then try again.`,
        { cause: answer.error.code },
      );
    }
    return { status: 200, body: answer.result };
  },
});
