import { z } from 'zod';
import { fieldOf, OBJECT_NAMES } from './objects.js';
import type { Policies } from './types.js';

const objectName = z.enum(OBJECT_NAMES);
const existing = z.enum(['update', 'skip', 'create']);
const edits = z.enum(['keep', 'overwrite']);
const share = z.number().min(0).max(1).nullable();
const fieldName = z.string().min(1).max(128);

const editsSchema = z.union([
  edits,
  z.partialRecord(objectName, z.union([edits, z.record(fieldName, edits)])),
]);
const heldUnreviewed = z.enum(['keep', 'drop']);
const reminderHours = z
  .number()
  .int()
  .min(1)
  .max(24 * 365);
const plusTags = z.enum(['keep', 'ignore']).meta({
  description:
    'Whether ann+news@corp.example and ann@corp.example are one address when duplicates are looked for (ignore) or two (keep)',
});
const priority = z.number().int().min(-1000).max(1000);
const review = z.enum(['each_object', 'on_findings', 'none']).nullable();
const requiredNames = z.array(fieldName).max(64);

/** All of an app's policies, as they are stored and shown. */
export const policiesSchema = z
  .strictObject({
    existing: z.partialRecord(objectName, existing),
    linked: z.enum(['update', 'skip']),
    sameApp: existing,
    matching: z.strictObject({ plusTags }).exactOptional(),
    priority,
    edits: editsSchema,
    heldUnreviewed,
    reminderHours,
    required: z.partialRecord(objectName, requiredNames),
    review,
    breakers: z.strictObject({ failed: share, updated: share, deleted: share, duplicates: share }),
  })
  .superRefine((policies, context) => {
    for (const { path, message } of unknownFields(policies))
      context.addIssue({ code: 'custom', path, message });
  });

/** What a client may send: any part. `null` goes back to the default, but for a breaker it means off, and for `review` none. */
export const policiesPatchSchema = z.strictObject({
  existing: z.partialRecord(objectName, existing.nullable()).nullable().exactOptional(),
  linked: z.enum(['update', 'skip']).nullable().exactOptional(),
  sameApp: existing.nullable().exactOptional(),
  matching: z.strictObject({ plusTags: plusTags.nullable().exactOptional() }).nullable().exactOptional(),
  priority: priority.nullable().exactOptional(),
  edits: editsSchema.nullable().exactOptional(),
  heldUnreviewed: heldUnreviewed.nullable().exactOptional(),
  reminderHours: reminderHours.nullable().exactOptional(),
  required: z.partialRecord(objectName, requiredNames.nullable()).nullable().exactOptional(),
  review: review.exactOptional(),
  breakers: z
    .strictObject({
      failed: share.exactOptional(),
      updated: share.exactOptional(),
      deleted: share.exactOptional(),
      duplicates: share.exactOptional(),
    })
    .nullable()
    .exactOptional(),
});
export type PoliciesPatch = z.infer<typeof policiesPatchSchema>;

export function defaultPolicies(): Policies {
  return {
    existing: Object.fromEntries(OBJECT_NAMES.map((object) => [object, 'update'])),
    linked: 'update',
    sameApp: 'create',
    matching: { plusTags: 'keep' },
    priority: 0,
    edits: 'keep',
    heldUnreviewed: 'keep',
    reminderHours: 24,
    required: {},
    review: null,
    breakers: { failed: 0.05, updated: null, deleted: 0.1, duplicates: null },
  };
}

export interface PolicyIssue {
  path: (string | number)[];
  message: string;
}

/** A merge patch on policies. The result may name unknown fields: check it with `policiesSchema`. */
export function patchPolicies(current: Policies, patch: PoliciesPatch): Policies {
  const defaults = defaultPolicies();
  return {
    existing: mergeMaps(current.existing, patch.existing, defaults.existing),
    linked: chosen(current.linked, patch.linked, defaults.linked),
    sameApp: chosen(current.sameApp, patch.sameApp, defaults.sameApp),
    ...matchingAfter(current.matching, patch.matching),
    priority: chosen(current.priority, patch.priority, defaults.priority),
    edits: chosen<Policies['edits']>(current.edits, patch.edits, defaults.edits),
    heldUnreviewed: chosen(current.heldUnreviewed, patch.heldUnreviewed, defaults.heldUnreviewed),
    reminderHours: chosen(current.reminderHours, patch.reminderHours, defaults.reminderHours),
    required: mergeMaps(current.required, patch.required, defaults.required),
    review: patch.review === undefined ? current.review : patch.review,
    breakers: patch.breakers === null ? defaults.breakers : { ...current.breakers, ...patch.breakers },
  };
}

function matchingAfter(
  current: Policies['matching'],
  patch: PoliciesPatch['matching'],
): Pick<Policies, 'matching'> {
  if (patch === undefined) return current ? { matching: current } : {};
  return { matching: { plusTags: patch?.plusTags ?? 'keep' } };
}

function chosen<T>(current: T, patched: T | null | undefined, byDefault: T): T {
  return patched === undefined ? current : (patched ?? byDefault);
}

type MapOf<T> = Partial<Record<(typeof OBJECT_NAMES)[number], T>>;

function mergeMaps<T>(
  current: MapOf<T>,
  patch: MapOf<T | null> | null | undefined,
  byDefault: MapOf<T>,
): MapOf<T> {
  if (patch === null) return byDefault;
  const merged: MapOf<T> = { ...current };
  for (const object of OBJECT_NAMES) {
    const value = patch?.[object];
    if (value === undefined) continue;
    const next = value ?? byDefault[object];
    if (next === undefined) Reflect.deleteProperty(merged, object);
    else merged[object] = next;
  }
  return merged;
}

/** Fields that policies name and no object has. */
function unknownFields(policies: Pick<Policies, 'required' | 'edits'>): PolicyIssue[] {
  const issues: PolicyIssue[] = [];
  for (const object of OBJECT_NAMES) {
    const own = typeof policies.edits === 'string' ? undefined : policies.edits[object];
    const edited = typeof own === 'object' ? Object.keys(own) : [];
    for (const [n, name] of (policies.required[object] ?? []).entries()) {
      if (!fieldOf(object, name)) issues.push(noField(['required', object, n], object, name));
    }
    for (const name of edited)
      if (!fieldOf(object, name)) issues.push(noField(['edits', object, name], object, name));
  }
  return issues;
}

function noField(path: (string | number)[], object: string, name: string): PolicyIssue {
  return { path, message: `${object} have no field ${name}.` };
}
