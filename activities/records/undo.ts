import type { UndoPage } from './undo-types.js';
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
  for (const entry of entries.toReversed()) {
    switch (entry.outcome) {
      case 'created':
        undoCreated(undo, entry);
        break;
      case 'updated':
      case 'unchanged':
      case 'deleted':
      case 'resolved':
        undoChanged(undo, entry);
        break;
      case 'skipped':
      case 'failed':
        break;
    }
  }
  return undo.finish();
};
