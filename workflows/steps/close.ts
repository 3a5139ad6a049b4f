import {
  ActivityFailure,
  ApplicationFailure,
  CancellationScope,
  ChildWorkflowFailure,
  allHandlersFinished,
  condition,
  isCancellation,
} from '@temporalio/workflow';
import type { CloseArgs, RunEnd } from '../contract/activities.js';
import { isFailureCode, type FailureInfo } from '../contract/failures.js';
import { small } from '../activity-options.js';
import type { Desk } from './desk.js';

export type Ending = Omit<CloseArgs, 'ref'>;

/**
 * Runs a part of the story; a cancellation or anything that could not be recovered becomes how the run ends. What fails once a
 * cancel was asked for (an activity whose worker is gone cannot say that it was cancelled, and times out) is part of it.
 */
export async function ending<T>(
  part: () => Promise<T>,
): Promise<{ ended: Ending; value?: never } | { ended: null; value: T }> {
  try {
    return { ended: null, value: await part() };
  } catch (error) {
    const asked = CancellationScope.current().consideredCancelled;
    if (asked || isCancellation(error)) return { ended: { status: 'cancelled', error: null } };
    return { ended: { status: 'failed', error: failureOf(error) } };
  }
}

/** Books, status, last error. Cannot be cancelled; a repeated close finds the run closed. */
export async function close(desk: Desk, end: Ending): Promise<RunEnd> {
  return CancellationScope.nonCancellable(async () => {
    desk.stopListening();
    const closed = await small.closeRun({ ref: desk.ref, ...end });
    await condition(allHandlersFinished);
    return closed;
  });
}

/** The code that an activity put on its failure; anything else is a bug of ours. The one place that unwraps. */
function failureOf(error: unknown): FailureInfo {
  let inner: unknown = error;
  while ((inner instanceof ActivityFailure || inner instanceof ChildWorkflowFailure) && inner.cause) {
    inner = inner.cause;
  }
  if (inner instanceof ApplicationFailure && inner.type && isFailureCode(inner.type)) {
    return { code: inner.type, message: inner.message };
  }
  return {
    code: 'bug',
    message:
      'Something went wrong that should not. What was written is listed and can be undone; the Temporal history of this run shows where it stopped.',
  };
}
