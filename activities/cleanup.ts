import type { Activities, UndoArgs } from '../workflows/contract/activities.js';
import type { RunRef } from '../workflows/contract/ids.js';
import { OBJECTS, type ObjectName } from '../workflows/contract/objects.js';
import type { ActivityDeps } from './deps.js';
import { whileBeating } from './beat.js';
import { moveBookmarkBack } from './bookmarks.js';
import { beginEntry, endEntry, recordEntry } from './cleanup-list.js';
import { bug, openRun } from './open-run.js';
import { reviewStateOf } from './records/review-state.js';
import { scheduledAt } from './scheduled-at.js';
import type { UndoState } from './store/clean-ups.js';
import type { RunDoc } from './store/run-documents.js';
import { undoObject } from './undo-object.js';

const SLICE_MS = 60_000;

/**
 * Takes back what a run (or one object of it) wrote, page by page backwards, each in one transaction. Repeatable: the
 * transfer is fenced first, a page that is taken back is marked, and the next attempt goes on below it.
 */
export function createUndoActivities(deps: ActivityDeps): Pick<Activities, 'undoSlice' | 'recordCleanup'> {
  const { store } = deps;
  return {
    undoSlice: (args) =>
      whileBeating(async (signal) => {
        const { run, pinned } = await openRun(deps, args.ref);
        if (run.undoExpired)
          throw bug(
            'The pages of this run were kept until their time was over: it cannot be undone any more.',
          );
        await beginUndo(deps, run, args);
        const stopAt = deps.now().getTime() + SLICE_MS;
        for (const object of objectsOf(run, args.object)) {
          await store.transfers.close(args.ref, object, 'cleaned_up');
          await beginEntry(store.runs, args.ref, object);
          const state = await undoObject(deps, {
            ref: args.ref,
            object,
            origin: pinned.origin,
            stopAt,
            signal,
          });
          if (state === 'more') return { state };
          await moveBookmarkBack(deps, args.ref, run, object);
          await markCleaned(deps, args.ref, object);
          await endEntry(store.runs, args.ref, object, deps.now().toISOString());
        }
        await endUndo(deps, args.ref);
        return { state: 'done' };
      }),
    async recordCleanup(args) {
      const run = await store.runs.get(args.ref.workspaceId, args.ref.runId);
      if (!run) return;
      const at = scheduledAt();
      for (const object of objectsOf(run, args.object)) {
        await store.reviews.insert({
          ...{ workspaceId: run.workspaceId, runId: run.runId, object, decision: 'cleanup_recorded' },
          ...{ cleanupBy: 'person', confirmed: ['cleanup_done'], note: args.note, actor: args.actor, at },
        });
        await moveBookmarkBack(deps, args.ref, run, object);
        await markCleaned(deps, args.ref, object);
        await recordEntry(store.runs, args.ref, args, object, at);
      }
      const cleanup = { ...goingOn(run, emptyUndo(args, 'manual', at)), state: 'done' } as const;
      await store.runs.patch(run.workspaceId, run.runId, { cleanup });
    },
  };
}

/** Objects that moved, last first: what refers goes before what is referred to. */
export function objectsOf(run: RunDoc, only: ObjectName | null): ObjectName[] {
  const moved = run.objects.filter((entry) => entry.startedAt !== null).map((entry) => entry.object);
  return [...OBJECTS].reverse().filter((object) => moved.includes(object) && (!only || only === object));
}

function emptyUndo(args: UndoArgs, mode: UndoState['mode'], at: string): UndoState {
  return {
    ...{ mode, state: 'running', object: args.object, note: args.note, by: args.actor, at },
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
}

/** A second clean-up of the same run adds to what the first one did: its pages differ, its counts go on. */
function goingOn({ cleanup: before }: RunDoc, fresh: UndoState): UndoState {
  if (!before || before.state === 'previewed') return fresh;
  const { mode, state, object, note, by, at } = fresh;
  return { ...before, mode, state, object, note, by, at };
}

async function beginUndo({ store, now }: ActivityDeps, run: RunDoc, args: UndoArgs): Promise<void> {
  if (run.cleanup?.state === 'running') return;
  const cleanup = goingOn(run, emptyUndo(args, 'undo', now().toISOString()));
  await store.runs.patch(run.workspaceId, run.runId, { cleanup });
}

async function endUndo({ store }: ActivityDeps, ref: RunRef): Promise<void> {
  const run = await store.runs.get(ref.workspaceId, ref.runId);
  if (run?.cleanup)
    await store.runs.patch(ref.workspaceId, ref.runId, { cleanup: { ...run.cleanup, state: 'done' } });
}

async function markCleaned({ store }: ActivityDeps, ref: RunRef, object: ObjectName): Promise<void> {
  await store.runs.patchObject(ref.workspaceId, ref.runId, object, { state: 'cleaned_up' });
  const run = await store.runs.get(ref.workspaceId, ref.runId);
  if (!run) return;
  const reviewState = reviewStateOf(run.objects.map((entry) => entry.state));
  await store.runs.patch(ref.workspaceId, ref.runId, { reviewState });
}
