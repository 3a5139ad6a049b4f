import type { Ask } from '../../workflows/contract/activities.js';
import type { ActivityDeps } from '../deps.js';
import { objectsOf } from '../cleanup.js';
import { bug, openRun } from '../open-run.js';
import { undoLookupsOf } from '../records/lookups.js';
import { undoPage } from '../records/undo.js';
import type { UndoState } from '../store/clean-ups.js';
import { loadUndoWorld } from '../load-undo-world.js';

const PAGES_READ = 100;
const CONFLICTS_SHOWN = 100;

/** The same walk as the undo itself, deciding everything and writing nothing of it; the numbers appear on the run. */
export async function previewUndo(
  deps: ActivityDeps,
  ask: Extract<Ask, { about: 'undo_preview' }>,
  signal: AbortSignal,
): Promise<UndoState> {
  const { store } = deps;
  const ref = { workspaceId: ask.workspaceId, appId: ask.appId, runId: ask.runId };
  const { run, pinned } = await openRun(deps, ref);
  if (run.undoExpired) throw bug('The pages of this run were kept until their time was over.');
  const now = deps.now().toISOString();
  const preview: UndoState = {
    ...{ mode: 'undo', state: 'previewed', object: ask.object, note: null, by: null, at: now },
    ...{
      remove: 0,
      restore: 0,
      keep: 0,
      eventsDropped: 0,
      eventsDelivered: 0,
      conflicts: [],
      conflictCount: 0,
    },
  };
  for (const object of objectsOf(run, ask.object)) {
    let below: number | undefined;
    for (;;) {
      const pages = await store.pages.facts(ref, object, {
        limit: PAGES_READ,
        ...(below === undefined ? {} : { below }),
      });
      if (pages.length === 0) break;
      for (const { seq, applied, undone } of pages) {
        below = seq;
        if (!applied || undone) continue;
        signal.throwIfAborted();
        const journal = await store.pages.journal(ref, object, seq);
        const world = await loadUndoWorld(store, ref.workspaceId, pinned.origin, undoLookupsOf(journal));
        const page = undoPage(journal, world, { ...ref, now });
        preview.remove += page.counts.remove;
        preview.restore += page.counts.restore;
        preview.keep += page.counts.keep;
        preview.conflictCount += page.conflicts.length;
        preview.conflicts.push(...page.conflicts.slice(0, CONFLICTS_SHOWN - preview.conflicts.length));
      }
    }
  }
  const current = await store.runs.get(ref.workspaceId, ref.runId);
  const isFree = !current?.cleanup || current.cleanup.state === 'previewed';
  if (isFree) await store.runs.patch(ref.workspaceId, ref.runId, { cleanup: preview });
  return preview;
}
