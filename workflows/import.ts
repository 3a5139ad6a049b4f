import type { RunEnd } from './contract/activities.js';
import type { RunRef } from './contract/ids.js';
import { openDesk } from './steps/desk.js';
import { preflight } from './steps/preflight.js';
import { plan as planFirst } from './steps/plan.js';
import { insideHold } from './steps/hold.js';
import { moveObjects } from './steps/move-objects.js';
import { close, ending } from './steps/close.js';

/**
 * THE STORY of an import:
 * preflight → [plan] → hold → for each object: transfer → resolve → checklist → review → [clean-up] → end of hold → close.
 */
export async function importWorkflow(ref: RunRef): Promise<RunEnd> {
  const desk = openDesk(ref);
  const looked = await ending(() => preflight(desk));
  if (looked.ended) return close(desk, looked.ended);
  let plan = looked.value;
  if (plan.blocked) return close(desk, { status: 'failed', error: plan.blocked });
  if (plan.planFirst) {
    const planned = await ending(() => planFirst(desk, looked.value));
    if (planned.ended) return close(desk, planned.ended);
    if (planned.value.state === 'failed') {
      return close(desk, { status: 'failed', error: planned.value.failure });
    }
    plan = { ...plan, objects: planned.value.objects };
  }
  const moved = await ending(() => insideHold(desk, () => moveObjects(desk, plan)));
  return close(desk, moved.ended ?? moved.value);
}
