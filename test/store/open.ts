import { randomUUID } from 'node:crypto';
import type { MongoClient } from 'mongodb';
import { COLLECTIONS, GRIDFS_COLLECTIONS } from '../../activities/store/mongo/collections.js';
import { connectMongo } from '../../activities/store/mongo/connect.js';
import { createMongoStore, type MongoStoreOptions } from '../../activities/store/mongo/create-store.js';
import type { Store } from '../../activities/store/store.js';

export interface OpenedStore {
  store: Store;
  client: MongoClient;
  database: string;
  /** Another process's view of the same database. */
  another(options?: Partial<MongoStoreOptions>): Store;
  /** Empties everything but the schema: much faster than a new database. */
  clear(): Promise<void>;
  drop(): Promise<void>;
}

export function testUri(): string {
  const uri = process.env['TEST_MONGODB_URI'];
  if (uri === undefined) throw new Error('TEST_MONGODB_URI names no store: run through `npm test`.');
  return uri;
}

/** A prepared store in a database of its own, on whatever server the tests were given. */
export async function openStore(options: Partial<MongoStoreOptions> = {}): Promise<OpenedStore> {
  const client = connectMongo(testUri());
  const database = `store-${randomUUID().slice(0, 8)}`;
  const another = (more: Partial<MongoStoreOptions> = {}): Store =>
    createMongoStore({ client, database, ...options, ...more });
  const store = another();
  await store.prepare();
  return {
    store,
    client,
    database,
    another,
    clear: async () => {
      const names = [...COLLECTIONS, ...GRIDFS_COLLECTIONS].filter((name) => name !== 'meta');
      await Promise.all(names.map((name) => client.db(database).collection(name).deleteMany({})));
    },
    drop: async () => {
      await client.db(database).dropDatabase();
      await client.close();
    },
  };
}
