import { Binary } from 'mongodb';
import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { JournalEntry } from '../../records/page.js';
import { Fenced } from '../moving.js';
import type { PlanCommit, PlannedWaiting } from '../planning.js';
import type { ApplyStored, Database, PlanStored } from './collections.js';
import { insertAll, upsertAll } from './commands.js';
import { readGuard } from './guards.js';
import { padded } from './ids.js';
import { decodeEntries, encodeEntries, type PackedJournal } from './journal-codec.js';
import { fromBlob, toBlob } from './json.js';
import { pageKey } from './page-keys.js';
import { writeProblems } from './page-problems.js';
import { updateExactly } from './page-writes.js';
import { encodeStates } from './plan-index.js';
import type { Sieves } from './plan-sieves.js';
import { transact, type Tx } from './transaction.js';
import { APPLY, sideKey } from './transfer-codec.js';

/** A document may have 16 MiB. */
const PART_BYTES = 8 * 1024 * 1024;

class Repeated extends Error {}

/**
 * One page of a plan, whole or not at all. Guarded by the apply side, whose epoch it shares: the plan's own position stands on it,
 * so whoever takes the transfer over conflicts with this. Safe to repeat: a page that is decided stays, and the answer is `repeated`.
 */
export async function commitPlan(
  database: Database,
  sieves: Sieves,
  commit: PlanCommit,
): Promise<'planned' | 'repeated'> {
  const { ref, object, seq } = commit;
  const { blocks, prints } = encodeStates(commit);
  const pages = await encodePage(commit);
  try {
    await transact(database, async (tx) => {
      await moveSide(tx, commit);
      await insertAll(tx, 'planIndex', blocks);
      await upsertAll(
        tx,
        'plans',
        pages.map((page) => ({ q: { _id: page._id }, u: page })),
      );
      await writeProblems(tx, { ...commit, planned: true }, commit.decided.problems);
    });
    sieves.added(ref, object, { round: commit.side.round ?? 0, seq, prints });
    return 'planned';
  } catch (error) {
    if (error instanceof Repeated) return 'repeated';
    throw error;
  }
}

async function moveSide(tx: Tx, { ref, object, epoch, seq, side }: PlanCommit): Promise<void> {
  const key = sideKey(ref, object, APPLY);
  const stored = await readGuard<ApplyStored>(tx, 'transfers', key, { epoch: 1, plan: 1, closedFor: 1 });
  if (stored?.epoch !== epoch || stored.closedFor !== null) {
    throw new Fenced(
      `Another attempt, or the end of this transfer, took over the plan of ${object}. Nothing was planned.`,
    );
  }
  const position = stored.plan?.position ?? 0;
  if (position > seq) throw new Repeated();
  if (position < seq) {
    throw new Error(`Page ${seq} of ${object} is not the next one to plan: ${position} is.`);
  }
  const u = { $set: { plan: side, updatedAt: side.updatedAt } };
  await updateExactly(tx, 'transfers', [{ q: { _id: key }, u }]);
}

async function encodePage(commit: PlanCommit): Promise<PlanStored[]> {
  const { ref, object, seq, decided } = commit;
  const waiting = waitingOf(commit);
  const [changes, outcomes, duplicates, waits] = await Promise.all([
    toBlob(encodeEntries(decided.journal)),
    toBlob(commit.outcomes),
    commit.duplicates.length === 0 ? null : toBlob(commit.duplicates),
    waiting.length === 0 ? null : toBlob(waiting),
  ]);
  const parts = Math.max(1, Math.ceil(changes.position / PART_BYTES));
  const key = pageKey(ref, object, seq);
  const bytes = (index: number): Binary =>
    new Binary(
      changes.buffer.subarray(index * PART_BYTES, Math.min(changes.position, (index + 1) * PART_BYTES)),
      changes.sub_type,
    );
  const first: PlanStored = {
    ...{ _id: key, parts, counts: decided.counts, outcomes, changes: bytes(0) },
    ...(duplicates && { duplicates }),
    ...(waits && { waiting: waits }),
  };
  const more = Array.from({ length: parts - 1 }, (_none, index): PlanStored => {
    return { _id: `${key}/${padded(index + 1, 4)}`, parts, changes: bytes(index + 1) };
  });
  return [first, ...more];
}

function waitingOf({ decided }: PlanCommit): PlannedWaiting[] {
  const ids = new Map(decided.links.map((link) => [link.recordId, link.externalId]));
  return decided.pending.map(({ recordId, field, targetObject, targetExternalId }) => ({
    ...{ externalId: ids.get(recordId) ?? '', relation: field },
    ...{ targetObject, targetExternalId },
  }));
}

/** In the order in which the page decided them. */
export async function readPlannedChanges(
  database: Database,
  ref: RunRef,
  object: ObjectName,
  seq: number,
): Promise<JournalEntry[]> {
  const plans = database.collection('plans');
  const key = pageKey(ref, object, seq);
  const first = await plans.findOne({ _id: key }, { projection: { parts: 1, changes: 1 } });
  if (!first) return [];
  const keys = Array.from({ length: first.parts - 1 }, (_none, index) => `${key}/${padded(index + 1, 4)}`);
  const rest = keys.length === 0 ? [] : await plans.find({ _id: { $in: keys } }).toArray();
  const parts = [first, ...rest.sort((a, b) => (a._id < b._id ? -1 : 1))];
  const bytes = Buffer.concat(parts.map(({ changes }) => changes.buffer.subarray(0, changes.position)));
  return decodeEntries((await fromBlob(new Binary(bytes, first.changes.sub_type))) as PackedJournal);
}
