import { Decimal128 } from 'mongodb';
import type { Lookalike } from '../../records/page.js';
import type { FieldValue, Fields, Relation, StoredRecord, Writer } from '../../records/types.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import { fromDecimal, toDecimal } from './decimal.js';
import { part, unpart } from './ids.js';
import { fromField, toField } from './json.js';
import { plainKey, safeKey } from './pack.js';
import { keysFrom, termsOf, type Terms } from './terms.js';

/**
 * A record as the collection holds it. Written by hand, because an import's speed is what these documents cost: what is empty is
 * absent, keys are read back from what they are found by, and what only we read (`extra`, `writers`) is JSON text, digits and keys as sent.
 */
export interface RecordStored extends Terms {
  _id: string;
  object: ObjectName;
  fields: Record<string, unknown>;
  extra?: string;
  relations?: Record<string, Relation>;
  unmapped?: { owner?: string; status?: string };
  references?: number;
  version: number;
  writers: string;
  archivedAt?: string;
  archivedBy?: Writer;
  createdAt: string;
  /** Absent: never since it was made. */
  updatedAt?: string;
  /** By a run, or by a person. */
  madeBy: string | { id: string; name: string };
}

export function recordKey(workspaceId: string, recordId: string): string {
  return `${part(workspaceId)}/${recordId}`;
}

/** `bump`: references that other records of the same page add to this one. */
export function encodeRecord(record: StoredRecord, bump = 0): RecordStored {
  const references = record.references + bump;
  const doc: RecordStored = {
    _id: recordKey(record.workspaceId, record.recordId),
    object: record.object,
    fields: encodeMap(record.fields),
    ...termsOf(record),
    version: record.version,
    writers: JSON.stringify(record.writers),
    createdAt: record.createdAt,
    madeBy: 'runId' in record.createdBy ? record.createdBy.runId : record.createdBy.actor,
  };
  if (record.updatedAt !== record.createdAt) doc.updatedAt = record.updatedAt;
  if (!isEmpty(record.extra)) doc.extra = toField(record.extra);
  if (!isEmpty(record.relations)) doc.relations = encodeRelations(record.relations);
  if (record.unmapped.owner !== undefined || record.unmapped.status !== undefined)
    doc.unmapped = record.unmapped;
  if (references !== 0) doc.references = references;
  if (record.archivedAt !== null) doc.archivedAt = record.archivedAt;
  if (record.archivedBy !== null) doc.archivedBy = record.archivedBy;
  return doc;
}

export function decodeRecord(doc: RecordStored): StoredRecord {
  const slash = doc._id.indexOf('/');
  return {
    workspaceId: unpart(doc._id.slice(0, slash)),
    recordId: doc._id.slice(slash + 1),
    object: doc.object,
    fields: decodeMap(doc.fields) as Fields,
    extra: doc.extra === undefined ? {} : (fromField(doc.extra) as StoredRecord['extra']),
    relations: decodeRelations(doc.relations),
    unmapped: doc.unmapped ?? {},
    ...keysFrom(doc, slash + 1),
    references: doc.references ?? 0,
    version: doc.version,
    writers: JSON.parse(doc.writers) as Record<string, Writer>,
    archivedAt: doc.archivedAt ?? null,
    archivedBy: doc.archivedBy ?? null,
    createdAt: doc.createdAt,
    updatedAt: doc.updatedAt ?? doc.createdAt,
    createdBy: typeof doc.madeBy === 'string' ? { runId: doc.madeBy } : { actor: doc.madeBy },
  };
}

/** What a look-alike is read from. */
export type LookalikeStored = Pick<RecordStored, '_id' | 'key' | 'terms' | 'archivedAt'>;
export const LOOKALIKE = { terms: 1, archivedAt: 1 } as const;

export function decodeLookalike(doc: LookalikeStored): Lookalike {
  const slash = doc._id.indexOf('/');
  return {
    recordId: doc._id.slice(slash + 1),
    weakKeys: keysFrom(doc, slash + 1).weakKeys,
    archivedAt: doc.archivedAt ?? null,
  };
}

function isEmpty(object: object): boolean {
  for (const _key in object) return false;
  return true;
}

function encodeRelations(relations: StoredRecord['relations']): Record<string, Relation> {
  const encoded: Record<string, Relation> = {};
  for (const [name, relation] of Object.entries(relations)) encoded[safeKey(name)] = relation;
  return encoded;
}

function decodeRelations(stored: Record<string, Relation> | undefined): Record<string, Relation> {
  const relations: Record<string, Relation> = {};
  for (const [name, relation] of Object.entries(stored ?? {})) relations[plainKey(name)] = relation;
  return relations;
}

function encodeMap(map: object): Record<string, unknown> {
  const encoded: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(map)) {
    if (value !== undefined) encoded[safeKey(key)] = encodeValue(value as FieldValue);
  }
  return encoded;
}

/** Money is an object of two texts; everything else that is an object holds fields of its own (address, line, relation). */
function encodeValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(encodeValue);
  const { amount, currency } = value as { amount?: unknown; currency?: unknown };
  if (typeof amount === 'string' && typeof currency === 'string')
    return { amount: toDecimal(amount), currency };
  return encodeMap(value);
}

function decodeMap(map: object): Record<string, unknown> {
  const decoded: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(map)) decoded[plainKey(key)] = decodeValue(value);
  return decoded;
}

function decodeValue(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(decodeValue);
  return value instanceof Decimal128 ? fromDecimal(value) : decodeMap(value);
}
