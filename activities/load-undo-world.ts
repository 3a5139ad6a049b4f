import type { ObjectName } from '../workflows/contract/objects.js';
import { undoLookupsOf } from './records/lookups.js';
import type { JournalEntry } from './records/page.js';
import type { UndoWorld } from './records/undo-types.js';
import type { Store } from './store/store.js';
import { byRecord } from './transfer/load-world.js';

/** The store as it is now, for what one page's journal names: one query per collection. */
export async function loadUndoWorld(
  store: Store,
  workspaceId: string,
  origin: string,
  journal: readonly JournalEntry[],
): Promise<UndoWorld> {
  const lookups = undoLookupsOf(journal);
  const externalIds = new Map<ObjectName, string[]>();
  for (const { object, externalId } of lookups.links) {
    const ids = externalIds.get(object);
    if (ids) ids.push(externalId);
    else externalIds.set(object, [externalId]);
  }
  const [records, referrers, recordLinks, ...links] = await Promise.all([
    store.records.byIds(workspaceId, lookups.recordIds),
    store.records.referrers(workspaceId, lookups.createdIds),
    store.links.byRecords(workspaceId, lookups.createdIds),
    ...[...externalIds].map(([object, ids]) => store.links.byExternalIds(workspaceId, origin, object, ids)),
  ]);
  return {
    records: new Map(records.map((record) => [record.recordId, record])),
    links: new Map(links.flat().map((link) => [`${link.object}/${link.externalId}`, link])),
    referrers,
    recordLinks: byRecord(recordLinks),
  };
}
