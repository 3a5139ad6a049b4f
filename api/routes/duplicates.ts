import { z } from 'zod';
import { endpoint } from '../endpoint.js';
import { runOf } from '../lookup.js';
import { given, id, listOf, listQuery, objectName, pageOf } from '../shapes/common.js';

const duplicate = z
  .object({
    object: objectName,
    externalId: z.string(),
    incoming: z.looseObject({}),
    candidates: z.array(z.object({ recordId: z.string(), fields: z.looseObject({}).nullable() })),
    matchedOn: z.array(z.string()),
    decision: z.enum(['update', 'create', 'skip']).meta({
      description: 'What was done with it, in the words of the policy; a weak likeness is listed and created',
    }),
  })
  .meta({ id: 'Duplicate' });

const DECISIONS = { tied: 'update', created: 'create', skipped: 'skip', listed: 'create' } as const;

export const listDuplicates = endpoint({
  method: 'get',
  path: '/v1/runs/{runId}/duplicates',
  tag: 'Runs',
  summary: 'Source records that look like records with another external id',
  access: 'viewer',
  params: z.strictObject({ runId: id }),
  query: z.strictObject({ ...listQuery, object: objectName.optional() }),
  answers: { 200: { description: 'Duplicates', schema: listOf(duplicate) } },
  errors: ['not_found', 'invalid_cursor'],
  async handle(call) {
    const run = await runOf(call);
    const { object } = call.query;
    const { store } = call.deps;
    const found = await store.pages.duplicates(run, given({ object }), pageOf(call.query));
    const ids = [...new Set(found.items.flatMap(({ candidates }) => candidates))];
    const records = await store.records.byIds(run.workspaceId, ids);
    const byId = new Map(records.map((record) => [record.recordId, record]));
    const items = found.items.map((item) => ({
      object: item.object,
      externalId: item.externalId,
      incoming: item.incoming,
      // A candidate that was removed since has no fields any more.
      candidates: item.candidates.map((recordId) => ({
        recordId,
        fields: byId.get(recordId)?.fields ?? null,
      })),
      matchedOn: item.matchedOn,
      decision: DECISIONS[item.decision],
    }));
    return { status: 200, body: { items, nextCursor: found.nextCursor } };
  },
});
