import { BadCursor } from '../activities/store/listing.js';
import { StoreUnavailable } from '../activities/store/store.js';
import { Problem, isProblemCode, type ProblemCode } from './errors.js';
import { MessageRefused, NoLiveWorkflow, TemporalUnavailable, WorkerSilent } from './workflow-gateway.js';

const AGAIN = 'Send it again with the same Idempotency-Key: it takes effect once.';

/** Anything thrown while a request is answered, as the problem that is answered. `null`: a bug, nothing of it is shown. */
export function problemOf(error: unknown): Problem | null {
  if (error instanceof Problem) return error;
  if (error instanceof BadCursor) {
    return new Problem(
      'invalid_cursor',
      'The cursor is not one that this list gave out. Begin without a cursor.',
      {
        issues: [{ path: 'query.cursor', message: 'Not a cursor of this list' }],
      },
    );
  }
  if (error instanceof StoreUnavailable) {
    return new Problem(
      'store_unavailable',
      `The store did not answer, so it is unknown whether anything was done. ${AGAIN}`,
      {},
      { 'Retry-After': '5' },
    );
  }
  if (error instanceof TemporalUnavailable) {
    return new Problem(
      'temporal_unavailable',
      `Temporal did not answer, so it is unknown whether this was taken. ${AGAIN}`,
      {},
      { 'Retry-After': '5' },
    );
  }
  if (error instanceof WorkerSilent) return workerSilent();
  if (error instanceof NoLiveWorkflow) {
    return new Problem(
      'run_not_live',
      'No workflow of this run is at work: it has ended, or was stopped from outside and is being closed. Nothing was changed. Look at the run again.',
    );
  }
  if (error instanceof MessageRefused) return refused(error);
  return fromExpress(error);
}

export function workerSilent(): Problem {
  return new Problem(
    'worker_unavailable',
    `No worker answered in time. The outcome is unknown: send it again with the same Idempotency-Key (it takes effect once), or look at the run. It is not taken any more after 60 s.`,
    {},
    { 'Retry-After': '5' },
  );
}

/** What a person does next; the workflow itself says what is wrong. */
const NEXT: Partial<Record<ProblemCode, string>> = {
  nothing_to_review: 'Nothing was changed. Look at the run for what it waits for.',
  review_incomplete:
    'Nothing was decided. Look at them, then send the review again with their ids in `confirmed`.',
  choice_not_offered: 'Nothing was changed.',
  not_pausable: 'Nothing was changed.',
  not_paused: 'Nothing was changed.',
  nothing_to_clean_up: 'Nothing was changed. Look at the run for what it waits for.',
  run_ending: 'Nothing was changed. Look at the run again in a moment.',
};

function refused(error: MessageRefused): Problem | null {
  if (!isProblemCode(error.code)) return null;
  const next = NEXT[error.code];
  return new Problem(error.code, next ? `${error.message} ${next}` : error.message, error.fields);
}

/** A path that cannot be decoded is the only error that the router itself throws. */
function fromExpress(error: unknown): Problem | null {
  if (!(error instanceof Error) || !('status' in error) || error.status !== 400) return null;
  return new Problem('invalid_request', 'The address of the request cannot be read. Nothing was done.', {
    issues: [{ path: 'path', message: 'Not a valid percent-encoded path' }],
  });
}
