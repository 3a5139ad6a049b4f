import type { AskArgs } from './contract/activities.js';
import { asking } from './activity-options.js';

/** What the API wants from a worker. The answer lies in the store under `answerId`: no record enters this history. */
export async function askProviderWorkflow(args: AskArgs): Promise<void> {
  await asking.answerAsk(args);
}
