import type { RepairArgs } from './contract/activities.js';
import { repair } from './steps/repair.js';

/** Repair of a run that has ended: under the app's one id, so that no run of the app is beside it. */
export async function repairWorkflow(args: RepairArgs): Promise<void> {
  return repair(args);
}
