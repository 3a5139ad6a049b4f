import type { Actor } from '../../workflows/contract/activities.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { Said } from '../records/outcome-marks.js';
import type { DuplicateFound, JournalEntry } from '../records/page.js';
import type { Counts } from '../records/types.js';
import type { UndonePage } from '../records/undo-types.js';
import type { ApplyResult, TurnHeld } from './moving.js';
import type { PageState } from './repair-part.js';
import type { ApplySide } from './run-documents.js';

/** One source record's part of the run taken back, so that it can be decided otherwise. */
export interface UntieCommit {
  ref: RunRef;
  object: ObjectName;
  origin: string;
  epoch: number;
  turn: TurnHeld;
  undone: UndonePage;
  /** Of the page that keeps the source; `before`: as it was read, by which a repeated call knows itself. */
  state: Pick<PageState, 'seq' | 'marks' | 'notes'>;
  before: string;
  moved: Counts;
  uncounted: Said[];
  /** Listed with the record: what could not be taken back, and why. */
  problems: { externalId: string; message: string }[];
  now: string;
}

export interface Repairs {
  /**
   * Takes a transfer that was closed, for one attempt at a repair: raises the apply side's epoch, which fences older attempts. Undo
   * closes it again. Null: nothing of this object was moved, or it still moves.
   */
  claim(ref: RunRef, object: ObjectName): Promise<ApplySide | null>;
  /** Pages of fetched source that were applied and not taken back, from a number on; by `externalIds`, those that may hold one. */
  states(
    ref: RunRef,
    object: ObjectName,
    args: { from: number; limit: number; externalIds?: readonly string[] },
  ): Promise<{ items: PageState[]; next: number | null }>;
  /** States that the repair goes on at a page of source, for an attempt that holds this epoch. Throws `Fenced`. */
  moveOn(ref: RunRef, object: ObjectName, args: { epoch: number; seq: number }): Promise<void>;
  /** What this run did about one external id, in order. */
  entriesOf(ref: RunRef, object: ObjectName, externalId: string): Promise<JournalEntry[]>;
  /** As it was listed; null: this run lists no such duplicate. */
  duplicateOf(ref: RunRef, object: ObjectName, externalId: string): Promise<DuplicateFound | null>;
  /** One transaction. Throws `Fenced`. */
  untie(commit: UntieCommit): Promise<ApplyResult>;
}

export interface DecisionDoc {
  workspaceId: string;
  runId: string;
  object: ObjectName;
  externalId: string;
  decision: 'update' | 'skip' | 'create';
  recordId: string | null;
  by: Actor;
  at: string;
  /** When a repair carried it out. */
  appliedAt: string | null;
}

/** What people decided about single duplicates. */
export interface Decisions {
  /** A later decision about the same source record takes the place of an earlier one. */
  put(decision: DecisionDoc): Promise<void>;
  get(
    ref: Pick<RunRef, 'workspaceId' | 'runId'>,
    object: ObjectName,
    externalIds: readonly string[],
  ): Promise<DecisionDoc[]>;
  /** Not carried out yet. */
  open(ref: Pick<RunRef, 'workspaceId' | 'runId'>, object: ObjectName): Promise<DecisionDoc[]>;
  applied(
    ref: Pick<RunRef, 'workspaceId' | 'runId'>,
    object: ObjectName,
    externalIds: readonly string[],
    at: string,
  ): Promise<void>;
}
