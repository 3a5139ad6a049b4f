import { z } from 'zod';
import { actor, objectName, orNull, time } from './common.js';
import { cleanupEntry, counts, objectState, runKind, runStatus } from './run.js';

const REVIEW = z
  .object({ decision: z.string(), by: orNull(actor), at: orNull(time), note: z.string().nullable() })
  .meta({ description: 'A person’s decision' });

const stoodOn = z
  .object({
    object: objectName,
    state: objectState,
    decision: z.string().nullable(),
    by: orNull(actor),
    at: orNull(time),
  })
  .meta({ description: 'The object before this one, and how it was let through the gate' });

const object = z.object({
  object: objectName,
  state: objectState,
  counts,
  skippedBy: z.record(z.string(), z.int()),
  booksClosed: z.boolean(),
  duplicates: z.int(),
  pages: z.int(),
  providerTotal: z.int().nullable(),
  startedAt: time.nullable(),
  endedAt: time.nullable(),
  stoodOn: orNull(stoodOn),
  sample: z
    .object({
      at: time.nullable(),
      records: z.int(),
      gone: z.int(),
      failed: z.string().nullable(),
      fields: z.record(z.string(), z.int()).meta({ description: 'Compared fields by verdict' }),
    })
    .nullable(),
});

export const certificate = z
  .object({
    format: z.literal('sluice-certificate/1'),
    issuedAt: time,
    workspaceId: z.string(),
    app: z.object({ appId: z.string(), providerId: z.string(), name: z.string().nullable() }),
    account: z.object({ id: z.string(), name: z.string() }).nullable(),
    run: z.object({
      runId: z.string(),
      revision: z.int(),
      kind: runKind,
      mode: z.enum(['apply', 'plan']),
      status: runStatus,
      reviewState: z.string(),
      review: z.string().nullable(),
      createdAt: time,
      startedAt: time.nullable(),
      endedAt: time.nullable(),
      startedBy: actor,
      scope: z.array(objectName),
      options: z.looseObject({}),
      lastError: z.object({ code: z.string(), message: z.string(), at: time }).nullable(),
      acknowledged: orNull(z.object({ note: z.string(), by: actor, at: time })),
      keepUntil: time.nullable(),
    }),
    counts,
    booksClosed: z.boolean(),
    objects: z.array(object),
    reviews: z.array(
      REVIEW.extend({ object: objectName, confirmed: z.array(z.string()), cleanupBy: z.string().nullable() }),
    ),
    cleanup: z
      .object({
        mode: z.string(),
        state: z.string(),
        object: orNull(objectName),
        removed: z.int(),
        restored: z.int(),
        kept: z.int(),
        conflicts: z.int(),
        eventsDropped: z.int(),
        eventsDelivered: z.int(),
        note: z.string().nullable(),
        by: orNull(actor),
        at: time,
      })
      .nullable()
      .meta({ description: 'The sum of all clean-ups; who and when of the last one' }),
    cleanups: z.array(cleanupEntry).meta({ description: 'Each of them, by object, in their order' }),
    mapping: z
      .object({ version: z.int(), rulesVersion: z.string(), rulesSha256: z.string() })
      .nullable()
      .meta({ description: 'The hash is over the RFC 8785 form of the pinned rules' }),
    policies: orNull(z.looseObject({})),
    plan: z
      .object({
        hash: z.string(),
        appliedAt: time.nullable(),
        by: orNull(actor),
        onDrift: z.string().nullable(),
      })
      .nullable(),
    problems: z.array(
      z.object({
        object: objectName,
        severity: z.string(),
        code: z.string(),
        state: z.string(),
        count: z.int(),
      }),
    ),
    blockers: z.array(z.string()),
    warnings: z.array(z.string()).meta({ description: 'Codes' }),
    automationsHeld: z.object({
      events: z.int(),
      byAutomation: z.array(z.object({ automationId: z.string(), events: z.int() })),
    }),
    temporal: z.object({
      namespace: z.string(),
      workflowId: z.string(),
      temporalRunId: z.string().nullable(),
    }),
    engines: z.object({
      sluice: z.string(),
      temporal: z.object({ name: z.string(), version: z.string().nullable() }),
      store: z.object({
        name: z.string().nullable(),
        version: z.string().nullable(),
        standIn: z.boolean().nullable(),
      }),
    }),
  })
  .meta({ id: 'Certificate' });

export type Certificate = z.infer<typeof certificate>;

export const signedCertificate = z
  .object({
    certificate,
    signature: z.string().meta({ description: 'Over the RFC 8785 form of `certificate`, Base64 for URLs' }),
    keyId: z.string(),
    algorithm: z.literal('Ed25519'),
  })
  .meta({ id: 'SignedCertificate' });

export type SignedCertificate = z.infer<typeof signedCertificate>;
