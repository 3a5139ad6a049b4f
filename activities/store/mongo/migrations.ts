import { setTimeout as sleep } from 'node:timers/promises';
import type { Collection } from 'mongodb';
import { MongoServerError } from 'mongodb';
import { COLLECTIONS, GRIDFS_COLLECTIONS, type Database } from './collections.js';
import { isDuplicateKey } from './errors.js';
import { sweepAbandoned } from './file-bytes.js';
import { GRIDFS_INDEXES, INDEXES } from './indexes.js';
import type { Migration, Progress } from './migration.js';
import { plainEmails } from './plain-emails.js';

/** In order; the schema's version is their number. Never reorder or remove one. */
export const MIGRATIONS: readonly Migration[] = [
  { name: 'first schema', run: () => Promise.resolve() },
  plainEmails(),
];

const SCHEMA = 'schema';
/** Renewed while its holder lives: a process killed here costs the next one no more than this. */
const LOCK_MS = 10_000;
const RENEW_MS = 2_000;
const PATIENCE_MS = 120_000;
const NAMESPACE_EXISTS = 48;

interface SchemaStored {
  _id: string;
  version: number;
  holder: string | null;
  until: Date;
  /** Of the migration that is at work, or was. */
  at?: string;
}

/** Written by newer code. Not for retrying. */
export class StoreTooNew extends Error {}

/**
 * Collections, indexes, then what is missing of the migrations, under a lock. Safe to repeat and to run in several processes at
 * once: one works, the others wait. A store of a newer version is left alone.
 */
export async function prepareStore(
  database: Database,
  migrations: readonly Migration[] = MIGRATIONS,
): Promise<void> {
  refuseNewer(await versionOf(database), migrations);
  const holder = database.newId();
  await lock(database, holder);
  // A renewal that fails is no harm: every step may be repeated, also by two at once.
  const renewing = setInterval(() => void renew(database, holder).catch(() => undefined), RENEW_MS);
  try {
    const version = await versionOf(database);
    refuseNewer(version, migrations);
    await createCollections(database);
    await createIndexes(database);
    for (const [index, migration] of migrations.entries()) {
      if (index < version) continue;
      await migration.run(database, await progressOf(database));
      const done = { $set: { version: index + 1 }, $unset: { at: '' as const } };
      await schema(database).updateOne({ _id: SCHEMA, holder }, done);
    }
    await sweepAbandoned(database);
  } finally {
    clearInterval(renewing);
    await schema(database).updateOne({ _id: SCHEMA, holder }, { $set: { holder: null } });
  }
}

async function renew(database: Database, holder: string): Promise<void> {
  const until = new Date(database.now().getTime() + LOCK_MS);
  await schema(database).updateOne({ _id: SCHEMA, holder }, { $set: { until } });
}

async function progressOf(database: Database): Promise<Progress> {
  const stored = await schema(database).findOne({ _id: SCHEMA });
  return {
    at: stored?.at ?? null,
    async reached(at) {
      await schema(database).updateOne({ _id: SCHEMA }, { $set: { at } });
    },
  };
}

function schema({ db }: Database): Collection<SchemaStored> {
  return db.collection<SchemaStored>('meta');
}

async function versionOf(database: Database): Promise<number> {
  return (await schema(database).findOne({ _id: SCHEMA }))?.version ?? 0;
}

function refuseNewer(version: number, migrations: readonly Migration[]): void {
  if (version <= migrations.length) return;
  throw new StoreTooNew(
    `The record store has schema version ${version}; this version of Sluice knows versions up to ${migrations.length}. ` +
      'Nothing was changed. Start the newer Sluice again, or point this one at another database.',
  );
}

/** Waits for whoever holds it, as long as that one gets on; a holder that died is waited for until its lock runs out. */
async function lock(database: Database, holder: string): Promise<void> {
  let deadline = Date.now() + PATIENCE_MS;
  let seen = '';
  while (!(await tryLock(database, holder))) {
    const { version, at } = (await schema(database).findOne({ _id: SCHEMA })) ?? {};
    const now = `${String(version)}/${at ?? ''}`;
    if (now !== seen) deadline = Date.now() + PATIENCE_MS;
    seen = now;
    if (Date.now() > deadline) {
      throw new Error(
        'Another process has been preparing the record store for two minutes and did not get on. Look at its log.',
      );
    }
    await sleep(250);
  }
}

async function tryLock(database: Database, holder: string): Promise<boolean> {
  const now = database.now();
  const until = new Date(now.getTime() + LOCK_MS);
  try {
    const taken = await schema(database).updateOne(
      { _id: SCHEMA, $or: [{ holder: null }, { until: { $lt: now } }] },
      { $set: { holder, until }, $setOnInsert: { version: 0 } },
      { upsert: true },
    );
    return taken.matchedCount + taken.upsertedCount === 1;
  } catch (error) {
    if (isDuplicateKey(error)) return false;
    throw error;
  }
}

/** Made beforehand, because two transactions that make the same collection at once fail. */
async function createCollections({ db }: Database): Promise<void> {
  const names = new Set((await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name));
  for (const name of [...COLLECTIONS, ...GRIDFS_COLLECTIONS]) {
    if (names.has(name)) continue;
    try {
      await db.createCollection(name);
    } catch (error) {
      if (!(error instanceof MongoServerError && error.code === NAMESPACE_EXISTS)) throw error;
    }
  }
}

async function createIndexes({ db }: Database): Promise<void> {
  for (const name of COLLECTIONS) {
    for (const { key, options } of INDEXES[name] ?? [])
      await db.collection(name).createIndex(key, options ?? {}, {});
  }
  for (const { collection, index } of GRIDFS_INDEXES) {
    await db.collection(collection).createIndex(index.key, index.options ?? {}, {});
  }
}
