import { LosslessNumber, parse, stringify } from 'lossless-json';
import type { JournalValue } from './page.js';
import { relationAt } from './relations.js';
import { sameJson, sameRelation, sameValue } from './same.js';
import type { FieldValue, Json, Relation, StoredRecord } from './types.js';
import { resolvedMark, writerOf } from './writers.js';

/** A journal's field, taken apart: where its value is, who answers for it, and how two of its values compare. */

export const EXTRA = '#extra.';
export const UNMAPPED = '#unmapped.';
export const ARCHIVED = '#archivedAt';

/** As a person knows it: `@account` → `account`, `#extra.Fax` → `extra.Fax`. */
export function fieldName(field: string): string {
  if (field === ARCHIVED) return 'archived';
  return field.startsWith('@') || field.startsWith('#') ? field.slice(1) : field;
}

/** The value as a conflict shows it. */
export function valueAt(record: StoredRecord, field: string): FieldValue | Relation | null {
  if (field === ARCHIVED) return record.archivedAt;
  if (field.startsWith('@')) return relationAt(record, field.slice(1));
  if (field.startsWith(UNMAPPED)) return unmappedAt(record, field) ?? null;
  if (field.startsWith(EXTRA)) return extraAt(record, field)?.json ?? null;
  return record.fields[field] ?? null;
}

/** Who wrote it last; `null` where nobody can be named (a record that is not archived). */
export function writerAt(record: StoredRecord, field: string): string | null {
  if (field === ARCHIVED) return record.archivedBy;
  if (field.startsWith(UNMAPPED)) return writerOf(record, field.slice(UNMAPPED.length));
  if (field.startsWith(EXTRA)) return writerOf(record, '#extra');
  return writerOf(record, field);
}

/** Under which name its writer is kept. */
export function writerKey(field: string): string {
  if (field.startsWith(UNMAPPED)) return field.slice(UNMAPPED.length);
  return field.startsWith(EXTRA) ? '#extra' : field;
}

export function isAt(record: StoredRecord, field: string, value: JournalValue): boolean {
  if (field === ARCHIVED) return (record.archivedAt === null) === (value === null);
  if (field.startsWith('@')) return sameRelation(relationAt(record, field.slice(1)), asRelation(value));
  if (field.startsWith(UNMAPPED)) return (unmappedAt(record, field) ?? null) === value;
  if (field.startsWith(EXTRA)) return sameExtra(extraAt(record, field), asExtra(value));
  return sameValue(record.fields[field], asField(value));
}

export function asRelation(value: JournalValue): Relation | null {
  return typeof value === 'object' && value !== null && 'recordId' in value ? value : null;
}

export function asField(value: JournalValue): FieldValue | null {
  return value as FieldValue | null;
}

export function asExtra(value: JournalValue): { json: string } | null {
  return typeof value === 'object' && value !== null && 'json' in value ? value : null;
}

export function readExtra({ json }: { json: string }): Json {
  return parse(json, null, readNumber) as Json;
}

/** A number stays a double only if it would be written with the same digits again. */
function readNumber(digits: string): number | LosslessNumber {
  const number = Number(digits);
  return String(number) === digits ? number : new LosslessNumber(digits);
}

/** The mark of the resolve step that goes with a relation: `@account` → `#resolved:account`. */
export function markOf(field: string): string {
  return resolvedMark(field.slice(1));
}

function unmappedAt(record: StoredRecord, field: string): string | undefined {
  const name = field.slice(UNMAPPED.length);
  return name === 'owner' || name === 'status' ? record.unmapped[name] : undefined;
}

function extraAt(record: StoredRecord, field: string): { json: string } | null {
  const key = field.slice(EXTRA.length);
  return Object.hasOwn(record.extra, key) ? { json: stringify(record.extra[key]) ?? 'null' } : null;
}

function sameExtra(a: { json: string } | null, b: { json: string } | null): boolean {
  return a === null || b === null ? a === b : a.json === b.json || sameJson(readExtra(a), readExtra(b));
}
