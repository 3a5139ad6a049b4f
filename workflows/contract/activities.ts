import type {
  Choice,
  AttentionReason,
  ObjectState,
  ReviewMode,
  RunKind,
  RunStatus,
  RunStep,
} from './status.js';
import type { FailureCode, FailureInfo } from './failures.js';
import type { ObjectName } from './objects.js';
import type { RunRef } from './ids.js';
import type { DueSync } from './schedules.js';

/** Who decided: from a key, a `Sluice-Actor` header, or a Temporal identity. */
export interface Actor {
  id: string;
  name: string;
}

export interface PreflightResult {
  /** The run has blockers on its document and must close `failed`; nothing was touched. */
  blocked: FailureInfo | null;
  /** The provider limits or is away: ask again then. Absent: it answered. */
  wait?: { until: string; code: FailureCode };
  /** In the order in which they are moved. */
  objects: ObjectName[];
  review: ReviewMode;
  reminderHours: number;
  /** Everything is decided first, and nothing is written before a person says so. */
  planFirst?: true;
}

export interface SliceArgs {
  ref: RunRef;
  object: ObjectName;
  /** Counts up from 0 over the whole transfer, continued-as-new runs included; fences older attempts. */
  slice: number;
  /** Pages this slice may apply at the most. */
  pages: number;
  /** Questions that a person answered with `resume` for this object: they do not ask again. */
  allowed: FailureCode[];
  /** Decide what is staged and keep the decisions; write no record. */
  planning?: true;
}

/** What stops a transfer until a person (or a clock) moves it on. Counts and codes only: this enters history. */
export interface Parked {
  reason: Extract<AttentionReason, 'reconnect' | 'permission' | 'breaker' | 'question'>;
  code: FailureCode;
  message: string;
  choices: Choice[];
}

export type SliceEnd =
  | { state: 'more' }
  | { state: 'done' }
  | { state: 'paused' }
  | { state: 'cancelled' }
  | { state: 'wait'; until: string; code: FailureCode }
  | { state: 'parked'; parked: Parked }
  | { state: 'failed'; failure: FailureInfo };

/** How a transfer child ends: never `more`. `slice` is where the next child goes on. */
export interface TransferEnd {
  end: Exclude<SliceEnd, { state: 'more' }>;
  slice: number;
}

export interface TransferArgs {
  ref: RunRef;
  object: ObjectName;
  slice: number;
  allowed: FailureCode[];
  /** Continue as new after so many slices, at the latest. */
  slicesPerHistory: number;
  planning?: true;
}

/** What applying does with a source record that it would decide otherwise than the plan: leave it out, or ask. */
export type OnDrift = 'skip' | 'refuse';

/** What a person has done with a plan. */
export type PlanDecision =
  { decision: 'apply'; onDrift: OnDrift; actor: Actor } | { decision: 'replan'; actor: Actor };

export interface ChecklistSummary {
  /** Items of kind `confirmed` that a review must confirm. */
  openItems: string[];
  /** Measured items with status `warning`. */
  findings: string[];
  /** Nothing created, updated, deleted or newly failed. */
  nothingNew: boolean;
  /** Records that this object's pages wrote (created or updated, deleted). */
  written: number;
}

export type CleanupBy = 'sluice' | 'person';

export interface ReviewDecision {
  object: ObjectName;
  decision: 'accept' | 'accept_and_stop' | 'clean_up';
  cleanupBy?: CleanupBy;
  then?: 'continue' | 'stop';
  confirmed: string[];
  note?: string;
  release?: 'all' | 'drop' | 'keep';
  actor: Actor;
}

/** What a run's document shows while it waits for a person. */
export interface Attention {
  reason: AttentionReason;
  object: ObjectName | null;
  questionId: string | null;
  code: FailureCode | null;
  message: string | null;
  choices: string[];
}

/** One change of a run's document, as its workflow tells it. Each is safe to repeat: it states, it does not add. */
export type Progress =
  /** `state`: what the object becomes with this step. */
  | { kind: 'step'; step: RunStep; object: ObjectName; state?: ObjectState }
  | { kind: 'object'; object: ObjectName; state: ObjectState }
  | { kind: 'attention'; attention: Attention }
  | { kind: 'going' }
  | { kind: 'paused' }
  | { kind: 'waiting'; until: string; code: FailureCode }
  | { kind: 'reminded' };

export interface UndoArgs {
  ref: RunRef;
  /** Only this object of the run; all of its objects, last first, when absent. */
  object: ObjectName | null;
  actor: Actor;
  note: string;
}

export type UndoEnd = { state: 'done' } | { state: 'more' };

/** Undo, or a recorded clean-up, of a run that has ended. */
export interface CleanupArgs extends UndoArgs {
  mode: 'undo' | 'manual';
}

/** Decides kept source of a run again, with the rules of today. With neither code nor ids: what failed, and what ends otherwise. */
export interface RepairArgs {
  ref: RunRef;
  /** The request that asked for it: asked for again, it is the same repair. */
  repairId: string;
  object: ObjectName | null;
  code: string | null;
  externalIds: string[] | null;
  actor: Actor;
}

export type RepairEnd = { state: 'done' } | { state: 'more' };

export interface RunEnd {
  status: RunStatus;
}

export interface CloseArgs {
  ref: RunRef;
  status: Extract<RunStatus, 'completed' | 'failed' | 'cancelled'>;
  error: FailureInfo | null;
}

/** What the API wants from a worker, as a short workflow. The answer goes to the store under `answerId`, never into history. */
export type Ask =
  | { about: 'check'; workspaceId: string; appId: string }
  | { about: 'preflight'; workspaceId: string; appId: string; objects: ObjectName[] | null; kind?: RunKind }
  | { about: 'compare'; workspaceId: string; recordId: string; appId: string | null }
  | { about: 'inspect'; workspaceId: string; appId: string; fileId: string }
  /** Trades the code that a log-in came back with. Its answer is the log-in as it then stands in the store. */
  | { about: 'connect'; workspaceId: string; appId: string; loginId: string }
  /** Gives an app's tokens back to the provider, before they are forgotten here. */
  | { about: 'disconnect'; workspaceId: string; appId: string }
  | { about: 'undo_preview'; workspaceId: string; appId: string; runId: string; object: ObjectName | null };

export interface AskArgs {
  answerId: string;
  ask: Ask;
}

/**
 * The outside world as the workflows see it. Owned by the workflow side; `createActivities` satisfies it.
 * Every one may be repeated at any moment: each says in its own docstring why that is safe.
 */
export interface Activities {
  /** The run's first sign of life; also says that it is in its preflight. */
  beginRun(ref: RunRef): Promise<void>;
  preflight(ref: RunRef): Promise<PreflightResult>;
  recordProgress(args: { ref: RunRef; progress: Progress }): Promise<void>;
  openHold(ref: RunRef): Promise<void>;
  endHold(ref: RunRef): Promise<void>;
  setControl(args: { ref: RunRef; control: 'go' | 'pause' | 'cancel' }): Promise<void>;
  transferSlice(args: SliceArgs): Promise<SliceEnd>;
  resolveSlice(args: SliceArgs): Promise<SliceEnd>;
  /** Sums up what was planned on the run's document; its hash is all that enters history. */
  sealPlan(args: { ref: RunRef; objects: ObjectName[] }): Promise<{ hash: string }>;
  recordPlanDecision(args: { ref: RunRef; planHash: string; decided: PlanDecision }): Promise<void>;
  /** What a plan kept for itself goes; `again`: and every object is to be decided anew, with the rules of today. */
  clearPlan(args: { ref: RunRef; objects: ObjectName[]; round: number; again: boolean }): Promise<void>;
  recordAnswer(args: {
    ref: RunRef;
    object: ObjectName;
    questionId: string;
    choice: Choice;
    note: string;
    actor: Actor;
  }): Promise<void>;
  /** Fences an object's transfer for good and takes staged pages that were never applied off the books. */
  closeTransfer(args: { ref: RunRef; object: ObjectName; why: ObjectState }): Promise<void>;
  buildChecklist(args: {
    ref: RunRef;
    object: ObjectName;
    enteringReview: boolean;
  }): Promise<ChecklistSummary>;
  recordReview(args: { ref: RunRef; review: ReviewDecision }): Promise<void>;
  recordCleanup(args: UndoArgs): Promise<void>;
  undoSlice(args: UndoArgs): Promise<UndoEnd>;
  repairSlice(args: RepairArgs): Promise<RepairEnd>;
  closeRun(args: CloseArgs): Promise<{ status: RunStatus }>;
  answerAsk(args: AskArgs): Promise<void>;
  /** Null: the sync that is due is passed over, and the reason is recorded. Else its run's document is there. */
  beginScheduled(due: DueSync): Promise<{ ref: RunRef | null }>;
  /** Not `started`: another run of the app was faster; the document goes, and the skip is recorded. */
  settleScheduled(args: { due: DueSync; ref: RunRef; started: boolean }): Promise<void>;
  sweep(): Promise<void>;
}
