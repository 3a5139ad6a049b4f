export interface AppRef {
  workspaceId: string;
  appId: string;
}

/** Which run of which app of which workspace. The argument of nearly every activity. */
export interface RunRef extends AppRef {
  runId: string;
}

/** One id per app: Temporal refuses a second live workflow under it, which is the promise "one run per app". */
export function appWorkflowId(ref: AppRef): string {
  return `app:${ref.workspaceId}:${ref.appId}`;
}

export function transferWorkflowId(ref: RunRef, object: string): string {
  return `${appWorkflowId(ref)}/${ref.runId}/${object}`;
}

export const SWEEP_SCHEDULE_ID = 'sluice-sweep';

export const DEFAULT_TASK_QUEUE = 'sluice';
