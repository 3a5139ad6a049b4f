import { appWorkflowId } from '../../workflows/contract/ids.js';
import type { RunDoc } from './run-documents.js';

/** Accepted, not begun by a worker yet: `running` with no `startedAt`. */
export function newRun(
  fields: Pick<
    RunDoc,
    | 'workspaceId'
    | 'runId'
    | 'appId'
    | 'providerId'
    | 'createdAt'
    | 'startedBy'
    | 'scope'
    | 'options'
    | 'reviewAsked'
  > &
    Partial<Pick<RunDoc, 'kind' | 'mode'>>,
): RunDoc {
  return {
    ...fields,
    kind: fields.kind ?? 'import',
    mode: fields.mode ?? 'apply',
    status: 'running',
    step: null,
    object: null,
    attention: null,
    reviewState: 'none',
    startedAt: null,
    endedAt: null,
    blockers: [],
    warnings: [],
    objects: fields.scope.map((object) => ({
      object,
      state: 'waiting',
      providerTotal: null,
      startedAt: null,
      endedAt: null,
    })),
    control: 'go',
    waitingUntil: null,
    waitingCode: null,
    lastError: null,
    cleanup: null,
    pinned: null,
    keepUntil: null,
    undoExpired: false,
    temporalRunId: null,
    workflowId: appWorkflowId(fields),
    revision: 0,
    updatedAt: fields.createdAt,
  };
}
