import { z } from 'zod';
import { actor, objectName, time } from './common.js';

const relation = z
  .object({ recordId: z.string().nullable(), externalId: z.string().nullable(), resolved: z.boolean() })
  .meta({ id: 'Relation' });

export const record = z
  .object({
    recordId: z.string(),
    object: objectName,
    fields: z.looseObject({}),
    extra: z.looseObject({}).meta({ description: 'What the provider sent and nothing is mapped to' }),
    relations: z.record(z.string(), relation),
    unmapped: z.object({ owner: z.string().optional(), status: z.string().optional() }),
    links: z.array(
      z.object({
        appId: z.string(),
        externalId: z.string(),
        modifiedAt: z.string().nullable(),
        lastSeenAt: time,
        goneAt: time.optional(),
        url: z.string().optional(),
      }),
    ),
    version: z.int(),
    createdAt: time,
    updatedAt: time,
    archivedAt: time.nullable(),
    createdBy: z.union([z.object({ runId: z.string() }), z.object({ actor })]),
  })
  .meta({ id: 'Record' });
