import type { UndoArgs } from '../workflows/contract/activities.js';
import type { ObjectName } from '../workflows/contract/objects.js';
import type { CleanupEntry, UndoState } from './store/clean-ups.js';
import type { RunDoc } from './store/run-documents.js';
import type { Store } from './store/store.js';

/** A person's acts, one by one; far more than anybody does. */
const MOST_LISTED = 1000;

type Runs = Pick<Store['runs'], 'get' | 'patch'>;
type Ref = Pick<RunDoc, 'workspaceId' | 'runId'>;

/**
 * Each clean-up of a run, object by object, beside the sum of them all. An entry is known by its object and the time its clean-up
 * began: telling it again adds to it what was taken back since, which after a repeat is nothing.
 */
export async function beginEntry(runs: Runs, ref: Ref, object: ObjectName): Promise<void> {
  const run = await runs.get(ref.workspaceId, ref.runId);
  if (!run?.cleanup || run.cleaning?.object === object) return;
  const { remove, restore, keep, conflictCount } = run.cleanup;
  const cleaning = { object, remove, restore, keep, conflictCount };
  await runs.patch(ref.workspaceId, ref.runId, { cleaning });
}

export async function endEntry(runs: Runs, ref: Ref, object: ObjectName, endedAt: string): Promise<void> {
  const run = await runs.get(ref.workspaceId, ref.runId);
  if (!run?.cleanup || run.cleaning?.object !== object) return;
  const { cleanup, cleaning } = run;
  const entry = entryOf(object, cleanup, endedAt, {
    removed: cleanup.remove - cleaning.remove,
    restored: cleanup.restore - cleaning.restore,
    kept: cleanup.keep - cleaning.keep,
    conflicts: cleanup.conflictCount - cleaning.conflictCount,
  });
  await runs.patch(ref.workspaceId, ref.runId, { cleanups: listed(run, entry), cleaning: null });
}

/** What a person says to have done by hand: nobody counted it. */
export async function recordEntry(
  runs: Runs,
  ref: Ref,
  args: UndoArgs,
  object: ObjectName,
  at: string,
): Promise<void> {
  const run = await runs.get(ref.workspaceId, ref.runId);
  if (!run) return;
  const by = { mode: 'manual' as const, note: args.note, by: args.actor, at };
  const entry = entryOf(object, by, at, { removed: 0, restored: 0, kept: 0, conflicts: 0 });
  await runs.patch(ref.workspaceId, ref.runId, { cleanups: listed(run, entry) });
}

type Numbers = Pick<CleanupEntry, 'removed' | 'restored' | 'kept' | 'conflicts'>;

function entryOf(
  object: ObjectName,
  { mode, note, by, at }: Pick<UndoState, 'mode' | 'note' | 'by' | 'at'>,
  endedAt: string,
  numbers: Numbers,
): CleanupEntry {
  return { object, mode, ...numbers, note, by, at, endedAt };
}

function listed({ cleanups = [] }: RunDoc, entry: CleanupEntry): CleanupEntry[] {
  const known = cleanups.findIndex(
    ({ object, at, mode }) => object === entry.object && at === entry.at && mode === entry.mode,
  );
  const before = cleanups[known];
  if (!before) return [...cleanups, entry].slice(-MOST_LISTED);
  const sum = {
    removed: before.removed + entry.removed,
    restored: before.restored + entry.restored,
    kept: before.kept + entry.kept,
    conflicts: before.conflicts + entry.conflicts,
  };
  return cleanups.with(known, { ...before, ...sum });
}
