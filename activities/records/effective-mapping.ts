import type { ObjectName } from '../../workflows/contract/objects.js';
import { OBJECT_NAMES } from './objects.js';
import type { FieldSource, Mapping, ObjectMapping } from './types.js';

/** What a provider says by itself about one object; a file says nothing until it was inspected. */
export interface MappingOffer {
  object: ObjectName;
  defaultMapping?: ObjectMapping;
  defaultStatuses?: Record<string, string>;
}

export function emptyMapping(): Mapping {
  return { objects: {}, owners: {}, statuses: {} };
}

/** The provider's defaults with the app's mapping over them, field by field; a field that the app maps to `null` is dropped. */
export function effectiveMapping(offers: readonly MappingOffer[], app: Mapping | null): Mapping {
  const own = app ?? emptyMapping();
  const defaults = new Map(offers.map((offer) => [offer.object, offer.defaultMapping]));
  const objects: Mapping['objects'] = {};
  for (const object of OBJECT_NAMES) {
    const merged = mergeObject(defaults.get(object), own.objects[object]);
    if (merged) objects[object] = merged;
  }
  return { objects, owners: own.owners, statuses: statusesOf(offers, own.statuses) };
}

function statusesOf(offers: readonly MappingOffer[], own: Mapping['statuses']): Mapping['statuses'] {
  const statuses = { ...own };
  for (const { object, defaultStatuses } of offers) {
    if (defaultStatuses) statuses[object] = { ...defaultStatuses, ...own[object] };
  }
  return statuses;
}

function mergeObject(base: ObjectMapping | undefined, own: ObjectMapping | undefined): ObjectMapping | null {
  if (!base && !own) return null;
  const fields: Record<string, FieldSource> = {};
  for (const [target, source] of Object.entries({ ...base?.fields, ...own?.fields })) {
    if (source !== null) fields[target] = source;
  }
  const key = own?.key ?? base?.key;
  const group = own?.group ?? base?.group;
  const lines = base?.lines || own?.lines ? { ...base?.lines, ...own?.lines } : undefined;
  return {
    ...(key === undefined ? {} : { key }),
    ...(group === undefined ? {} : { group }),
    fields,
    ...(lines === undefined ? {} : { lines }),
  };
}
