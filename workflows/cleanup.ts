import type { CleanupArgs } from './contract/activities.js';
import { small } from './activity-options.js';
import { undo } from './steps/clean-up.js';

/** Undo, or a recorded clean-up, of a run that has ended: under the app's one id, so that no run of the app is beside it. */
export async function cleanupWorkflow(args: CleanupArgs): Promise<void> {
  switch (args.mode) {
    case 'undo':
      return undo(args);
    case 'manual':
      return small.recordCleanup(args);
  }
}
