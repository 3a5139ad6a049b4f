import type { Collection } from 'mongodb';
import type { Credentials } from '../store.js';
import type { CredentialsDoc } from '../documents.js';
import type { Database, RefreshStored } from './collections.js';
import { isDuplicateKey } from './errors.js';
import { idOf } from './ids.js';
import { unpackDoc } from './pack.js';
import { asUpdate, getPacked, settings } from './packed.js';

export function createCredentials(database: Database): Credentials {
  const credentials = database.collection('credentials');
  const refreshing = database.collection('refreshing');
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
    /** By the seal's random bytes too: what was removed and entered anew begins at version 1 again. */
    async replace({ workspaceId, appId, version, sealed: read }, sealed) {
      const { matchedCount } = await credentials.updateOne(
        { _id: idOf(workspaceId, appId), version, 'sealed.iv': read.iv },
        asUpdate({ $set: settings({ sealed }), $inc: { version: 1 } }),
      );
      return matchedCount === 1;
    },
    async walk(after, limit) {
      const found = await credentials
        .find(after === null ? {} : { _id: { $gt: after } })
        .sort({ _id: 1 })
        .limit(limit)
        .toArray();
      const last = found.length === limit ? found.at(-1) : undefined;
      return { items: found.map((doc) => unpackDoc(doc) as CredentialsDoc), next: last?._id ?? null };
    },
    async lease(workspaceId, appId, holder, ms) {
      const _id = idOf(workspaceId, appId);
      const found = await leaseOf(refreshing, _id);
      if (found.holder !== null && found.until > found.now) return null;
      const until = new Date(found.now.getTime() + ms);
      const { matchedCount } = await refreshing.replaceOne(
        { _id, revision: found.revision },
        { revision: found.revision + 1, holder, until },
      );
      return matchedCount === 1 ? { abandoned: found.holder !== null } : null;
    },
    async release(workspaceId, appId, holder) {
      const free = { $set: { holder: null }, $inc: { revision: 1 } };
      await refreshing.updateOne({ _id: idOf(workspaceId, appId), holder }, free);
    },
  };
}

/** With the server's time, so that clocks of processes do not matter. */
async function leaseOf(
  refreshing: Collection<RefreshStored>,
  _id: string,
): Promise<RefreshStored & { now: Date }> {
  for (;;) {
    const [found] = await refreshing
      .aggregate<RefreshStored & { now: Date }>([{ $match: { _id } }, { $set: { now: '$$NOW' } }])
      .toArray();
    if (found) return found;
    try {
      await refreshing.insertOne({ _id, revision: 0, holder: null, until: new Date(0) });
    } catch (error) {
      if (!isDuplicateKey(error)) throw error;
    }
  }
}
