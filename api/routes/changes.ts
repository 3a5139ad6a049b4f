import { parse } from 'lossless-json';
import { z } from 'zod';
import type { JournalValue } from '../../activities/records/page.js';
import { RESOLVED_MARK } from '../../activities/records/writers.js';
import type { ListedChange } from '../../activities/store/moving.js';
import { endpoint } from '../endpoint.js';
import { runOf } from '../lookup.js';
import { refuseExpired } from '../refuse-expired.js';
import { isOnlyPlanned } from '../run-view.js';
import { given, id, listOf, listQuery, objectName, pageOf } from '../shapes/common.js';

const OUTCOMES = ['created', 'updated', 'deleted', 'resolved'] as const;

const change = z
  .object({
    object: objectName,
    recordId: z.string(),
    externalId: z.string().nullable(),
    outcome: z
      .string()
      .meta({ description: '`resolved`: a relation found its target, which no outcome counts' }),
    fields: z.array(
      z.object({
        field: z.string(),
        before: z.unknown(),
        after: z.unknown(),
        undone: z.boolean().meta({
          description:
            'An undo took this field back. False as well where the undo kept it, because somebody changed it since: see the conflicts of the run',
        }),
      }),
    ),
    planned: z.literal(true).optional().meta({
      description: 'Only decided so far: nothing was written. Gone once the plan is applied',
    }),
    undone: z.boolean().meta({
      description:
        'An undo took all of this back. False where nothing was undone, and where the undo kept the record, the tie of the source to it, or any field (`fields[].undone` says which)',
    }),
  })
  .meta({ id: 'Change' });

export const listRunChanges = endpoint({
  method: 'get',
  path: '/v1/runs/{runId}/changes',
  tag: 'Runs',
  summary: 'What the run changed, before and after, field by field',
  access: 'viewer',
  params: z.strictObject({ runId: id }),
  query: z.strictObject({
    ...listQuery,
    outcome: z.enum(OUTCOMES, `Must be one of ${OUTCOMES.join(', ')}`).optional(),
    object: objectName.optional(),
  }),
  answers: { 200: { description: 'Changes', schema: listOf(change) } },
  errors: ['not_found', 'invalid_cursor', 'source_expired'],
  async handle(call) {
    const run = await runOf(call);
    refuseExpired(run);
    const { outcome, object } = call.query;
    const { pages, plans } = call.deps.store;
    const kept = isOnlyPlanned(run) ? plans : pages;
    const found = await kept.changes(run, given({ outcome, object }), pageOf(call.query));
    return { status: 200, body: { items: found.items.map(view), nextCursor: found.nextCursor } };
  },
});

function view(entry: ListedChange): z.infer<typeof change> {
  const { object, recordId, externalId, outcome, fields, undone, planned } = entry;
  return {
    object,
    recordId,
    externalId,
    outcome,
    undone,
    ...given({ planned }),
    fields: fields
      .filter(({ field }) => !field.startsWith(RESOLVED_MARK))
      .map((change) => ({
        field: plainName(change.field),
        before: plainValue(change.before),
        after: plainValue(change.after),
        undone: change.undone,
      })),
  };
}

/** The journal marks relations with `@` and what is no field with `#`; its marks of the resolve step are not for people. */
function plainName(field: string): string {
  return field.replace(/^[@#]/, '');
}

function plainValue(value: JournalValue): unknown {
  if (typeof value === 'object' && value !== null && 'json' in value) return parse(value.json);
  return value;
}
