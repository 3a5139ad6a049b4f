import type { Transfers } from '../moving.js';
import { Fenced } from '../moving.js';
import type { RunRef } from '../../../workflows/contract/ids.js';
import { OBJECTS, type ObjectName } from '../../../workflows/contract/objects.js';
import { closeTransfer } from './transfer-close.js';
import type { ApplyStored, Database, FetchStored } from './collections.js';
import { updateAll } from './commands.js';
import { readGuard } from './guards.js';
import { pack } from './pack.js';
import { transact, type Tx } from './transaction.js';
import { APPLY, applySide, FETCH, fetchSide, newApply, newFetch, sideKey } from './transfer-codec.js';

export function createTransfers(database: Database): Transfers {
  const transfers = database.collection('transfers');
  const read = (ref: RunRef, object: ObjectName): Promise<Sides | null> => readSides(database, ref, object);
  return {
    claim: (ref, object, order) => transact(database, (tx) => claim(tx, ref, object, order)),
    async get(ref, object) {
      const sides = await read(ref, object);
      return sides && { fetch: fetchSide(sides.fetch), apply: applySide(sides.apply) };
    },
    async all(ref) {
      const keys = OBJECTS.flatMap((object) => [sideKey(ref, object, FETCH), sideKey(ref, object, APPLY)]);
      const stored = await transfers.find({ _id: { $in: keys } }).toArray();
      const byKey = new Map(stored.map((side) => [side._id, side]));
      return OBJECTS.flatMap((object) => {
        const fetch = byKey.get(sideKey(ref, object, FETCH)) as FetchStored | undefined;
        const apply = byKey.get(sideKey(ref, object, APPLY)) as ApplyStored | undefined;
        return fetch && apply ? [{ fetch: fetchSide(fetch), apply: applySide(apply) }] : [];
      });
    },
    setQuestion: (ref, object, epoch, question) =>
      transact(database, async (tx) => {
        const key = sideKey(ref, object, APPLY);
        const side = await readGuard<ApplyStored>(tx, 'transfers', key, { epoch: 1 });
        if (side?.epoch !== epoch) {
          throw new Fenced(`Another attempt took over ${object}: its question stays unsaid.`);
        }
        const asked = { question: pack(question), updatedAt: database.now().toISOString() };
        await updateAll(tx, 'transfers', [{ q: { _id: key }, u: { $set: asked } }]);
      }),
    close: (ref, object, why) => closeTransfer(database, { ref, object, why }),
  };
}

interface Sides {
  fetch: FetchStored;
  apply: ApplyStored;
}

async function readSides(
  database: Database,
  ref: RunRef,
  object: ObjectName,
  tx?: Tx,
): Promise<Sides | null> {
  const keys = [sideKey(ref, object, FETCH), sideKey(ref, object, APPLY)];
  const stored = await database
    .collection('transfers')
    .find({ _id: { $in: keys } }, tx ? { session: tx.session } : {})
    .toArray();
  const fetch = stored.find((side) => side._id === keys[0]) as FetchStored | undefined;
  const apply = stored.find((side) => side._id === keys[1]) as ApplyStored | undefined;
  return fetch && apply ? { fetch, apply } : null;
}

/**
 * Repeating one raises the epochs once more, which fences nobody but the caller's own earlier try. The order of slice and attempt
 * is kept on the side, so an attempt that was frozen and wakes up late cannot take the transfer back.
 */
async function claim(
  tx: Tx,
  ref: RunRef,
  object: ObjectName,
  order: { slice: number; attempt: number },
): Promise<{ fetch: ReturnType<typeof fetchSide>; apply: ReturnType<typeof applySide> }> {
  const { database, session } = tx;
  const known = await readSides(database, ref, object, tx);
  const fetch = known?.fetch ?? newFetch(sideKey(ref, object, FETCH));
  const apply = known?.apply ?? newApply(sideKey(ref, object, APPLY));
  const closed = apply.closedFor ?? fetch.closedFor;
  if (closed !== null)
    throw new Fenced(`The transfer of ${object} is closed (${closed}). Nothing was moved.`);
  const last = apply.order;
  if (order.slice < last.slice || (order.slice === last.slice && order.attempt < last.attempt)) {
    throw new Fenced(`A later attempt moves ${object} already. Nothing was moved.`);
  }
  const claimed = { order, updatedAt: database.now().toISOString() };
  const next = {
    fetch: { ...fetch, ...claimed, epoch: fetch.epoch + 1 },
    apply: { ...apply, ...claimed, epoch: apply.epoch + 1 },
  };
  const transfers = database.collection('transfers');
  for (const side of [next.fetch, next.apply]) {
    await transfers.replaceOne({ _id: side._id }, side, { session, upsert: true });
  }
  return { fetch: fetchSide(next.fetch), apply: applySide(next.apply) };
}
