import type { RunEnd } from './contract/activities.js';
import type { RunRef } from './contract/ids.js';
import { openDesk } from './steps/desk.js';
import { preflight } from './steps/preflight.js';
import { insideHold } from './steps/hold.js';
import { moveObjects } from './steps/move-objects.js';
import { close, ending } from './steps/close.js';

/**
 * THE STORY of a sync: an import's, from where the last accepted run left off. Its preflight pins for each object the bookmark to
 * start from (none: everything is read), and asks for reviews only where something is off, unless it is the app's first run.
 */
export async function syncWorkflow(ref: RunRef): Promise<RunEnd> {
  const desk = openDesk(ref);
  const looked = await ending(() => preflight(desk));
  if (looked.ended) return close(desk, looked.ended);
  const plan = looked.value;
  if (plan.blocked) return close(desk, { status: 'failed', error: plan.blocked });
  const moved = await ending(() => insideHold(desk, () => moveObjects(desk, plan)));
  return close(desk, moved.ended ?? moved.value);
}
