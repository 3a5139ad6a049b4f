import { neutralStatus } from './objects.js';
import type { JournalEntry, PendingRelation, ReferenceBump } from './page.js';
import { lineField, linesOf, targetObjectOf, waitingFor } from './relations.js';
import type { FieldValue, Line, MappedRecord, Relation, StoredLink, StoredRecord } from './types.js';
import type { WorkingWorld } from './world.js';
import { runWriter } from './writers.js';

/** A new record and its link. This is what a first import does a million times: nothing is copied twice or compared. */
export function createRecord(work: WorkingWorld, source: MappedRecord): string {
  const { context } = work;
  const recordId = context.newId(source.externalId);
  const effects = newEffects();
  const record: StoredRecord = {
    workspaceId: context.workspaceId,
    recordId,
    object: context.object,
    fields: {},
    extra: source.extra,
    relations: {},
    unmapped: source.unmapped,
    keys: source.keys,
    weakKeys: source.weakKeys,
    references: 0,
    version: 1,
    writers: { '*': runWriter(context.runId, context.appId, source.modifiedAt) },
    archivedAt: null,
    archivedBy: null,
    createdAt: context.now,
    updatedAt: context.now,
    createdBy: { runId: context.runId },
  };
  const changes: JournalEntry['fields'] = [];
  const applied: StoredLink['applied'] = {};
  for (const field in source.fields) {
    const value = saidOf(context.object, field, source.fields[field] ?? null);
    applied[field] = value;
    if (value === null) continue;
    const stored = field === 'lines' ? findProducts(work, record, linesOf(value), effects) : value;
    record.fields[field] = stored;
    changes.push({ field, before: null, after: stored, writerBefore: null });
  }
  if (record.fields['status'] === undefined) {
    const status = neutralStatus(context.object);
    record.fields['status'] = status;
    changes.push({ field: 'status', before: null, after: status, writerBefore: null });
  }
  for (const field in source.relations) {
    const externalId = source.relations[field] ?? null;
    applied[`@${field}`] = externalId;
    if (externalId === null) continue;
    const relation = findTarget(work, record, field, externalId, effects);
    record.relations[field] = relation;
    changes.push({ field: `@${field}`, before: null, after: relation, writerBefore: null });
  }
  const link = newLink(work, source, recordId, applied, []);
  work.create(record);
  work.putLink(link);
  commit(work, effects);
  work.journal({
    recordId,
    externalId: source.externalId,
    object: context.object,
    outcome: 'created',
    versionBefore: null,
    versionAfter: 1,
    fields: changes,
    linkBefore: null,
    linkAfter: link,
    bumps: effects.bumps,
    pendingAdded: effects.pending,
  });
  return recordId;
}

/** What a source says of a field. A status is never empty: saying nothing means the object's neutral one. */
export function saidOf(
  object: StoredRecord['object'],
  field: string,
  value: FieldValue | null,
): FieldValue | null {
  return value === null && field === 'status' ? neutralStatus(object) : value;
}

export function newLink(
  work: WorkingWorld,
  source: MappedRecord,
  recordId: string,
  applied: StoredLink['applied'],
  notOurs: string[],
): StoredLink {
  const { context, rules } = work;
  return {
    workspaceId: context.workspaceId,
    origin: context.origin,
    object: context.object,
    externalId: source.externalId,
    recordId,
    appId: context.appId,
    sourceHash: source.sourceHash,
    rulesVersion: rules.version,
    modifiedAt: source.modifiedAt,
    applied,
    notOurs,
    runId: context.runId,
    seenRunId: context.runId,
    lastSeenAt: context.now,
    goneAt: null,
  };
}

/** What relations of one record do to others; goes into the journal with it. */
export interface Effects {
  bumps: ReferenceBump[];
  pending: PendingRelation[];
}

export function newEffects(): Effects {
  return { bumps: [], pending: [] };
}

export function commit(work: WorkingWorld, effects: Effects): void {
  for (const bump of effects.bumps) work.bump(bump.recordId, bump.by);
  for (const pending of effects.pending) work.wait(pending);
}

/** The relation as it is stored: with its target if that is here and not gone, else waiting for it. */
export function findTarget(
  work: WorkingWorld,
  record: Pick<StoredRecord, 'recordId' | 'object'>,
  field: string,
  externalId: string,
  effects: Effects,
): Relation {
  const recordId = work.target(targetObjectOf(record.object, field), externalId);
  if (recordId === null) effects.pending.push(waitingFor(record, field, externalId));
  else effects.bumps.push({ recordId, by: 1 });
  return { externalId, recordId };
}

export function findProducts(
  work: WorkingWorld,
  record: Pick<StoredRecord, 'recordId' | 'object'>,
  lines: readonly Line[],
  effects: Effects,
): Line[] {
  return lines.map((line, n) => {
    const externalId = line.product?.externalId ?? null;
    return externalId === null
      ? line
      : { ...line, product: findTarget(work, record, lineField(n), externalId, effects) };
  });
}
