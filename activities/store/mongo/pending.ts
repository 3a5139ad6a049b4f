import type { Pendings } from '../moving.js';
import type { Database } from './collections.js';
import { idOf, range } from './ids.js';
import { decodePending, pendingPrefix } from './page-writes.js';

export function createPendings(database: Database): Pendings {
  const pending = database.collection('pending');
  return {
    async waiting(workspaceId, origin, targetObject, after, limit) {
      const within = range(pendingPrefix(workspaceId, origin, targetObject));
      const from = after === null ? { $gte: within.$gte } : { $gt: within.$gte + after };
      const found = await pending
        .find({ _id: { ...from, $lt: within.$lt } })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      const last = found.length === limit ? found.at(-1) : undefined;
      return {
        items: found.map(decodePending),
        position: last ? last._id.slice(within.$gte.length) : null,
      };
    },
    countOf: (ref, object) => pending.countDocuments({ run: idOf(ref.workspaceId, ref.runId), object }),
    async someOf(ref, object, limit) {
      const left = { run: idOf(ref.workspaceId, ref.runId), object };
      return (await pending.find(left).limit(limit).toArray()).map(decodePending);
    },
  };
}
