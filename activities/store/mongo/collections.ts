import type { Binary, Collection, Db, MongoClient } from 'mongodb';
import type { ApplySide, FetchSide, PageOrigin, ProblemDoc } from '../run-documents.js';
import type { Counts } from '../../records/types.js';
import type { ObjectName } from '../../../workflows/contract/objects.js';
import type { LinkStored } from './link-codec.js';
import type { RecordStored } from './record-codec.js';
import { createWriters, type Writers } from './writers.js';

/** A document whose shape is its domain type, packed (see `pack.ts`). */
export interface PackedStored {
  _id: string;
  [field: string]: unknown;
}

interface AttemptOrder {
  slice: number;
  attempt: number;
}
export type FetchStored = { _id: string; order: AttemptOrder } & Omit<
  FetchSide,
  'workspaceId' | 'runId' | 'object'
>;
export type ApplyStored = { _id: string; order: AttemptOrder } & Omit<
  ApplySide,
  'workspaceId' | 'runId' | 'object' | 'firstAt' | 'lastAt'
> & {
    firstAt?: string;
    lastAt?: string;
    /** A repair may write although the transfer is closed: until it is closed again. */
    repairing?: boolean;
  };

export interface PageStored {
  _id: string;
  origin: PageOrigin;
  /** Source records, and lines of grouped files. */
  n: number;
  rows: number;
  /** Where the next page of the provider starts; absent on all but the last page of an answer. */
  cursor?: string;
  /** Absent where nothing was fetched (`resolve`). */
  data?: Binary;
  /** Fingerprints of the external ids, four bytes each: finds the pages that may hold one. */
  ids?: Binary;
  /** Hashes of the external ids, eight bytes each: tells what a listing named. Absent where nobody will ask (imports). */
  idHashes?: Binary;
  stagedAt: string;
  appliedAt: string | null;
  undoneAt: string | null;
  /** What of its journal was not taken back when it was undone; absent where all was. */
  kept?: Binary;
  counts?: Counts;
  duplicates?: Binary;
  /** How each source record ended, one letter each, and what was said of them (`records/outcome-marks.ts`): as it is now, repairs included. */
  marks?: string;
  notes?: Binary;
}

export interface JournalStored {
  _id: string;
  parts: number;
  data: Binary;
}

export interface ProblemStored extends Omit<ProblemDoc, 'count' | 'samples'> {
  _id: string;
  /** Run and object, as the key begins. */
  place: string;
  /** Of failed ones: run, object and what makes this the same failure as one of another run (see `page-problems.ts`). */
  sameAs?: string;
  count?: number;
  samples?: NonNullable<ProblemDoc['samples']>;
  dismissed?: unknown;
  /** Of a failure that is `repaired` because a later sync brought its record: that run. */
  repairedBy?: string;
}

/** How many links an origin has of an object: asked before every run, and counting them takes a walk over all. */
export interface OriginStored {
  _id: string;
  links: number;
  /** How many of them are marked gone. Absent: none. */
  gone?: number;
}

export interface PendingStored {
  _id: string;
  /** Object of the record that waits. */
  object: ObjectName;
  record: string;
  /** Key of the run that left it waiting. */
  run: string;
}

/** What a plan did to a few source records of one page: found by where it stands (`plan-sieve.ts`). Lists of the same length. */
export interface PlanIndexStored {
  _id: string;
  /** What the states of the whole page are looked up by; only of the first block of a page. */
  prints?: Binary;
  ids: string[];
  records: string[];
  /** Places in these lists. */
  gone?: number[];
  states: string[];
}

/** What a plan says of one page. `changes` goes on in `{_id}/0001` and so on where it is large. */
export interface PlanStored {
  _id: string;
  parts: number;
  counts?: Counts;
  outcomes?: Binary;
  duplicates?: Binary;
  waiting?: Binary;
  changes: Binary;
}

export interface CounterStored {
  _id: string;
  counter: number;
}

export interface LeaseStored {
  _id: string;
  revision: number;
  holder: string | null;
  until: Date;
  queue: { holder: string; until: Date }[];
}

/** Who renews the tokens of an app right now. */
export interface RefreshStored {
  _id: string;
  revision: number;
  holder: string | null;
  until: Date;
}

export interface BlobStored {
  _id: string;
  at: Date;
  data: Binary;
}

/** Every collection of ours. GridFS adds `files.files` and `files.chunks`. */
export const COLLECTIONS = [
  'workspaces',
  'keys',
  'members',
  'memberEmails',
  'apps',
  'mappings',
  'credentials',
  'refreshing',
  'logins',
  'files',
  'fileChunks',
  'uploads',
  'runs',
  'idempotency',
  'bookmarks',
  'transfers',
  'pages',
  'journals',
  'records',
  'links',
  'origins',
  'problems',
  'pending',
  'plans',
  'planIndex',
  'conflicts',
  'decisions',
  'turns',
  'turnCounters',
  'holds',
  'checklists',
  'reviews',
  'audit',
  'answers',
  'meta',
] as const;
export type CollectionName = (typeof COLLECTIONS)[number];

export const FILE_BYTES = 'files';
export const GRIDFS_COLLECTIONS = [`${FILE_BYTES}.files`, `${FILE_BYTES}.chunks`] as const;

interface Shapes {
  transfers: FetchStored | ApplyStored;
  pages: PageStored;
  journals: JournalStored;
  records: RecordStored;
  links: LinkStored;
  origins: OriginStored;
  problems: ProblemStored;
  pending: PendingStored;
  plans: PlanStored;
  planIndex: PlanIndexStored;
  turns: LeaseStored;
  turnCounters: CounterStored;
  refreshing: RefreshStored;
  fileChunks: BlobStored;
  /** Without data: a worker has begun to look for it. */
  answers: Omit<BlobStored, 'data'> & { data?: Binary };
}
type ShapeOf<N extends CollectionName> = N extends keyof Shapes ? Shapes[N] : PackedStored;

/** What every part of the store is made of. */
export interface Database {
  client: MongoClient;
  db: Db;
  now: () => Date;
  newId: () => string;
  writers: Writers;
  collection<N extends CollectionName>(name: N): Collection<ShapeOf<N>>;
}

export function openDatabase(args: {
  client: MongoClient;
  database: string;
  now: () => Date;
  newId: () => string;
}): Database {
  const db = args.client.db(args.database);
  return {
    client: args.client,
    db,
    now: args.now,
    newId: args.newId,
    writers: createWriters(db),
    collection: <N extends CollectionName>(name: N) => db.collection<ShapeOf<N>>(name),
  };
}
