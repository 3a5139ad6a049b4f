import type { MappingDoc } from '../documents.js';
import type { Mappings } from '../store.js';
import type { Database } from './collections.js';
import { idOf, prefixOf } from './ids.js';
import { listDown } from './lists.js';
import { unpackDoc } from './pack.js';
import { insertOnce } from './packed.js';

/** Versions as texts that sort like numbers. */
const DIGITS = 9;

export function createMappings(database: Database): Mappings {
  return {
    keep: ({ workspaceId, appId, mappingVersion: version, mapping, mappingSet }) => {
      const kept: MappingDoc = {
        ...{ workspaceId, appId, version, mapping },
        ...{ at: mappingSet?.at ?? null, by: mappingSet?.by ?? null },
      };
      const key = idOf(workspaceId, appId, String(version).padStart(DIGITS, '0'));
      return insertOnce(database, 'mappings', key, kept);
    },
    list: (workspaceId, appId, query) =>
      listDown(database.collection('mappings'), {
        prefix: prefixOf(workspaceId, appId),
        query,
        decode: (doc) => unpackDoc(doc) as MappingDoc,
      }),
  };
}
