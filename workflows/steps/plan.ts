import type { PreflightResult } from '../contract/activities.js';
import type { FailureInfo } from '../contract/failures.js';
import type { ObjectName } from '../contract/objects.js';
import { beating } from '../activity-options.js';
import type { Desk } from './desk.js';
import { decideOnly } from './transfer.js';

export type Planned = { state: 'apply'; objects: ObjectName[] } | { state: 'failed'; failure: FailureInfo };

/**
 * Stages everything, decides every outcome and writes no record; then waits for a person. What is agreed to is applied from the
 * staged pages. Silence writes nothing: reminders keep the run waiting.
 */
export async function plan(desk: Desk, looked: PreflightResult): Promise<Planned> {
  let { objects } = looked;
  for (let round = 1; ; round += 1) {
    const kept: ObjectName[] = [];
    for (const object of objects) {
      const moved = await decideOnly(desk, object);
      if (moved.state === 'failed') return moved;
      if (moved.state === 'skipped') continue;
      await desk.objectIs(object, 'planned');
      kept.push(object);
    }
    objects = kept;
    const { hash } = await beating.sealPlan({ ref: desk.ref, objects });
    const decided = await desk.planDecision(hash, looked.reminderHours);
    const again = decided.decision === 'replan';
    await beating.clearPlan({ ref: desk.ref, objects, round, again });
    if (!again) return { state: 'apply', objects };
  }
}
