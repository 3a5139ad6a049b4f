import type { Links } from '../kept.js';
import type { Database, OriginStored } from './collections.js';
import { idOf, range } from './ids.js';
import { decodeLink, decodeStanding, decodeTie, linkPrefix, STANDING, TIE } from './link-codec.js';
import type { StandingStored, TieStored } from './link-codec.js';
import { recordKey } from './record-codec.js';

/** So many answers fit one message whatever they hold, and a page's come at once. */
const LARGE = 1_000;
const WALKED = 5_000;

export function createLinks(database: Database): Links {
  const links = database.collection('links');
  const totals = (workspaceId: string, origin: string, object: string): Promise<OriginStored | null> =>
    database.collection('origins').findOne({ _id: idOf(workspaceId, origin, object) });
  return {
    async byExternalIds(workspaceId, origin, object, externalIds) {
      if (externalIds.length === 0) return [];
      const prefix = linkPrefix(workspaceId, origin, object);
      const keys = [...new Set(externalIds)].map((externalId) => prefix + externalId);
      return (await links.find({ _id: { $in: keys } }).toArray()).map(decodeLink);
    },
    async standing(workspaceId, origin, object, externalIds) {
      if (externalIds.length === 0) return [];
      const prefix = linkPrefix(workspaceId, origin, object);
      const keys = externalIds.map((externalId) => prefix + externalId);
      const found = links.find<StandingStored>(
        { _id: { $in: keys } },
        { projection: STANDING, batchSize: LARGE },
      );
      return (await found.toArray()).map((doc) => decodeStanding(doc, prefix));
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
    any: async (workspaceId, origin, object) => ((await totals(workspaceId, origin, object))?.links ?? 0) > 0,
    async count(workspaceId, origin, object) {
      const { links: all = 0, gone = 0 } = (await totals(workspaceId, origin, object)) ?? {};
      return all - gone;
    },
    async *live({ workspaceId, origin, object, appId }, signal) {
      const prefix = linkPrefix(workspaceId, origin, object);
      const found = links
        .find({ _id: range(prefix) }, { projection: { goneAt: 1, appId: 1 } })
        .batchSize(WALKED);
      let ids: string[] = [];
      for await (const { _id, goneAt, appId: by } of found) {
        if (goneAt === undefined && by === appId) ids.push(_id.slice(prefix.length));
        if (ids.length < WALKED) continue;
        signal.throwIfAborted();
        yield ids;
        ids = [];
      }
      if (ids.length > 0) yield ids;
    },
  };
}
