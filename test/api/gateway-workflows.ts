import { ApplicationFailure, condition, setHandler } from '@temporalio/workflow';
import type { RunRef } from '../../workflows/contract/ids.js';
import { connectionReady, pauseRun, submitReview } from '../../workflows/contract/messages.js';

/** Stands for the real one, with only what the gateway's tests send it. Ends when the connection is ready. */
export async function importWorkflow(_ref: RunRef): Promise<number> {
  let reviews = 0;
  let isOver = false;
  setHandler(
    submitReview,
    () => {
      reviews += 1;
    },
    {
      validator: (message) => {
        if (message.confirmed?.includes('sample_seen')) return;
        throw ApplicationFailure.create({
          type: 'review_incomplete',
          message: 'Still to be confirmed: sample_seen.',
          nonRetryable: true,
          details: [{ openItems: ['sample_seen'] }],
        });
      },
    },
  );
  setHandler(pauseRun, () => undefined);
  setHandler(connectionReady, () => {
    isOver = true;
  });
  await condition(() => isOver);
  return reviews;
}
