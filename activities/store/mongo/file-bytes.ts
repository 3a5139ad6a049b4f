import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { GridFSBucket, type GridFSBucketOptions, type ObjectId } from 'mongodb';
import { FILE_BYTES, type Database } from './collections.js';

const OPTIONS = { bucketName: FILE_BYTES, chunkSizeBytes: 1024 * 1024 } satisfies GridFSBucketOptions;
/** An upload whose file never came into being is swept after this. */
const ABANDONED_MS = 86_400_000;
const SWEPT_AT_ONCE = 20;

function bucket(database: Database): GridFSBucket {
  return new GridFSBucket(database.db, OPTIONS);
}

/** GridFS takes keys of any type; its typings know only one. */
function asKey(id: string): ObjectId {
  return id as unknown as ObjectId;
}

/**
 * The mark that an upload was begun is there before its first byte, and goes when the file's document comes: so bytes that
 * nobody will ever ask for can be found.
 */
export async function uploadBytes(
  database: Database,
  id: string,
  bytes: AsyncIterable<Uint8Array>,
): Promise<void> {
  await sweepAbandoned(database);
  await database.collection('uploads').replaceOne({ _id: id }, { at: database.now() }, { upsert: true });
  await removeBytes(database, id);
  const upload = bucket(database).openUploadStreamWithId(asKey(id), id);
  try {
    await pipeline(Readable.from(bytes), upload);
  } catch (error) {
    await removeBytes(database, id);
    throw error;
  }
}

export async function uploadIsKept(database: Database, id: string): Promise<void> {
  await database.collection('uploads').deleteOne({ _id: id });
}

export async function* readBytes(
  database: Database,
  id: string,
  range?: { start: number; end: number },
): AsyncIterable<Uint8Array> {
  const download = bucket(database).openDownloadStream(asKey(id), range);
  for await (const chunk of download) yield chunk as Uint8Array;
}

/** Chunks first: they are found by the file's key even where the file's own entry was never written. */
export async function removeBytes(database: Database, id: string): Promise<void> {
  await database.db.collection(`${FILE_BYTES}.chunks`).deleteMany({ files_id: id });
  await database.db.collection<{ _id: string }>(`${FILE_BYTES}.files`).deleteOne({ _id: id });
}

export async function sweepAbandoned(database: Database): Promise<void> {
  const before = new Date(database.now().getTime() - ABANDONED_MS);
  const uploads = database.collection('uploads');
  const abandoned = await uploads
    .find({ at: { $lt: before } })
    .limit(SWEPT_AT_ONCE)
    .toArray();
  for (const { _id } of abandoned) {
    await removeBytes(database, _id);
    await uploads.deleteOne({ _id });
  }
}
