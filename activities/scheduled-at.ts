import { Context } from '@temporalio/activity';

/** When Temporal first scheduled this activity: the same in every attempt, so that what a retry states again is one statement. */
export function scheduledAt(): string {
  return new Date(Context.current().info.scheduledTimestampMs).toISOString();
}
