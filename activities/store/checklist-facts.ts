import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { ChecklistFacts } from '../records/checklist.js';
import { noCounts } from '../records/types.js';
import type { RunDoc } from './run-documents.js';
import type { Store } from './store.js';

const DUPLICATES_SHOWN = 20;

export async function readChecklistFacts(
  store: Pick<Store, 'transfers' | 'problems' | 'pages' | 'pending'>,
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
    duplicates: { total: counts.duplicates, items: duplicates.items },
    unresolved,
  };
}
