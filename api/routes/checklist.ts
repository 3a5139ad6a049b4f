import { z } from 'zod';
import { checklistItems, type ChecklistItem } from '../../activities/records/checklist.js';
import { readChecklistFacts } from '../../activities/store/checklist-facts.js';
import type { ReviewDoc, RunDoc, RunObjectDoc } from '../../activities/store/run-documents.js';
import type { Store } from '../../activities/store/store.js';
import { endpoint } from '../endpoint.js';
import { runOf } from '../lookup.js';
import { id, objectName, time } from '../shapes/common.js';
import { objectState } from '../shapes/run.js';

const item = z
  .object({
    itemId: z.string(),
    kind: z.enum(['measured', 'confirmed']),
    title: z.string(),
    status: z.enum(['ok', 'warning', 'open']),
    value: z.unknown().meta({
      description:
        'What was measured. Of `counts`: the outcomes, and as `knownFailed` how many of the failed records failed in the same way in an earlier run that was accepted or passed; those alone make no finding',
    }),
    detail: z.unknown().optional().meta({
      description:
        'What the value is made of. Of `relations`: up to 100 that wait, each `{ object, externalId, recordId, relation, target: { object, externalId } }`. Of `required`: `{ field, count }`, with `known` and `knownFrom` (a run) for those that failed before',
    }),
  })
  .meta({ id: 'ChecklistItem' });

const checklist = z
  .object({
    objects: z.array(
      z.object({
        object: objectName,
        state: objectState,
        items: z.array(item),
        madeAt: time.nullable(),
        frozenAt: time.nullable(),
      }),
    ),
  })
  .meta({ id: 'Checklist' });

export const getChecklist = endpoint({
  method: 'get',
  path: '/v1/runs/{runId}/checklist',
  tag: 'Reviews',
  summary: 'What to look at, object by object',
  description:
    'Facts are read anew until the review freezes them; the sample and what is open are made when the review begins.',
  access: 'viewer',
  params: z.strictObject({ runId: id }),
  answers: { 200: { description: 'The checklist', schema: checklist } },
  errors: ['not_found'],
  async handle(call) {
    const run = await runOf(call);
    const reviews = await call.deps.store.reviews.list(run);
    const objects = await Promise.all(
      run.objects.map(async (object) => {
        const shown = await checklistOf(call.deps.store, run, object);
        return { ...shown, items: [...shown.items, ...cleanupItem(object.object, reviews)] };
      }),
    );
    return { status: 200, body: { objects } };
  },
});

/** Where a person said they would clean up by hand: whether that was recorded. */
function cleanupItem(object: ReviewDoc['object'], reviews: readonly ReviewDoc[]): ChecklistItem[] {
  const own = reviews.filter((review) => review.object === object);
  if (!own.some(({ decision, cleanupBy }) => decision === 'clean_up' && cleanupBy === 'person')) return [];
  const done = own.find(({ decision }) => decision === 'cleanup_recorded');
  return [
    {
      ...{ itemId: 'cleanup_done', kind: 'confirmed', title: 'What was written was cleaned up by hand' },
      ...{
        status: done ? 'ok' : 'open',
        value: done ? { by: done.actor, at: done.at, note: done.note } : null,
      },
    },
  ];
}

async function checklistOf(
  store: Store,
  run: RunDoc,
  { object, state, startedAt }: RunObjectDoc,
): Promise<z.infer<typeof checklist>['objects'][number]> {
  const kept = await store.checklists.get(run, object);
  const times = { madeAt: kept?.madeAt ?? null, frozenAt: kept?.frozenAt ?? null };
  if (kept?.frozenAt) return { object, state, items: kept.items, ...times };
  if (!kept && startedAt === null) return { object, state, items: [], ...times };
  const measured = checklistItems(await readChecklistFacts(store, run, object), {
    sample: null,
    account: null,
  });
  return { object, state, items: renewed(kept?.items ?? [], measured), ...times };
}

/** Today's facts in place of those of the time when the review began; everything else as it was made then. */
function renewed(kept: readonly ChecklistItem[], measured: readonly ChecklistItem[]): ChecklistItem[] {
  const now = new Set(measured.map(({ itemId }) => itemId));
  return [...measured, ...kept.filter(({ itemId }) => !now.has(itemId))];
}
