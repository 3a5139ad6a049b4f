import type { RunRef } from '../../../workflows/contract/ids.js';
import type { PendingRelation, RecordWrite, ReferenceBump } from '../../records/page.js';
import type { TurnHeld } from '../moving.js';
import type { CollectionName, PendingStored } from './collections.js';
import { insertAll, updateAll, type Update } from './commands.js';
import { Conflict } from './errors.js';
import { expectVersions } from './guards.js';
import { idOf, part, partsOf, prefixOf } from './ids.js';
import { encodeRecord, recordKey, type RecordStored } from './record-codec.js';
import type { Tx } from './transaction.js';

/** The writes that applying and undoing a page share. Each compares what it matched and throws `Conflict` on a difference. */

export async function raiseTurn(tx: Tx, turn: TurnHeld): Promise<void> {
  const key = idOf(turn.workspaceId, turn.object);
  // The one guard in a filter: the collection has a document per object, so that nobody has to search for it.
  const raise = { q: { _id: key, counter: turn.counter }, u: { $inc: { counter: 1 } } };
  if ((await updateAll(tx, 'turnCounters', [raise])) !== 1) {
    throw new Conflict('somebody else wrote under the turn');
  }
}

export interface RecordPlan {
  inserts: RecordStored[];
  updates: Update[];
  bumps: Update[];
  /** Versions in which records were read that are now written or removed. */
  expected: Map<string, number>;
}

/** Bumps of records that the page writes as well are merged into that write: a document is changed once. */
export function planRecords(
  workspaceId: string,
  writes: readonly RecordWrite[],
  bumps: readonly ReferenceBump[],
  removals: readonly { recordId: string; expectedVersion: number }[] = [],
): RecordPlan {
  const sums = new Map<string, number>();
  for (const { recordId, by } of bumps) sums.set(recordId, (sums.get(recordId) ?? 0) + by);
  const plan: RecordPlan = { inserts: [], updates: [], bumps: [], expected: new Map() };
  for (const { recordId, expectedVersion } of removals) {
    sums.delete(recordId);
    plan.expected.set(recordKey(workspaceId, recordId), expectedVersion);
  }
  for (const { record, expectedVersion } of writes) {
    const doc = encodeRecord(record, sums.get(record.recordId) ?? 0);
    sums.delete(record.recordId);
    if (expectedVersion === null) plan.inserts.push(doc);
    else {
      plan.updates.push({ q: { _id: doc._id }, u: doc });
      plan.expected.set(doc._id, expectedVersion);
    }
  }
  for (const [recordId, by] of sums) {
    plan.bumps.push({
      q: { _id: recordKey(workspaceId, recordId) },
      u: { $inc: { references: by, version: 1 } },
    });
  }
  return plan;
}

export async function changeRecords(tx: Tx, plan: RecordPlan): Promise<void> {
  await expectVersions(tx, plan.expected);
  await updateExactly(tx, 'records', plan.updates);
  await updateExactly(tx, 'records', plan.bumps);
}

export async function updateExactly(
  tx: Tx,
  collection: CollectionName,
  updates: readonly Update[],
): Promise<void> {
  const matched = await updateAll(tx, collection, updates);
  if (matched !== updates.length)
    throw new Conflict(`${updates.length - matched} in ${collection} changed meanwhile`);
}

/** Kept beside the links in the same transaction, so it is exact. `by`: links that came (or went); `gone`: that were marked so. */
export async function countLinks(
  tx: Tx,
  at: { ref: RunRef; origin: string; object: string },
  by: number,
  gone = 0,
): Promise<void> {
  if (by === 0 && gone === 0) return;
  const key = idOf(at.ref.workspaceId, at.origin, at.object);
  const counts = { links: by, ...(gone !== 0 && { gone }) };
  await updateAll(tx, 'origins', [{ q: { _id: key }, u: { $inc: counts }, upsert: true }]);
}

export function pendingPrefix(workspaceId: string, origin: string, targetObject: string): string {
  return prefixOf(workspaceId, origin, targetObject);
}

export function pendingKey(workspaceId: string, origin: string, pending: PendingRelation): string {
  const { targetObject, targetExternalId, recordId, field } = pending;
  return `${pendingPrefix(workspaceId, origin, targetObject)}${part(targetExternalId)}/${recordId}/${field}`;
}

export function decodePending(stored: PendingStored): PendingRelation {
  const parts = partsOf(stored._id, 6);
  const [, , targetObject = '', targetExternalId = '', recordId = '', field = ''] = parts;
  const target = targetObject as PendingRelation['targetObject'];
  return { recordId, object: stored.object, field, targetObject: target, targetExternalId };
}

/** `fresh`: records that this page makes; nothing of theirs can be waiting yet, so their entries are plain inserts. */
export async function addPending(
  tx: Tx,
  args: { ref: RunRef; origin: string; pending: readonly PendingRelation[]; fresh: ReadonlySet<string> },
): Promise<void> {
  const { ref, origin, fresh } = args;
  const unique = new Map<string, PendingStored>();
  for (const pending of args.pending) {
    const _id = pendingKey(ref.workspaceId, origin, pending);
    const record = recordKey(ref.workspaceId, pending.recordId);
    unique.set(_id, { _id, object: pending.object, record, run: idOf(ref.workspaceId, ref.runId) });
  }
  const stored = [...unique.values()];
  await insertAll(
    tx,
    'pending',
    stored.filter((each) => fresh.has(each.record)),
  );
  const again = stored.filter((each) => !fresh.has(each.record));
  await updateAll(
    tx,
    'pending',
    again.map((each) => ({ q: { _id: each._id }, u: each, upsert: true })),
  );
}
