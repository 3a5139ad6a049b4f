import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ActivityDeps } from '../deps.js';
import type { Session } from '../providers/provider.js';
import { lookedUpBy } from '../records/keys.js';
import { lookupsOf } from '../records/lookups.js';
import { compileMapping } from '../records/mapping.js';
import type { Mapped, MappedRecord } from '../records/types.js';
import type { AppDoc } from '../store/documents.js';
import { loadWorld } from '../transfer/load-world.js';
import type { Look } from './found.js';
import { forObject } from './rules.js';

const RECORDS_LOOKED_AT = 500;
const VALUES_SHOWN = 20;

export interface ObjectSample {
  records: number;
  likelyDuplicates: number;
  owners: { value: string; count: number }[];
  statuses: { value: string; count: number }[];
}

/** The first page of an object, mapped and held against the store; nothing is written. */
export async function sampleObject(
  deps: ActivityDeps,
  app: AppDoc,
  object: ObjectName,
  session: Pick<Session, 'read'>,
  look: Look,
  signal: AbortSignal,
): Promise<ObjectSample> {
  const map = compileMapping(object, forObject(look.rules, look.locales, object));
  let mapped: Mapped[] = [];
  for await (const page of session.read(object, undefined, signal)) {
    mapped = page.records.slice(0, RECORDS_LOOKED_AT).map(map);
    if (mapped.length > 0) break;
  }
  const records = mapped.flatMap((entry) => (entry.ok ? [entry.record] : []));
  const { matching } = look.rules.policies;
  const at = { workspaceId: app.workspaceId, origin: look.origin, object };
  const world = await loadWorld(deps.store, at, lookupsOf(mapped, object, matching));
  const taken = new Set([...world.records.values()].flatMap((record) => record.keys));
  const isDuplicate = (record: MappedRecord): boolean =>
    !world.links.has(record.externalId) && lookedUpBy(record.keys, matching).some((key) => taken.has(key));
  return {
    records: mapped.length,
    likelyDuplicates: records.filter(isDuplicate).length,
    owners: tally(records.map((record) => record.unmapped.owner)),
    statuses: tally(records.map((record) => record.unmapped.status)),
  };
}

function tally(values: (string | undefined)[]): { value: string; count: number }[] {
  const counts = new Map<string, number>();
  for (const value of values) if (value !== undefined) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts]
    .map(([value, count]) => ({ value, count }))
    .sort((a, b) => b.count - a.count)
    .slice(0, VALUES_SHOWN);
}
