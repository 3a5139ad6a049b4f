import type { Reviews } from '../store.js';
import type { ReviewDoc } from '../run-documents.js';
import type { Database } from './collections.js';
import { idOf } from './ids.js';
import { unpackDoc } from './pack.js';
import { insertOnce } from './packed.js';

export function createReviews(database: Database): Reviews {
  return {
    insert: (review) => {
      const { workspaceId, runId, object, decision, at } = review;
      return insertOnce(database, 'reviews', idOf(workspaceId, runId, at, object, decision), review);
    },
    /** In the order in which they were made. */
    async list(ref) {
      const found = await database.collection('reviews').find({ runId: ref.runId }).toArray();
      return found.sort((a, b) => (a._id < b._id ? -1 : 1)).map((doc) => unpackDoc(doc) as ReviewDoc);
    },
  };
}
