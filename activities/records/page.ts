import type { ObjectName } from '../../workflows/contract/objects.js';
import type { Outcome } from '../../workflows/contract/status.js';
import type {
  Counts,
  FieldValue,
  LinkTie,
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
  /** Of `externalIds` those with a tombstone: who else vouches for their records decides whether these are archived. */
  gone?: ReadonlySet<string>;
}

/** What the store said. */
export interface World {
  /** By external id, of this run's origin and object. */
  links: ReadonlyMap<string, StoredLink>;
  /** Links of relation targets: `{object}/{externalId}` → link. */
  targets: ReadonlyMap<string, StoredLink>;
  /** Records behind the links, and every record that shares a key, by record id. */
  records: ReadonlyMap<string, StoredRecord>;
  /** Ties (any origin) of records that share a strong key, by record id: tells "same app" from "another app". */
  recordLinks: ReadonlyMap<string, readonly LinkTie[]>;
  /** Records that share a weak key and nothing else: what listing them takes. Absent: they are among `records`. */
  lookalikes?: ReadonlyMap<string, Lookalike>;
}

/** As much of a record as tells that it looks like another. Nothing is ever tied to it, so no more of it is read. */
export type Lookalike = Pick<StoredRecord, 'recordId' | 'weakKeys' | 'archivedAt'>;

export interface PageContext {
  workspaceId: string;
  appId: string;
  runId: string;
  origin: string;
  object: ObjectName;
  /** ISO 8601 UTC. */
  now: string;
  /** Of a new record; a plan has given it one already. */
  newId: (externalId: string) => string;
  /** False for a provider that promises ids unique within one run: no bookkeeping of repeats across pages. */
  idsMayRepeat: boolean;
  /** Merge priority of other apps by id; 0 where absent. */
  priorities?: Readonly<Record<string, number>>;
  /** Only in a repair. */
  repair?: RepairContext;
}

export interface RepairContext {
  /** External ids that this run took before and that are decided again: taking them now is no repeat. */
  again: ReadonlySet<string>;
  /** What a person decided about a likely duplicate, by external id. The record is among `World.records` if it is there. */
  decisions: ReadonlyMap<string, { decision: 'update' | 'skip' | 'create'; recordId: string | null }>;
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
  /** At most 10: more help nobody to decide. */
  candidates: string[];
  /** How many there were, where they are more than are kept; of a crowd that shares one key at least so many. */
  total?: number;
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
