import {
  CancelledFailure,
  ChildWorkflowCancellationType,
  ParentClosePolicy,
  executeChild,
} from '@temporalio/workflow';
import type { Parked, SliceEnd, TransferEnd } from '../contract/activities.js';
import type { FailureCode, FailureInfo } from '../contract/failures.js';
import { transferWorkflowId } from '../contract/ids.js';
import type { ObjectName } from '../contract/objects.js';
import { beating } from '../activity-options.js';
import { transferWorkflow } from '../transfer.js';
import type { Desk } from './desk.js';

export type Moved = { state: 'done' } | { state: 'skipped' } | { state: 'failed'; failure: FailureInfo };

const SLICES_PER_HISTORY = 400;
/** Pages of 500 relations that one resolve slice settles. */
const RESOLVE_PAGES = 50;

type Attempt = (slice: number, allowed: FailureCode[]) => Promise<TransferEnd>;

/** Brings one object over, however often it has to stop for a pause, a provider's limit or a person's answer. */
export async function transfer(desk: Desk, object: ObjectName): Promise<Moved> {
  await desk.enter('transfer', object, 'transferring');
  return slices(desk, object, {});
}

/** The same for a plan: everything is staged and decided, and no record is written. */
export async function decideOnly(desk: Desk, object: ObjectName): Promise<Moved> {
  await desk.enter('transfer', object);
  return slices(desk, object, { planning: true });
}

function slices(desk: Desk, object: ObjectName, how: { planning?: true }): Promise<Moved> {
  const { ref } = desk;
  return untilMoved(desk, object, (slice, allowed) =>
    executeChild(transferWorkflow, {
      workflowId: transferWorkflowId(ref, object),
      args: [{ ref, object, slice, allowed, slicesPerHistory: SLICES_PER_HISTORY, ...how }],
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
    }),
  );
}

/** Links what waited for a target that has arrived now. Counts no outcome; its pages have a journal like any other. */
export async function resolveRelations(desk: Desk, object: ObjectName): Promise<void> {
  await desk.enter('resolve', object);
  await untilMoved(desk, object, async (first, allowed) => {
    for (let slice = first; ; slice += 1) {
      const args = { ref: desk.ref, object, slice, pages: RESOLVE_PAGES, allowed };
      const end = await beating.resolveSlice(args);
      if (end.state !== 'more') return { end, slice: slice + 1 };
    }
  });
}

async function untilMoved(desk: Desk, object: ObjectName, attempt: Attempt): Promise<Moved> {
  const allowed: FailureCode[] = [];
  let from = desk.nextSlice(object);
  for (;;) {
    const { end, slice } = await attempt(from, allowed);
    from = desk.nextSlice(object, slice);
    const moved = await afterStop(desk, object, end, allowed);
    if (moved) return moved;
  }
}

/** Null: go on from the same page. */
async function afterStop(
  desk: Desk,
  object: ObjectName,
  end: Exclude<SliceEnd, { state: 'more' }>,
  allowed: FailureCode[],
): Promise<Moved | null> {
  switch (end.state) {
    case 'done':
      return { state: 'done' };
    case 'paused':
      await desk.restWhilePaused();
      return null;
    case 'cancelled':
      throw new CancelledFailure('The run was cancelled.');
    case 'wait':
      await desk.sleepUntil(end.until, end.code);
      return null;
    case 'failed':
      return { state: 'failed', failure: end.failure };
    case 'parked':
      return afterAnswer(desk, object, end.parked, allowed);
  }
}

async function afterAnswer(
  desk: Desk,
  object: ObjectName,
  parked: Parked,
  allowed: FailureCode[],
): Promise<Moved | null> {
  const choice = await desk.ask(object, parked);
  switch (choice) {
    case 'resume':
    case 'full_listing':
      if (parked.reason === 'breaker' || parked.reason === 'question') allowed.push(parked.code);
      return null;
    case 'skip_object':
      await beating.closeTransfer({ ref: desk.ref, object, why: 'skipped' });
      await desk.objectIs(object, 'skipped');
      return { state: 'skipped' };
    case 'stop':
      return { state: 'failed', failure: { code: parked.code, message: parked.message } };
  }
}
