import type { UndoArgs } from '../contract/activities.js';
import { beating } from '../activity-options.js';

/** Takes back what a run (or one object of it) wrote, slice by slice; safe to start again at any moment. */
export async function undo(args: UndoArgs): Promise<void> {
  for (;;) {
    const { state } = await beating.undoSlice(args);
    if (state === 'done') return;
  }
}
