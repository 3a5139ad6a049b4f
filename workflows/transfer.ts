import { continueAsNew, workflowInfo } from '@temporalio/workflow';
import type { TransferArgs, TransferEnd } from './contract/activities.js';
import { beating } from './activity-options.js';

/** About 25,000 records at 500 a page. */
const LARGEST_SLICE = 50;

/**
 * One object, slice by slice. The first slice is one page (the first record is stored at once, and the breakers judge
 * a canary), the next ones double. It never waits for a person: it says why it stopped, and its parent starts another.
 */
export async function transferWorkflow(args: TransferArgs): Promise<TransferEnd> {
  const { ref, object, allowed, planning } = args;
  const how = planning ? { planning } : {};
  const last = args.slice + args.slicesPerHistory;
  // A plan writes nothing that a canary could save.
  const size = (slice: number): number =>
    planning ? LARGEST_SLICE : Math.min(2 ** Math.min(slice, 10), LARGEST_SLICE);
  for (let slice = args.slice; ; slice += 1) {
    if (slice >= last || workflowInfo().continueAsNewSuggested) {
      return continueAsNew<typeof transferWorkflow>({ ...args, slice });
    }
    const end = await beating.transferSlice({ ref, object, slice, pages: size(slice), allowed, ...how });
    if (end.state !== 'more') return { end, slice: slice + 1 };
  }
}
