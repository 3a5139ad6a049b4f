import type { ObjectName } from '../../workflows/contract/objects.js';
import type { Lookups, World } from '../records/page.js';
import type { StoredLink, StoredRecord } from '../records/types.js';
import type { Store } from '../store/store.js';

/** One query per collection and list: what a page must know of the store before it is decided. */
export async function loadWorld(
  store: Store,
  at: { workspaceId: string; origin: string; object: ObjectName },
  lookups: Lookups,
): Promise<World> {
  const { workspaceId, origin, object } = at;
  const [links, sameKey, sameWeakKey, targets] = await Promise.all([
    store.links.byExternalIds(workspaceId, origin, object, lookups.externalIds),
    ask(lookups.keys, (keys) => store.records.byKeys(workspaceId, object, keys)),
    ask(lookups.weakKeys, (keys) => store.records.byWeakKeys(workspaceId, object, keys)),
    loadTargets(store, workspaceId, origin, lookups.targets),
  ]);
  const records = new Map<string, StoredRecord>();
  for (const record of sameKey) records.set(record.recordId, record);
  const linked = new Set(links.map((link) => link.recordId));
  // Whom our own links lead to is ours: only of others is it asked who brought them.
  const strangers = [...records.keys()].filter((id) => !linked.has(id));
  for (const link of links) if (lookups.gone?.has(link.externalId)) strangers.push(link.recordId);
  const [behind, recordLinks] = await Promise.all([
    ask(
      [...linked].filter((id) => !records.has(id)),
      (ids) => store.records.byIds(workspaceId, ids),
    ),
    ask(strangers, (ids) => store.links.ties(workspaceId, ids)),
  ]);
  for (const record of behind) records.set(record.recordId, record);
  return {
    links: new Map(links.map((link) => [link.externalId, link])),
    targets: new Map(targets.map((link) => [`${link.object}/${link.externalId}`, link])),
    records,
    recordLinks: byRecord(recordLinks),
    lookalikes: new Map(sameWeakKey.map((each) => [each.recordId, each])),
  };
}

async function loadTargets(
  store: Store,
  workspaceId: string,
  origin: string,
  targets: Lookups['targets'],
): Promise<StoredLink[]> {
  const byObject = new Map<ObjectName, Set<string>>();
  for (const { object, externalId } of targets) {
    const ids = byObject.get(object) ?? new Set();
    byObject.set(object, ids.add(externalId));
  }
  const found = await Promise.all(
    [...byObject].map(([object, ids]) => store.links.byExternalIds(workspaceId, origin, object, [...ids])),
  );
  return found.flat();
}

/** Every link of each record, by record id. */
export function byRecord<L extends { recordId: string }>(links: readonly L[]): Map<string, L[]> {
  const grouped = new Map<string, L[]>();
  for (const link of links) {
    const group = grouped.get(link.recordId);
    if (group) group.push(link);
    else grouped.set(link.recordId, [link]);
  }
  return grouped;
}

/** No query for nothing. */
function ask<T>(list: readonly string[], query: (list: readonly string[]) => Promise<T[]>): Promise<T[]> {
  return list.length === 0 ? Promise.resolve([]) : query(list);
}
