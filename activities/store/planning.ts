import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { DecidedPage, DuplicateFound, Lookups } from '../records/page.js';
import type { PlannedOutcome } from '../records/plan.js';
import type { StoredLink, StoredRecord } from '../records/types.js';
import type { ListQuery, Listed } from './listing.js';
import type { ListedChange } from './moving.js';
import type { PlanSide } from './run-documents.js';

export interface PlanCommit {
  ref: RunRef;
  object: ObjectName;
  seq: number;
  /** Of the apply side, which the plan shares. */
  epoch: number;
  decided: DecidedPage;
  outcomes: PlannedOutcome[];
  duplicates: PlannedDuplicateFound[];
  /** Where the plan stands after this page. */
  side: PlanSide;
}

/** Candidates that only the plan knows, with what they would be. */
export interface PlannedDuplicateFound extends DuplicateFound {
  planned?: Record<string, StoredRecord['fields']>;
}

/** Which pages of a plan are to be seen: those of this round below this number, and perhaps later ones. */
export interface PlannedSoFar {
  round: number;
  pages: number;
}

/** One source record as the plan has left it. */
export interface PlannedState {
  link: StoredLink;
  /** Null where the plan writes no record. */
  record: StoredRecord | null;
  version: number;
}

/** As much as a relation asks of its target. */
export type PlannedTarget = Pick<StoredLink, 'object' | 'externalId' | 'recordId'> & { gone: boolean };

/** Relations of one planned page whose target was not there when it was decided. */
export interface PlannedWaiting {
  externalId: string;
  relation: string;
  targetObject: ObjectName;
  targetExternalId: string;
}

/**
 * What a run has decided without writing a record. Everything of it carries the run, so that no run meets another's plan, and
 * nothing else of the store ever reads it.
 */
export interface Plans {
  /** One transaction, guarded like the page transaction. Throws `Fenced`. `repeated`: this page is decided already. */
  commit(commit: PlanCommit): Promise<'planned' | 'repeated'>;
  /** What earlier pages of this plan did to what a page looks up. */
  states(
    ref: RunRef,
    object: ObjectName,
    lookups: Pick<Lookups, 'externalIds' | 'keys' | 'weakKeys'>,
    soFar: PlannedSoFar,
  ): Promise<PlannedState[]>;
  /** Planned states of these records, where the plan changes records that are there or ties to them; of many the latest. */
  ofRecords(
    ref: RunRef,
    object: ObjectName,
    recordIds: readonly string[],
    soFar: PlannedSoFar,
  ): Promise<PlannedState[]>;
  /** Of whatever object of the run was planned so far. */
  targets(ref: RunRef, targets: Lookups['targets']): Promise<PlannedTarget[]>;
  /** Null: the page was not planned. */
  outcomes(ref: RunRef, object: ObjectName, seq: number): Promise<PlannedOutcome[] | null>;
  /** Of pages `from` (included) to `to` (excluded). */
  waiting(ref: RunRef, object: ObjectName, from: number, to: number): Promise<PlannedWaiting[]>;
  changes(
    ref: RunRef,
    filter: { object?: ObjectName; outcome?: string },
    query: ListQuery,
  ): Promise<Listed<ListedChange>>;
  duplicates(
    ref: RunRef,
    filter: { object?: ObjectName },
    query: ListQuery,
  ): Promise<Listed<PlannedDuplicateFound & { object: ObjectName }>>;
  /**
   * Back to the first page, with a higher epoch, so that nobody goes on with what was decided before. Once for each
   * round; answers how many pages of the new one are decided already.
   */
  restart(ref: RunRef, object: ObjectName, round: number): Promise<number>;
  /** What only planning needs, and the problems that were only planned; `all`: the decisions too. Repeatable. */
  forget(ref: RunRef, what: 'aids' | 'all'): Promise<void>;
}
