import type { ChecklistSummary, PreflightResult, ReviewDecision } from '../contract/activities.js';
import type { ObjectName } from '../contract/objects.js';
import type { ReviewMode } from '../contract/status.js';
import type { Desk } from './desk.js';
import { undo } from './clean-up.js';

export type Reviewed = { state: 'continue' } | { state: 'stop' };

export interface Facts extends ChecklistSummary {
  /** After a failure: a person looks at what was written whatever the mode, and the run ends afterwards. */
  mustStop?: boolean;
}

/** Pure: does this object stop at the gate, and if not, under which word does it pass? */
export function gate(mode: ReviewMode, facts: Facts): 'review' | 'unchanged' | 'passed' | 'unreviewed' {
  if (facts.mustStop) return 'review';
  if (facts.nothingNew && facts.findings.length === 0) return 'unchanged';
  switch (mode) {
    case 'each_object':
      return 'review';
    case 'on_findings':
      return facts.findings.length > 0 ? 'review' : 'passed';
    case 'none':
      return 'unreviewed';
  }
}

/** A person decides before the next object starts. Silence is never consent: reminders keep the run waiting. */
export async function review(
  desk: Desk,
  object: ObjectName,
  facts: Facts,
  plan: PreflightResult,
): Promise<Reviewed> {
  const way = gate(plan.review, facts);
  if (way !== 'review') {
    await desk.objectIs(object, way);
    return { state: 'continue' };
  }
  await desk.enter('review', object, 'in_review');
  const decision = await desk.reviewOf(object, facts.openItems, plan.reminderHours);
  return afterDecision(desk, object, decision);
}

async function afterDecision(desk: Desk, object: ObjectName, decision: ReviewDecision): Promise<Reviewed> {
  switch (decision.decision) {
    case 'accept':
      return { state: 'continue' };
    case 'accept_and_stop':
      return { state: 'stop' };
    case 'clean_up':
      await cleanUp(desk, object, decision);
      return { state: decision.then ?? 'continue' };
  }
}

async function cleanUp(desk: Desk, object: ObjectName, decision: ReviewDecision): Promise<void> {
  await desk.enter('cleanup', object);
  if (decision.cleanupBy === 'person') {
    await desk.personsCleanup(object);
  } else if (!desk.undoAllAsked) {
    await undo({ ref: desk.ref, object, actor: decision.actor, note: decision.note ?? '' });
  }
}
