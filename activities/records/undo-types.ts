import type { ObjectName } from '../../workflows/contract/objects.js';
import type { JournalEntry, PendingRelation, RecordWrite, ReferenceBump } from './page.js';
import type { FieldValue, LinkTie, Relation, StoredLink, StoredRecord } from './types.js';

/** The store as it is now, for the records and links that one page's journal names. */
export interface UndoWorld {
  records: ReadonlyMap<string, StoredRecord>;
  /**
   * Versions of the records of `UndoLookups.asMade` that nobody wrote since this page made them: they are what the journal says,
   * and not among `records`.
   */
  untouched: ReadonlyMap<string, number>;
  /** Current link per `{object}/{externalId}`; that of a record which the page made is among `recordLinks` as long as it is its own. */
  links: ReadonlyMap<string, LinkTie>;
  /** Records whose relations point at a record of this page, by target record id. */
  referrers: ReadonlyMap<string, readonly StoredRecord[]>;
  /** Every live link of a record, by record id. */
  recordLinks: ReadonlyMap<string, readonly LinkTie[]>;
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
  /** Of which entries something was not taken back; all others were, wholly. */
  kept: KeptEntry[];
  counts: UndoCounts;
}

export interface KeptEntry extends KeptChange {
  /** Position of the entry in its page's journal. */
  index: number;
}

/** What of a change stays after its page was undone. */
export interface KeptChange {
  /** As the journal names them; none: only that the source is tied to the record. */
  fields: 'all' | string[];
  /** Goes all the same if the record goes, which the run itself made: its first page, undone after this one, decides. */
  unlessGone: boolean;
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
