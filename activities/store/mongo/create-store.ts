import { randomUUID } from 'node:crypto';
import type { MongoClient } from 'mongodb';
import type { Store } from '../store.js';
import { createAnswers } from './answers.js';
import { createApps } from './apps.js';
import { createAudit } from './audit.js';
import { createBookmarks } from './bookmarks.js';
import { createChecklists } from './checklists.js';
import { openDatabase, type Database } from './collections.js';
import { createConflicts } from './conflicts.js';
import { createCredentials } from './credentials.js';
import { createDecisions } from './decisions.js';
import { createFiles } from './files.js';
import { guarded } from './guard.js';
import { createHolds } from './holds.js';
import { createIdempotency } from './idempotency.js';
import { createKeys } from './keys.js';
import { createLinks } from './links.js';
import { createLogins } from './logins.js';
import { createMappings } from './mappings.js';
import { createMembers } from './members.js';
import { prepareStore } from './migrations.js';
import { createPages } from './pages.js';
import { createPendings } from './pending.js';
import { createPlans } from './plans.js';
import { createProblems } from './problems.js';
import { createRecords } from './records.js';
import { createRepairs } from './page-repair.js';
import { createReviews } from './reviews.js';
import { createRuns } from './runs.js';
import { createSigningKeys } from './signing-key.js';
import { createTransfers } from './transfers.js';
import type { TurnTimes } from './turn-queue.js';
import { createTurns } from './turns.js';
import { createWorkspaces } from './workspaces.js';

interface BuildInfo {
  version: string;
  /** What only the trial server says of itself. */
  secantusVersion?: string;
}

export interface MongoStoreOptions {
  /** From `connectMongo`: its options carry the guarantees. Closed by `close`. */
  client: MongoClient;
  database: string;
  now?: () => Date;
  newId?: () => string;
  /** How long a lease and a place in a turn's queue last. */
  turnTimes?: TurnTimes;
}

/** The store on MongoDB 7 or newer, as a replica set or sharded cluster (transactions are needed). */
export function createMongoStore(options: MongoStoreOptions): Store {
  const { client, turnTimes } = options;
  const now = options.now ?? ((): Date => new Date());
  const database = openDatabase({
    client,
    database: options.database,
    now,
    newId: options.newId ?? randomUUID,
  });
  return {
    workspaces: guarded(createWorkspaces(database)),
    keys: guarded(createKeys(database)),
    members: guarded(createMembers(database)),
    apps: guarded(createApps(database)),
    mappings: guarded(createMappings(database)),
    credentials: guarded(createCredentials(database)),
    logins: guarded(createLogins(database)),
    files: guarded(createFiles(database)),
    runs: guarded(createRuns(database)),
    idempotency: guarded(createIdempotency(database)),
    bookmarks: guarded(createBookmarks(database)),
    transfers: guarded(createTransfers(database)),
    pages: guarded(createPages(database)),
    records: guarded(createRecords(database)),
    links: guarded(createLinks(database)),
    problems: guarded(createProblems(database)),
    pending: guarded(createPendings(database)),
    plans: guarded(createPlans(database)),
    conflicts: guarded(createConflicts(database)),
    repairs: guarded(createRepairs(database)),
    decisions: guarded(createDecisions(database)),
    turns: guarded(createTurns(database, turnTimes)),
    holds: guarded(createHolds(database)),
    checklists: guarded(createChecklists(database)),
    reviews: guarded(createReviews(database)),
    audit: guarded(createAudit(database)),
    answers: guarded(createAnswers(database)),
    signingKeys: guarded(createSigningKeys(database)),
    ...guarded({ prepare: () => prepareStore(database), ping: () => ping(database) }),
    close: () => client.close(),
  };
}

async function ping({ db }: Database): Promise<{ name: string; version: string; standIn: boolean }> {
  const build = (await db.admin().command({ buildInfo: 1 })) as BuildInfo;
  const own = build.secantusVersion;
  return own === undefined
    ? { name: 'MongoDB', version: build.version, standIn: false }
    : { name: 'SecantusDB', version: own, standIn: true };
}
