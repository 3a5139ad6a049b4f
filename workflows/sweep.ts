import { sweeping } from './activity-options.js';

/** Each minute: ends holds and closes run documents whose workflow is gone. */
export async function sweepWorkflow(): Promise<void> {
  await sweeping.sweep();
}
