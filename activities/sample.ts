import type { ObjectName } from '../workflows/contract/objects.js';
import type { ActivityDeps } from './deps.js';
import { understand } from './failures.js';
import { openSession, type OpenedRun } from './open-run.js';
import { forObject } from './preflight/rules.js';
import type { Session } from './providers/provider.js';
import type { Sample, SampledRecord } from './records/checklist.js';
import { compareFields, rawReader } from './records/compare.js';
import { compileMapping } from './records/mapping.js';
import type { JournalEntry } from './records/page.js';
import type { StoredRecord } from './records/types.js';

const OF_EACH_OUTCOME = 5;
/** A provider that does not answer must not keep a finished object from its review. */
const PATIENCE_MS = 45_000;

/** Some records of each outcome, fetched again from the provider now and compared with the store field by field. */
export async function takeSample(
  deps: ActivityDeps,
  opened: OpenedRun,
  object: ObjectName,
  outer: AbortSignal,
): Promise<Sample> {
  const at = deps.now().toISOString();
  const signal = AbortSignal.any([outer, AbortSignal.timeout(PATIENCE_MS)]);
  try {
    const entries = await chooseEntries(deps, opened, object);
    const session = await openSession(deps, opened, { requests: 0, bytes: 0 });
    try {
      return { at, records: await compareAll(deps, opened, object, entries, session, signal), failed: null };
    } finally {
      await session.close();
    }
  } catch (error) {
    if (outer.aborted) throw outer.reason;
    return { at, records: [], failed: `The sample could not be fetched: ${understand(error).message}` };
  }
}

async function chooseEntries(
  { store }: ActivityDeps,
  { run }: OpenedRun,
  object: ObjectName,
): Promise<JournalEntry[]> {
  const lists = await Promise.all(
    ['created', 'updated'].map((outcome) =>
      store.pages.changes(run, { object, outcome }, { limit: OF_EACH_OUTCOME }),
    ),
  );
  return lists.flatMap((list) => list.items);
}

async function compareAll(
  { store }: ActivityDeps,
  { run, pinned }: OpenedRun,
  object: ObjectName,
  entries: JournalEntry[],
  session: Session,
  signal: AbortSignal,
): Promise<SampledRecord[]> {
  const ids = [...new Set(entries.flatMap((entry) => (entry.externalId === null ? [] : [entry.externalId])))];
  const [sources, stored, links] = await Promise.all([
    session.get(object, ids, signal),
    store.records.byIds(
      run.workspaceId,
      entries.map((entry) => entry.recordId),
    ),
    store.links.byExternalIds(run.workspaceId, pinned.origin, object, ids),
  ]);
  const byLink = new Map(links.map((link) => [link.externalId, link]));
  const bySource = new Map(sources.map((source) => [source.externalId, source]));
  const byRecord = new Map(stored.map((record) => [record.recordId, record]));
  const rules = forObject(pinned.rules, pinned.locales, object);
  const map = compileMapping(object, rules);
  const rawOf = rawReader(object, rules);
  const seen = new Set<string>();
  return entries.flatMap((entry) => {
    if (entry.externalId === null || seen.has(entry.externalId)) return [];
    seen.add(entry.externalId);
    const source = bySource.get(entry.externalId);
    const record: StoredRecord | undefined = byRecord.get(entry.recordId);
    const mapped = source ? map(source) : null;
    const base = {
      externalId: entry.externalId,
      recordId: entry.recordId,
      outcome: entry.outcome,
      url: session.urlOf?.(object, entry.externalId) ?? null,
      gone: !source,
    };
    if (!source || !mapped?.ok || !record) return [{ ...base, fields: [] }];
    const link = byLink.get(entry.externalId) ?? null;
    return [{ ...base, fields: compareFields({ source: mapped.record, raw: rawOf(source), record, link }) }];
  });
}
