import type { Actor, Attention, OnDrift } from '../../workflows/contract/activities.js';
import type { FailureCode } from '../../workflows/contract/failures.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type {
  ObjectState,
  ReviewMode,
  ReviewState,
  RunControl,
  RunKind,
  RunMode,
  RunStatus,
  RunStep,
} from '../../workflows/contract/status.js';
import type { ChecklistItem } from '../records/checklist.js';
import type { Counts, OutcomeCounts, Rules } from '../records/types.js';
import type { CleanupEntry, UndoState } from './clean-ups.js';
import type { LastError } from './documents.js';

export interface RunObjectDoc {
  object: ObjectName;
  state: ObjectState;
  /** Source records as the provider counts them, where it can. */
  providerTotal: number | null;
  startedAt: string | null;
  endedAt: string | null;
  /** What a sync of this object starts from, fixed at its preflight. Null or absent: it reads a full listing. */
  since?: SinceDoc | null;
}

/** A bookmark as it was pinned: later runs may move the app's, this run goes by this one. */
export interface SinceDoc {
  bookmark: string;
  /** Format of the bookmark, as the provider's offer named it when it was written. */
  version: number;
  /** The run that set it: its failed records are asked for again. */
  runId: string;
  /** The moment that run began to read the object. */
  at: string;
}

export interface QuestionEvidence {
  [key: string]: unknown;
}

export interface RepairState {
  repairId: string;
  state: 'running' | 'done' | 'failed';
  object: ObjectName | null;
  code: string | null;
  externalIds: string[] | null;
  /** Records that had failed or were left out and are in the store now; that were there and changed; that fail still. */
  repaired: number;
  changed: number;
  stillFailed: number;
  /** Why it could not go on, in plain words. */
  error: string | null;
  by: Actor;
  at: string;
  endedAt: string | null;
  /** Where it goes on: only while it runs. */
  next: { object: ObjectName; seq: number } | null;
  /** Rules with which records were decided again; of an earlier repair, until this one ends. */
  rulesVersion: string | null;
}

/** What a run depends on, fixed at its preflight: later changes concern the next run. */
export interface PinnedDoc {
  origin: string;
  rules: Rules;
  mappingVersion: number;
  settings: Record<string, unknown>;
  /** File provider: the newest usable file per object. */
  files: Partial<Record<ObjectName, string>>;
  /** File provider: how each file writes numbers and dates, where it was said or told. */
  locales: Partial<Record<ObjectName, string>>;
  account: { id: string; name: string } | null;
  reviewMode: ReviewMode;
  firstRun: boolean;
}

export interface RunOptions {
  limit?: number;
  backupFirst?: boolean;
  automations?: Record<string, 'hold' | 'run' | 'drop'>;
}

export interface RunDoc {
  workspaceId: string;
  runId: string;
  appId: string;
  providerId: string;
  kind: RunKind;
  mode: RunMode;
  status: RunStatus;
  step: RunStep | null;
  object: ObjectName | null;
  attention: (Attention & { since: string; evidence: QuestionEvidence | null; remindedAt?: string }) | null;
  reviewState: ReviewState;
  createdAt: string;
  /** When a worker began it; null until then. */
  startedAt: string | null;
  endedAt: string | null;
  startedBy: Actor;
  /** The objects asked for, in run order. */
  scope: ObjectName[];
  options: RunOptions;
  /** As asked for in the body; null: the app's policy or the default decides. */
  reviewAsked: ReviewMode | null;
  blockers: Finding[];
  warnings: Finding[];
  objects: RunObjectDoc[];
  control: RunControl;
  waitingUntil: string | null;
  waitingCode: FailureCode | null;
  lastError: LastError | null;
  cleanup: UndoState | null;
  /** Each one that was done, in their order; absent: none. `cleanup` is their sum. */
  cleanups?: CleanupEntry[];
  /** The sum as it was when the undo of this object began. */
  cleaning?:
    (Pick<UndoState, 'remove' | 'restore' | 'keep' | 'conflictCount'> & { object: ObjectName }) | null;
  /** The last repair; absent: there was none. */
  repair?: RepairState | null;
  /** After it failed or was cancelled: a person has looked at what it wrote. */
  acknowledged?: { note: string; by: Actor; at: string } | null;
  pinned: PinnedDoc | null;
  /** Of a run that is planned first, once all is decided. */
  plan?: PlanDoc | null;
  /** Until when raw pages and journals are kept; null while the run is live. */
  keepUntil: string | null;
  undoExpired: boolean;
  temporalRunId: string | null;
  workflowId: string;
  /** Rises with every change. */
  revision: number;
  updatedAt: string;
}

export interface Finding {
  code: string;
  message: string;
  object?: ObjectName;
  [detail: string]: unknown;
}

export interface FetchSide {
  workspaceId: string;
  runId: string;
  object: ObjectName;
  /** Number of the next page to stage; 0 at the start. */
  position: number;
  cursor: string | null;
  /** Read to its end. */
  done: boolean;
  epoch: number;
  fetched: number;
  /** Lines of grouped files. */
  rows: number;
  requests: number;
  bytes: number;
  bookmark: string | null;
  complete: boolean;
  /** How far records that failed in the run before are asked for again. Absent: not begun, or nothing to do. */
  retry?: StagingStep & { renamed?: Renamed[] };
  /** The provider's answers were read to their end; what is left (`retry`, `absence`) is asked for by id. Absent: as `done` says. */
  listed?: boolean;
  /** Number of the first page of the listing that counts. Absent: 0. */
  listedFrom?: number;
  /** How often a person's word made it read everything, because a bookmark or cursor was good no more. It is not used again then. */
  fullListings?: number;
  /** Of the positions that led to `cursor`, to notice that they go round. Absent: none yet. */
  seen?: CursorsSeen | null;
  /** Why nothing may be staged any more. */
  closedFor: string | null;
  updatedAt: string;
}

/** One position by its hash, the steps since, and how many there may be until a later one takes its place. */
export interface CursorsSeen {
  hash: string;
  steps: number;
  reach: number;
}

/** A record that failed under one id and was found, asked for by that, under another. */
export interface Renamed {
  from: string;
  to: string;
}

/** A walk in the order of some ids: a repeat goes on behind the last one that was staged. */
export interface StagingStep {
  after: string | null;
  done: boolean;
}

export interface ApplySide {
  workspaceId: string;
  runId: string;
  object: ObjectName;
  /** Number of the next page to apply. */
  position: number;
  epoch: number;
  pages: number;
  counts: Counts;
  /** Set where a breaker or another question stopped the transfer. */
  question: { code: FailureCode; evidence: QuestionEvidence } | null;
  /** Only of runs that are planned first. */
  plan?: PlanSide;
  closedFor: string | null;
  /** When the first and the last page were applied: for rates, and for `stalledSince`. */
  firstAt: string | null;
  lastAt: string | null;
  updatedAt: string;
}

/** How far the plan of an object is. Beside the apply side, because the same epoch guards both. */
export interface PlanSide {
  /** Number of the next page to decide. */
  position: number;
  counts: Counts;
  /** Digest of every decision so far, in order. */
  chain: string;
  /** How many plans were given up before this one. */
  round?: number;
  updatedAt: string;
}

/** A duplicate with both sides, as a plan shows it. */
export interface PlannedDuplicate {
  object: ObjectName;
  externalId: string;
  incoming: Record<string, unknown>;
  candidates: { recordId: string; fields: Record<string, unknown> | null }[];
  matchedOn: string[];
  decision: 'update' | 'create' | 'skip';
}

/** What a run would do, as it was decided without writing a record. */
export interface PlanDoc {
  hash: string;
  mappingVersion: number;
  counts: OutcomeCounts;
  objects: { object: ObjectName; counts: Counts }[];
  duplicates: { total: number; items: PlannedDuplicate[] };
  unmapped: {
    owners: { value: string | null; count: number }[];
    statuses: { object: ObjectName; value: string | null; count: number }[];
  };
  required: { object: ObjectName; field: string | null; count: number }[];
  /** Relations whose target is neither here nor in the plan. */
  unresolved: number;
  waiting: { object: ObjectName; externalId: string; relation: string; target: RelationTarget }[];
  madeAt: string;
  /** Null until a person has it applied. */
  applied: { at: string; by: Actor; onDrift: OnDrift } | null;
}

export interface RelationTarget {
  object: ObjectName;
  externalId: string;
}

export type PageOrigin = 'fetch' | 'resolve' | 'repair' | 'retry' | 'absence';

export interface ProblemDoc {
  object: ObjectName;
  severity: 'failed' | 'skipped' | 'warning';
  code: string;
  externalId?: string;
  position?: string;
  field?: string;
  value?: string;
  message: string;
  /** Found by a plan: nothing was written yet. */
  planned?: true;
  /** For counted ones (skipped, warning). */
  count?: number;
  samples?: { externalId?: string; position?: string }[];
  state: 'open' | 'repaired' | 'dismissed';
}

export interface ChecklistDoc {
  workspaceId: string;
  runId: string;
  object: ObjectName;
  items: ChecklistItem[];
  /** Set when a review froze it. */
  frozenAt: string | null;
  madeAt: string;
}

export interface ReviewDoc {
  workspaceId: string;
  runId: string;
  object: ObjectName;
  decision: 'accept' | 'accept_and_stop' | 'clean_up' | 'cleanup_recorded' | 'answer';
  cleanupBy: 'sluice' | 'person' | null;
  confirmed: string[];
  note: string | null;
  actor: Actor;
  at: string;
}

export interface HoldDoc {
  workspaceId: string;
  runId: string;
  appId: string;
  workflowId: string;
  temporalRunId: string;
  openedAt: string;
  endedAt: string | null;
  /** How it ended: by its run, or by the sweeper after its workflow was gone. */
  endedBy: 'run' | 'sweeper' | null;
}
