import type { ObjectName } from '../../workflows/contract/objects.js';
import { fieldOf } from './objects.js';
import { compilePath, isJsonObject } from './paths.js';
import type { RelationView } from './record-view.js';
import { relationView } from './record-view.js';
import { sameJson, sameValue } from './same.js';
import { specOfSource } from './steps.js';
import type {
  FieldValue,
  Json,
  MappedRecord,
  Rules,
  SourceRecord,
  StoredLink,
  StoredRecord,
} from './types.js';
import { isByPerson, readWriter, writerOf } from './writers.js';

/**
 * - `mapped`: the same, written differently (a status by its mapping, a number in E.164)
 * - `unmapped`: an owner or status nobody mapped; or a field of the source that is kept under `extra`
 * - `truncated`: more than `extra` may hold
 * - `edited`: changed since, by a person here or at the provider
 * - `kept`: another app's value was kept, or one that was here before
 * - `wrong`: none of these; it should not be
 */
export type Why = 'mapped' | 'unmapped' | 'truncated' | 'edited' | 'kept' | 'wrong';

export interface FieldComparison {
  field: string;
  provider: FieldValue | Json | null;
  record: FieldValue | RelationView | Json | null;
  same: boolean;
  why?: Why;
}

export interface Compared {
  /** The source as it is now, mapped by today's rules. */
  source: MappedRecord;
  /** The same as it was sent, per field; see `rawReader`. */
  raw: Readonly<Record<string, Json>>;
  record: StoredRecord;
  /** The link by which the source belongs to this record. */
  link: StoredLink | null;
}

/** Provider and record side by side, every mapped field and every one under `extra`. */
export function compareFields(compared: Compared): FieldComparison[] {
  const { source, record } = compared;
  const items = Object.entries(source.fields).map(([field, value]) => compareField(compared, field, value));
  for (const [field, externalId] of Object.entries(source.relations)) {
    const relation = record.relations[field] ?? null;
    const same =
      externalId === (relation?.externalId ?? null) && (externalId !== null || !relation?.recordId);
    items.push({
      field,
      provider: externalId,
      record: relation ? relationView(relation) : null,
      same,
      ...(same ? {} : { why: whyDifferent(compared, `@${field}`, externalId, relation?.externalId ?? null) }),
    });
  }
  for (const [name, value] of Object.entries(source.extra)) {
    const stored = Object.hasOwn(record.extra, name) ? (record.extra[name] ?? null) : null;
    const same = sameJson(value, stored);
    items.push({
      field: `extra.${name}`,
      provider: value,
      record: stored,
      same,
      why: same ? 'unmapped' : 'edited',
    });
  }
  if (source.warnings.some((warning) => warning.code === 'extra_cut')) {
    items.push({ field: 'extra', provider: null, record: null, same: false, why: 'truncated' });
  }
  return items;
}

function compareField(compared: Compared, field: string, value: FieldValue | null): FieldComparison {
  const { source, raw, record } = compared;
  const stored = record.fields[field] ?? null;
  const sent = Object.hasOwn(raw, field) ? (raw[field] ?? null) : value;
  const unmapped = field === 'owner' || field === 'status' ? source.unmapped[field] : undefined;
  const base = { field, provider: sent, record: stored };
  if (!sameValue(value, stored)) {
    return { ...base, same: false, why: whyDifferent(compared, field, value, stored) };
  }
  if (unmapped !== undefined) return { ...base, same: false, why: 'unmapped' };
  return isWrittenAlike(sent, stored) ? { ...base, same: true } : { ...base, same: true, why: 'mapped' };
}

function isWrittenAlike(sent: FieldValue | Json | null, stored: FieldValue | null): boolean {
  if (sent === stored || stored === null) return true;
  if (typeof sent === 'object' && sent !== null) return true;
  return typeof stored === 'object' ? false : String(sent) === String(stored);
}

function whyDifferent(
  { record, link }: Compared,
  field: string,
  value: FieldValue | null,
  stored: FieldValue | null,
): Why {
  const writer = writerOf(record, field);
  if (isByPerson(writer)) return 'edited';
  if (link === null) return 'wrong';
  if (link.notOurs.includes(field)) return 'kept';
  const facts = writer === null ? null : readWriter(writer);
  if (facts?.kind === 'run' && facts.appId !== link.appId) return 'kept';
  const applied = Object.hasOwn(link.applied, field) ? link.applied[field] : undefined;
  // The store has what the source said when it was last applied, and the source says something else now.
  return applied !== undefined && sameValue(applied, stored) && !sameValue(applied, value)
    ? 'edited'
    : 'wrong';
}

/** What the source says for each field that one column or property fills, before it is read. */
export function rawReader(
  object: ObjectName,
  rules: Pick<Rules, 'mapping'>,
): (source: SourceRecord) => Record<string, Json> {
  const mapping = rules.mapping.objects[object];
  const getters = Object.entries(mapping?.fields ?? {}).flatMap(([field, spec]) => {
    if (spec === null || fieldOf(object, field)?.kind !== 'field') return [];
    const source = specOfSource(spec);
    return source.sum === true ? [] : [{ field, get: compilePath(source.path) }];
  });
  return ({ data }) => {
    const raw: Record<string, Json> = {};
    const first = firstRow(data, mapping?.group === true);
    if (!isJsonObject(first)) return raw;
    for (const { field, get } of getters) {
      const value = get(first);
      if (value !== undefined && (value === null || typeof value !== 'object')) raw[field] = value;
    }
    return raw;
  };
}

function firstRow(data: Json, grouped: boolean): Json {
  if (!grouped || !isJsonObject(data)) return data;
  const rows = data['rows'];
  return Array.isArray(rows) ? (rows[0] ?? null) : null;
}
