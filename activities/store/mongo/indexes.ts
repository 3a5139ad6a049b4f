import type { IndexOptions, IndexSpecification } from 'mongodb';
import { GRIDFS_COLLECTIONS, type CollectionName } from './collections.js';

interface Index {
  key: IndexSpecification;
  options?: IndexOptions;
}

const DAY = 86_400;

/**
 * Every index besides `_id`. None is unique: what must be unique is a key. Each one that an import writes to costs it speed, so
 * records and links have as few as their look-ups allow.
 */
export const INDEXES: Readonly<Partial<Record<CollectionName, readonly Index[]>>> = {
  keys: [{ key: { hash: 1 } }],
  apps: [{ key: { schedulePending: 1 } }],
  // Log-ins by the hash of their state; and by their age: the sweeper's, and they vanish after a day.
  logins: [{ key: { stateHash: 1 } }, { key: { at: 1 }, options: { expireAfterSeconds: DAY } }],
  runs: [
    { key: { appId: 1, status: 1 } },
    // Runs of an app before a given one.
    { key: { appId: 1, _id: 1 } },
    { key: { status: 1 } },
    // Runs whose pages are still there, by their end: retention.
    { key: { undoExpired: 1, endedAt: 1 } },
  ],
  idempotency: [{ key: { at: 1 }, options: { expireAfterSeconds: DAY } }],
  answers: [{ key: { at: 1 }, options: { expireAfterSeconds: 3_600 } }],
  uploads: [{ key: { at: 1 } }],
  members: [{ key: { workspaceId: 1 } }],
  records: [
    { key: { key: 1 } },
    { key: { search: 1 } },
    { key: { terms: 1 } },
    // Lists of one object, walked downwards (an index with a descending part answers ranges wrongly on the trial server).
    { key: { object: 1, _id: 1 } },
  ],
  // Links of records; and, walked downwards, the records of one app.
  links: [{ key: { record: 1, appId: 1 } }],
  pending: [{ key: { record: 1 } }, { key: { run: 1, object: 1 } }],
  // Problems of a run's object; and its failures, by what makes them the same in another run.
  problems: [{ key: { place: 1, _id: 1 } }, { key: { sameAs: 1 } }],
  decisions: [{ key: { place: 1 } }],
  reviews: [{ key: { runId: 1 } }],
  holds: [{ key: { endedAt: 1 } }],
};

/** GridFS makes these itself at the first upload; made here so that no upload waits for it. */
export const GRIDFS_INDEXES: readonly { collection: (typeof GRIDFS_COLLECTIONS)[number]; index: Index }[] = [
  { collection: GRIDFS_COLLECTIONS[0], index: { key: { filename: 1, uploadDate: 1 } } },
  { collection: GRIDFS_COLLECTIONS[1], index: { key: { files_id: 1, n: 1 }, options: { unique: true } } },
];
