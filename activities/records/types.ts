import type { LosslessNumber } from 'lossless-json';
import type { ObjectName } from '../../workflows/contract/objects.js';
import type { FailureCode } from '../../workflows/contract/failures.js';
import type { Outcome, SkipReason } from '../../workflows/contract/status.js';

/** JSON as a provider sent it: a number that a double cannot hold exactly stays a `LosslessNumber`. */
export type Json = null | boolean | number | string | LosslessNumber | Json[] | { [key: string]: Json };

/** `amount` is plain decimal text ("12.50"), never a double; `currency` ISO 4217. */
export interface Money {
  amount: string;
  currency: string;
}
export interface Address {
  street?: string;
  city?: string;
  region?: string;
  postalCode?: string;
  /** ISO 3166 alpha-2 where it could be told, else as sent. */
  country?: string;
}
export interface Line {
  description?: string;
  /** Decimal text. */
  quantity?: string;
  unitPrice?: Money;
  amount?: Money;
  product?: Relation;
}
/** Dates are `YYYY-MM-DD`, times ISO 8601 UTC, decimals text. An empty field is absent from `Fields`. */
export type FieldValue = string | number | boolean | Money | Address | string[] | Line[];
export type Fields = Record<string, FieldValue>;

/** A relation is named by the target's external id; `recordId` is there once the target is. */
export interface Relation {
  externalId: string | null;
  recordId: string | null;
}

/**
 * Who wrote a field: `r:{runId}:{appId}:{provider's modified time or empty}` or `a:{actorId}:{actorName}`.
 * In `StoredRecord.writers`, `*` stands for every field that is not named. Relations are named `@account`, `extra` as a whole
 * `#extra`; `#resolved:account` is the run whose resolve step found a relation's target (`writers.ts`).
 */
export type Writer = string;

export interface StoredRecord {
  workspaceId: string;
  recordId: string;
  object: ObjectName;
  fields: Fields;
  extra: Record<string, Json>;
  relations: Record<string, Relation>;
  unmapped: { owner?: string; status?: string };
  /** Strong duplicate keys, normalised: `email:ann@corp.example`. */
  keys: string[];
  /** Weak duplicate keys: listed, never tied. */
  weakKeys: string[];
  /** How many relations of other records point here. */
  references: number;
  /** Starts at 1, rises with every write, never goes back. */
  version: number;
  writers: Record<string, Writer>;
  archivedAt: string | null;
  /** Who archived it, or brought it back (then `archivedAt` is null). */
  archivedBy: Writer | null;
  createdAt: string;
  updatedAt: string;
  createdBy: { runId: string } | { actor: { id: string; name: string } };
}

/** Ties one external id of one origin to one record. */
export interface StoredLink {
  workspaceId: string;
  /** Provider and account (a file app: the app itself), so that a re-installed app finds its links. */
  origin: string;
  object: ObjectName;
  externalId: string;
  recordId: string;
  appId: string;
  sourceHash: string;
  /** Mapping, policies, members and code rules that made the record; another version never takes the hash short cut. */
  rulesVersion: string;
  modifiedAt: string | null;
  /** What the source said when it was last applied, per field; relations as `@account`: external id. `null`: mapped and empty. */
  applied: Record<string, FieldValue | null>;
  /** Fields of `applied` that the store did not take from this app. */
  notOurs: string[];
  /** The run that wrote this link last, and the last run that saw it (repeats inside one run). */
  runId: string;
  seenRunId: string;
  lastSeenAt: string;
  goneAt: string | null;
}

/** What a link ties to what, and who wrote it: all that undoing asks of it. */
export type LinkTie = Pick<
  StoredLink,
  'workspaceId' | 'origin' | 'object' | 'externalId' | 'recordId' | 'appId' | 'runId' | 'goneAt'
>;

/** What a source record is compared with to tell that nothing about it is new. */
export type LinkStanding = Pick<
  StoredLink,
  'externalId' | 'recordId' | 'sourceHash' | 'rulesVersion' | 'modifiedAt' | 'goneAt'
>;

export interface ProblemDraft {
  severity: 'failed' | 'skipped' | 'warning';
  /** A `FailureCode` of recovery `record`, a skip reason, or a warning (`edit_kept`, `owner_unmapped`, `repeated_differs` ...). */
  code: string;
  externalId?: string;
  /** Line of a file (1 is the first line), or page of a provider. */
  position?: string;
  field?: string;
  value?: string;
  /** What is wrong, whether anything was written, what to do. */
  message: string;
  /** A hash of the source record that failed, where nothing but this tells that it is the same one in another run. */
  likeness?: string;
}

/** One source record, as a provider's page carries it. `data` is exactly what was sent. */
export interface SourceRecord {
  externalId: string;
  /** It has no id (and so is in trouble): `externalId` names its place in what was read, which may be another's place next time. */
  nameless?: true;
  /** Only of an answer to `get`: the id it was asked by, where it goes by another now. */
  formerId?: string;
  /** ISO 8601 UTC, as precise as the provider says it. */
  modifiedAt?: string;
  deleted?: true;
  data: Json;
  /** Line of the file or place in the page; shown with problems. */
  position?: string;
  /** Lines of a grouped file that became this one record. */
  rows?: number;
  /** The record could not be read whole: it is counted as fetched and failed, and nothing else suffers. */
  trouble?: { code: FailureCode; message: string; field?: string; value?: string };
}

/** A source record after mapping: what it says about each field. */
export interface MappedRecord {
  externalId: string;
  modifiedAt: string | null;
  deleted: boolean;
  position: string | null;
  sourceHash: string;
  /** `null`: mapped and empty at the source (a value: it clears what is ours). Absent: not mapped, or the column is absent. */
  fields: Record<string, FieldValue | null>;
  relations: Record<string, string | null>;
  extra: Record<string, Json>;
  unmapped: { owner?: string; status?: string };
  keys: string[];
  weakKeys: string[];
  warnings: ProblemDraft[];
}

export type Mapped =
  | { ok: true; record: MappedRecord }
  | { ok: false; externalId: string; position: string | null; problems: [ProblemDraft, ...ProblemDraft[]] };

export type As =
  'text' | 'number' | 'money' | 'date' | 'datetime' | 'boolean' | 'list' | 'phone' | 'email' | 'country';

/** One target's source: a path, or a path with how to read it. `null` in an app's mapping drops the default. */
export type FieldSource =
  | string
  | {
      path: string;
      as?: As;
      relation?: ObjectName;
      format?: string;
      currency?: string;
      default?: string;
      sum?: boolean;
    };

export interface ObjectMapping {
  key?: string[];
  group?: boolean;
  fields: Record<string, FieldSource | null>;
  lines?: Record<string, FieldSource>;
}

export interface Mapping {
  objects: Partial<Record<ObjectName, ObjectMapping>>;
  /** Provider's owner (e-mail or id) to member id. */
  owners: Record<string, string>;
  statuses: Partial<Record<ObjectName, Record<string, string>>>;
}

export type ExistingPolicy = 'update' | 'skip' | 'create';
export type EditPolicy = 'keep' | 'overwrite';
export interface Policies {
  existing: Partial<Record<ObjectName, ExistingPolicy>>;
  linked: 'update' | 'skip';
  sameApp: ExistingPolicy;
  /** How like two records' keys must be. Absent (apps of before): the default, whole e-mail addresses. */
  matching?: { plusTags: 'keep' | 'ignore' };
  priority: number;
  edits: EditPolicy | Partial<Record<ObjectName, EditPolicy | Record<string, EditPolicy>>>;
  heldUnreviewed: 'keep' | 'drop';
  reminderHours: number;
  required: Partial<Record<ObjectName, string[]>>;
  review: 'each_object' | 'on_findings' | 'none' | null;
  /** Shares of an object's records, 0 to 1; `null` is off. */
  breakers: {
    failed: number | null;
    updated: number | null;
    deleted: number | null;
    duplicates: number | null;
  };
}

/** Everything a page's mapping and decision depend on besides the source and the store: pinned when a run starts. */
export interface Rules {
  mapping: Mapping;
  policies: Policies;
  /** Member e-mail (folded) to member id, of active members; and the ids. */
  members: { byEmail: Record<string, string>; ids: string[] };
  locale: string | null;
  timeZone: string | null;
  /** ISO 3166 alpha-2: how phone numbers without a country code are read. */
  country: string | null;
  version: string;
}

export interface OutcomeCounts extends Record<Outcome, number> {
  fetched: number;
}

export interface Counts extends OutcomeCounts {
  skippedBy: Record<SkipReason, number>;
  duplicates: number;
  warnings: number;
  rows: number;
}

export function noCounts(): Counts {
  return {
    fetched: 0,
    created: 0,
    updated: 0,
    unchanged: 0,
    skipped: 0,
    failed: 0,
    deleted: 0,
    skippedBy: { repeated: 0, duplicate: 0, linked: 0, stale: 0, out_of_scope: 0, drifted: 0 },
    duplicates: 0,
    warnings: 0,
    rows: 0,
  };
}
