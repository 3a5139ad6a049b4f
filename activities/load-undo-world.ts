import type { ObjectName } from '../workflows/contract/objects.js';
import type { UndoLookups } from './records/lookups.js';
import type { UndoWorld } from './records/undo-types.js';
import type { Store } from './store/store.js';
import { byRecord } from './transfer/load-world.js';

/**
 * The store as it is now, for what one page's journal names: one query per collection. Of records that are as the page made them
 * only the version is read, which is what taking them back is guarded by.
 */
export async function loadUndoWorld(
  store: Store,
  workspaceId: string,
  origin: string,
  lookups: UndoLookups,
): Promise<UndoWorld> {
  const externalIds = new Map<ObjectName, string[]>();
  for (const { object, externalId } of lookups.links) {
    const ids = externalIds.get(object);
    if (ids) ids.push(externalId);
    else externalIds.set(object, [externalId]);
  }
  const [records, versions, referrers, recordLinks, ...links] = await Promise.all([
    store.records.byIds(workspaceId, lookups.recordIds),
    store.records.versions(workspaceId, [...lookups.asMade.keys()]),
    store.records.referrers(workspaceId, lookups.createdIds),
    store.links.ties(workspaceId, lookups.createdIds),
    ...[...externalIds].map(([object, ids]) => store.links.byExternalIds(workspaceId, origin, object, ids)),
  ]);
  const untouched = new Map([...versions].filter(([id, version]) => version === lookups.asMade.get(id)));
  const changed = [...versions.keys()].filter((id) => !untouched.has(id));
  const others = await store.records.byIds(workspaceId, changed);
  return {
    records: new Map([...records, ...others].map((record) => [record.recordId, record])),
    untouched,
    links: new Map(links.flat().map((link) => [`${link.object}/${link.externalId}`, link])),
    referrers,
    recordLinks: byRecord(recordLinks),
  };
}
