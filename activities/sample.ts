import type { ObjectName } from '../workflows/contract/objects.js';
import { chooseSample, type Chosen } from './choose-sample.js';
import type { ActivityDeps } from './deps.js';
import { understand } from './failures.js';
import { openSession, type OpenedRun } from './open-run.js';
import { forObject } from './preflight/rules.js';
import type { Session } from './providers/provider.js';
import type { Sample, SampledRecord } from './records/checklist.js';
import { compareFields, rawReader } from './records/compare.js';
import { compileMapping, type Mapper } from './records/mapping.js';
import type { Rules, StoredRecord } from './records/types.js';

/** A provider that does not answer must not keep a finished object from its review. */
const PATIENCE_MS = 45_000;

/** Records of each outcome from all over the object, fetched again from the provider now and compared with the store field by field. */
export async function takeSample(
  deps: ActivityDeps,
  opened: OpenedRun,
  object: ObjectName,
  outer: AbortSignal,
): Promise<Sample> {
  const at = deps.now().toISOString();
  const signal = AbortSignal.any([outer, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const rules = forObject(opened.pinned.rules, opened.pinned.locales, object);
    const mapping = { object, rules, map: compileMapping(object, rules) };
    const chosen = await chooseSample(deps, opened.run, object, mapping.map);
    const session = await openSession(deps, opened, { requests: 0, bytes: 0 });
    try {
      return { at, records: await compareAll(deps, opened, mapping, chosen, session, signal), failed: null };
    } finally {
      await session.close();
    }
  } catch (error) {
    if (outer.aborted) throw outer.reason;
    return { at, records: [], failed: `The sample could not be fetched: ${understand(error).message}` };
  }
}

interface Mapping {
  object: ObjectName;
  rules: Rules;
  map: Mapper;
}

async function compareAll(
  { store }: ActivityDeps,
  { run, pinned }: OpenedRun,
  { object, rules, map }: Mapping,
  chosen: readonly Chosen[],
  session: Session,
  signal: AbortSignal,
): Promise<SampledRecord[]> {
  const ids = [...new Set(chosen.map(({ externalId }) => externalId))];
  const [sources, links] = await Promise.all([
    session.get(object, ids, signal),
    store.links.byExternalIds(run.workspaceId, pinned.origin, object, ids),
  ]);
  const recordIds = [...chosen, ...links].flatMap(({ recordId }) => recordId ?? []);
  const stored = await store.records.byIds(run.workspaceId, [...new Set(recordIds)]);
  const byLink = new Map(links.map((link) => [link.externalId, link]));
  const bySource = new Map(sources.map((source) => [source.externalId, source]));
  const byRecord = new Map(stored.map((record) => [record.recordId, record]));
  const rawOf = rawReader(object, rules);
  const seen = new Set<string>();
  return chosen.flatMap(({ externalId, outcome, recordId: written }) => {
    const link = byLink.get(externalId) ?? null;
    const recordId = written ?? link?.recordId ?? null;
    if (recordId === null || seen.has(externalId)) return [];
    seen.add(externalId);
    const source = bySource.get(externalId);
    const record: StoredRecord | undefined = byRecord.get(recordId);
    const mapped = source ? map(source) : null;
    const url = session.urlOf?.(object, externalId) ?? null;
    const base = { externalId, recordId, outcome, url, gone: !source };
    if (!source || !mapped?.ok || !record) return [{ ...base, fields: [] }];
    return [{ ...base, fields: compareFields({ source: mapped.record, raw: rawOf(source), record, link }) }];
  });
}
