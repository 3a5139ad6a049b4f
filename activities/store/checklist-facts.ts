import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ChecklistFacts, WaitingRelation } from '../records/checklist.js';
import { noCounts } from '../records/types.js';
import { readKnownFailures } from './known-failures.js';
import type { RunDoc } from './run-documents.js';
import type { Store } from './store.js';

const DUPLICATES_SHOWN = 20;
const RELATIONS_SHOWN = 100;

export async function readChecklistFacts(
  store: Pick<Store, 'transfers' | 'problems' | 'pages' | 'pending' | 'links' | 'runs'>,
  run: RunDoc,
  object: ObjectName,
): Promise<ChecklistFacts> {
  const ref: RunRef = run;
  const [sides, problems, duplicates, unresolved] = await Promise.all([
    store.transfers.get(ref, object),
    store.problems.summary(ref, object),
    store.pages.duplicates(ref, { object }, { limit: DUPLICATES_SHOWN }),
    store.pending.countOf(ref, object),
  ]);
  const counts = sides ? { ...sides.apply.counts, fetched: sides.fetch.fetched } : noCounts();
  return {
    counts,
    providerTotal: run.objects.find((entry) => entry.object === object)?.providerTotal ?? null,
    problems,
    known: await readKnownFailures(store, run, object, counts.failed),
    duplicates: { total: counts.duplicates, items: duplicates.items },
    unresolved: { total: unresolved, items: unresolved === 0 ? [] : await waitingOf(store, run, object) },
  };
}

/** Each with the id by which the source knows the record that waits. */
async function waitingOf(
  store: Pick<Store, 'pending' | 'links'>,
  run: RunDoc,
  object: ObjectName,
): Promise<WaitingRelation[]> {
  const found = await store.pending.someOf(run, object, RELATIONS_SHOWN);
  const recordIds = [...new Set(found.map(({ recordId }) => recordId))];
  const links = await store.links.byRecords(run.workspaceId, recordIds);
  const own = links.filter((link) => link.origin === run.pinned?.origin);
  const ids = new Map(own.map(({ recordId, externalId }) => [recordId, externalId]));
  return found.map(({ recordId, field, targetObject, targetExternalId }) => ({
    ...{ object, externalId: ids.get(recordId) ?? null, recordId, relation: field },
    target: { object: targetObject, externalId: targetExternalId },
  }));
}
