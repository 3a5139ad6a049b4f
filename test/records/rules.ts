import type { ObjectName } from '../../workflows/contract/objects.js';
import { compileMapping } from '../../activities/records/mapping.js';
import { defaultPolicies } from '../../activities/records/policies.js';
import type {
  Json,
  Mapped,
  MappedRecord,
  ObjectMapping,
  ProblemDraft,
  Rules,
  SourceRecord,
} from '../../activities/records/types.js';

/** Rules with one object's mapping; everything else as an app has it on its first day. */
export function rulesFor(object: ObjectName, mapping: ObjectMapping, more: Partial<Rules> = {}): Rules {
  return {
    mapping: { objects: { [object]: mapping }, owners: {}, statuses: {} },
    policies: defaultPolicies(),
    members: { byEmail: { 'ann@corp.example': 'm-ann' }, ids: ['m-ann', 'm-bob'] },
    locale: null,
    timeZone: null,
    country: null,
    version: 'v1',
    ...more,
  };
}

export function sourceOf(data: Json, more: Partial<SourceRecord> = {}): SourceRecord {
  return { externalId: 'x1', position: '4', data, ...more };
}

export function mapOne(
  object: ObjectName,
  fields: ObjectMapping['fields'],
  data: Json,
  more: Partial<Rules> = {},
): Mapped {
  return compileMapping(object, rulesFor(object, { fields }, more))(sourceOf(data));
}

export function recordOf(mapped: Mapped): MappedRecord {
  if (!mapped.ok)
    throw new Error(`not mapped: ${mapped.problems.map((problem) => problem.message).join(' ')}`);
  return mapped.record;
}

export function problemsOf(mapped: Mapped): ProblemDraft[] {
  if (mapped.ok) throw new Error('it was mapped');
  return mapped.problems;
}
