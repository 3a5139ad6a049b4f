import { saidOf } from './create.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import { compareTimes, sameValue } from './same.js';
import type { FieldValue, MappedRecord, StoredLink } from './types.js';

/** What a run already took from an id. Later source records of the id are repeats of it, unless they are newer. */
export interface Earlier {
  sourceHash: string;
  modifiedAt: string | null;
  /** By field; relations as `@account`. */
  said: (name: string) => FieldValue | null | undefined;
}

export function earlierOf(source: MappedRecord): Earlier {
  const { sourceHash, modifiedAt, fields, relations } = source;
  const said = (name: string): FieldValue | null | undefined =>
    name.startsWith('@') ? relations[name.slice(1)] : fields[name];
  return { sourceHash, modifiedAt, said };
}

export function earlierOfLink({ sourceHash, modifiedAt, applied }: StoredLink): Earlier {
  return { sourceHash, modifiedAt, said: (name) => applied[name] };
}

export function isNewer(time: string | null, than: string | null): boolean {
  return time !== null && than !== null && compareTimes(time, than) > 0;
}

/**
 * Whether a repeat says something else about a mapped field. What maps to nothing does not count: in a file of order lines the
 * customer's columns repeat, and the order's own differ in every row.
 */
export function saysOtherwise(object: ObjectName, source: MappedRecord, earlier: Earlier): boolean {
  if (source.sourceHash === earlier.sourceHash) return false;
  const differs = (name: string, value: FieldValue | null): boolean => !sameValue(value, earlier.said(name));
  return (
    Object.entries(source.fields).some(([field, value]) => differs(field, saidOf(object, field, value))) ||
    Object.entries(source.relations).some(([field, value]) => differs(`@${field}`, value))
  );
}
