import type { Document } from 'mongodb';
import type { CollectionName } from './collections.js';
import { Conflict } from './errors.js';
import type { Tx } from './transaction.js';

/**
 * A guard reads in the transaction what it relies on, and the write that follows names the document by its key alone. That is as
 * safe as a condition in the write's filter: the transaction reads one snapshot, and writing a document that changed since then
 * is a write conflict, upon which everything runs again and reads the change. Filters of keys alone are answered from the index
 * by every server.
 */
export async function readGuard<S extends { _id: string }>(
  tx: Tx,
  collection: CollectionName,
  key: string,
  projection?: Document,
): Promise<S | null> {
  const options = { session: tx.session, ...(projection && { projection }) };
  return tx.database.db.collection<{ _id: string }>(collection).findOne<S>({ _id: key }, options);
}

/** Throws `Conflict` unless each record is there in the version it was read with. */
export async function expectVersions(tx: Tx, expected: ReadonlyMap<string, number>): Promise<void> {
  if (expected.size === 0) return;
  const found = await tx.database
    .collection('records')
    .find(
      { _id: { $in: [...expected.keys()] } },
      { session: tx.session, projection: { version: 1 }, batchSize: expected.size + 1 },
    )
    .toArray();
  const same = found.filter((record) => expected.get(record._id) === record.version);
  if (same.length !== expected.size)
    throw new Conflict(`${expected.size - same.length} records changed meanwhile`);
}
