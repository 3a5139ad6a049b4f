export const RUN_STATUSES = [
  'running',
  'paused',
  'needs_attention',
  'completed',
  'failed',
  'cancelled',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** Legal moves of a run's status, as data. Terminal statuses have none. */
export const RUN_MOVES: Readonly<Record<RunStatus, readonly RunStatus[]>> = {
  running: ['paused', 'needs_attention', 'completed', 'failed', 'cancelled'],
  paused: ['running', 'needs_attention', 'failed', 'cancelled'],
  needs_attention: ['running', 'paused', 'completed', 'failed', 'cancelled'],
  completed: [],
  failed: [],
  cancelled: [],
};

export function isTerminal(status: RunStatus): boolean {
  return RUN_MOVES[status].length === 0;
}

export type RunKind = 'import' | 'sync';
export type RunMode = 'apply' | 'plan';
export type ReviewMode = 'each_object' | 'on_findings' | 'none';

export type RunStep =
  'preflight' | 'hold' | 'transfer' | 'resolve' | 'checklist' | 'review' | 'cleanup' | 'end_hold' | 'close';

/** What a run's transfer loops obey before each page. */
export type RunControl = 'go' | 'pause' | 'cancel';

export type ObjectState =
  | 'waiting'
  | 'planned'
  | 'transferring'
  | 'in_review'
  | 'accepted'
  | 'passed'
  | 'unreviewed'
  | 'unchanged'
  | 'cleaned_up'
  | 'failed'
  | 'skipped'
  | 'not_started';

export type ReviewState = 'none' | 'unreviewed' | 'in_review' | 'accepted' | 'cleaned_up';

export type AttentionReason =
  'review' | 'plan' | 'reconnect' | 'permission' | 'breaker' | 'question' | 'cleanup';

/** What a person may answer to a question of a run. */
export type Choice = 'resume' | 'skip_object' | 'stop' | 'full_listing';

export const OUTCOMES = ['created', 'updated', 'unchanged', 'skipped', 'failed', 'deleted'] as const;
export type Outcome = (typeof OUTCOMES)[number];
export type SkipReason = 'repeated' | 'duplicate' | 'linked' | 'stale' | 'out_of_scope' | 'drifted';
