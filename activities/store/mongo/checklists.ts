import type { Checklists } from '../store.js';
import type { ChecklistDoc } from '../run-documents.js';
import type { Database } from './collections.js';
import { isDuplicateKey } from './errors.js';
import { idOf } from './ids.js';
import { packDoc } from './pack.js';
import { getPacked } from './packed.js';

export function createChecklists(database: Database): Checklists {
  const checklists = database.collection('checklists');
  return {
    /** A review froze what was seen: only another review may replace it, not an activity that comes late. */
    async put(checklist) {
      const key = idOf(checklist.workspaceId, checklist.runId, checklist.object);
      const guard = checklist.frozenAt === null ? { frozenAt: null } : {};
      try {
        await checklists.replaceOne({ _id: key, ...guard }, packDoc(key, checklist), { upsert: true });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    },
    get: (ref, object) =>
      getPacked<ChecklistDoc>(database, 'checklists', idOf(ref.workspaceId, ref.runId, object)),
  };
}
