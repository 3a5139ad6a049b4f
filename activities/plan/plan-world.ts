import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { Lookups, World } from '../records/page.js';
import type { LinkTie, StoredLink, StoredRecord } from '../records/types.js';
import type { PlannedSoFar, PlannedState, PlannedTarget } from '../store/planning.js';
import type { Store } from '../store/store.js';
import { loadWorld } from '../transfer/load-world.js';

/** What the store says, and over it what earlier pages of this plan would have done to it. */
export async function loadPlannedWorld(
  store: Store,
  at: { ref: RunRef; origin: string; object: ObjectName },
  lookups: Lookups,
  soFar: PlannedSoFar,
): Promise<World> {
  const { ref, object } = at;
  const { workspaceId } = ref;
  const [stored, states, targets] = await Promise.all([
    loadWorld(store, { ...at, workspaceId }, lookups),
    store.plans.states(ref, object, lookups, soFar),
    store.plans.targets(ref, lookups.targets),
  ]);
  const touched = new Set([...stored.records.keys(), ...(stored.lookalikes?.keys() ?? [])]);
  for (const { link } of states) touched.add(link.recordId);
  const more = touched.size === 0 ? [] : await store.plans.ofRecords(ref, object, [...touched], soFar);
  const all = [...new Map([...states, ...more].map((each) => [each.link.externalId, each])).values()];
  const world = overlaid(stored, all, targets);
  return completed(store, workspaceId, world, all);
}

/** A planned state is over whatever the store says of the same thing; of several, the one of the highest version. */
function overlaid(stored: World, states: readonly PlannedState[], targets: readonly PlannedTarget[]): World {
  const records = new Map(stored.records);
  const links = new Map(stored.links);
  const ties = new Map<string, readonly LinkTie[]>(stored.recordLinks);
  const planned = new Map<string, number>();
  for (const { link, record, version } of states) {
    links.set(link.externalId, link);
    ties.set(link.recordId, [...(ties.get(link.recordId) ?? []), link]);
    if (!record || version < (planned.get(record.recordId) ?? 0)) continue;
    planned.set(record.recordId, version);
    records.set(record.recordId, record);
  }
  const lookalikes = new Map(stored.lookalikes);
  for (const recordId of planned.keys()) lookalikes.delete(recordId);
  return { links, targets: overTargets(stored, targets), records, recordLinks: ties, lookalikes };
}

function overTargets(stored: World, targets: readonly PlannedTarget[]): Map<string, StoredLink> {
  const all = new Map<string, StoredLink>(stored.targets);
  for (const { object, externalId, recordId, gone } of targets) {
    all.set(`${object}/${externalId}`, plannedLink(object, externalId, recordId, gone));
  }
  return all;
}

/** As much of a link as a relation asks of its target. */
function plannedLink(object: ObjectName, externalId: string, recordId: string, gone: boolean): StoredLink {
  return {
    ...{ workspaceId: '', origin: '', object, externalId, recordId, appId: '' },
    ...{ sourceHash: '', rulesVersion: '', modifiedAt: null, applied: {}, notOurs: [] },
    ...{ runId: '', seenRunId: '', lastSeenAt: '', goneAt: gone ? 'planned' : null },
  };
}

/** A link that the plan only marks leads to a record of the store, which nothing else has asked for. */
async function completed(
  store: Store,
  workspaceId: string,
  world: World,
  states: readonly PlannedState[],
): Promise<World> {
  const missing = states.map(({ link }) => link.recordId).filter((id) => !world.records.has(id));
  if (missing.length === 0) return world;
  const found = await store.records.byIds(workspaceId, [...new Set(missing)]);
  const records = new Map<string, StoredRecord>(world.records);
  for (const record of found) records.set(record.recordId, record);
  return { ...world, records };
}
