import type { PreflightResult } from '../contract/activities.js';
import { beating, small } from '../activity-options.js';
import type { Desk } from './desk.js';

/** Right account, scope, permissions, mapping; pins the versions. A blocker is an answer: the run closes `failed`, untouched; a provider that is away is asked again. */
export async function preflight(desk: Desk): Promise<PreflightResult> {
  await small.beginRun(desk.ref);
  for (;;) {
    const found = await beating.preflight(desk.ref);
    if (!found.wait) return found;
    await desk.sleepUntil(found.wait.until, found.wait.code);
    if (desk.paused) await desk.restWhilePaused();
  }
}
