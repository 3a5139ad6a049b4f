import type { ObjectName } from '../../workflows/contract/objects.js';
import type { Outcome } from '../../workflows/contract/status.js';
import type {
  Counts,
  FieldValue,
  Mapped,
  ProblemDraft,
  Relation,
  Rules,
  StoredLink,
  StoredRecord,
} from './types.js';

/** What a page must look up before it can be decided. One query per list. */
export interface Lookups {
  externalIds: string[];
  /** Strong and weak duplicate keys. */
  keys: string[];
  weakKeys: string[];
  /** Relation targets by object. */
  targets: { object: ObjectName; externalId: string }[];
}

/** What the store said. */
export interface World {
  /** By external id, of this run's origin and object. */
  links: ReadonlyMap<string, StoredLink>;
  /** Links of relation targets: `{object}/{externalId}` → link. */
  targets: ReadonlyMap<string, StoredLink>;
  /** Records behind the links, and every record that shares a key, by record id. */
  records: ReadonlyMap<string, StoredRecord>;
  /** Links (any origin) of candidate records, by record id: tells "same app" from "another app". */
  recordLinks: ReadonlyMap<string, readonly StoredLink[]>;
}

export interface PageContext {
  workspaceId: string;
  appId: string;
  runId: string;
  origin: string;
  object: ObjectName;
  /** ISO 8601 UTC. */
  now: string;
  newId: () => string;
  /** False for a provider that promises ids unique within one run: no bookkeeping of repeats across pages. */
  idsMayRepeat: boolean;
  /** Merge priority of other apps by id; 0 where absent. */
  priorities?: Readonly<Record<string, number>>;
}

/**
 * By how much a target record's references rise or fall in the same transaction; its version rises by 1 either way (also where
 * `by` is 0: one relation left and another came). Only of records that the same page does not write: a written one has it inside.
 */
export interface ReferenceBump {
  recordId: string;
  by: number;
}

export interface PendingRelation {
  recordId: string;
  object: ObjectName;
  /** `account`, `parent` ..., or `lines.3.product`. */
  field: string;
  targetObject: ObjectName;
  targetExternalId: string;
}

/** One record's write: the whole record, guarded by the version it was read with (`null`: must not exist). */
export interface RecordWrite {
  record: StoredRecord;
  expectedVersion: number | null;
}

/** What a page changed about one record, exactly enough to take it back. Values are `null` where there was none. */
export interface JournalEntry {
  recordId: string;
  externalId: string | null;
  object: ObjectName;
  outcome: Outcome | 'resolved';
  versionBefore: number | null;
  versionAfter: number;
  /**
   * Touched fields; relations as `@account` (with `Relation` values; resolved ones of lines as `@lines.3.product`), also
   * `#unmapped.owner`, `#unmapped.status`, `#archivedAt`, `#extra.{key}`, and `#resolved:{field}`: a mark of the resolve step
   * that went with its relation (no change of its own: not for people). An `unchanged` entry has none: only its link moved.
   */
  fields: { field: string; before: JournalValue; after: JournalValue; writerBefore: string | null }[];
  linkBefore: StoredLink | null;
  linkAfter: StoredLink | null;
  bumps: ReferenceBump[];
  pendingAdded: PendingRelation[];
}
export type JournalValue = FieldValue | Relation | null | { json: string };

export interface DuplicateFound {
  externalId: string;
  candidates: string[];
  matchedOn: string[];
  decision: 'tied' | 'created' | 'skipped' | 'listed';
  incoming: Record<string, FieldValue | null>;
}

export interface DecidedPage {
  outcomes: { externalId: string; outcome: Outcome; recordId: string | null; reason?: string }[];
  records: RecordWrite[];
  links: StoredLink[];
  bumps: ReferenceBump[];
  pending: PendingRelation[];
  journal: JournalEntry[];
  problems: ProblemDraft[];
  duplicates: DuplicateFound[];
  counts: Counts;
  /** Of records whose link existed: how many had their identity (name and e-mail ...) changed. Evidence for `key_reused`. */
  identity: {
    known: number;
    changed: number;
    samples: { externalId: string; before: string; after: string }[];
  };
}

/** Pure: see `decide.ts`. */
export type DecidePage = (
  mapped: readonly Mapped[],
  world: World,
  rules: Rules,
  context: PageContext,
) => DecidedPage;
