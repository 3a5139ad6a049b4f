import type { RepairArgs } from '../contract/activities.js';
import { beating } from '../activity-options.js';

/** Decides kept source again, slice by slice; safe to start again at any moment. */
export async function repair(args: RepairArgs): Promise<void> {
  for (;;) {
    const { state } = await beating.repairSlice(args);
    if (state === 'done') return;
  }
}
