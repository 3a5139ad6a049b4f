import { BSON, type AnyBulkWriteOperation, type Db } from 'mongodb';
import { COLLECTIONS, GRIDFS_COLLECTIONS, openDatabase } from '../activities/store/mongo/collections.js';
import { MIGRATIONS, prepareStore } from '../activities/store/mongo/migrations.js';
import { SetupError } from './errors.js';

export interface CopiedCollection {
  name: string;
  documents: number;
}

export interface CopyArgs {
  source: Db;
  target: Db;
  /** Replaces what the target holds. */
  force: boolean;
  say: (line: string) => void;
}

/** Keys are texts, but for the chunks of GridFS; to the copy they are only something to hand on. */
interface Keyed {
  _id: string;
  [field: string]: unknown;
}

/** In the target while a copy is not whole: which collections are, so that a repeated copy goes on after them. */
const PROGRESS = 'storeCopy';
const META = 'meta';
const SCHEMA = { _id: 'schema' };
const MOST_DOCUMENTS = 500;
const MOST_BYTES = 8_000_000;
/** Values keep the very types that they have: a double stays one, even if it is whole. */
const EXACT = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const;

/**
 * Copies every collection, GridFS included, document by document over what an earlier, broken-off copy left, and compares the
 * counts of both sides at the end. The source is only read.
 *
 * @throws SetupError when the target holds something else, the source is of a newer version, or counts differ
 */
export async function copyStore(args: CopyArgs): Promise<CopiedCollection[]> {
  const { source, target, say } = args;
  await refuseNewer(source);
  await makeRoom(args);
  await target
    .collection<Keyed>(PROGRESS)
    .updateOne({ _id: 'begun' }, { $set: { at: new Date() } }, { upsert: true });
  const database = { client: target.client, database: target.databaseName, now: () => new Date() };
  await prepareStore(openDatabase({ ...database, newId: () => 'store-copy' }));
  const copied: CopiedCollection[] = [];
  for (const name of await collectionsOf(source)) {
    const documents = await copyCollection(source, target, name);
    say(`  ${name}: ${documents.toLocaleString('en')}`);
    copied.push({ name, documents });
  }
  await copySchema(source, target);
  await target.collection(PROGRESS).drop();
  return copied;
}

async function refuseNewer(source: Db): Promise<void> {
  const version = Number((await source.collection<Keyed>(META).findOne(SCHEMA))?.['version'] ?? 0);
  if (version === 0) {
    throw new SetupError(
      `There is no store of Sluice in ${source.databaseName} to copy. Nothing was written.`,
    );
  }
  if (version > MIGRATIONS.length) {
    throw new SetupError(
      'The store to copy was written by a newer version: copy with that one. Nothing was written.',
    );
  }
}

/** A target that is not empty is somebody's, unless it is our own unfinished copy. */
async function makeRoom({ target, force }: CopyArgs): Promise<void> {
  if (!force && (await target.collection<Keyed>(PROGRESS).findOne({ _id: 'begun' }))) return;
  const ours: string[] = [...COLLECTIONS, ...GRIDFS_COLLECTIONS, PROGRESS];
  for (const { name } of await target.listCollections({}, { nameOnly: true }).toArray()) {
    if (name.startsWith('system.')) continue;
    if (force && ours.includes(name)) await target.collection(name).drop();
    else if (!force && name !== META && (await target.collection(name).findOne({}))) {
      throw new SetupError(
        `The target holds documents already (${name}). Nothing was written. Name an empty database, or repeat with ` +
          '--force to remove what Sluice has there.',
      );
    }
  }
}

async function collectionsOf(source: Db): Promise<string[]> {
  const found = await source.listCollections({}, { nameOnly: true }).toArray();
  const names = found.map(({ name }) => name).filter((name) => !name.startsWith('system.'));
  return names.filter((name) => name !== META && name !== PROGRESS).sort();
}

async function copyCollection(source: Db, target: Db, name: string): Promise<number> {
  const progress = target.collection<Keyed>(PROGRESS);
  const from = source.collection<Keyed>(name);
  const to = target.collection<Keyed>(name);
  const done = await progress.findOne({ _id: name });
  if (!done) {
    for await (const batch of batchesOf(from.find({}, EXACT))) await to.bulkWrite(batch, { ordered: false });
  }
  const [there, here] = await Promise.all([from.countDocuments(), to.countDocuments()]);
  if (there !== here) {
    await progress.deleteOne({ _id: name });
    throw new SetupError(
      `${name} has ${there} documents and its copy ${here}: something wrote meanwhile. Stop worker and API, then repeat.`,
    );
  }
  await progress.updateOne({ _id: name }, { $set: { documents: here } }, { upsert: true });
  return here;
}

/** By number and by size: a page of raw source is large, a link is small. */
async function* batchesOf(documents: AsyncIterable<Keyed>): AsyncIterable<AnyBulkWriteOperation<Keyed>[]> {
  let batch: AnyBulkWriteOperation<Keyed>[] = [];
  let bytes = 0;
  for await (const replacement of documents) {
    const size = BSON.calculateObjectSize(replacement);
    if (batch.length > 0 && (batch.length >= MOST_DOCUMENTS || bytes + size > MOST_BYTES)) {
      yield batch;
      batch = [];
      bytes = 0;
    }
    batch.push({ replaceOne: { filter: { _id: replacement._id }, replacement, upsert: true } });
    bytes += size;
  }
  if (batch.length > 0) yield batch;
}

/** Last: what was copied has the source's schema, and the next start migrates it if it is an older one. */
async function copySchema(source: Db, target: Db): Promise<void> {
  const schema = await source.collection<Keyed>(META).findOne(SCHEMA);
  const version = Number(schema?.['version'] ?? 0);
  await target.collection<Keyed>(META).updateOne(SCHEMA, { $set: { version, holder: null } });
}
