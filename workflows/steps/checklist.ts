import type { ChecklistSummary } from '../contract/activities.js';
import type { ObjectName } from '../contract/objects.js';
import { beating } from '../activity-options.js';
import type { Desk } from './desk.js';

/** Measures what was moved, from stored facts and a live sample. Ids of items only: the facts lie in the store. */
export async function checklist(desk: Desk, object: ObjectName): Promise<ChecklistSummary> {
  await desk.enter('checklist', object);
  await beating.closeTransfer({ ref: desk.ref, object, why: 'in_review' });
  return beating.buildChecklist({ ref: desk.ref, object, enteringReview: true });
}
