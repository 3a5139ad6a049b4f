import type { FileChunk } from '../../providers/provider.js';
import type { Files } from '../store.js';
import type { FileDoc } from '../documents.js';
import type { Database } from './collections.js';
import { readBytes, removeBytes, uploadBytes, uploadIsKept } from './file-bytes.js';
import { idOf, padded, prefixOf, range, tailOf } from './ids.js';
import { fromBlob, toBlob } from './json.js';
import { listDown } from './lists.js';
import { unpackDoc } from './pack.js';
import { getPacked, insertOnce, patchPacked, settings } from './packed.js';
import { removeRange } from './remove-range.js';

const CHUNKS_AT_ONCE = 4;
const CLEARED_AT_ONCE = 100;

function chunkKeys(prefix: string, from: number, count: number): string[] {
  return Array.from({ length: count }, (_none, index) => prefix + padded(from + index));
}

export function createFiles(database: Database): Files {
  const files = database.collection('files');
  const chunks = database.collection('fileChunks');
  const decode = (doc: { _id: string }): FileDoc => unpackDoc(doc) as FileDoc;
  return {
    upload: (workspaceId, appId, fileId, bytes) =>
      uploadBytes(database, idOf(workspaceId, appId, fileId), bytes),
    async insert(file) {
      const key = idOf(file.workspaceId, file.appId, file.fileId);
      await insertOnce(database, 'files', key, file);
      await uploadIsKept(database, key);
    },
    get: (workspaceId, appId, fileId) =>
      getPacked<FileDoc>(database, 'files', idOf(workspaceId, appId, fileId)),
    list: (workspaceId, appId, query) =>
      listDown(files, { prefix: prefixOf(workspaceId, appId), query, decode }),
    async newest(workspaceId, appId, object) {
      const filter = { _id: range(prefixOf(workspaceId, appId)), object };
      const found = await files.findOne(filter, { sort: { _id: -1 } });
      return found && decode(found);
    },
    async update(workspaceId, appId, fileId, patch) {
      await patchPacked(database, 'files', idOf(workspaceId, appId, fileId), { set: settings(patch) });
    },
    bytes: (workspaceId, appId, fileId, range) =>
      readBytes(database, idOf(workspaceId, appId, fileId), range),
    /** Chunks are numbered without gaps, so they are asked for by key. */
    async clearChunks(workspaceId, appId, fileId) {
      for (let from = 0; ; from += CLEARED_AT_ONCE) {
        const keys = chunkKeys(prefixOf(workspaceId, appId, fileId), from, CLEARED_AT_ONCE);
        if ((await chunks.deleteMany({ _id: { $in: keys } })).deletedCount === 0) return;
      }
    },
    async putChunk(workspaceId, appId, fileId, chunk) {
      const _id = idOf(workspaceId, appId, fileId, padded(chunk.seq));
      const data = await toBlob(chunk.rows);
      await chunks.replaceOne({ _id }, { at: database.now(), data }, { upsert: true });
    },
    async *chunks(workspaceId, appId, fileId, fromChunk, signal): AsyncIterable<FileChunk> {
      for (let from = fromChunk; ; from += CHUNKS_AT_ONCE) {
        signal.throwIfAborted();
        const keys = chunkKeys(prefixOf(workspaceId, appId, fileId), from, CHUNKS_AT_ONCE);
        const found = await chunks.find({ _id: { $in: keys } }).toArray();
        found.sort((a, b) => (a._id < b._id ? -1 : 1));
        for (const chunk of found) {
          yield { seq: Number(tailOf(chunk._id)), rows: (await fromBlob(chunk.data)) as FileChunk['rows'] };
          signal.throwIfAborted();
        }
        if (found.length < CHUNKS_AT_ONCE) return;
      }
    },
    async removeAll(workspaceId, appId) {
      const prefix = prefixOf(workspaceId, appId);
      for await (const file of files.find({ _id: range(prefix) }, { projection: { _id: 1 } })) {
        await removeBytes(database, file._id);
      }
      await removeRange(database, 'fileChunks', prefix);
      await removeRange(database, 'files', prefix);
    },
  };
}
