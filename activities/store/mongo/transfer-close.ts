import type { RunRef } from '../../../workflows/contract/ids.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { ApplyStored, Database, FetchStored, PageStored } from './collections.js';
import { deleteAll, updateAll } from './commands.js';
import { Conflict } from './errors.js';
import { pageKey } from './page-keys.js';
import { transact, type Tx } from './transaction.js';
import { APPLY, FETCH, newApply, newFetch, sideKey } from './transfer-codec.js';

/** Staged pages that one transaction takes off the books. */
const PAGES_AT_ONCE = 200;

interface Closing {
  ref: RunRef;
  object: ObjectName;
  why: string;
}

/**
 * First nobody may write any more (one transaction), then staged pages that were never applied leave, the last ones first, each
 * transaction with its part of `fetched`. Whenever it stops midway, what is staged and what is counted agree; repeating it goes on.
 */
export async function closeTransfer(database: Database, closing: Closing): Promise<void> {
  await transact(database, (tx) => fence(tx, closing));
  while (await transact(database, (tx) => discard(tx, closing)));
}

/** Also where nothing began: an attempt that starts late must find it closed. */
async function fence(tx: Tx, { ref, object, why }: Closing): Promise<void> {
  const { database, session } = tx;
  const transfers = database.collection('transfers');
  const updatedAt = database.now().toISOString();
  for (const side of [newFetch(sideKey(ref, object, FETCH)), newApply(sideKey(ref, object, APPLY))]) {
    const known = await transfers.findOne({ _id: side._id }, { session });
    const repairing = known !== null && 'repairing' in known;
    if (known && known.closedFor !== null && !repairing) continue;
    const last = known ?? side;
    const closed = { ...last, epoch: last.epoch + 1, closedFor: why, updatedAt };
    // What a repair took over is closed for it, too.
    if (repairing) Reflect.deleteProperty(closed, 'repairing');
    await transfers.replaceOne({ _id: side._id }, closed, { session, upsert: true });
  }
}

/** True: there may be more. */
async function discard(tx: Tx, { ref, object }: Closing): Promise<boolean> {
  const { database, session } = tx;
  const key = sideKey(ref, object, FETCH);
  const transfers = database.collection('transfers');
  const fetch = (await transfers.findOne({ _id: key }, { session })) as FetchStored | null;
  const apply = (await transfers.findOne(
    { _id: sideKey(ref, object, APPLY) },
    { session },
  )) as ApplyStored | null;
  if (!fetch || !apply || fetch.position <= apply.position) return false;
  const from = Math.max(apply.position, fetch.position - PAGES_AT_ONCE);
  const keys = Array.from({ length: fetch.position - from }, (_none, index) =>
    pageKey(ref, object, from + index),
  );
  const staged = await database
    .collection('pages')
    .find({ _id: { $in: keys } }, { session })
    .project<Pick<PageStored, '_id' | 'n' | 'rows'>>({ n: 1, rows: 1 })
    .toArray();
  const off = {
    position: -keys.length,
    fetched: -staged.reduce((sum, page) => sum + page.n, 0),
    rows: -staged.reduce((sum, page) => sum + page.rows, 0),
  };
  const deleted = await deleteAll(
    tx,
    'pages',
    staged.map((page) => page._id),
  );
  // What was taken off was not applied: whatever was read to its end is whole no more.
  const part = { done: false, bookmark: null };
  const moved = await updateAll(tx, 'transfers', [{ q: { _id: key }, u: { $inc: off, $set: part } }]);
  if (deleted !== staged.length || moved !== 1)
    throw new Conflict('staged pages changed while they were discarded');
  return from > apply.position;
}
