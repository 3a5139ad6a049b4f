import type { CollectionName, Database } from './collections.js';
import { range } from './ids.js';

const AT_ONCE = 1_000;

/** Deletes everything whose key begins with the prefix, in steps that a server answers soon. Repeatable. */
export async function removeRange(database: Database, name: CollectionName, prefix: string): Promise<void> {
  const collection = database.db.collection<{ _id: string }>(name);
  const found = collection
    .find({ _id: range(prefix) })
    .project<{ _id: string }>({ _id: 1 })
    .batchSize(AT_ONCE);
  let keys: string[] = [];
  for await (const { _id } of found) {
    keys.push(_id);
    if (keys.length < AT_ONCE) continue;
    await collection.deleteMany({ _id: { $in: keys } });
    keys = [];
  }
  if (keys.length > 0) await collection.deleteMany({ _id: { $in: keys } });
}
