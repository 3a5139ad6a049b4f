import type { Collection, UpdateFilter } from 'mongodb';
import type { CollectionName, Database, PackedStored } from './collections.js';
import { isDuplicateKey } from './errors.js';
import { pack, packDoc, safeKey, unpackDoc } from './pack.js';

/** The common ways of collections whose documents are their domain type, packed. */

function packed(database: Database, name: CollectionName): Collection<PackedStored> {
  return database.db.collection<PackedStored>(name);
}

export async function getPacked<T>(database: Database, name: CollectionName, id: string): Promise<T | null> {
  const found = await packed(database, name).findOne({ _id: id });
  return found && (unpackDoc(found) as T);
}

/** The driver's types know no increment of a field that it has no type for. */
export function asUpdate(update: object): UpdateFilter<PackedStored> {
  return update;
}

/** False: the key is taken. */
export async function insertPacked(
  database: Database,
  name: CollectionName,
  id: string,
  doc: object,
): Promise<boolean> {
  try {
    await packed(database, name).insertOne(packDoc(id, doc));
    return true;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

/** For ids that we make ourselves: a key that is taken was written by an earlier try of the same call. */
export async function insertOnce(
  database: Database,
  name: CollectionName,
  id: string,
  doc: object,
): Promise<void> {
  await insertPacked(database, name, id, doc);
}

/** As a `$set` of top-level fields; what is `undefined` is left alone. */
export function settings(patch: object): Record<string, unknown> {
  const set: Record<string, unknown> = {};
  for (const [field, value] of Object.entries(patch)) {
    if (value !== undefined) set[safeKey(field)] = pack(value);
  }
  return set;
}

/** Changes single top-level fields; null: there is no such document, or `filter` excludes it. */
export async function patchPacked<T>(
  database: Database,
  name: CollectionName,
  id: string,
  change: {
    set: Record<string, unknown>;
    increment?: Record<string, number>;
    filter?: Record<string, unknown>;
  },
): Promise<T | null> {
  const { set, increment, filter } = change;
  if (Object.keys(set).length === 0 && !increment) return getPacked(database, name, id);
  const update = asUpdate({
    ...(Object.keys(set).length > 0 && { $set: set }),
    ...(increment && { $inc: increment }),
  });
  const found = await packed(database, name).findOneAndUpdate({ ...filter, _id: id }, update, {
    returnDocument: 'after',
  });
  return found && (unpackDoc(found) as T);
}
