import type { RunRef } from '../../../workflows/contract/ids.js';
import { OBJECTS } from '../../../workflows/contract/objects.js';
import type { Database } from './collections.js';
import { idOf } from './ids.js';
import { removeJournals } from './journal.js';
import { pageCount, pageKey, PAGES_AT_ONCE } from './page-keys.js';
import { asUpdate } from './packed.js';
import { planPrefix } from './plan-index.js';
import { removeRange } from './remove-range.js';

/**
 * From the mark on no undo of this run commits, because each one checks it in its transaction; so nothing is half undone when
 * pages and journals go. Repeatable.
 */
export async function expireRun(database: Database, ref: RunRef): Promise<void> {
  const marked = {
    $set: { undoExpired: true, updatedAt: database.now().toISOString() },
    $inc: { revision: 1 },
  };
  await database
    .collection('runs')
    .updateOne({ _id: idOf(ref.workspaceId, ref.runId), undoExpired: false }, asUpdate(marked));
  await removeRange(database, 'plans', planPrefix(ref));
  for (const object of OBJECTS) {
    const count = await pageCount(database, ref, object);
    for (let from = 0; from < count; from += PAGES_AT_ONCE) {
      const seqs = Array.from(
        { length: Math.min(PAGES_AT_ONCE, count - from) },
        (_none, index) => from + index,
      );
      await removeJournals(database, ref, object, seqs);
      const keys = seqs.map((seq) => pageKey(ref, object, seq));
      await database.collection('pages').deleteMany({ _id: { $in: keys } });
    }
  }
}
