import { z } from 'zod';
import { OBJECT_NAMES } from './objects.js';
import type { Mapping } from './types.js';

/** Shapes only; whether the names in it exist is for `validateMapping`. */

const path = z.string().min(1).max(512);

const AS = [
  'text',
  'number',
  'money',
  'date',
  'datetime',
  'boolean',
  'list',
  'phone',
  'email',
  'country',
] as const;

const objectName = z.enum(OBJECT_NAMES);

const fieldSourceSchema = z.union([
  path,
  z.strictObject({
    path,
    as: z.enum(AS).exactOptional(),
    relation: objectName.exactOptional(),
    format: z.string().min(1).max(64).exactOptional(),
    currency: path.exactOptional(),
    default: z.string().max(1024).exactOptional(),
    sum: z.boolean().exactOptional(),
  }),
]);

const target = z.string().min(1).max(128);

const objectMappingSchema = z.strictObject({
  key: z.array(path).min(1).max(16).exactOptional(),
  group: z.boolean().exactOptional(),
  fields: z.record(target, fieldSourceSchema.nullable()),
  lines: z.record(target, fieldSourceSchema).exactOptional(),
});

/** A whole mapping as an app stores it. */
export const mappingSchema = z.strictObject({
  objects: z.partialRecord(objectName, objectMappingSchema),
  owners: z.record(z.string().min(1).max(512), z.string().min(1).max(128)),
  statuses: z.partialRecord(objectName, z.record(z.string().min(1).max(512), z.string().min(1).max(64))),
});

/** What a PATCH may send: any part of it. `null` takes a part away again; in `fields` it drops the field. */
export const mappingPatchSchema = z.strictObject({
  objects: z
    .partialRecord(
      objectName,
      z
        .strictObject({
          key: z.array(path).min(1).max(16).nullable().exactOptional(),
          group: z.boolean().nullable().exactOptional(),
          fields: z.record(target, fieldSourceSchema.nullable()).exactOptional(),
          lines: z.record(target, fieldSourceSchema.nullable()).nullable().exactOptional(),
        })
        .nullable(),
    )
    .exactOptional(),
  owners: z.record(z.string().min(1).max(512), z.string().min(1).max(128).nullable()).exactOptional(),
  statuses: z
    .partialRecord(
      objectName,
      z.record(z.string().min(1).max(512), z.string().min(1).max(64).nullable()).nullable(),
    )
    .exactOptional(),
});
export type MappingPatch = z.infer<typeof mappingPatchSchema>;

/**
 * A merge patch on an app's own mapping. Unlike everywhere else, `null` for a field is a value: the field is dropped, although
 * the provider's default has it.
 */
export function patchMapping(current: Mapping, patch: MappingPatch): Mapping {
  const objects: Mapping['objects'] = { ...current.objects };
  for (const object of OBJECT_NAMES) {
    const change = patch.objects?.[object];
    if (change === null) Reflect.deleteProperty(objects, object);
    if (!change) continue;
    const { fields, lines, ...others } = change;
    const before = objects[object] ?? { fields: {} };
    const { lines: linesBefore, ...plain } = before;
    const linesAfter = lines === null ? {} : withoutNulls({ ...linesBefore, ...lines });
    objects[object] = {
      ...withoutNulls({ ...plain, ...others }),
      fields: { ...before.fields, ...fields },
      ...(Object.keys(linesAfter).length === 0 ? {} : { lines: linesAfter }),
    };
  }
  const statuses: Mapping['statuses'] = { ...current.statuses };
  for (const object of OBJECT_NAMES) {
    const change = patch.statuses?.[object];
    if (change === null) Reflect.deleteProperty(statuses, object);
    else if (change) statuses[object] = withoutNulls({ ...statuses[object], ...change });
  }
  return { objects, owners: withoutNulls({ ...current.owners, ...patch.owners }), statuses };
}

type NoNulls<T> = { [K in keyof T]: Exclude<T[K], null> };

function withoutNulls<T extends object>(value: T): NoNulls<T> {
  return Object.fromEntries(Object.entries(value).filter(([, each]) => each !== null)) as NoNulls<T>;
}
