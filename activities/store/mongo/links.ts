import type { Links } from '../kept.js';
import type { Database } from './collections.js';
import { idOf } from './ids.js';
import { decodeLink, decodeTie, linkPrefix, TIE, type TieStored } from './link-codec.js';
import { recordKey } from './record-codec.js';

/** So many answers fit one message whatever they hold, and a page's come at once. */
const LARGE = 1_000;

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
    async ties(workspaceId, recordIds) {
      if (recordIds.length === 0) return [];
      const keys = [...new Set(recordIds)].map((recordId) => recordKey(workspaceId, recordId));
      const found = links.find<TieStored>({ record: { $in: keys } }, { projection: TIE, batchSize: LARGE });
      return (await found.toArray()).map(decodeTie);
    },
    any: async (workspaceId, origin, object) => (await count(workspaceId, origin, object)) > 0,
    count,
  };
}
