import { z } from 'zod';
import type { DuplicateFound } from '../../activities/records/page.js';
import type { StoredRecord } from '../../activities/records/types.js';
import type { DecisionDoc } from '../../activities/store/repairing.js';
import type { RunDoc } from '../../activities/store/run-documents.js';
import type { Store } from '../../activities/store/store.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { endpoint } from '../endpoint.js';
import { runOf } from '../lookup.js';
import { refuseExpired } from '../refuse-expired.js';
import { isOnlyPlanned } from '../run-view.js';
import { actor, given, id, listOf, listQuery, objectName, pageOf, time } from '../shapes/common.js';

export const duplicate = z
  .object({
    object: objectName,
    externalId: z.string(),
    incoming: z.looseObject({}),
    candidates: z.array(z.object({ recordId: z.string(), fields: z.looseObject({}).nullable() })),
    total: z.number().int().meta({ description: 'All candidates; at most 10 of them are listed' }),
    matchedOn: z.array(z.string()),
    decision: z.enum(['update', 'create', 'skip']).meta({
      description:
        'What was done with it, in the words of the policy (a weak likeness is listed and created), or what a person decided',
    }),
    decided: z
      .object({ recordId: z.string().nullable(), by: actor, at: time, appliedAt: time.nullable() })
      .optional()
      .meta({ description: "A person's decision; carried out by the next repair" }),
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
  errors: ['not_found', 'invalid_cursor', 'source_expired'],
  async handle(call) {
    const run = await runOf(call);
    refuseExpired(run);
    const { object } = call.query;
    const { store } = call.deps;
    const kept: Pick<Store['plans'], 'duplicates'> = isOnlyPlanned(run) ? store.plans : store.pages;
    const found = await kept.duplicates(run, given({ object }), pageOf(call.query));
    const ids = [...new Set(found.items.flatMap(({ candidates }) => candidates))];
    const records = await store.records.byIds(run.workspaceId, ids);
    const byId = new Map(records.map((record) => [record.recordId, record]));
    const decisions = await decisionsOn(store, run, found.items);
    const items = found.items.map((item) =>
      viewDuplicate(item, byId, decisions.get(`${item.object}/${item.externalId}`)),
    );
    return { status: 200, body: { items, nextCursor: found.nextCursor } };
  },
});

type Listed = DuplicateFound & { object: ObjectName; planned?: Record<string, unknown> };

async function decisionsOn(
  store: Store,
  run: RunDoc,
  items: readonly Listed[],
): Promise<ReadonlyMap<string, DecisionDoc>> {
  const objects = [...new Set(items.map((item) => item.object))];
  const lists = await Promise.all(
    objects.map((object) => {
      const ids = items.filter((item) => item.object === object).map(({ externalId }) => externalId);
      return store.decisions.get(run, object, [...new Set(ids)]);
    }),
  );
  return new Map(lists.flat().map((each) => [`${each.object}/${each.externalId}`, each]));
}

export function viewDuplicate(
  item: Listed,
  records: ReadonlyMap<string, Pick<StoredRecord, 'fields'>>,
  decided: DecisionDoc | undefined,
): object {
  const { recordId = null, by, at = '', appliedAt = null } = decided ?? {};
  return {
    object: item.object,
    externalId: item.externalId,
    incoming: item.incoming,
    // A candidate that was removed since has no fields any more.
    candidates: item.candidates.map((candidate) => ({
      recordId: candidate,
      fields: records.get(candidate)?.fields ?? item.planned?.[candidate] ?? null,
    })),
    total: item.total ?? item.candidates.length,
    matchedOn: item.matchedOn,
    decision: decided?.decision ?? DECISIONS[item.decision],
    ...(by && { decided: { recordId, by, at, appliedAt } }),
  };
}
