import type { DecidedPage, JournalEntry, PageContext, PendingRelation } from './page.js';
import { putRelation, relationAt } from './relations.js';
import type { StoredLink, StoredRecord } from './types.js';
import { createDrafts, emptyPage, foldBumps } from './world.js';
import { resolvedMark, runWriter, writerOf } from './writers.js';

/** What the store said about some waiting relations. */
export interface ResolveWorld {
  /** Links of their targets: `{object}/{externalId}` → link. */
  targets: ReadonlyMap<string, StoredLink>;
  /** The records that wait. */
  records: ReadonlyMap<string, StoredRecord>;
}

export interface ResolvedPage {
  /** Counts stay empty: no source record was decided. */
  decided: DecidedPage;
  /** Found, or void because the record is gone or names another target by now: their documents go. */
  settled: PendingRelation[];
  found: number;
  /** Still waiting. */
  waiting: number;
}

/**
 * Links relations to targets that arrived after them. A relation keeps its writer (its source said it, long ago); which run found
 * the target is marked beside it, so that undoing that run lets the relation wait again.
 */
export function resolvePage(
  pending: readonly PendingRelation[],
  world: ResolveWorld,
  context: Pick<PageContext, 'runId' | 'appId' | 'now'>,
): ResolvedPage {
  const decided = emptyPage();
  const drafts = createDrafts(world.records);
  const bumps = new Map<string, number>();
  const settled: PendingRelation[] = [];
  const entries = new Map<string, JournalEntry>();
  let found = 0;
  let waiting = 0;
  for (const each of pending) {
    const record = drafts.get(each.recordId);
    const relation = record ? relationAt(record, each.field) : null;
    if (!record || relation?.externalId !== each.targetExternalId || relation.recordId !== null) {
      settled.push(each);
      continue;
    }
    const link = world.targets.get(`${each.targetObject}/${each.targetExternalId}`);
    if (link?.goneAt !== null) {
      waiting += 1;
      continue;
    }
    settled.push(each);
    found += 1;
    const entry = entries.get(each.recordId) ?? begin(record);
    entries.set(each.recordId, entry);
    const after = { externalId: each.targetExternalId, recordId: link.recordId };
    const name = `@${each.field}`;
    const writer = writerOf(record, each.field.startsWith('lines.') ? 'lines' : name);
    entry.fields.push({ field: name, before: relation, after, writerBefore: writer });
    entry.bumps.push({ recordId: link.recordId, by: 1 });
    bumps.set(link.recordId, (bumps.get(link.recordId) ?? 0) + 1);
    const draft = drafts.find(each.recordId) ?? drafts.edit(each.recordId);
    putRelation(draft, each.field, after);
    draft.updatedAt = context.now;
    draft.writers[resolvedMark(each.field)] = runWriter(context.runId, context.appId, null);
  }
  decided.bumps = foldBumps(bumps, drafts);
  decided.records = drafts.writes();
  decided.journal = [...entries.values()];
  return { decided, settled, found, waiting };
}

function begin(record: StoredRecord): JournalEntry {
  return {
    recordId: record.recordId,
    externalId: null,
    object: record.object,
    outcome: 'resolved',
    versionBefore: record.version,
    versionAfter: record.version + 1,
    fields: [],
    linkBefore: null,
    linkAfter: null,
    bumps: [],
    pendingAdded: [],
  };
}
