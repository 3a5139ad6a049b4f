import { z } from 'zod';
import { actor, objectName, time, orNull } from './common.js';

export const RUN_STATUS = [
  'running',
  'paused',
  'needs_attention',
  'completed',
  'failed',
  'cancelled',
] as const;
const REVIEW_STATE = ['none', 'unreviewed', 'in_review', 'accepted', 'cleaned_up'] as const;
const OBJECT_STATE = [
  'waiting',
  'planned',
  'transferring',
  'in_review',
  'accepted',
  'passed',
  'unreviewed',
  'unchanged',
  'cleaned_up',
  'failed',
  'skipped',
  'not_started',
] as const;
const REASON = ['review', 'plan', 'reconnect', 'permission', 'breaker', 'question', 'cleanup'] as const;

export const runStatus = z.enum(RUN_STATUS, `Must be one of ${RUN_STATUS.join(', ')}`);
export const runKind = z.enum(['import', 'sync'], 'Must be import or sync');
export const reviewMode = z.enum(
  ['each_object', 'on_findings', 'none'],
  'Must be each_object, on_findings or none',
);
export const objectState = z.enum(OBJECT_STATE);

const count = z.int().min(0);

/** fetched = created + updated + unchanged + skipped + failed + deleted, once the books are closed. */
export const counts = z
  .object({
    fetched: count,
    created: count,
    updated: count,
    unchanged: count,
    skipped: count,
    failed: count,
    deleted: count,
  })
  .meta({ id: 'Counts' });

export const finding = z.looseObject({ code: z.string(), message: z.string() }).meta({ id: 'Finding' });

export const lastError = z
  .object({
    code: z.string(),
    message: z.string(),
    object: orNull(objectName),
    step: z.string().nullable(),
    at: time,
  })
  .meta({ id: 'LastError' });

export const undoConflict = z
  .object({
    object: objectName,
    recordId: z.string(),
    externalId: z.string().nullable(),
    field: z.string().optional(),
    current: z.unknown(),
    wouldBe: z.unknown(),
    why: z.string(),
  })
  .meta({ id: 'UndoConflict' });

export const undoNumbers = {
  remove: count,
  restore: count,
  keep: count,
  eventsDropped: count,
  eventsDelivered: count,
  conflicts: z.array(undoConflict),
};

export const cleanupEntry = z
  .object({
    object: objectName,
    mode: z.enum(['undo', 'manual']),
    removed: count,
    restored: count,
    kept: count,
    conflicts: count,
    note: z.string().nullable(),
    by: orNull(actor),
    at: time,
    endedAt: time,
  })
  .meta({
    id: 'CleanupEntry',
    description: 'One clean-up of one object. What a person did by hand is not counted',
  });

const skippedBy = z.object({
  repeated: count,
  duplicate: count,
  linked: count,
  stale: count,
  out_of_scope: count,
  drifted: count.meta({ description: 'Left out, because the store had changed since the plan was made' }),
});

export const duplicate = z
  .object({
    object: objectName,
    externalId: z.string(),
    incoming: z.looseObject({}),
    candidates: z.array(z.object({ recordId: z.string(), fields: z.looseObject({}).nullable() })),
    matchedOn: z.array(z.string()),
    decision: z.enum(['update', 'create', 'skip']),
  })
  .meta({ id: 'PlannedDuplicate' });

const plan = z
  .object({
    hash: z.string().meta({ description: 'Names exactly these decisions: what applying asks for' }),
    mappingVersion: z.int(),
    counts,
    objects: z.array(
      z.object({ object: objectName, counts, skippedBy, rows: count, duplicates: count, warnings: count }),
    ),
    duplicates: z.object({ total: count, items: z.array(duplicate) }),
    unmapped: z.object({
      owners: z.array(z.object({ value: z.string().nullable(), count })),
      statuses: z.array(z.object({ object: objectName, value: z.string().nullable(), count })),
    }),
    required: z.array(z.object({ object: objectName, field: z.string().nullable(), count })),
    unresolved: count.meta({ description: 'Relations whose target is neither here nor in the plan' }),
    waiting: z
      .array(
        z.object({
          object: objectName,
          externalId: z.string(),
          relation: z.string(),
          target: z.object({ object: objectName, externalId: z.string() }),
        }),
      )
      .meta({ description: 'The first 100 of these relations' }),
    automations: z.array(z.object({ automationId: z.string(), events: count })),
    madeAt: time,
    applied: z.object({ at: time, by: actor, onDrift: z.enum(['skip', 'refuse']) }).nullable(),
  })
  .meta({ id: 'Plan' });

const runObject = z
  .object({
    object: objectName,
    state: objectState,
    counts,
    skippedBy,
    rows: count.optional(),
    duplicates: count,
    warnings: count,
    pages: count,
    requests: z.int().meta({ description: 'Made to the provider for this object' }),
    bytes: z.int().meta({ description: 'Of the answers' }),
    recordsPerSecond: z.number(),
    providerTotal: count.optional(),
    etaSeconds: count.optional(),
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    since: z.object({ at: time, runId: z.string() }).optional().meta({
      description:
        'Of a sync: it asks for what changed since this run read the object; absent: it reads everything',
    }),
  })
  .meta({ id: 'RunObject' });

export const run = z
  .object({
    runId: z.string(),
    appId: z.string(),
    providerId: z.string(),
    kind: runKind,
    mode: z.enum(['apply', 'plan']),
    status: runStatus,
    step: z.string().nullable(),
    object: orNull(objectName),
    attention: z
      .object({
        reason: z.enum(REASON),
        object: objectName.optional(),
        since: time,
        questionId: z.string().optional(),
        code: z.string().optional(),
        message: z.string().optional(),
        choices: z.array(z.string()),
        evidence: z.looseObject({}).optional(),
      })
      .nullable(),
    reviewState: z.enum(REVIEW_STATE),
    createdAt: time,
    startedAt: time.nullable(),
    endedAt: time.nullable(),
    startedBy: actor,
    scope: z.array(objectName),
    options: z.looseObject({}),
    review: orNull(reviewMode),
    blockers: z.array(finding),
    warnings: z.array(finding),
    objects: z.array(runObject),
    counts,
    booksClosed: z.boolean(),
    waitingUntil: time.optional(),
    waitingCode: z.string().optional(),
    repair: z
      .object({
        state: z.enum(['running', 'done', 'failed']),
        object: objectName.optional(),
        code: z.string().optional(),
        externalIds: count.optional().meta({ description: 'How many were named' }),
        repaired: count,
        changed: count,
        stillFailed: count,
        error: z.string().optional(),
        by: actor,
        at: time,
        endedAt: time.optional(),
      })
      .optional()
      .meta({ description: 'The last repair' }),
    stalledSince: time.optional(),
    lastError: orNull(lastError),
    held: z.object({
      events: count,
      byAutomation: z.array(z.object({ automationId: z.string(), events: count })),
    }),
    cleanup: z
      .object({
        mode: z.enum(['undo', 'manual']),
        state: z.enum(['previewed', 'running', 'done']),
        object: objectName.optional(),
        ...undoNumbers,
        conflictCount: count,
        note: z.string().nullable(),
        by: orNull(actor),
        at: time,
      })
      .optional(),
    cleanups: z
      .array(cleanupEntry)
      .optional()
      .meta({ description: 'Each clean-up that was done, in their order' }),
    acknowledged: z
      .object({ note: z.string(), by: actor, at: time })
      .optional()
      .meta({ description: 'Who looked at what a failed or cancelled run wrote' }),
    plan: plan.optional().meta({ description: 'Of a run with mode plan, once all is decided' }),
    keepUntil: time.nullable(),
    revision: z.int(),
    temporal: z.object({
      namespace: z.string(),
      workflowId: z.string(),
      temporalRunId: z.string().nullable(),
      url: z.string().nullable(),
    }),
  })
  .meta({ id: 'Run' });

export type RunShape = z.infer<typeof run>;
export type RunObjectShape = RunShape['objects'][number];
