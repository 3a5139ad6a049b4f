import type { ObjectName } from '../../workflows/contract/objects.js';
import { editValue, Refused } from './edit-values.js';
import { keysOf } from './keys.js';
import { MAX_RECORD_BYTES } from './limits.js';
import { composedName } from './mapping.js';
import { neutralStatus, requiredFields, specOf } from './objects.js';
import type { ReferenceBump } from './page.js';
import { relationNames, relationsOf } from './relations.js';
import { sameValue } from './same.js';
import type { Relation, StoredRecord, Writer } from './types.js';
import { personWriter, setWriter } from './writers.js';

/** A person's change, as it came over HTTP: nothing in it is trusted. A relation is a record's id. */
export interface RecordEdit {
  fields?: Readonly<Record<string, unknown>>;
  relations?: Readonly<Record<string, unknown>>;
  archived?: boolean;
}

/** A record that is about to be made by a person. */
export interface NewRecord {
  workspaceId: string;
  recordId: string;
  object: ObjectName;
}

export interface EditContext {
  actor: { id: string; name: string };
  /** ISO 8601 UTC. */
  now: string;
  /** Ids of the members that may own a record. Absent: any text is taken for one. */
  members?: ReadonlySet<string>;
}

export interface EditIssue {
  path: (string | number)[];
  message: string;
}

export type Edited =
  | {
      ok: true;
      record: StoredRecord;
      /** Fields, relations (`@account`) and `#archivedAt` that changed; empty when the edit said what was so already, and the version then stays. */
      changed: string[];
      /** By how much the references of other records rise or fall with it; they belong into the same transaction. */
      bumps: ReferenceBump[];
    }
  | { ok: false; issues: EditIssue[] };

/**
 * Applies a person's edit to a record, or makes a new one of it. All or nothing: with one issue nothing is changed. Whether
 * the record that a relation names exists is for the store to say. Does not touch what it is given.
 */
export function applyEdit(base: StoredRecord | NewRecord, edit: RecordEdit, context: EditContext): Edited {
  const isNew = !('version' in base);
  const before = isNew ? blank(base, context) : base;
  const work: Work = {
    record: {
      ...before,
      fields: { ...before.fields },
      relations: { ...before.relations },
      unmapped: { ...before.unmapped },
      writers: { ...before.writers },
    },
    writer: personWriter(context.actor),
    changed: [],
    issues: [],
  };
  editFields(work, edit.fields ?? {}, context);
  editRelations(work, edit.relations ?? {});
  editArchived(work, edit.archived, context);
  renameContact(work, before, edit);
  checkWhole(work);
  if (work.issues.length > 0) return { ok: false, issues: work.issues };
  return {
    ok: true,
    record: finish(work, isNew, context),
    changed: work.changed,
    bumps: bumpsOf(before, work.record),
  };
}

interface Work {
  record: StoredRecord;
  writer: Writer;
  changed: string[];
  issues: EditIssue[];
}

function blank({ workspaceId, recordId, object }: NewRecord, { actor, now }: EditContext): StoredRecord {
  return {
    workspaceId,
    recordId,
    object,
    fields: { status: neutralStatus(object) },
    extra: {},
    relations: {},
    unmapped: {},
    keys: [],
    weakKeys: [],
    references: 0,
    version: 1,
    writers: { '*': personWriter(actor) },
    archivedAt: null,
    archivedBy: null,
    createdAt: now,
    updatedAt: now,
    createdBy: { actor },
  };
}

function editFields(work: Work, fields: Readonly<Record<string, unknown>>, context: EditContext): void {
  const specs = specOf(work.record.object).fields;
  for (const [name, value] of Object.entries(fields)) {
    const spec = Object.hasOwn(specs, name) ? specs[name] : undefined;
    if (!spec) {
      work.issues.push({ path: ['fields', name], message: `${work.record.object} have no field ${name}.` });
      continue;
    }
    const old = work.record.fields[name];
    const next = editValue(spec, value, old);
    if (next instanceof Refused) {
      work.issues.push({ path: ['fields', name, ...next.path], message: `${name} takes ${next.expected}.` });
    } else if (name === 'owner' && typeof next === 'string' && context.members?.has(next) === false) {
      work.issues.push({ path: ['fields', 'owner'], message: `There is no member ${next}.` });
    } else {
      setField(work, name, next);
    }
  }
}

function setField(work: Work, name: string, next: StoredRecord['fields'][string] | null): void {
  const { fields, unmapped, writers } = work.record;
  const isSettled = (name === 'owner' || name === 'status') && unmapped[name] !== undefined;
  if (sameValue(fields[name], next) && !isSettled) return;
  if (next === null) Reflect.deleteProperty(fields, name);
  else fields[name] = next;
  // A person has decided: what the source said, and nobody could map, is settled.
  if (name === 'owner' || name === 'status') Reflect.deleteProperty(unmapped, name);
  setWriter(writers, name, work.writer);
  work.changed.push(name);
}

function editRelations(work: Work, relations: Readonly<Record<string, unknown>>): void {
  const { object, recordId } = work.record;
  const targets = specOf(object).relations;
  for (const [name, value] of Object.entries(relations)) {
    const path = ['relations', name];
    if (!Object.hasOwn(targets, name)) {
      work.issues.push({ path, message: `${object} have no relation ${name}.` });
    } else if (value !== null && (typeof value !== 'string' || value === '')) {
      work.issues.push({ path, message: `${name} takes the id of a record, or null.` });
    } else if (value === recordId) {
      work.issues.push({ path, message: `A record cannot be its own ${name}.` });
    } else {
      setRelation(work, name, value === null ? null : { externalId: null, recordId: value });
    }
  }
}

function setRelation(work: Work, name: string, next: Relation | null): void {
  const { relations, writers } = work.record;
  const old = relations[name];
  // The same record under the name that its app gave it: nothing to change.
  if (next === null ? old === undefined : old?.recordId === next.recordId) return;
  if (next === null) Reflect.deleteProperty(relations, name);
  else relations[name] = next;
  setWriter(writers, `@${name}`, work.writer);
  work.changed.push(`@${name}`);
}

function editArchived(work: Work, archived: boolean | undefined, context: EditContext): void {
  const { record } = work;
  if (archived === undefined || archived === (record.archivedAt !== null)) return;
  record.archivedAt = archived ? context.now : null;
  record.archivedBy = archived ? work.writer : null;
  work.changed.push('#archivedAt');
}

/** A contact whose name was made of its parts keeps being called by them. */
function renameContact(work: Work, before: StoredRecord, edit: RecordEdit): void {
  const given = edit.fields ?? {};
  if (work.record.object !== 'contacts' || Object.hasOwn(given, 'name')) return;
  const old = before.fields['name'];
  if (old !== undefined && old !== composedName(before.fields)) return;
  const name = composedName(work.record.fields);
  if (name !== null) setField(work, 'name', name);
}

function checkWhole(work: Work): void {
  const { object, fields, relations, extra } = work.record;
  for (const name of requiredFields(object)) {
    if (fields[name] === undefined && !work.issues.some(({ path }) => path[1] === name)) {
      work.issues.push({ path: ['fields', name], message: `${name} is required and cannot be empty.` });
    }
  }
  if (Buffer.byteLength(JSON.stringify({ fields, relations, extra })) > MAX_RECORD_BYTES) {
    work.issues.push({ path: ['fields'], message: `A record holds at most ${MAX_RECORD_BYTES / 1024} KiB.` });
  }
}

function finish(work: Work, isNew: boolean, context: EditContext): StoredRecord {
  const { record } = work;
  if (work.changed.length === 0 && !isNew) return record;
  const keys = keysOf(record.object, record.fields, relationNames(record.relations));
  return { ...record, ...keys, version: isNew ? 1 : record.version + 1, updatedAt: context.now };
}

function bumpsOf(before: StoredRecord, after: StoredRecord): ReferenceBump[] {
  const by = new Map<string, number>();
  const count = (record: StoredRecord, step: number): void => {
    for (const { relation } of relationsOf(record)) {
      if (relation.recordId !== null) by.set(relation.recordId, (by.get(relation.recordId) ?? 0) + step);
    }
  };
  count(after, 1);
  count(before, -1);
  return [...by].filter(([, step]) => step !== 0).map(([recordId, step]) => ({ recordId, by: step }));
}
