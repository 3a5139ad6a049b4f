import { CancellationScope } from '@temporalio/workflow';
import { small } from '../activity-options.js';
import type { Desk } from './desk.js';

/**
 * Automations stay silent for this run's events while `story` runs. Opening is inside the `try`: it may have taken effect
 * although it failed. Ending cannot be cancelled and decides nothing about the events that were held.
 */
export async function insideHold<T>(desk: Desk, story: () => Promise<T>): Promise<T> {
  try {
    await small.openHold(desk.ref);
    return await story();
  } finally {
    await CancellationScope.nonCancellable(async () => {
      await small.endHold(desk.ref);
    });
  }
}
