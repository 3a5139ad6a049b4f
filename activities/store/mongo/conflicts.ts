import type { UndoConflicts } from '../moving.js';
import type { StoredConflict } from '../clean-ups.js';
import type { Database } from './collections.js';
import { listDown } from './lists.js';
import { unpackDoc } from './pack.js';
import { runPrefix } from './transfer-codec.js';

export function createConflicts(database: Database): UndoConflicts {
  return {
    list: (ref, query) =>
      listDown(database.collection('conflicts'), {
        prefix: runPrefix(ref),
        query,
        decode: (doc) => unpackDoc(doc) as StoredConflict,
      }),
  };
}
