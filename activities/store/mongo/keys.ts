import type { Keys } from '../store.js';
import type { KeyDoc } from '../documents.js';
import type { Database } from './collections.js';
import { idOf, prefixOf } from './ids.js';
import { listDown } from './lists.js';
import { unpackDoc } from './pack.js';
import { getPacked, insertOnce, patchPacked, settings } from './packed.js';

export function createKeys(database: Database): Keys {
  const keys = database.collection('keys');
  return {
    async byHash(hash) {
      const found = await keys.findOne({ hash });
      return found && (unpackDoc(found) as KeyDoc);
    },
    get: (workspaceId, keyId) => getPacked<KeyDoc>(database, 'keys', idOf(workspaceId, keyId)),
    list: (workspaceId, query) =>
      listDown(keys, { prefix: prefixOf(workspaceId), query, decode: (doc) => unpackDoc(doc) as KeyDoc }),
    insert: (key) => insertOnce(database, 'keys', idOf(key.workspaceId, key.keyId), key),
    update: (workspaceId, keyId, patch) =>
      patchPacked<KeyDoc>(database, 'keys', idOf(workspaceId, keyId), { set: settings(patch) }),
  };
}
