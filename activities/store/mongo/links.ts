import type { Links } from '../kept.js';
import type { Database } from './collections.js';
import { idOf } from './ids.js';
import { decodeLink, linkPrefix } from './link-codec.js';
import { recordKey } from './record-codec.js';

export function createLinks(database: Database): Links {
  const links = database.collection('links');
  const count: Links['count'] = async (workspaceId, origin, object) => {
    const total = await database.collection('origins').findOne({ _id: idOf(workspaceId, origin, object) });
    return total?.links ?? 0;
  };
  return {
    async byExternalIds(workspaceId, origin, object, externalIds) {
      if (externalIds.length === 0) return [];
      const prefix = linkPrefix(workspaceId, origin, object);
      const keys = [...new Set(externalIds)].map((externalId) => prefix + externalId);
      return (await links.find({ _id: { $in: keys } }).toArray()).map(decodeLink);
    },
    async byRecords(workspaceId, recordIds) {
      if (recordIds.length === 0) return [];
      const records = [...new Set(recordIds)].map((recordId) => recordKey(workspaceId, recordId));
      return (await links.find({ record: { $in: records } }).toArray()).map(decodeLink);
    },
    any: async (workspaceId, origin, object) => (await count(workspaceId, origin, object)) > 0,
    count,
  };
}
