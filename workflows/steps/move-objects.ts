import type { PreflightResult } from '../contract/activities.js';
import type { ObjectName } from '../contract/objects.js';
import { checklist } from './checklist.js';
import { undo } from './clean-up.js';
import type { Ending } from './close.js';
import type { Desk } from './desk.js';
import { review } from './review.js';
import { resolveRelations, transfer } from './transfer.js';

/** For each object: transfer → resolve → checklist → review → [clean-up]. What imports and syncs have in common. */
export async function moveObjects(desk: Desk, plan: PreflightResult): Promise<Ending> {
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
