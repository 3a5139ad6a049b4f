import { z } from 'zod';
import type { Role } from '../../activities/store/documents.js';
import { OBJECT_NAMES } from '../../activities/records/objects.js';

export const objectName = z
  .enum(OBJECT_NAMES, `Must be one of ${OBJECT_NAMES.join(', ')}`)
  .meta({ id: 'ObjectName', description: 'A kind of record' });

/** A named shape or nothing. (`nullable()` of a named enum would be documented as never null.) */
export function orNull<T extends z.ZodType>(schema: T) {
  return z.union([schema, z.null()]);
}

export const actor = z.object({ id: z.string(), name: z.string() }).meta({ id: 'Actor' });

export const time = z.string().meta({ format: 'date-time', description: 'ISO 8601 UTC' });

const ID = /^[A-Za-z0-9_-]{1,100}$/;

/** An id in a path. */
export const id = z.string().regex(ID, 'Not an id');

export const note = z.string().trim().max(2000);

const ROLES = ['viewer', 'operator', 'admin'] as const satisfies readonly Role[];
export const role = z.enum(ROLES, `Must be one of ${ROLES.join(', ')}`);

const MOST = 1000;
const USUAL = 50;

/** `limit` over 1,000 is read as 1,000: the answer then has a `nextCursor`. */
export const listQuery = {
  limit: z.coerce
    .number('Must be a whole number from 1')
    .int('Must be a whole number from 1')
    .min(1, 'Must be a whole number from 1')
    .optional()
    .meta({ description: `How many items at the most; ${USUAL} if left out, never more than ${MOST}` }),
  cursor: z.string().max(2000).optional().meta({ description: "The last answer's `nextCursor`" }),
};

export function pageOf(query: { limit?: number | undefined; cursor?: string | undefined }): {
  limit: number;
  cursor?: string;
} {
  const limit = Math.min(query.limit ?? USUAL, MOST);
  return query.cursor === undefined ? { limit } : { limit, cursor: query.cursor };
}

export function listOf<T extends z.ZodType>(item: T) {
  return z.object({ items: z.array(item), nextCursor: z.string().nullable() });
}

/** The same object without its absent fields: `exactOptionalPropertyTypes` tells `undefined` from absent. */
export function given<T extends object>(fields: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
