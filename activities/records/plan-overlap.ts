import type { ObjectName } from '../../workflows/contract/objects.js';
import type { DecidedPage, Lookups, World } from './page.js';

/**
 * Whether a page that is decided writes something that another one has looked up. Where it does not, the other page's world is
 * the same before and after. A key that a record loses counts too: the record was then found by it, and is among those written.
 */
export function writesWhatIsLookedUp(
  decided: DecidedPage,
  object: ObjectName,
  lookups: Lookups,
  world: World,
): boolean {
  const links = new Set(decided.links.map(({ externalId }) => externalId));
  const keys = new Set(decided.records.flatMap(({ record }) => [...record.keys, ...record.weakKeys]));
  const records = writtenRecords(decided);
  return (
    lookups.externalIds.some((externalId) => links.has(externalId)) ||
    lookups.targets.some((target) => target.object === object && links.has(target.externalId)) ||
    lookups.keys.some((key) => keys.has(key)) ||
    lookups.weakKeys.some((key) => keys.has(key)) ||
    recordsOf(world).some((recordId) => records.has(recordId))
  );
}

function writtenRecords({ records, links, bumps }: DecidedPage): Set<string> {
  const ids = new Set(records.map(({ record }) => record.recordId));
  for (const { recordId } of [...links, ...bumps]) ids.add(recordId);
  return ids;
}

function recordsOf({ records, lookalikes, links, targets }: World): string[] {
  const tied = [...links.values(), ...targets.values()].map(({ recordId }) => recordId);
  return [...records.keys(), ...(lookalikes?.keys() ?? []), ...tied];
}
