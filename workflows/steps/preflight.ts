import type { PreflightResult } from '../contract/activities.js';
import { beating, small } from '../activity-options.js';
import type { Desk } from './desk.js';

/** Right account, scope, permissions, mapping; pins the versions. A blocker is an answer: the run closes `failed`, untouched. */
export async function preflight(desk: Desk): Promise<PreflightResult> {
  await small.beginRun(desk.ref);
  return beating.preflight(desk.ref);
}
