import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { DecidedPage, DuplicateFound, JournalEntry, PendingRelation } from '../records/page.js';
import type { Counts, SourceRecord } from '../records/types.js';
import type { UndonePage } from '../records/undo-types.js';
import type { StoredConflict } from './clean-ups.js';
import type { ApplySide, FetchSide, PageOrigin, QuestionEvidence } from './run-documents.js';
import type { ListQuery, Listed } from './listing.js';
import type { PageState, RepairPart } from './repair-part.js';

/** Raised when this attempt's epoch is no longer the current one: somebody newer, an undo or a close took over. Stop at once. */
export class Fenced extends Error {}

export interface Claim {
  fetch: FetchSide;
  apply: ApplySide;
}

/** What was staged: `records` exactly as the provider sent them. */
export interface StagedPage {
  seq: number;
  origin: PageOrigin;
  records: SourceRecord[];
}

export interface Transfers {
  /**
   * Raises the epoch of both sides for a new attempt. `order` is `slice` and `attempt` of the caller: a lower one than
   * the last is refused (`Fenced`), so that a frozen old attempt cannot steal it; so is a closed transfer.
   */
  claim(ref: RunRef, object: ObjectName, order: { slice: number; attempt: number }): Promise<Claim>;
  get(ref: RunRef, object: ObjectName): Promise<Claim | null>;
  /** Of every object of the run that has begun. */
  all(ref: RunRef): Promise<Claim[]>;
  setQuestion(
    ref: RunRef,
    object: ObjectName,
    epoch: number,
    question: { code: string; evidence: QuestionEvidence } | null,
  ): Promise<void>;
  /**
   * Raises both epochs and closes both sides for good (repeatable). Staged pages that were not applied are discarded and taken off
   * `fetched`, in one transaction, so that the books stay closed.
   */
  close(ref: RunRef, object: ObjectName, why: string): Promise<void>;
}

export interface StageCommit {
  ref: RunRef;
  object: ObjectName;
  epoch: number;
  /** The first page's number; must be the fetch side's position. */
  fromSeq: number;
  /** All from one provider answer; only the last carries the cursor. At most 500 records each. */
  pages: SourceRecord[][];
  cursor: string | null;
  done: boolean;
  bookmark: string | null;
  complete: boolean;
  traffic: { requests: number; bytes: number };
  /** Of these pages; `fetch` where absent. */
  origin?: Extract<PageOrigin, 'fetch' | 'retry' | 'absence'>;
  /** What else is stated of the fetch side in this transaction. A commit without pages states only. */
  step?: FetchStep;
  /** Somebody will ask for `stagedIds`: the pages keep what answers it at once. */
  forAbsence?: boolean;
}

export type FetchStep = Partial<Pick<FetchSide, 'listed' | 'listedFrom' | 'fullListings' | 'retry' | 'seen'>>;

/** External ids by their hashes, eight bytes each: of a million absent ones, one may pass for staged in ten thousand runs. */
export interface StagedIds {
  readonly size: number;
  has(externalId: string): boolean;
}

export interface ApplyCommit {
  ref: RunRef;
  object: ObjectName;
  seq: number;
  pageOrigin: PageOrigin;
  /** Origin of this run's links: provider and account. */
  origin: string;
  epoch: number;
  /** From `turns.acquire`; the commit fails with `conflict` when somebody else wrote meanwhile. */
  turn: TurnHeld;
  decided: DecidedPage;
  /** Pending relations that this page settles. */
  settled: PendingRelation[];
  rows: number;
  now: string;
  /** Of a page of fetched source: what became of each record, so that a repair finds it. */
  kept?: Pick<PageState, 'marks' | 'notes'>;
  /** Only of a repair's page. */
  repair?: RepairPart;
}

/** `conflict`: something that was read changed meanwhile: load and decide again. `repeated`: this page is applied already. */
export type ApplyResult = 'applied' | 'repeated' | 'conflict';

export interface UndoCommit {
  ref: RunRef;
  object: ObjectName;
  seq: number;
  origin: string;
  turn: TurnHeld;
  /** Its counts and conflicts are added to the run's `cleanup` and to `conflicts` in the same transaction. */
  undone: UndonePage;
  now: string;
}

export interface PageFacts {
  seq: number;
  origin: PageOrigin;
  records: number;
  applied: boolean;
  undone: boolean;
}

/** How the records of one applied page ended. */
export interface PageOutcomes {
  seq: number;
  counts: Counts;
}

/** An entry of a journal, and what an undo took back of it: exactly, field by field. */
export interface ListedChange extends JournalEntry {
  /** Decided by a plan: nothing was written yet. */
  planned?: true;
  /** All of it was taken back: every field, and the record or the tie that came with it. */
  undone: boolean;
  fields: (JournalEntry['fields'][number] & { undone: boolean })[];
}

export interface Pages {
  /** One transaction: the pages and the fetch side. Throws `Fenced`. */
  stage(commit: StageCommit): Promise<void>;
  /** Which external ids were staged from a page on. */
  stagedIds(ref: RunRef, object: ObjectName, fromSeq: number): Promise<StagedIds>;
  /** A staged page's source records; null where there is none. */
  source(ref: RunRef, object: ObjectName, seq: number): Promise<StagedPage | null>;
  /** THE page transaction: records, links, problems, pending, bumps, page counts, journal, duplicates, apply side, turn. Throws `Fenced`. */
  apply(commit: ApplyCommit): Promise<ApplyResult>;
  /** One page taken back, journal kept. `repeated`: undone already. `conflict`: load and decide again. */
  undo(commit: UndoCommit): Promise<ApplyResult>;
  /** Walks down from the last page (exclusive of `below` when given): what undo reads. */
  facts(ref: RunRef, object: ObjectName, args: { below?: number; limit: number }): Promise<PageFacts[]>;
  /** Of these pages those that were applied and not taken back, by their numbers. */
  outcomes(ref: RunRef, object: ObjectName, seqs: readonly number[]): Promise<PageOutcomes[]>;
  journal(ref: RunRef, object: ObjectName, seq: number): Promise<JournalEntry[]>;
  /** Every applied entry of a run in order, for `changes`. */
  changes(
    ref: RunRef,
    filter: { object?: ObjectName; outcome?: string },
    query: ListQuery,
  ): Promise<Listed<ListedChange>>;
  /** Found while applying; kept with the page. */
  duplicates(
    ref: RunRef,
    filter: { object?: ObjectName },
    query: ListQuery,
  ): Promise<Listed<DuplicateFound & { object: ObjectName }>>;
  /** Raw source of a run, in order, for the backup. */
  stream(
    ref: RunRef,
    signal: AbortSignal,
  ): AsyncIterable<{ object: ObjectName; seq: number; record: SourceRecord }>;
  /** One source record as it was sent; null: not in this run. */
  sourceOf(ref: RunRef, object: ObjectName, externalId: string): Promise<SourceRecord | null>;
  /** Retention: marks the run's undo as expired, then deletes its pages and journals. */
  expire(ref: RunRef): Promise<void>;
}

export interface Pendings {
  /** Relations of this origin that wait for a target of this object, by target id order, after a position. */
  waiting(
    workspaceId: string,
    origin: string,
    targetObject: ObjectName,
    after: string | null,
    limit: number,
  ): Promise<{ items: PendingRelation[]; position: string | null }>;
  /** How many relations of records of this object the run left waiting. */
  countOf(ref: Pick<RunRef, 'workspaceId' | 'runId'>, object: ObjectName): Promise<number>;
  /** Some of them, in no order that means anything. */
  someOf(
    ref: Pick<RunRef, 'workspaceId' | 'runId'>,
    object: ObjectName,
    limit: number,
  ): Promise<PendingRelation[]>;
}

/** The lease on one object of a workspace, and its counter as read: every write under the turn checks and raises it. */
export interface TurnHeld {
  workspaceId: string;
  object: ObjectName;
  holder: string;
  counter: number;
}

export interface Turns {
  /** Waits in a fair queue. A lease not renewed for some seconds is free. Aborting leaves the queue. */
  acquire(workspaceId: string, object: ObjectName, holder: string, signal: AbortSignal): Promise<TurnHeld>;
  /** Renews and says whether somebody waits: then give it up after this page. Null: lost. */
  renew(turn: TurnHeld): Promise<{ turn: TurnHeld; wanted: boolean } | null>;
  release(turn: TurnHeld): Promise<void>;
}

/** Conflicts of a run's undo beyond those on its document. */
export interface UndoConflicts {
  list(ref: Pick<RunRef, 'workspaceId' | 'runId'>, query: ListQuery): Promise<Listed<StoredConflict>>;
}
