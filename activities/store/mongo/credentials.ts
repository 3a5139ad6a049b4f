import type { Credentials } from '../store.js';
import type { CredentialsDoc } from '../documents.js';
import type { Database } from './collections.js';
import { idOf } from './ids.js';
import { asUpdate, getPacked, settings } from './packed.js';

export function createCredentials(database: Database): Credentials {
  const credentials = database.collection('credentials');
  return {
    get: (workspaceId, appId) => getPacked<CredentialsDoc>(database, 'credentials', idOf(workspaceId, appId)),
    async put(doc) {
      const key = idOf(doc.workspaceId, doc.appId);
      await credentials.updateOne({ _id: key }, asUpdate({ $set: settings(doc), $inc: { version: 1 } }), {
        upsert: true,
      });
    },
    async remove(workspaceId, appId) {
      await credentials.deleteOne({ _id: idOf(workspaceId, appId) });
    },
  };
}
