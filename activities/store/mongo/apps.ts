import type { Apps } from '../store.js';
import type { AppDoc } from '../documents.js';
import type { Database } from './collections.js';
import { idOf, prefixOf } from './ids.js';
import { listDown } from './lists.js';
import { packDoc, unpackDoc } from './pack.js';
import { getPacked, insertOnce, patchPacked, settings } from './packed.js';

export function createApps(database: Database): Apps {
  const apps = database.collection('apps');
  return {
    get: (workspaceId, appId) => getPacked<AppDoc>(database, 'apps', idOf(workspaceId, appId)),
    list: (workspaceId, query) =>
      listDown(apps, { prefix: prefixOf(workspaceId), query, decode: (doc) => unpackDoc(doc) as AppDoc }),
    insert: (app) => insertOnce(database, 'apps', idOf(app.workspaceId, app.appId), app),
    async replace(app) {
      const key = idOf(app.workspaceId, app.appId);
      const next = { ...app, revision: app.revision + 1 };
      const found = await apps.replaceOne({ _id: key, revision: app.revision }, packDoc(key, next));
      return found.matchedCount === 1 ? next : null;
    },
    patch: (workspaceId, appId, patch) =>
      patchPacked<AppDoc>(database, 'apps', idOf(workspaceId, appId), {
        set: settings(patch),
        increment: { revision: 1 },
      }),
    async schedulesPending(limit) {
      const found = await apps.find({ schedulePending: true }).limit(limit).toArray();
      return found.map((doc) => unpackDoc(doc) as AppDoc);
    },
  };
}
