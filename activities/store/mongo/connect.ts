import { MongoClient, type MongoClientOptions } from 'mongodb';

/** How long an unreachable store is looked for before a call fails with `StoreUnavailable`. */
const SELECTION_MS = 10_000;
/** A server that took a command and says nothing for this long is taken for dead. */
const SILENCE_MS = 45_000;

/** Every acknowledged write survives the death of a server: it is in the journal of a majority. */
const OPTIONS = {
  appName: 'sluice',
  retryWrites: true,
  retryReads: true,
  readPreference: 'primary',
  writeConcern: { w: 'majority', journal: true },
  serverSelectionTimeoutMS: SELECTION_MS,
  connectTimeoutMS: SELECTION_MS,
  waitQueueTimeoutMS: SELECTION_MS,
  socketTimeoutMS: SILENCE_MS,
  ignoreUndefined: true,
  promoteLongs: true,
  promoteValues: true,
  promoteBuffers: false,
} satisfies MongoClientOptions;

/**
 * A client with the guarantees that the store relies on. Connects at the first call, so that a process can start before its store.
 * `connecting` bounds how long an unreachable store is looked for, in milliseconds.
 */
export function connectMongo(uri: string, options: { selectionMs?: number } = {}): MongoClient {
  const selectionMs = options.selectionMs ?? SELECTION_MS;
  return new MongoClient(uri, { ...OPTIONS, serverSelectionTimeoutMS: selectionMs });
}

/** The database that a connection string names in its path; `sluice` where it names none. */
export function databaseOf(uri: string): string {
  const path = /^mongodb(?:\+srv)?:\/\/[^/]+\/([^?]+)/.exec(uri)?.[1];
  return path === undefined ? 'sluice' : decodeURIComponent(path);
}
