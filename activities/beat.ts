import { Context } from '@temporalio/activity';

const EVERY_MS = 2_000;

/**
 * Runs `work` while beating on a timer, so that Temporal learns within seconds of a killed worker and the work learns
 * of a cancellation. A beat that fails is never fatal: the checkpoint of record is in the store.
 */
export async function whileBeating<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const context = Context.current();
  const timer = setInterval(() => {
    try {
      context.heartbeat();
    } catch {
      // The worker is shutting down or the attempt is over; the loops notice through their signal and epoch.
    }
  }, EVERY_MS);
  context.heartbeat();
  try {
    return await work(context.cancellationSignal);
  } finally {
    clearInterval(timer);
  }
}
