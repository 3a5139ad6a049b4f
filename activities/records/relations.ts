import type { ObjectName } from '../../workflows/contract/objects.js';
import { LINE_RELATION_TARGET, specOf } from './objects.js';
import type { PendingRelation } from './page.js';
import type { FieldValue, Line, Relation, StoredRecord } from './types.js';

/** Where a relation leads: `account` → accounts, `lines.3.product` → products. */
export function targetObjectOf(object: ObjectName, field: string): ObjectName {
  if (field.startsWith('lines.')) return LINE_RELATION_TARGET;
  const target = specOf(object).relations[field];
  if (target === undefined) throw new Error(`${object} has no relation ${field}`);
  return target;
}

export function lineField(index: number): string {
  return `lines.${String(index)}.product`;
}

/** The relation that `account` or `lines.3.product` names in a record, if it is there. */
export function relationAt(record: StoredRecord, field: string): Relation | null {
  if (!field.startsWith('lines.')) return record.relations[field] ?? null;
  return linesOf(record.fields['lines'])[lineIndex(field)]?.product ?? null;
}

/** Puts a relation where `field` says; a record's values are shared, so the lines are copied. */
export function putRelation(record: StoredRecord, field: string, relation: Relation | null): void {
  if (!field.startsWith('lines.')) {
    if (relation === null) Reflect.deleteProperty(record.relations, field);
    else record.relations[field] = relation;
    return;
  }
  const at = lineIndex(field);
  record.fields['lines'] = linesOf(record.fields['lines']).map((line, n) =>
    n === at && relation !== null ? { ...line, product: relation } : line,
  );
}

/** Every relation of a record, those of its lines too. */
export function relationsOf(record: StoredRecord): { field: string; relation: Relation }[] {
  const own = Object.entries(record.relations).map(([field, relation]) => ({ field, relation }));
  const lines = linesOf(record.fields['lines']).flatMap((line, n) =>
    line.product ? [{ field: lineField(n), relation: line.product }] : [],
  );
  return lines.length === 0 ? own : [...own, ...lines];
}

/** How relations name their targets, for keys that are made of them. */
export function relationNames(relations: Readonly<Record<string, Relation>>): Record<string, string | null> {
  return Object.fromEntries(Object.entries(relations).map(([name, { externalId }]) => [name, externalId]));
}

export function linesOf(value: FieldValue | null | undefined): readonly Line[] {
  return Array.isArray(value) ? (value as Line[]) : [];
}

export function waitingFor(
  record: Pick<StoredRecord, 'recordId' | 'object'>,
  field: string,
  externalId: string,
): PendingRelation {
  return {
    recordId: record.recordId,
    object: record.object,
    field,
    targetObject: targetObjectOf(record.object, field),
    targetExternalId: externalId,
  };
}

function lineIndex(field: string): number {
  return Number(field.split('.')[1]);
}
