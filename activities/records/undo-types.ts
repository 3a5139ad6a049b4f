import type { ObjectName } from '../../workflows/contract/objects.js';
import type { JournalEntry, PendingRelation, RecordWrite, ReferenceBump } from './page.js';
import type { FieldValue, Relation, StoredLink, StoredRecord } from './types.js';

/** The store as it is now, for the records and links that one page's journal names. */
export interface UndoWorld {
  records: ReadonlyMap<string, StoredRecord>;
  /** Current link per `{object}/{externalId}`. */
  links: ReadonlyMap<string, StoredLink>;
  /** Records whose relations point at a record of this page, by target record id. */
  referrers: ReadonlyMap<string, readonly StoredRecord[]>;
  /** Every live link of a record, by record id. */
  recordLinks: ReadonlyMap<string, readonly StoredLink[]>;
}

export interface UndoContext {
  workspaceId: string;
  appId: string;
  runId: string;
  now: string;
}

export interface UndoConflict {
  object: ObjectName;
  recordId: string;
  externalId: string | null;
  field?: string;
  current: FieldValue | Relation | null;
  wouldBe: FieldValue | Relation | null;
  /** Plain words: who changed it since, or what refers to it. */
  why: string;
}

export interface UndonePage {
  /** Records to delete for good, guarded by the version read. */
  removals: { recordId: string; expectedVersion: number }[];
  writes: RecordWrite[];
  restoredLinks: StoredLink[];
  removedLinks: { object: ObjectName; externalId: string }[];
  bumps: ReferenceBump[];
  /** Relations that wait for their target again. */
  pendingAdded: PendingRelation[];
  /** Relations that wait no more, because what the run said of them is taken back. */
  pendingRemoved: PendingRelation[];
  /** Records whose pending relations go with them. */
  pendingRemovedOf: string[];
  conflicts: UndoConflict[];
  counts: UndoCounts;
}

export interface UndoCounts {
  /** Records removed for good. */
  remove: number;
  /** Records that got earlier values back (and were not made by this run). */
  restore: number;
  /** Records of which something stays because somebody changed or uses it since. */
  keep: number;
}

/** Pure: see `undo.ts`. Entries are given in the order in which the page wrote them; undo reads them backwards. */
export type UndoPage = (
  entries: readonly JournalEntry[],
  world: UndoWorld,
  context: UndoContext,
) => UndonePage;
