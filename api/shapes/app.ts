import { z } from 'zod';
import { actor, objectName, time, orNull } from './common.js';
import { scheduleView } from './schedule.js';
import { counts, lastError, objectState, runKind, runStatus } from './run.js';

const action = z.object({ available: z.boolean(), why: z.string().optional() });

const policies = z
  .looseObject({})
  .meta({ id: 'Policies', description: 'All of them, defaults included (see PATCH)' });

const lockCause = z.object({ code: z.string(), message: z.string() });

const lockEvidence = z
  .object({
    runId: z.string(),
    cause: lockCause,
    causeTestsClean: z.boolean().nullable().meta({ description: 'null: the cause has no test' }),
    checkedAt: time.nullable(),
    written: z.array(z.object({ object: objectName, created: z.int(), updated: z.int(), deleted: z.int() })),
    unacknowledged: z.array(objectName),
    howToOpen: z.string(),
  })
  .meta({ id: 'LockEvidence', description: 'Why no run starts after one that failed or was cancelled' });

export const mappingWarning = z
  .object({
    code: z.enum(['mapping_broken', 'column_gone']).meta({
      description:
        'mapping_broken: a run of the object would stop before it begins; column_gone: it would only warn',
    }),
    object: objectName,
    column: z.string(),
    path: z
      .string()
      .meta({ description: 'Where the mapping names it: `mapping.objects.contacts.fields.email`' }),
    message: z.string(),
    fileId: z.string(),
  })
  .meta({ id: 'MappingWarning', description: 'A column that the mapping names and the newest file lacks' });

export type MappingWarning = z.infer<typeof mappingWarning>;

export const appSheet = z
  .object({
    appId: z.string(),
    providerId: z.string(),
    name: z.string(),
    actions: z.object({ import: action, sync: action }),
    connection: z.object({
      status: z.enum(['not_connected', 'pending', 'ready', 'needs_attention']),
      account: z.object({ id: z.string(), name: z.string() }).nullable(),
      checkedAt: time.nullable(),
      problems: z.array(z.object({ code: z.string(), message: z.string() })),
      login: z
        .object({
          account: z.object({ id: z.string(), name: z.string() }),
          at: time,
          by: actor,
          connected: z.object({ id: z.string(), name: z.string() }).nullable(),
        })
        .nullable()
        .meta({
          description:
            'Somebody logged in and has to confirm the account (POST /v1/apps/{appId}/connect/confirm); until then what was `connected` is used. null: nothing waits',
        }),
    }),
    credentials: z.object({ enteredAt: time, by: actor }).nullable(),
    runtimeStatus: z.enum([
      'not_configured',
      'needs_attention',
      'running',
      'waiting',
      'locked',
      'paused',
      'ready',
    ]),
    scope: z.array(objectName),
    settings: z.looseObject({}),
    mapping: z
      .object({
        version: z.int().meta({ description: 'Rises with each change' }),
        objects: z.looseObject({}),
        owners: z.record(z.string(), z.string()),
        statuses: z.looseObject({}),
        warnings: z.array(mappingWarning),
      })
      .meta({ id: 'EffectiveMapping', description: "The app's mapping over the provider's defaults" }),
    policies,
    schedule: orNull(scheduleView),
    paused: z.boolean(),
    lastSyncedAt: time.nullable(),
    lastImportedAt: time.nullable(),
    lastError: orNull(lastError),
    bookmarks: z
      .record(z.string(), z.object({ at: time }))
      .meta({ description: 'By object: the next sync asks for what changed since then' }),
    lock: z.object({ cause: lockCause, evidence: lockEvidence }).nullable(),
    held: z.object({ events: z.int() }),
    recentRuns: z.array(
      z.object({
        runId: z.string(),
        kind: runKind,
        status: runStatus,
        reviewState: z.string(),
        createdAt: time,
        startedAt: time.nullable(),
        endedAt: time.nullable(),
        startedBy: actor,
        objects: z.array(z.object({ object: objectName, state: objectState, counts })),
        counts,
      }),
    ),
    createdAt: time,
    createdBy: actor,
  })
  .meta({ id: 'App' });

export type AppShape = z.infer<typeof appSheet>;

export const connectionCheck = z
  .object({
    status: z.enum(['ready', 'needs_attention']),
    account: z.object({ id: z.string(), name: z.string() }).nullable(),
    objects: z.array(z.object({ object: objectName, granted: z.boolean(), total: z.int().optional() })),
    problems: z.array(z.object({ code: z.string(), message: z.string() })),
  })
  .meta({ id: 'ConnectionCheck' });

export type ConnectionCheckShape = z.infer<typeof connectionCheck>;
