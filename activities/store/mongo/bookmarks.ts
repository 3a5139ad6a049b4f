import { OBJECTS } from '../../../workflows/contract/objects.js';
import { isTerminal } from '../../../workflows/contract/status.js';
import type { BookmarkDoc } from '../documents.js';
import type { RunDoc } from '../run-documents.js';
import type { Bookmarks } from '../store.js';
import type { Database, PackedStored } from './collections.js';
import { updateAll } from './commands.js';
import { readGuard } from './guards.js';
import { idOf } from './ids.js';
import { packDoc, unpackDoc } from './pack.js';
import { getPacked } from './packed.js';
import { transact } from './transaction.js';

export function createBookmarks(database: Database): Bookmarks {
  const bookmarks = database.collection('bookmarks');
  return {
    get: (workspaceId, appId, object) =>
      getPacked<BookmarkDoc>(database, 'bookmarks', idOf(workspaceId, appId, object)),
    async list(workspaceId, appId) {
      const keys = OBJECTS.map((object) => idOf(workspaceId, appId, object));
      const found = await bookmarks.find({ _id: { $in: keys } }).toArray();
      const byKey = new Map(found.map((stored) => [stored._id, unpackDoc(stored) as BookmarkDoc]));
      return keys.flatMap((key) => byKey.get(key) ?? []);
    },
    /** Whoever wakes up late finds its run ended: an undo may have moved the bookmark back since. */
    set: (bookmark, whileLive) =>
      transact(database, async (tx) => {
        const { workspaceId, appId, object } = bookmark;
        if (whileLive) {
          const run = await readGuard<PackedStored & Pick<RunDoc, 'status'>>(
            tx,
            'runs',
            idOf(workspaceId, whileLive.runId),
            { status: 1 },
          );
          if (!run || isTerminal(run.status)) return false;
        }
        const key = idOf(workspaceId, appId, object);
        await updateAll(tx, 'bookmarks', [{ q: { _id: key }, u: packDoc(key, bookmark), upsert: true }]);
        return true;
      }),
    async remove(workspaceId, appId, object) {
      await bookmarks.deleteOne({ _id: idOf(workspaceId, appId, object) });
    },
  };
}
