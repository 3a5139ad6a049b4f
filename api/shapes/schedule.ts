import { z } from 'zod';
import { actor, objectName, time } from './common.js';

const span = z.union(
  [z.string().trim().min(1).max(40), z.number()],
  'Must be a time such as "15m", "1h" or "PT1H", or a number of seconds',
);

/** A JSON merge patch of a schedule. What it makes together with what is there is judged by `scheduleAfter`. */
export const schedulePatch = z
  .strictObject({
    interval: span
      .nullable()
      .optional()
      .meta({ description: '"15m", "1h", "PT1H", or seconds; at least one minute' }),
    cron: z
      .string('Must be text, such as "0 6 * * 1-5"')
      .trim()
      .min(1, 'Must be five fields, such as "0 6 * * 1-5"')
      .max(200)
      .nullable()
      .optional()
      .meta({
        description: 'Five fields, or a name such as @daily. Takes the place of `interval`, as that of this',
      }),
    timeZone: z
      .string('Must be an IANA time zone, such as "Europe/Berlin"')
      .max(100)
      .nullable()
      .optional()
      .meta({ description: 'IANA name, for `cron`; UTC if left out' }),
    jitter: span
      .nullable()
      .optional()
      .meta({ description: 'Each sync begins up to so much later, at random' }),
    objects: z
      .array(objectName)
      .min(1, 'Name at least one object, or leave it out')
      .nullable()
      .optional()
      .meta({ description: 'All of the scope that the provider can sync, if left out' }),
  })
  .meta({ id: 'SchedulePatch' });

export type SchedulePatch = z.output<typeof schedulePatch>;

export const scheduleView = z
  .object({
    interval: z.union([z.string(), z.number()]).optional(),
    cron: z.string().optional(),
    timeZone: z.string().optional(),
    jitter: z.union([z.string(), z.number()]).optional(),
    objects: z.array(objectName).optional(),
    everySeconds: z.int().optional(),
    jitterSeconds: z.int().optional(),
    nextAt: time
      .nullable()
      .meta({ description: 'When the next sync is due, as Temporal says; null: not known' }),
    lastSkip: z
      .object({
        reason: z.string(),
        message: z.string(),
        runId: z.string().nullable(),
        at: time,
        since: time.meta({ description: 'The first skip in a row for this reason' }),
        times: z.int().meta({ description: 'Skips in this row' }),
      })
      .nullable()
      .meta({ description: 'The last sync that was due and passed over' }),
    pending: z
      .boolean()
      .optional()
      .meta({ description: 'Temporal was not told yet; within some minutes it is' }),
    setAt: time,
    setBy: actor,
  })
  .meta({ id: 'Schedule' });

export type ScheduleShape = z.infer<typeof scheduleView>;
