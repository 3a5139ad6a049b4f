import type { Activities } from '../workflows/contract/activities.js';
import type { ActivityDeps } from './deps.js';
import { whileBeating } from './beat.js';
import { openRun } from './open-run.js';
import { checklistItems, newlyFailed } from './records/checklist.js';
import { readChecklistFacts } from './store/checklist-facts.js';
import { takeSample } from './sample.js';

/** Repeatable: measures anew and replaces the list, until a review has frozen it. */
export function createBuildChecklist(deps: ActivityDeps): Activities['buildChecklist'] {
  return ({ ref, object, enteringReview }) =>
    whileBeating(async (signal) => {
      const opened = await openRun(deps, ref);
      const { run, pinned } = opened;
      const facts = await readChecklistFacts(deps.store, run, object);
      const { counts } = facts;
      const written = counts.created + counts.updated + counts.deleted;
      const nothingNew = written + newlyFailed(facts) === 0;
      const before = await deps.store.checklists.get(ref, object);
      const sample = enteringReview && written > 0 ? await takeSample(deps, opened, object, signal) : null;
      const items = checklistItems(facts, { sample, account: pinned.firstRun ? pinned.account : null });
      if (!before?.frozenAt) {
        const { workspaceId, runId } = ref;
        const madeAt = deps.now().toISOString();
        await deps.store.checklists.put({ workspaceId, runId, object, items, frozenAt: null, madeAt });
      }
      const findings = items.filter((item) => item.status === 'warning').map((item) => item.itemId);
      return {
        openItems: items.filter((item) => item.status === 'open').map((item) => item.itemId),
        findings: nothingNew ? findings.filter((itemId) => itemId === 'books') : findings,
        nothingNew,
        written,
      };
    });
}
