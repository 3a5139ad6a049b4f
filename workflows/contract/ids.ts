/** Which run of which app of which workspace. The argument of nearly every activity. */
export interface RunRef {
  workspaceId: string;
  appId: string;
  runId: string;
}

/** One id per app: Temporal refuses a second live workflow under it, which is the promise "one run per app". */
export function appWorkflowId(ref: { workspaceId: string; appId: string }): string {
  return `app:${ref.workspaceId}:${ref.appId}`;
}

export function transferWorkflowId(ref: RunRef, object: string): string {
  return `${appWorkflowId(ref)}/${ref.runId}/${object}`;
}

export const SWEEP_SCHEDULE_ID = 'sluice-sweep';

export const DEFAULT_TASK_QUEUE = 'sluice';
