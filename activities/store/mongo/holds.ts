import type { Holds } from '../store.js';
import type { HoldDoc } from '../run-documents.js';
import type { Database } from './collections.js';
import { idOf } from './ids.js';
import { unpackDoc } from './pack.js';
import { insertOnce } from './packed.js';

export function createHolds(database: Database): Holds {
  const holds = database.collection('holds');
  return {
    open: (hold) => insertOnce(database, 'holds', idOf(hold.workspaceId, hold.runId), hold),
    /** The first end counts. */
    async end(workspaceId, runId, by, at) {
      await holds.updateOne(
        { _id: idOf(workspaceId, runId), endedAt: null },
        { $set: { endedAt: at, endedBy: by } },
      );
    },
    async live(workspaceId, limit) {
      const live = (await holds.find({ endedAt: null }).toArray()).map((doc) => unpackDoc(doc) as HoldDoc);
      return live.filter((hold) => workspaceId === null || hold.workspaceId === workspaceId).slice(0, limit);
    },
  };
}
