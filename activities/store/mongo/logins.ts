import type { CredentialsDoc, LoginDoc } from '../documents.js';
import type { Logins } from '../logins.js';
import type { Database, PackedStored } from './collections.js';
import { Conflict, isDuplicateKey } from './errors.js';
import { idOf, prefixOf } from './ids.js';
import { packDoc, unpackDoc } from './pack.js';
import { asUpdate, settings } from './packed.js';
import { removeRange } from './remove-range.js';
import { transact, type Tx } from './transaction.js';

type Key = Pick<LoginDoc, 'workspaceId' | 'appId' | 'loginId'>;

/** `at`, when it was begun, is a date beside the document: by it old ones vanish, and the sweeper looks. */
export function createLogins(database: Database): Logins {
  const logins = database.collection('logins');
  return {
    async insert(login) {
      try {
        await logins.insertOne({ ...packDoc(keyOf(login), login), at: new Date(login.startedAt) });
      } catch (error) {
        if (!isDuplicateKey(error)) throw error;
      }
    },
    async byState(stateHash) {
      const found = await logins.findOne({ stateHash });
      return found && toLogin(found);
    },
    async get(workspaceId, appId, loginId) {
      const found = await logins.findOne({ _id: keyOf({ workspaceId, appId, loginId }) });
      return found && toLogin(found);
    },
    async step(login, change) {
      const found = await logins.findOneAndUpdate(
        { _id: keyOf(login), status: login.status },
        asUpdate({ $set: settings(change) }),
        { returnDocument: 'after' },
      );
      return found && toLogin(found);
    },
    async confirm(args) {
      try {
        await transact(database, (tx) => confirm(tx, args));
        return true;
      } catch (error) {
        if (error instanceof Conflict) return false;
        throw error;
      }
    },
    /** By age alone, which the index answers; those at their end have nothing sealed any more. */
    async stale(before, limit) {
      const found = await logins
        .find({ at: { $lt: new Date(before) } })
        .sort({ at: -1 })
        .limit(limit)
        .toArray();
      return found.map(toLogin).filter(({ status }) => status !== 'confirmed' && status !== 'failed');
    },
    removeAll: (workspaceId, appId) => removeRange(database, 'logins', prefixOf(workspaceId, appId)),
  };
}

/** Guards are read by key within the transaction, and writes name keys alone. */
async function confirm(tx: Tx, args: Parameters<Logins['confirm']>[0]): Promise<void> {
  const { session, database } = tx;
  const { app, login, sealed, over } = args;
  const appKey = idOf(app.workspaceId, app.appId);
  const [logins, apps, credentials] = [
    database.collection('logins'),
    database.collection('apps'),
    database.collection('credentials'),
  ];
  const waiting = await logins.findOne({ _id: keyOf(login) }, { session });
  const current = await apps.findOne({ _id: appKey }, { session });
  const read = await credentials.findOne({ _id: appKey }, { session });
  const asRead = isSame(read && (unpackDoc(read) as CredentialsDoc), over);
  if (waiting?.['status'] !== 'pending' || current?.['revision'] !== app.revision || !asRead) {
    throw new Conflict('somebody else was faster');
  }
  const ended = { status: 'confirmed', sealed: null };
  await logins.updateOne({ _id: keyOf(login) }, asUpdate({ $set: settings(ended) }), { session });
  await credentials.updateOne(
    { _id: appKey },
    asUpdate({
      $set: settings({ workspaceId: app.workspaceId, appId: app.appId, sealed }),
      $inc: { version: 1 },
    }),
    { session, upsert: true },
  );
  await apps.replaceOne({ _id: appKey }, packDoc(appKey, { ...app, revision: app.revision + 1 }), {
    session,
  });
}

/** By the seal's random bytes too: what was removed and entered anew begins at version 1 again. */
function isSame(read: CredentialsDoc | null, over: CredentialsDoc | null): boolean {
  return read?.version === over?.version && read?.sealed.iv === over?.sealed.iv;
}

function keyOf({ workspaceId, appId, loginId }: Key): string {
  return idOf(workspaceId, appId, loginId);
}

function toLogin(stored: PackedStored): LoginDoc {
  const { at: _at, ...login } = stored;
  return unpackDoc(login) as LoginDoc;
}
