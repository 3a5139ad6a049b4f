import type { JournalEntry } from './page.js';
import type { KeptChange, UndoPage } from './undo-types.js';
import type { Undo } from './undo-world.js';
import { openUndo } from './undo-world.js';
import { undoChanged } from './undo-changed.js';
import { undoCreated } from './undo-created.js';

/**
 * Takes one page of a run back, last entry first. Pages are walked backwards too, so that each finds the state it left.
 *
 * - *Touched since* is judged field by field: the field's writer is not this run. What somebody changed since stays and is a conflict.
 * - A value that is taken back gets the writer it had: an edit that the run had overwritten is a person's again, and an earlier
 *   run's undo still knows its own writes.
 * - Undoing twice finds the values that were there before and changes nothing, without a word.
 * - A preview decides the same without writing. So nothing counted here may depend on whether the run's later pages were
 *   taken back already: a record counts at the first page of the run that touched it, a conflict at the first page that touched its field.
 */
export const undoPage: UndoPage = (entries, world, context) => {
  const undo = openUndo(world, context);
  for (const [fromEnd, entry] of entries.toReversed().entries()) {
    const kept = undoEntry(undo, entry);
    if (kept) undo.page.kept.push({ index: entries.length - 1 - fromEnd, ...kept });
  }
  return undo.finish();
};

/** What of it stays; null: it was taken back wholly. */
function undoEntry(undo: Undo, entry: JournalEntry): KeptChange | null {
  switch (entry.outcome) {
    case 'created':
      return undoCreated(undo, entry);
    case 'updated':
    case 'unchanged':
    case 'deleted':
    case 'resolved':
      return undoChanged(undo, entry);
    case 'skipped':
    case 'failed':
      return null;
  }
}
