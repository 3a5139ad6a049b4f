import type { Actor } from '../../workflows/contract/activities.js';
import type { Lookalike } from '../records/page.js';
import type { RunRef } from '../../workflows/contract/ids.js';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { LinkStanding, LinkTie, StoredLink, StoredRecord } from '../records/types.js';
import type { ProblemDoc } from './run-documents.js';
import type { ListQuery, Listed } from './listing.js';
import type { TurnHeld } from './moving.js';

export interface RecordFilter {
  object?: ObjectName;
  /** Prefix on name, e-mail, number or key. */
  q?: string;
  appId?: string;
  externalId?: string;
  runId?: string;
  archived?: boolean;
}

export interface Records {
  byIds(workspaceId: string, recordIds: readonly string[]): Promise<StoredRecord[]>;
  /** Of those that are there, by record id. */
  versions(workspaceId: string, recordIds: readonly string[]): Promise<ReadonlyMap<string, number>>;
  /** Every record (archived too) that shares one of the strong keys; at most 20 per key. */
  byKeys(workspaceId: string, object: ObjectName, keys: readonly string[]): Promise<StoredRecord[]>;
  /** As much of them as listing takes; at most 20 per key, however many share it. */
  byWeakKeys(workspaceId: string, object: ObjectName, keys: readonly string[]): Promise<Lookalike[]>;
  /** Records with a relation to one of these, by target. */
  referrers(
    workspaceId: string,
    targetIds: readonly string[],
  ): Promise<ReadonlyMap<string, readonly StoredRecord[]>>;
  list(workspaceId: string, filter: RecordFilter, query: ListQuery): Promise<Listed<StoredRecord>>;
  /** A person's new record: under the turn of its object. `conflict`: turn lost, try again. */
  insert(record: StoredRecord, turn: TurnHeld): Promise<'written' | 'conflict'>;
  /** A person's edit, guarded by version; relations' targets are bumped in the same transaction. */
  replace(
    record: StoredRecord,
    expectedVersion: number,
    bumps: { recordId: string; by: number }[],
  ): Promise<'written' | 'conflict'>;
}

export interface Links {
  byExternalIds(
    workspaceId: string,
    origin: string,
    object: ObjectName,
    externalIds: readonly string[],
  ): Promise<StoredLink[]>;
  /** The same without what their sources said: enough to tell that nothing is new. */
  standing(
    workspaceId: string,
    origin: string,
    object: ObjectName,
    externalIds: readonly string[],
  ): Promise<LinkStanding[]>;
  byRecords(workspaceId: string, recordIds: readonly string[]): Promise<StoredLink[]>;
  /** The same without what their sources said. */
  ties(workspaceId: string, recordIds: readonly string[]): Promise<LinkTie[]>;
  /** True when this app brought any record of the object before. */
  any(workspaceId: string, origin: string, object: ObjectName): Promise<boolean>;
  /** Live links of an origin and object: those that are not marked gone. */
  count(workspaceId: string, origin: string, object: ObjectName): Promise<number>;
  /** External ids of the live links of an origin and object that an app wrote last, some thousands at a time, in no order that means anything. */
  live(
    at: { workspaceId: string; origin: string; object: ObjectName; appId: string },
    signal: AbortSignal,
  ): AsyncIterable<string[]>;
}

export interface ProblemFilter {
  severity?: ProblemDoc['severity'];
  code?: string;
  object?: ObjectName;
  state?: ProblemDoc['state'];
}

/** One failed problem, as far as it matters to tell whether an earlier run had it too. */
export interface Failure {
  /** The same in every run where the same record (by its id, else by what it looks like) fails with the same code, field and value. */
  failure: string;
  /** Which source record of this run it is of: one may fail in several ways. */
  record: string;
  code: string;
  field: string | null;
  /** A person has set it aside: it asks no more than one that was known before. */
  dismissed?: true;
}

/** A failure that nobody has settled: `key` is for `settle`. */
export interface OpenFailure {
  key: string;
  externalId: string;
}

export type ProblemsOfCode = Pick<ProblemDoc, 'severity' | 'code' | 'state'> & { count: number };

export interface Problems {
  list(
    ref: Pick<RunRef, 'workspaceId' | 'runId'>,
    filter: ProblemFilter,
    query: ListQuery,
  ): Promise<Listed<ProblemDoc>>;
  /** By object, severity, code, field, value: for checklists. At most 1,000 groups. */
  summary(
    ref: Pick<RunRef, 'workspaceId' | 'runId'>,
    object: ObjectName,
  ): Promise<
    {
      severity: ProblemDoc['severity'];
      code: string;
      field: string | null;
      value: string | null;
      count: number;
    }[]
  >;
  /** By object, severity, code and state, whatever their number: for certificates. What was only planned is left out. */
  byCode(ref: Pick<RunRef, 'workspaceId' | 'runId'>, object: ObjectName): Promise<ProblemsOfCode[]>;
  /** All failed ones of an object; null where there are more than `limit`. */
  failures(
    ref: Pick<RunRef, 'workspaceId' | 'runId'>,
    object: ObjectName,
    limit: number,
  ): Promise<Failure[] | null>;
  /** Which of these failures that run had as well. One question, answered by key. */
  known(
    ref: Pick<RunRef, 'workspaceId' | 'runId'>,
    object: ObjectName,
    failures: readonly string[],
  ): Promise<string[]>;
  /** Failures of an object that are still open and name an external id, in an order that stays, after a position. */
  openFailures(
    ref: Pick<RunRef, 'workspaceId' | 'runId'>,
    object: ObjectName,
    after: string | null,
    limit: number,
  ): Promise<{ items: OpenFailure[]; position: string | null }>;
  /** Makes open failures `repaired`, because the records passed in a later run. Repeatable. */
  settle(keys: readonly string[], byRunId: string): Promise<void>;
  /** What `settle` did for a run is taken back: they are open again. Repeatable. */
  reopen(ref: Pick<RunRef, 'workspaceId' | 'runId'>, object: ObjectName, byRunId: string): Promise<void>;
  dismiss(
    ref: Pick<RunRef, 'workspaceId' | 'runId'>,
    what: { code?: string; externalIds?: string[]; note: string; actor: Actor },
  ): Promise<number>;
}
