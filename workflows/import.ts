import type { PreflightResult, RunEnd } from './contract/activities.js';
import type { ObjectName } from './contract/objects.js';
import type { RunRef } from './contract/ids.js';
import type { Desk } from './steps/desk.js';
import { openDesk } from './steps/desk.js';
import { preflight } from './steps/preflight.js';
import { plan as planFirst } from './steps/plan.js';
import { insideHold } from './steps/hold.js';
import { resolveRelations, transfer } from './steps/transfer.js';
import { checklist } from './steps/checklist.js';
import { review } from './steps/review.js';
import { undo } from './steps/clean-up.js';
import { close, ending, type Ending } from './steps/close.js';

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

async function moveObjects(desk: Desk, plan: PreflightResult): Promise<Ending> {
  for (const object of plan.objects) {
    const verdict = await moveObject(desk, object, plan);
    if (desk.undoAllAsked) await undo({ ref: desk.ref, object: null, ...desk.undoAllAsked });
    if (verdict.state === 'failed') return { status: 'failed', error: verdict.failure };
    if (verdict.state === 'stop') break;
  }
  return { status: 'completed', error: null };
}

type Verdict =
  Awaited<ReturnType<typeof review>> | Extract<Awaited<ReturnType<typeof transfer>>, { state: 'failed' }>;

/** The next object does not start before this one was accepted, passed, cleaned up or skipped. */
async function moveObject(desk: Desk, object: ObjectName, plan: PreflightResult): Promise<Verdict> {
  const moved = await transfer(desk, object);
  if (moved.state === 'skipped') return { state: 'continue' };
  if (moved.state === 'done') await resolveRelations(desk, object);
  const facts = await checklist(desk, object);
  if (moved.state === 'failed') {
    if (facts.written > 0) await review(desk, object, { ...facts, mustStop: true }, plan);
    return moved;
  }
  return review(desk, object, facts, plan);
}
