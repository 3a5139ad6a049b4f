import type { Binary } from 'mongodb';
import type { ApplyResult, UndoCommit } from '../moving.js';
import type { Database, PackedStored, PageStored } from './collections.js';
import { deleteAll, insertAll, upsertAll } from './commands.js';
import { Conflict, isDuplicateKey } from './errors.js';
import { readGuard } from './guards.js';
import { idOf, padded } from './ids.js';
import { toBlob } from './json.js';
import { encodeLink, linkKey } from './link-codec.js';
import { pack, packDoc } from './pack.js';
import { pageKey } from './page-keys.js';
import {
  addPending,
  changeRecords,
  countLinks,
  pendingKey,
  planRecords,
  raiseTurn,
  updateExactly,
} from './page-writes.js';
import { recordKey } from './record-codec.js';
import { transact, type Tx } from './transaction.js';

class Repeated extends Error {}

const MOST_CONFLICTS_ON_RUN = 100;

/**
 * One page taken back, whole or not at all; its journal stays. Guarded by the page (applied, not undone), the run (its undo has
 * not expired), the turn, and the version of every record. Safe to repeat: an undone page answers `repeated`.
 */
export async function undoPage(database: Database, commit: UndoCommit): Promise<ApplyResult> {
  const { undone, ref } = commit;
  const records = planRecords(ref.workspaceId, undone.writes, undone.bumps, undone.removals);
  const kept = undone.kept.length === 0 ? null : await toBlob(undone.kept);
  try {
    await transact(database, async (tx) => {
      await markUndone(tx, commit, kept);
      await raiseTurn(tx, commit.turn);
      await changeRecords(tx, records);
      await removeRecords(tx, commit);
      await insertAll(tx, 'records', records.inserts);
      await restoreLinks(tx, commit);
      await movePending(tx, commit);
      await tell(tx, commit);
    });
    return 'applied';
  } catch (error) {
    if (error instanceof Repeated) return 'repeated';
    if (error instanceof Conflict || isDuplicateKey(error)) return 'conflict';
    throw error;
  }
}

async function markUndone(tx: Tx, { ref, object, seq, now }: UndoCommit, kept: Binary | null): Promise<void> {
  const _id = pageKey(ref, object, seq);
  const page = await readGuard<PageStored>(tx, 'pages', _id, { appliedAt: 1, undoneAt: 1 });
  if (!page || page.appliedAt === null) {
    throw new Error(
      `Page ${seq} of ${object} cannot be taken back: ${page ? 'it was never applied' : 'it is gone'}.`,
    );
  }
  if (page.undoneAt !== null) throw new Repeated();
  await updateExactly(tx, 'pages', [{ q: { _id }, u: { $set: { undoneAt: now, ...(kept && { kept }) } } }]);
}

/** What taking back one page and taking back one record share. */
type Undoing = Pick<UndoCommit, 'ref' | 'object' | 'origin' | 'undone'>;

export async function removeRecords(tx: Tx, { ref, undone }: Undoing): Promise<void> {
  const keys = undone.removals.map(({ recordId }) => recordKey(ref.workspaceId, recordId));
  const deleted = await deleteAll(tx, 'records', keys);
  if (deleted !== keys.length) throw new Conflict('a record to be removed is gone');
}

export async function restoreLinks(tx: Tx, { ref, object, origin, undone }: Undoing): Promise<void> {
  const restores = undone.restoredLinks.map(encodeLink);
  const keys = undone.removedLinks.map((link) => linkKey({ ...link, workspaceId: ref.workspaceId, origin }));
  const wasGone = await goneAmong(tx, [...restores.map(({ _id }) => _id), ...keys]);
  const added = await upsertAll(
    tx,
    'links',
    restores.map((link) => ({ q: { _id: link._id }, u: link })),
  );
  const removed = await deleteAll(tx, 'links', keys);
  if (removed !== keys.length) throw new Conflict('a link to be removed is gone');
  const isGone = restores.filter(({ goneAt }) => goneAt !== undefined).length;
  await countLinks(tx, { ref, origin, object }, added - removed, isGone - wasGone);
}

async function goneAmong({ database, session }: Tx, keys: string[]): Promise<number> {
  if (keys.length === 0) return 0;
  const found = await database
    .collection('links')
    .find({ _id: { $in: keys } }, { session, projection: { goneAt: 1 } })
    .toArray();
  return found.filter(({ goneAt }) => goneAt !== undefined).length;
}

export async function movePending(tx: Tx, { ref, origin, undone }: Undoing): Promise<void> {
  const { database, session } = tx;
  if (undone.pendingRemovedOf.length > 0) {
    const records = undone.pendingRemovedOf.map((recordId) => recordKey(ref.workspaceId, recordId));
    await database.collection('pending').deleteMany({ record: { $in: records } }, { session });
  }
  const settled = undone.pendingRemoved.map((each) => pendingKey(ref.workspaceId, origin, each));
  await deleteAll(tx, 'pending', settled);
  await addPending(tx, { ref, origin, pending: undone.pendingAdded, fresh: new Set() });
}

/** Counts and conflicts go where people look for them, in the same transaction: they are as true as the undo itself. */
async function tell(tx: Tx, { ref, object, seq, undone, now }: UndoCommit): Promise<void> {
  const { conflicts, counts } = undone;
  const place = [ref.workspaceId, ref.runId, object, padded(seq)] as const;
  await insertAll(
    tx,
    'conflicts',
    conflicts.map((conflict, index) => packDoc(idOf(...place, padded(index, 5)), conflict)),
  );
  const key = idOf(ref.workspaceId, ref.runId);
  const run = await readGuard<PackedStored>(tx, 'runs', key, { cleanup: 1, undoExpired: 1 });
  if (!run || run['cleanup'] === null || run['undoExpired'] === true) {
    throw new Error('Nothing was undone: the clean-up of this run was not begun, or its undo has expired.');
  }
  const tell = {
    $inc: {
      'cleanup.remove': counts.remove,
      'cleanup.restore': counts.restore,
      'cleanup.keep': counts.keep,
      'cleanup.conflictCount': conflicts.length,
      revision: 1,
    },
    $push: {
      'cleanup.conflicts': {
        $each: conflicts.slice(0, MOST_CONFLICTS_ON_RUN).map(pack),
        $slice: MOST_CONFLICTS_ON_RUN,
      },
    },
    $set: { updatedAt: now },
  };
  await updateExactly(tx, 'runs', [{ q: { _id: key }, u: tell }]);
}
