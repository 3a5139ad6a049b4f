import type { Workspaces } from '../store.js';
import type { WorkspaceDoc } from '../documents.js';
import { COLLECTIONS, FILE_BYTES, type Database } from './collections.js';
import { removeBytes } from './file-bytes.js';
import { part, prefixOf, range } from './ids.js';
import { fromCursor, isText, toCursor } from './lists.js';
import { insertPacked } from './packed.js';
import { unpackDoc } from './pack.js';
import { removeRange } from './remove-range.js';

export function createWorkspaces(database: Database): Workspaces {
  const workspaces = database.collection('workspaces');
  return {
    async get(workspaceId) {
      const found = await workspaces.findOne({ _id: part(workspaceId) });
      return found && (unpackDoc(found) as WorkspaceDoc);
    },
    async list(query) {
      const below = query.cursor === undefined ? null : fromCursor(query.cursor, isText);
      const found = await workspaces
        .find(below === null ? {} : { _id: { $lt: below } })
        .sort({ _id: -1 })
        .limit(query.limit + 1)
        .toArray();
      const shown = found.slice(0, query.limit);
      const last = shown.at(-1);
      const nextCursor = found.length > query.limit && last ? toCursor(last._id) : null;
      return { items: shown.map((doc) => unpackDoc(doc) as WorkspaceDoc), nextCursor };
    },
    insert: (workspace) => insertPacked(database, 'workspaces', part(workspace.workspaceId), workspace),
    /** Its own document goes last, so that a removal that stopped midway is found and done again. */
    async remove(workspaceId) {
      const known = await workspaces.findOne({ _id: part(workspaceId) });
      const prefix = prefixOf(workspaceId);
      const uploads = database.db
        .collection<{ _id: string }>(`${FILE_BYTES}.files`)
        .find({ _id: range(prefix) });
      for await (const upload of uploads) await removeBytes(database, upload._id);
      for await (const begun of database.collection('uploads').find({ _id: range(prefix) })) {
        await removeBytes(database, begun._id);
      }
      for (const name of COLLECTIONS) if (name !== 'meta') await removeRange(database, name, prefix);
      await workspaces.deleteOne({ _id: part(workspaceId) });
      return known !== null;
    },
  };
}
